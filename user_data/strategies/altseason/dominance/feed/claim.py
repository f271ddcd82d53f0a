"""Of all processes that could poll for one data directory, one does."""

import contextlib
import fcntl
import os
from pathlib import Path

import pandas as pd

NAME = ".altseason-feed.lock"


class Claim:
    """A lock that its holder's death releases, and in it the time of the last poll.

    The time outlives its holder, so that neither a restart nor another process asks too early.
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

    def load_polled(self) -> pd.Timestamp | None:
        """Load when any process polled last, None where it is not known."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            time = pd.Timestamp(self.path.read_text()).tz_convert("UTC")
            return None if pd.isna(time) else time
        return None

    def save_polled(self, time: pd.Timestamp) -> None:
        """Keep the time of a poll; not worth an error, as losing it costs one more call."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                text = time.isoformat().encode()
                os.pwrite(self._descriptor, text, 0)
                os.ftruncate(self._descriptor, len(text))
