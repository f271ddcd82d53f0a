"""What the rules know of a pair: ATR and close of the newest candle that had closed at a time.

Kept apart from Freqtrade's frames, for to slice a frame takes longer than everything that the rules
then calculate, and two of them ask in every candle of an open trade.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.util import dt_ts

from altseason.dominance.candles import candle_length


@dataclass(frozen=True)
class KnownCandles:
    """Some of a pair's candles, with seven digits, which are enough for a distance.

    :param ends: when each ends, in milliseconds, rising.
    :param length: of a candle, in milliseconds.
    """

    ends: npt.NDArray[np.int64]
    atr: npt.NDArray[np.float32]
    close: npt.NDArray[np.float32]
    length: int

    @classmethod
    def read(cls, dataframe: pd.DataFrame, atr_column: str, timeframe: str) -> "KnownCandles":
        """Take them out of a strategy's frame, or of some rows of it."""
        length = candle_length(timeframe)
        ends = dataframe["date"] + length
        return cls(
            np.asarray(ends.dt.as_unit("ms").astype("int64"), dtype=np.int64),
            dataframe[atr_column].to_numpy("float32"),
            dataframe["close"].to_numpy("float32"),
            length // pd.Timedelta(milliseconds=1),
        )

    def at(self, time: datetime) -> tuple[float, float] | None:
        """Return ATR and close of the candle that had just closed at a time; None without it.

        Any older one might not be the newest that there is.
        """
        now = dt_ts(time)
        place = int(self.ends.searchsorted(now, side="right")) - 1
        if place < 0 or now - self.ends[place] >= self.length:
            return None
        return float(self.atr[place]), float(self.close[place])
