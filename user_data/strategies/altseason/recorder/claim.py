"""Elect one polling process per data directory and pair."""

import contextlib
import errno
import os
from pathlib import Path

import pandas as pd
from freqtrade.misc import pair_to_filename

from altseason.dominance.locking import has_locks, try_lock
from altseason.settings import DEFAULT_PAIR

NAME = ".altseason-feed.lock"


class Claim:
    """A file lock that ends with its process, on a file that holds the time of the last poll.

    The time outlives the process, so that neither a restart nor another process polls too early.
    """

    def __init__(self, datadir: Path, pair: str = DEFAULT_PAIR) -> None:
        # For the default pair, the name is that of versions that had no other.
        name = NAME if pair == DEFAULT_PAIR else f"{NAME}-{pair_to_filename(pair)}"
        self.path = datadir / name
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take the lock if nobody has it; return whether it is ours.

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
        """Let another process take it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def load_poll_time(self) -> pd.Timestamp | None:
        """Return when any process last polled; None where that is not known."""
        try:
            # Earlier versions wrote a second time after it.
            time = pd.Timestamp(self.path.read_text().split()[0]).tz_convert("UTC")
        except (OSError, ValueError, TypeError, IndexError):
            return None
        return None if pd.isna(time) else time

    def save_poll_time(self, time: pd.Timestamp) -> None:
        """Store the time of a poll; errors are ignored, since losing it costs one more poll."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                text = time.isoformat().encode()
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                os.write(self._descriptor, text)
                os.ftruncate(self._descriptor, len(text))
