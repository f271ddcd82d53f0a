"""Breadth: how many of the coins watched have beaten Bitcoin, by day.

A day's close is known at its end. Which coins are watched is another matter: a list that was made
by what has risen since looks ahead, whatever is calculated from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from altseason.dominance.candles import DAILY_MAX_AGE, DAY, find_newest

Mask = npt.NDArray[np.bool_]
# With fewer, the default of 75 percent would ask for all of them.
MIN_COINS = 4
# So much of what was measured one day before is enough; the rest may not have arrived yet, and
# which coins arrive first is no sample of all.
MIN_ARRIVED = 0.75


@dataclass(frozen=True, eq=False)
class CoinPrices:
    """The daily closes of the coins watched.

    :param prices: in bitcoin, so that the quote cancels; by the day's open time (UTC, every day
        from the first to the last), a column for each pair that has candles. NaN where a day is
        missing.
    :param watched: all pairs that are watched, whether they have candles or not.
    :param problem: why candles are missing, for a person; empty where nothing is wrong.
    :param advice: a sentence that says how to get what is missing.
    """

    prices: pd.DataFrame
    watched: tuple[str, ...] = ()
    problem: str = ""
    advice: str = ""

    @property
    def longest_history(self) -> int:
        """Return the number of daily closes of the coin that has most."""
        return int(self.prices.notna().sum().max()) if len(self.prices.columns) else 0


NO_COINS = CoinPrices(pd.DataFrame(index=pd.DatetimeIndex([], tz="UTC")))


@dataclass(frozen=True, eq=False)
class Breadth:
    """How many coins have beaten Bitcoin, on the days that count, the oldest first.

    :param dates: open times of the days, and `ends` their ends in milliseconds.
    :param beating: how many coins have risen against Bitcoin, of those `measured`.
    """

    dates: pd.DatetimeIndex
    ends: "npt.NDArray[np.int64]"
    beating: "npt.NDArray[np.int64]"
    measured: "npt.NDArray[np.int64]"

    @property
    def percent(self) -> "npt.NDArray[np.float64]":
        """Return the percentage of coins that beat Bitcoin, by day."""
        return 100 * self.beating / self.measured

    def find_known(self, times: "npt.NDArray[np.int64]") -> "npt.NDArray[np.intp]":
        """Return which day was known at each time, in milliseconds; -1 for none that is fresh."""
        return find_newest(self.ends, times, DAILY_MAX_AGE / pd.Timedelta(milliseconds=1))

    def find_open(self, minimum: float, times: "npt.NDArray[np.int64]") -> Mask:
        """Return whether at least `minimum` percent beat Bitcoin, by what was known at a time."""
        return np.append(self._is_enough(minimum), False)[self.find_known(times)]

    def find_closed(self, minimum: float, times: "npt.NDArray[np.int64]") -> Mask:
        """Return whether it was known at a time that fewer did."""
        return np.append(~self._is_enough(minimum), False)[self.find_known(times)]

    def _is_enough(self, minimum: float) -> Mask:
        return 100 * self.beating >= minimum * self.measured


def calculate_prices(
    candles: Mapping[str, pd.DataFrame], bitcoin: pd.DataFrame | None
) -> pd.DataFrame:
    """Return daily closes by pair in bitcoin, as `CoinPrices` has them.

    :param candles: daily candles by pair, as Freqtrade has them.
    :param bitcoin: Bitcoin's in the same quote; None where the quote is Bitcoin.
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
    """Count the coins that have beaten Bitcoin; remembered, since every pair of a run asks for it.

    A coin is measured on a day for which it has a close and one `days` days before. A day counts
    with `MIN_COINS` measured, and not while most are still to come, see `MIN_ARRIVED`.
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
    """Return the closes of real days by their open time.

    Not of candles that Freqtrade has filled in, which have no volume; nor of an exchange's days
    that begin at another hour, since they end later than a day of that date.
    """
    dates, close = candles["date"], candles["close"]
    is_day = (candles["volume"] > 0) & (close > 0) & np.isfinite(close)
    is_day &= dates == dates.dt.normalize()
    closes = pd.Series(
        close[is_day].to_numpy(dtype="float64"), pd.DatetimeIndex(dates[is_day]).as_unit("ms")
    )
    return closes[~closes.index.duplicated(keep="last")]
