"""Dominance in a rehearsal: the stored candles, moved in time like the candles of the market."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from altseason.dominance.candles import TIMEFRAMES, candle_length
from altseason.dominance.store import DominanceStore


@dataclass(frozen=True)
class ReplayedDominance:
    """Bitcoin's dominance at any time within the stored candles.

    :param candles: by timeframe, frames as in `validate_candles`, times moved; none is empty.
    """

    candles: dict[str, pd.DataFrame]

    @property
    def end(self) -> int | None:
        """Return when the last candle ends, in milliseconds."""
        return int(self._closes[0][-1]) if self.candles else None

    def percent(self, time: int) -> float | None:
        """Return dominance at a time: the closes at the ends of candles, interpolated.

        :param time: in milliseconds.
        :return: None before the first end and after the last one.
        """
        if not self.candles:
            return None
        ends, closes = self._closes
        if not ends[0] <= time <= ends[-1]:
            return None
        return float(np.interp(time, ends, closes))

    def save_until(self, now: int, store: DominanceStore) -> None:
        """Store the candles that had ended at a time, in milliseconds."""
        moment = pd.Timestamp(now, unit="ms", tz="UTC")
        for timeframe, candles in self.candles.items():
            has_ended = candles["date"] + candle_length(timeframe) <= moment
            store.append(candles[has_ended].reset_index(drop=True), timeframe)

    @cached_property
    def _closes(self) -> "tuple[npt.NDArray[Any], npt.NDArray[Any]]":
        """Return when each candle ends, and its close, in the shortest timeframe."""
        timeframe = min(self.candles, key=candle_length)
        candles = self.candles[timeframe]
        ends = (candles["date"] + candle_length(timeframe)).dt.as_unit("ms")
        return ends.astype("int64").to_numpy(), candles["close"].to_numpy()


def load_dominance(datadir: Path, data_format: str, shift: int) -> ReplayedDominance:
    """Load the stored dominance of a data directory, if any, and move it in time.

    :param shift: in milliseconds, whole days.
    :raises StoredDataError: where a stored file is damaged.
    """
    store = DominanceStore(datadir, data_format)
    stored = {timeframe: store.load(timeframe) for timeframe in TIMEFRAMES}
    moved: dict[str, pd.DataFrame] = {
        timeframe: candles.assign(
            date=(candles["date"] + pd.Timedelta(milliseconds=shift)).dt.as_unit("ms")
        )
        for timeframe, candles in stored.items()
        if not candles.empty
    }
    return ReplayedDominance(moved)
