"""A clock in a file, so that several processes have the same simulated time."""

import mmap
import struct
from pathlib import Path

import pandas as pd

MICROSECONDS = struct.Struct("<q")
MILLION = 1_000_000


class SharedClock:
    """The simulated time, which stands still until it is moved."""

    def __init__(self, path: Path, start: str | None = None) -> None:
        if start is not None:
            path.write_bytes(bytes(MICROSECONDS.size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), MICROSECONDS.size)
        self.path = path
        if start is not None:
            self.set(pd.Timestamp(start, tz="UTC"))

    def __call__(self) -> pd.Timestamp:
        microseconds = MICROSECONDS.unpack_from(self._memory)[0]
        return pd.Timestamp(microseconds, unit="us", tz="UTC")

    def set(self, time: pd.Timestamp) -> None:
        self._memory[:] = MICROSECONDS.pack(round(time.timestamp() * MILLION))

    def sleep(self, seconds: float) -> None:
        self.set(self() + pd.Timedelta(seconds=seconds))
