"""Notice that a provider has changed how it counts, by a step between it and others that stays.

Within months, the difference of two providers is constant to a few tenths of a point. In August
2026 CoinGecko rose by about 1.9 points within three days, while the others stood still.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

import pandas as pd

from altseason.dominance.candles import DAY
from altseason.notifications import Notifier
from altseason.recorder.log import Reading

WEEK = 7 * DAY
# In percentage points.
MIN_STEP = 1.0
# The offset has settled where the last day's differs from that of the day before by no more.
MAX_UNSETTLED = 0.4
# The offset before the step is that between these times ago, since a step may take days.
BEFORE = (14 * DAY, 4 * DAY)
# The median of fewer comparisons may be that of an odd reading.
MIN_COMPARISONS = 3
WEEKS = 4


@dataclass(frozen=True)
class Step:
    """The offset of a fallback from the primary before and now, in percentage points."""

    before: float
    after: float
    is_settled: bool

    @property
    def size(self) -> float:
        """Return how far it has moved against the primary."""
        return self.after - self.before


class MethodWatch:
    """Notify once of a step between the primary and its fallbacks.

    :param primary: the name of the primary.
    :param readings: those of the last weeks.
    """

    def __init__(self, primary: str, notifier: Notifier, readings: Iterable[Reading] = ()) -> None:
        self._primary = primary
        self._notifier = notifier
        self._compared: dict[str, list[Reading]] = defaultdict(list)
        for reading in readings:
            self.add(reading)

    def add(self, reading: Reading) -> None:
        """Add a reading that was compared with the primary; others are left out."""
        if reading.is_comparison:
            self._compared[reading.provider].append(reading)

    def check(self, now: pd.Timestamp) -> bool:
        """Notify of a step that has settled; return whether there is one."""
        for name, readings in self._compared.items():
            self._compared[name] = [one for one in readings if now - one.known <= BEFORE[0]]
        found = {name: find_step(readings, now) for name, readings in self._compared.items()}
        steps = {name: step for name, step in found.items() if step is not None}
        if not any(step.is_settled and abs(step.size) >= MIN_STEP for step in steps.values()):
            return False
        self._notifier.notify(describe_steps(self._primary, steps))
        # From now on, readings are compared with the new level.
        for name, readings in self._compared.items():
            self._compared[name] = [one for one in readings if now - one.known <= DAY]
        return True


def find_step(compared: Iterable[Reading], now: pd.Timestamp) -> Step | None:
    """Return how the offset of one fallback has moved; None where too little is known."""
    readings = list(compared)
    before = find_offset(readings, now - BEFORE[0], now - BEFORE[1])
    previous = find_offset(readings, now - 2 * DAY, now - DAY)
    after = find_offset(readings, now - DAY, now)
    if before is None or previous is None or after is None:
        return None
    return Step(before, after, abs(after - previous) <= MAX_UNSETTLED)


def find_offset(
    compared: Iterable[Reading], start: pd.Timestamp, end: pd.Timestamp
) -> float | None:
    """Return the median of the offsets that were measured after `start`, up to `end`."""
    offsets = [
        one.offset for one in compared if one.offset is not None and start < one.known <= end
    ]
    return median(offsets) if len(offsets) >= MIN_COMPARISONS else None


def find_weekly_offsets(
    readings: Iterable[Reading], now: pd.Timestamp
) -> dict[str, list[float | None]]:
    """Return each fallback's offset in each of the last four weeks, the newest last."""
    compared: dict[str, list[Reading]] = defaultdict(list)
    for one in readings:
        if one.is_comparison:
            compared[one.provider].append(one)
    ends = [now - number * WEEK for number in reversed(range(WEEKS))]
    return {
        name: [find_offset(theirs, end - WEEK, end) for end in ends]
        for name, theirs in compared.items()
    }


def describe_steps(primary: str, steps: Mapping[str, Step]) -> str:
    """Describe who has moved, with the offsets before and after.

    :param steps: by fallback; at least one has moved.
    """
    largest = max(steps.values(), key=lambda step: abs(step.size))
    # Half a step is enough for the others, which may not have settled yet.
    moved = {
        name: step
        for name, step in steps.items()
        if step.size * largest.size > 0 and abs(step.size) >= MIN_STEP / 2
    }
    numbers = "; ".join(
        f"{name}'s offset from {primary} was {step.before:+.2f} and is {step.after:+.2f}"
        for name, step in moved.items()
    )
    if len(moved) < len(steps):
        who = " and ".join(moved)
        return (
            f"{who} changed how dominance is counted: {numbers}. Recorded dominance is not "
            f"affected."
        )
    who = primary if len(moved) > 1 else f"{primary} or {next(iter(moved))}"
    size = -median(step.size for step in moved.values())
    direction = "higher" if size > 0 else "lower"
    return (
        f"{who} changed how dominance is counted: {numbers}. If you gate by a threshold, check it: "
        f"{primary} reads {abs(size):.2f} points {direction} than before, measured by the others."
    )
