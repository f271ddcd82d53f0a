"""The simulated time in a file, so that an emulator in another process lives at the same time."""

import mmap
import struct
from collections.abc import Callable
from pathlib import Path

# Eight aligned bytes: a reader never sees half of a new time.
MILLISECONDS = struct.Struct("=q")


class ClockFile:
    """A file that holds one time, in milliseconds since 1970."""

    def __init__(self, path: Path, now: int) -> None:
        """Write the first time, into the file that readers may already have open."""
        path.touch()
        with path.open("r+b") as file:
            file.truncate(MILLISECONDS.size)
            self._memory = mmap.mmap(file.fileno(), MILLISECONDS.size)
        self.write(now)

    def write(self, now: int) -> None:
        """Let every reader see a time."""
        MILLISECONDS.pack_into(self._memory, 0, now)


def read_clock(path: Path) -> Callable[[], int]:
    """Give a clock, in milliseconds, that follows a file which a `ClockFile` has written."""
    with path.open("rb") as file:
        memory = mmap.mmap(file.fileno(), MILLISECONDS.size, access=mmap.ACCESS_READ)
    return lambda: int(MILLISECONDS.unpack_from(memory)[0])
