"""The trend of a coin by Donchian channels of its daily closes, and the position that it allows.

Short channels turn early and are often wrong, long ones turn late, and nobody knows beforehand
which length will be right. So none is chosen: the trend is the share of channels that are up. After
C. Zarattini, A. Pagani, A. Barbon, "Catching Crypto Trends: A Tactical Approach for Bitcoin and
Altcoins" (2025), https://ssrn.com/abstract=5209907.

A channel is left when the close falls below its middle as it is on that day. The paper never lowers
that stop, which makes it depend on the day of the breakout: a bot that starts with half a year of
candles would not agree with one that has run for a year. Here only the last event counts.
"""

import math

import numpy as np
import pandas as pd

from altseason.dominance.candles import DAY, candle_length

# The paper's, up to half a year: 250 and 360 days would need more hourly candles than Freqtrade
# fetches for a bot (five requests of 1000 at Binance, 208 days).
CHANNEL_DAYS = (5, 10, 20, 30, 60, 90, 150)
# As in the paper.
VOLATILITY_DAYS = 90
DAYS_PER_YEAR = 365
# The annual volatility of one position, relative to its share of the wallet, as in the paper. The
# whole portfolio has less, since coins do not move as one.
TARGET_VOLATILITY = 0.25
# Resize a position only if it is off by more than this ratio, which saves fees, as in the paper.
MIN_CHANGE = 0.2
# Freqtrade raises the exchange's smallest order by the stop-loss, up to this multiple.
MAX_MINIMUM = 1.5


def find_daily_closes(candles: pd.DataFrame, timeframe: str) -> "pd.Series[float]":
    """Return daily closes, indexed by the midnight (UTC) at which each is known.

    :param candles: of any timeframe up to a day; a day without its last candle has no close.
    """
    ends = candles["date"] + candle_length(timeframe)
    is_last = find_day_ends(candles, timeframe)
    return candles["close"].set_axis(pd.DatetimeIndex(ends))[is_last.to_numpy()]


def find_day_ends(candles: pd.DataFrame, timeframe: str) -> "pd.Series[bool]":
    """Return which candles are the last of their day (UTC)."""
    ends = candles["date"] + candle_length(timeframe)
    return ends == ends.dt.floor(DAY)


def calculate_trend(closes: "pd.Series[float]") -> "pd.Series[float]":
    """Return the share of channels that are up at each daily close, 0 to 1.

    A channel goes up with a close that is the highest of its days, and down with a close below its
    middle, halfway between the highest and the lowest. Before either, it does not count as up.
    """
    states = [_find_state(closes, days) for days in CHANNEL_DAYS]
    return sum(states, start=closes * 0.0) / len(states)


def calculate_volatility(closes: "pd.Series[float]") -> "pd.Series[float]":
    """Return the annual volatility at each daily close, a ratio, from 90 daily log returns."""
    returns = pd.Series(np.log(closes), index=closes.index).diff()
    return returns.rolling(VOLATILITY_DAYS).std() * np.sqrt(DAYS_PER_YEAR)


def add_days(
    candles: pd.DataFrame, days: "dict[str, pd.Series[float]]", timeframe: str
) -> pd.DataFrame:
    """Add daily values to candles, each row those of the newest day that had ended at its close.

    :param days: daily values by column name, indexed as by `find_daily_closes`; a missing day is
        NaN.
    """
    ends = candles["date"] + candle_length(timeframe)
    known = pd.DatetimeIndex(ends.dt.floor(DAY))
    return candles.assign(
        **{name: values.reindex(known).to_numpy() for name, values in days.items()}
    )


def calculate_weight(trend: float, volatility: float) -> float:
    """Return the fraction of a trade's share of the wallet to invest, 0 to 1.

    :param trend: the share of channels that are up.
    :param volatility: annual, a ratio; below the target, nothing is borrowed to reach it.
    :return: 0 where either is unknown.
    """
    if not (math.isfinite(trend) and math.isfinite(volatility) and volatility > 0):
        return 0.0
    return trend * min(1.0, TARGET_VOLATILITY / volatility)


def calculate_change(value: float, wanted: float, min_stake: float | None) -> float:
    """Return by how much to change the value of a position, in stake currency; 0 for no change.

    :param value: the current value.
    :param wanted: the value it should have; above 0, since only an exit signal ends a trade.
    :param min_stake: the smallest order; neither the change nor the remainder may be smaller.
    """
    change, minimum = wanted - value, min_stake or 0.0
    is_known = math.isfinite(change) and value > 0 and wanted > 0
    if not is_known or abs(change) <= MIN_CHANGE * value or abs(change) < minimum:
        return 0.0
    return 0.0 if change < 0 and wanted < MAX_MINIMUM * minimum else change


def _find_state(closes: "pd.Series[float]", days: int) -> "pd.Series[float]":
    highest, lowest = closes.rolling(days).max(), closes.rolling(days).min()
    events = pd.Series(np.nan, index=closes.index)
    events[closes < (highest + lowest) / 2] = 0.0
    events[closes >= highest] = 1.0
    return events.ffill().fillna(0.0)
