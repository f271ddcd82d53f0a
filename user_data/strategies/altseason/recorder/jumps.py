"""How far dominance may move until a reading has to be confirmed."""

from dataclasses import dataclass

import pandas as pd

from altseason.dominance.candles import TIMEFRAMES, candle_length
from altseason.dominance.store import DominanceStore
from altseason.errors import StoredDataError
from altseason.recorder.log import Reading

# Dominance has moved by up to 7.5 points in a day (January 2018), a few times in its history. In
# ten minutes two points are no movement of the market; after a gap more is believed at once. Nobody
# loses by a limit for long gaps, too: a reading that is true is confirmed ten minutes later.
MAX_STEP = 2.0
MAX_STEP_PER_HOUR = 0.5
# Also the limit beside a stored candle, whose provider may be another, of another level.
MAX_STEP_AFTER_GAP = 10.0
HOUR = pd.Timedelta(hours=1)
# From then on the newest candle may say more than the last reading: days are fetched, or imported.
PAUSE = 24 * HOUR
MAX_KNOWN_AGE = pd.Timedelta(days=7)


@dataclass(frozen=True)
class Known:
    """What dominance was last.

    :param dominance: in percent.
    :param max_step: how far from it, in percentage points, a reading of now is believed.
    """

    dominance: float
    max_step: float

    def allows(self, dominance: float) -> bool:
        """Return whether a value is believed without being confirmed."""
        return abs(dominance - self.dominance) <= self.max_step


def find_known(newest: Reading | None, store: DominanceStore, now: pd.Timestamp) -> Known | None:
    """Return what a reading of now is compared with; None where nothing is known of the last week.

    :param newest: the last reading that counts.
    """
    age = None if newest is None else max(0 * HOUR, now - newest.known)
    if newest is None or age is None or age > PAUSE:
        candle = _find_newest_candle(store, now)
        if candle is not None and (age is None or now - candle[0] < age):
            return Known(candle[1], MAX_STEP_AFTER_GAP)
    if newest is None or newest.dominance is None or age is None or age > MAX_KNOWN_AGE:
        return None
    step = MAX_STEP + MAX_STEP_PER_HOUR * (age / HOUR)
    return Known(newest.dominance, min(step, MAX_STEP_AFTER_GAP))


def _find_newest_candle(
    store: DominanceStore, now: pd.Timestamp
) -> tuple[pd.Timestamp, float] | None:
    """Return end and close of the newest candle that had ended, unless that is long ago."""
    found = []
    for timeframe in TIMEFRAMES:
        try:
            candles = store.load(timeframe)
        except (OSError, StoredDataError):
            continue  # told where candles are made
        ends = candles["date"] + candle_length(timeframe)
        known = candles[(ends <= now) & (ends >= now - MAX_KNOWN_AGE)]
        if not known.empty:
            found.append((ends[known.index[-1]], float(known["close"].iloc[-1])))
    return max(found, default=None)
