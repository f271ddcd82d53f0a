"""Of all processes that could poll for one data directory, one does."""

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from altseason.dominance.locking import has_locks, try_lock

NAME = ".altseason-feed.lock"


@dataclass(frozen=True)
class Asked:
    """What any process has asked; None where it is not known.

    :param polled: when it polled last.
    :param retried: as `RetryBudget` has it.
    """

    polled: pd.Timestamp | None = None
    retried: pd.Timestamp | None = None


class Claim:
    """A lock that its holder's death releases, and in it what was asked last.

    It outlives its holder, so that neither a restart nor another process asks too early.
    """

    def __init__(self, datadir: Path) -> None:
        self.path = datadir / NAME
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the lock if nobody has it; tell whether it is ours.

        :raises OSError: where there cannot be a lock, such as in a read-only folder, on a platform
            without file locks, or where a link would have another file overwritten.
        """
        if self._descriptor is not None:
            return True
        if not has_locks():
            reason = "this platform has no file locks, so dominance cannot be recorded here"
            raise OSError(errno.ENOTSUP, reason, str(self.path))
        if self.path.is_symlink():
            raise OSError(errno.ELOOP, "expected a file, found a link", str(self.path))
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if try_lock(descriptor):
                self._descriptor, descriptor = descriptor, -1
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return self._descriptor is not None

    def release(self) -> None:
        """Let another take it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def load(self) -> Asked:
        """Load what any process has asked."""
        with contextlib.suppress(OSError, ValueError):
            return Asked(*map(_read_time, self.path.read_text().split()[:2]))
        return Asked()

    def save(self, asked: Asked) -> None:
        """Keep it; not worth an error, as losing it costs one more call."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                times = (asked.polled, asked.retried)
                text = " ".join(time.isoformat() if time else "NaT" for time in times).encode()
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                os.write(self._descriptor, text)
                os.ftruncate(self._descriptor, len(text))


def _read_time(text: str) -> pd.Timestamp | None:
    try:
        time = pd.Timestamp(text).tz_convert("UTC")
    except (ValueError, TypeError):
        return None
    return None if pd.isna(time) else time
