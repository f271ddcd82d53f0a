"""Store the candles of the log of readings, each as soon as it has ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from freqtrade.exchange import timeframe_to_resample_freq

from altseason.dominance.candles import (
    DAY,
    PRICE_COLUMNS,
    TIMEFRAMES,
    aggregate_candles,
    candle_length,
)
from altseason.dominance.store import DominanceStore
from altseason.errors import StoredDataError
from altseason.recorder.backoff import Backoff
from altseason.recorder.log import BEGINNING, MAX_BYTES, Reading, ReadingLog
from altseason.sources.reading import Clock, ProviderReading, read_clock

# CoinGecko updates its value this often; polling more often would be a waste.
INTERVAL = pd.Timedelta(minutes=10)
SHORTEST_TIMEFRAME = "h"
# A failure to store is not repeated for each pair that a bot analyzes.
SETTLE_AGAIN_AFTER = pd.Timedelta(seconds=30)
# Three years of readings; the command `rebuild` takes all of them.
REBUILT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Rebuilt:
    """The candles that were made of the whole log.

    :param added: candles that were not stored before, by timeframe.
    """

    readings: int
    added: dict[str, int]


class Recording:
    """The log of readings in a data directory, and the candles that are made of it.

    Any process may store candles: they depend on the log alone.
    """

    def __init__(self, datadir: Path, store: DominanceStore, clock: Clock = read_clock) -> None:
        self.log = ReadingLog(datadir, store.pair)
        self.store = store
        self._clock = clock
        self._settled: pd.Timestamp | None = None
        self._settling = Backoff(self._settle, clock, first=SETTLE_AGAIN_AFTER)

    def append(
        self, polled: ProviderReading, *, dominance: float | None, offset: float | None = None
    ) -> Reading | None:
        """Log a reading; see `Reading` for the values and `ReadingLog.append` for errors."""
        time = None if polled.time is None else polled.time.to_pydatetime()
        return self.log.append(
            lambda: Reading(
                known=self._clock().to_pydatetime(),
                time=time,
                provider=polled.provider,
                raw=polled.dominance,
                dominance=dominance,
                offset=offset,
                convention=self.store.provider,
            )
        )

    def load(
        self, start: pd.Timestamp, *, max_bytes: int = MAX_BYTES
    ) -> tuple[pd.Timestamp, list[Reading]]:
        """Load the readings of the store's convention; see `ReadingLog.load`."""
        now, readings = self.log.load(start, self._clock, max_bytes=max_bytes)
        return now, [one for one in readings if one.convention == self.store.provider]

    def load_last(self) -> Reading | None:
        """Load the newest reading that counts, if there is one of the last two days."""
        _, readings = self.load(self._clock() - 2 * DAY)
        return next((one for one in reversed(readings) if one.dominance is not None), None)

    def settle(self) -> None:
        """Store the candles that have ended since the last call; uses no network.

        An error is raised again for half a minute before it is tried anew.

        :raises BusyError: where another process holds the log or the candles for too long.
        :raises OSError: where the candles cannot be written.
        :raises StoredDataError: where a stored file is damaged; the other one is complete then.
        """
        self._settling()

    def rebuild(self, max_bytes: int = REBUILT_BYTES) -> Rebuilt:
        """Store the candles of the whole log.

        :param max_bytes: what is read of it at most, from its end.
        """
        return self._store_since(BEGINNING, max_bytes)

    def _settle(self) -> None:
        hour = self._clock().floor(SHORTEST_TIMEFRAME)
        if hour == self._settled:
            return
        # From the day before the last call on: a file may not have been writable for days.
        since = min(hour, self._settled or hour)
        if not self._is_stored(hour):
            self._store_since(since.floor("D") - DAY)
        self._settled = hour

    def _is_stored(self, now: pd.Timestamp) -> bool:
        """Return whether another thread or process has made the candles that ended last."""
        try:
            return all(
                # Not just the newest one, which may be of the future.
                self.store.load(timeframe)["date"]
                .between(
                    now.floor(timeframe_to_resample_freq(timeframe)) - candle_length(timeframe), now
                )
                .any()
                for timeframe in TIMEFRAMES
            )
        except StoredDataError:
            return False

    def _store_since(self, start: pd.Timestamp, max_bytes: int = MAX_BYTES) -> Rebuilt:
        now, readings = self.load(start, max_bytes=max_bytes)
        rows = make_rows(readings)
        added: dict[str, int] = {}
        damage: StoredDataError | None = None
        for timeframe in TIMEFRAMES:
            candles = aggregate_candles(rows, timeframe, spacing=INTERVAL, now=now)
            added[timeframe] = 0
            try:
                if not candles.empty:
                    added[timeframe] = self.store.append(candles, timeframe).added
            except StoredDataError as error:
                damage = error  # the other file is not, and a gate may need no more than that one
        if damage is not None:
            raise damage
        return Rebuilt(len(rows), added)


def make_rows(readings: Sequence[Reading]) -> pd.DataFrame:
    """Return the readings that count as rows for `aggregate_candles`."""
    counted = [reading for reading in readings if reading.dominance is not None]
    known = pd.to_datetime([reading.known for reading in counted], utc=True)
    percent = [reading.dominance for reading in counted]
    return pd.DataFrame({"known": known, **dict.fromkeys(PRICE_COLUMNS, percent)})
