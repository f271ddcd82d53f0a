"""Hold back a reading that jumps until another one confirms it."""

from dataclasses import dataclass

import pandas as pd

from altseason.dominance.candles import TIMEFRAMES, candle_length
from altseason.dominance.store import DominanceStore
from altseason.errors import StoredDataError
from altseason.notifications import Notifier
from altseason.recorder.log import Reading
from altseason.sources.reading import ProviderReading

# Dominance has moved by up to 7.5 points in a day (January 2018), a few times in its history. Two
# points in ten minutes are not a movement of the market; after a gap, more is believed at once. A
# limit for long gaps costs nothing: a true reading is confirmed ten minutes later.
MAX_STEP = 2.0
MAX_STEP_PER_HOUR = 0.5
# Also the limit beside a stored candle, which may come from another provider, with an offset.
MAX_STEP_AFTER_GAP = 10.0
HOUR = pd.Timedelta(hours=1)
# After it, the newest candle may be newer than the last reading, if it was downloaded or imported.
PAUSE = 24 * HOUR
MAX_KNOWN_AGE = pd.Timedelta(days=7)
TOPIC = "jump"


@dataclass(frozen=True)
class Known:
    """The last known dominance.

    :param dominance: in percent.
    :param max_step: how far from it, in percentage points, a current reading is believed.
    """

    dominance: float
    max_step: float

    def allows(self, dominance: float) -> bool:
        """Return whether a value is believed without being confirmed."""
        return abs(dominance - self.dominance) <= self.max_step


class HeldReading:
    """The reading that jumped, held back until another one confirms it.

    A restart forgets it, which delays a true one by a poll.

    :param primary: the name of the primary provider.
    """

    def __init__(self, notifier: Notifier, primary: str) -> None:
        self._notifier = notifier
        self._primary = primary
        self._held: tuple[ProviderReading, float] | None = None
        # While the first fallback jumps at every poll and the second is believed, notify once.
        self._suspects: set[str] = set()

    def hold(self, polled: ProviderReading, dominance: float, known: Known) -> None:
        """Hold a reading back, and notify of it."""
        self._held = polled, dominance
        self._suspects.add(polled.provider)
        self._notifier.raise_alert(
            TOPIC,
            f"Dominance jumped from {known.dominance:.2f} % to {dominance:.2f} % at "
            f"{polled.provider}. It does not count until another reading confirms it.",
        )

    def is_confirmed_by(self, polled: ProviderReading, dominance: float) -> bool:
        """Return whether a reading is not the held one itself, and near it."""
        if self._held is None:
            return False
        held, value = self._held
        # Without a time, only another value shows that it is another reading.
        is_same = held == polled if held.time is None else held.time == polled.time
        is_repeated = held.provider == polled.provider and is_same
        return not is_repeated and abs(dominance - value) <= MAX_STEP

    def confirm(self, dominance: float) -> None:
        """Note that the jump was real."""
        self._held = None
        self._suspects.clear()
        text = f"The jump of dominance to {dominance:.2f} % is confirmed, and counts."
        self._notifier.clear(TOPIC, text)

    def dismiss(self, polled: ProviderReading, dominance: float) -> None:
        """Note that a reading that did not jump was believed."""
        self._held = None
        self._suspects.discard(polled.provider)
        if not self._suspects or polled.provider == self._primary:
            self._suspects.clear()
            text = f"Dominance did not jump: {polled.provider} reads {dominance:.2f} %."
            self._notifier.clear(TOPIC, text)


def find_known(newest: Reading | None, store: DominanceStore, now: pd.Timestamp) -> Known | None:
    """Return what a current reading is compared with; None where the last week has nothing.

    :param newest: the last reading that counts.
    """
    age = pd.Timedelta.max if newest is None else max(0 * HOUR, now - newest.known)
    if age > PAUSE:
        candle = _find_newest_candle(store, now)
        if candle is not None and now - candle[0] < age:
            return Known(candle[1], MAX_STEP_AFTER_GAP)
    if newest is None or newest.dominance is None or age > MAX_KNOWN_AGE:
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
            continue  # reported where candles are made
        ends = candles["date"] + candle_length(timeframe)
        known = candles[(ends <= now) & (ends >= now - MAX_KNOWN_AGE)]
        if not known.empty:
            found.append((ends[known.index[-1]], float(known["close"].iloc[-1])))
    return max(found, default=None)
