"""What the rules know of a pair: ATR and close of the newest candle that had closed at a time.

Kept apart from Freqtrade's frames, for two rules ask in every candle of an open trade, and to slice
a frame takes longer than everything that they then calculate.
"""

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.util import dt_ts

from altseason.dominance.candles import candle_length


@dataclass(frozen=True)
class KnownCandles:
    """A pair's candles.

    :param ends: when each ends, in milliseconds, rising.
    """

    ends: npt.NDArray[np.int64]
    atr: npt.NDArray[np.float64]
    close: npt.NDArray[np.float64]

    @classmethod
    def read(cls, dataframe: pd.DataFrame, atr_column: str, timeframe: str) -> "KnownCandles":
        """Take them out of a strategy's frame."""
        ends = dataframe["date"] + candle_length(timeframe)
        return cls(
            np.asarray(ends.dt.as_unit("ms").astype("int64"), dtype=np.int64),
            dataframe[atr_column].to_numpy(copy=True),
            dataframe["close"].to_numpy(copy=True),
        )

    def at(self, time: datetime) -> tuple[float, float]:
        """Give ATR and close as they were known at a time, NaN where nothing was."""
        count = int(self.ends.searchsorted(dt_ts(time), side="right"))
        if not count:
            return math.nan, math.nan
        return float(self.atr[count - 1]), float(self.close[count - 1])
