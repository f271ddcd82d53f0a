"""Of all processes that could poll for one data directory, one does."""

import contextlib
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

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

        :raises OSError: where there cannot be a lock, such as in a read-only folder.
        """
        if self._descriptor is not None:
            return True
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

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
                os.pwrite(self._descriptor, text, 0)
                os.ftruncate(self._descriptor, len(text))


def _read_time(text: str) -> pd.Timestamp | None:
    try:
        time = pd.Timestamp(text).tz_convert("UTC")
    except (ValueError, TypeError):
        return None
    return None if pd.isna(time) else time
