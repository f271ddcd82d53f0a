"""Calibrate each fallback against the primary, while both respond.

Providers count different coins, so they differ by up to several points, and slowly drift.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

import pandas as pd

from altseason.recorder.log import Reading

# One odd reading must not decide, and an old offset has drifted.
MIN_COMPARISONS, MAX_COMPARISONS = 3, 9
MAX_OFFSET_AGE = pd.Timedelta(days=7)
COMPARE_EVERY = pd.Timedelta(hours=6)
# Where the last comparisons differ from those before by at least the first, and from each other by
# at most the second, one of the two providers has changed how it counts.
MIN_STEP, MAX_SPREAD = 1.0, 0.5
# A fallback with a larger offset counts something else.
MAX_OFFSET = 10.0


class Offsets:
    """The comparisons of each fallback with the primary."""

    def __init__(self, readings: Iterable[Reading] = ()) -> None:
        self._compared: dict[str, list[Reading]] = defaultdict(list)
        for reading in readings:
            self.add(reading)

    def add(self, reading: Reading) -> bool:
        """Add a reading that was compared; return whether it showed something new.

        A value without a time that has not moved may be of any age. Comparisons from before a step
        that stays no longer count.
        """
        if not reading.is_comparison:
            return False
        kept = self._compared[reading.provider]
        if reading.time is None and kept and kept[-1].raw == reading.raw:
            return False
        kept.append(reading)
        if _is_step(kept):
            del kept[:-MIN_COMPARISONS]
        del kept[:-MAX_COMPARISONS]
        return True

    def find(self, provider: str, now: pd.Timestamp) -> float | None:
        """Return the median of a fallback's last offsets in percentage points; None if unknown."""
        offsets = [one.offset for one in self._recent(provider, now) if one.offset is not None]
        if len(offsets) < MIN_COMPARISONS:
            return None
        offset = median(offsets)
        return offset if abs(offset) <= MAX_OFFSET else None

    def next_comparison(self, provider: str, now: pd.Timestamp) -> pd.Timestamp:
        """Return the time to compare a fallback again: at once until it is calibrated."""
        recent = self._recent(provider, now)
        return (
            pd.Timestamp(recent[-1].known) + COMPARE_EVERY
            if len(recent) >= MIN_COMPARISONS
            else now
        )

    def _recent(self, provider: str, now: pd.Timestamp) -> list[Reading]:
        return [one for one in self._compared[provider] if now - one.known <= MAX_OFFSET_AGE]


def _is_step(compared: Sequence[Reading]) -> bool:
    """Return whether the last comparisons agree on another offset than those before them."""
    offsets = [one.offset for one in compared if one.offset is not None]
    before, after = offsets[:-MIN_COMPARISONS], offsets[-MIN_COMPARISONS:]
    if len(before) < MIN_COMPARISONS or max(after) - min(after) > MAX_SPREAD:
        return False
    distances = [offset - median(before) for offset in after]
    return min(distances) >= MIN_STEP or max(distances) <= -MIN_STEP
