"""The exchange's time: a function, so that all of the emulator can live at another one."""

import time
from collections.abc import Callable

MillisecondClock = Callable[[], int]


def wall_clock() -> int:
    """Return the time in milliseconds."""
    return int(time.time() * 1000)
