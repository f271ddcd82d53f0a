"""Where a value lies on a chart, and which round numbers stand beside it."""

import math
from dataclasses import dataclass

# How far apart ticks may be, times a power of ten.
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Axis:
    """A linear axis.

    :param ticks: round values, ascending; the axis goes from the first to the last.
    :param start: where the first lies, in units of the picture.
    :param end: where the last lies.
    """

    ticks: list[float]
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return where a value lies, in units of the picture."""
        first, last = self.ticks[0], self.ticks[-1]
        return self.start + (value - first) / (last - first) * (self.end - self.start)

    def label(self, tick: float) -> str:
        """Write a tick with as many decimals as its neighbours need."""
        step = self.ticks[1] - self.ticks[0]
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        # Never "-0".
        return f"{tick + 0:.{decimals}f}"


def find_ticks(lowest: float, highest: float, most: int) -> list[float]:
    """Find round values that enclose a range, zero included where it is in there.

    :param most: how many there may be; 4 or more.
    :return: two or more multiples of 1, 2 or 5 times a power of ten.
    """
    span = highest - lowest
    if span <= 0:
        # One value only: any room around it.
        span = abs(highest) or 1.0
        highest = lowest + span
    magnitude = 10.0 ** math.floor(math.log10(span / most))
    for step in (factor * magnitude for factor in (*STEPS, 20, 50)):
        # A value that is a tick itself, but for the last bit, needs no further one.
        first = math.floor(lowest / step + 1e-9)
        last = math.ceil(highest / step - 1e-9)
        if last - first < most:
            break
    # Rounded, so that 0.3 is not 0.30000000000000004.
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]
