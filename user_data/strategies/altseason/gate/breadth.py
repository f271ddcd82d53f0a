"""Breadth: how many of the coins watched have beaten Bitcoin, by day.

A day's close is known at its end, so the calculation does not look ahead. The list of coins may: a
list of those that have risen since looks ahead, whatever is calculated from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from altseason.dominance.candles import DAILY_MAX_AGE, DAY, find_newest

Mask = npt.NDArray[np.bool_]
# With fewer, the default of 75 percent would need all of them.
MIN_COINS = 4
# A day counts once this fraction of the coins measured on the day before is measured. The candles
# of the others might not have arrived yet, and those that arrive first are no fair sample.
MIN_ARRIVED = 0.75


@dataclass(frozen=True, eq=False)
class CoinPrices:
    """The daily closes of the coins watched.

    :param prices: closes in bitcoin, so that the quote currency cancels out; indexed by the day's
        open time (UTC, every day from the first to the last), with a column for each pair that has
        candles. NaN where a day is missing.
    :param watched: all pairs that are watched, with or without candles.
    :param problem: why candles are missing, as a message; empty if nothing is wrong.
    :param advice: how to get the missing candles, as a sentence.
    """

    prices: pd.DataFrame
    watched: tuple[str, ...] = ()
    problem: str = ""
    advice: str = ""

    @property
    def longest_history(self) -> int:
        """Return the number of daily closes of the coin that has the most."""
        return int(self.prices.notna().sum().max()) if len(self.prices.columns) else 0


NO_COINS = CoinPrices(pd.DataFrame(index=pd.DatetimeIndex([], tz="UTC")))


@dataclass(frozen=True, eq=False)
class Breadth:
    """How many coins have beaten Bitcoin, on each day that counts, the oldest first.

    :param dates: the open times of the days.
    :param ends: the ends of the days, in milliseconds.
    :param beating: how many coins have risen against Bitcoin.
    :param measured: how many coins were compared.
    """

    dates: pd.DatetimeIndex
    ends: "npt.NDArray[np.int64]"
    beating: "npt.NDArray[np.int64]"
    measured: "npt.NDArray[np.int64]"

    @property
    def percent(self) -> "npt.NDArray[np.float64]":
        """Return the percentage of the measured coins that beat Bitcoin, by day."""
        return 100 * self.beating / self.measured

    def find_known(self, times: "npt.NDArray[np.int64]") -> "npt.NDArray[np.intp]":
        """Return which day was known at each time, in milliseconds; -1 if none was fresh."""
        return find_newest(self.ends, times, DAILY_MAX_AGE / pd.Timedelta(milliseconds=1))

    def find_open(self, minimum: float, times: "npt.NDArray[np.int64]") -> Mask:
        """Return whether at least `minimum` percent were known to beat Bitcoin at each time."""
        return np.append(self._is_enough(minimum), False)[self.find_known(times)]

    def find_closed(self, minimum: float, times: "npt.NDArray[np.int64]") -> Mask:
        """Return whether fewer than `minimum` percent were known to beat Bitcoin at each time."""
        return np.append(~self._is_enough(minimum), False)[self.find_known(times)]

    def _is_enough(self, minimum: float) -> Mask:
        return 100 * self.beating >= minimum * self.measured


def calculate_prices(
    candles: Mapping[str, pd.DataFrame], bitcoin: pd.DataFrame | None
) -> pd.DataFrame:
    """Return daily closes by pair in bitcoin, as `CoinPrices` has them.

    :param candles: daily candles by pair, as Freqtrade has them.
    :param bitcoin: Bitcoin's candles in the same quote currency; None where that is Bitcoin.
    """
    closes = {pair: _find_closes(frame) for pair, frame in candles.items() if not frame.empty}
    if not closes:
        return NO_COINS.prices
    prices = pd.DataFrame(closes)
    if bitcoin is not None:
        if bitcoin.empty:
            return NO_COINS.prices
        prices = prices.div(_find_closes(bitcoin), axis="index")
    prices = prices.dropna(axis="index", how="all").dropna(axis="columns", how="all")
    return prices.asfreq("D") if len(prices) else NO_COINS.prices


@lru_cache(maxsize=8)
def calculate_breadth(coins: CoinPrices, days: int) -> Breadth:
    """Count the coins that have beaten Bitcoin; cached, since every pair of a run needs it.

    A coin is measured on a day if it has a close for that day and for `days` days before. A day
    counts if at least `MIN_COINS` are measured, and most have arrived, see `MIN_ARRIVED`.
    """
    prices = coins.prices
    before = prices.shift(days)
    measured = (prices.notna() & before.notna()).sum(axis="columns").to_numpy(dtype=np.int64)
    beating = (prices > before).sum(axis="columns").to_numpy(dtype=np.int64)
    measured_before = np.concatenate([[0], measured])[: len(measured)]
    counts = (measured >= MIN_COINS) & (measured >= MIN_ARRIVED * measured_before)
    dates = pd.DatetimeIndex(prices.index[counts])
    ends = np.asarray((dates + DAY).as_unit("ms").astype("int64"), dtype=np.int64)
    return Breadth(dates, ends, beating[counts], measured[counts])


def _find_closes(candles: pd.DataFrame) -> "pd.Series[float]":
    """Return the closes of real days, indexed by their open time.

    Skip candles that Freqtrade has filled in, which have no volume, and days of an exchange that
    begin at another hour, since they end later than a day of that date.
    """
    dates, close = candles["date"], candles["close"]
    is_day = (candles["volume"] > 0) & (close > 0) & np.isfinite(close)
    is_day &= dates == dates.dt.normalize()
    closes = pd.Series(
        close[is_day].to_numpy(dtype="float64"), pd.DatetimeIndex(dates[is_day]).as_unit("ms")
    )
    return closes[~closes.index.duplicated(keep="last")]
