"""The trend of a coin: how many Donchian channels of its daily closes are up.

Short channels turn early and are often wrong, long ones late; nobody knows beforehand which length
will be right, so none is chosen, and a trend is the share of them that agree. After C. Zarattini,
A. Pagani, A. Barbon, "Catching Crypto Trends: A Tactical Approach for Bitcoin and Altcoins" (2025),
https://ssrn.com/abstract=5209907.

A channel is left when the close falls below its middle as it is on that day. The paper never lowers
that stop, which makes it depend on the day of the breakout: a bot that starts with half a year of
candles would not agree with one that has run for a year. So a state depends on its last event.
"""

import numpy as np
import pandas as pd

from altseason.dominance.candles import DAY, candle_length

# Those of the paper up to half a year; those of 250 and 360 days need more hourly candles than
# Freqtrade fetches for a bot (five requests of 1000 at Binance, 208 days).
CHANNEL_DAYS = (5, 10, 20, 30, 60, 90, 150)
# As in the paper.
VOLATILITY_DAYS = 90
DAYS_PER_YEAR = 365


def find_daily_closes(candles: pd.DataFrame, timeframe: str) -> "pd.Series[float]":
    """Return the closes of days, by the midnight (UTC) at which each is known.

    :param candles: of any timeframe up to a day; a day without its last candle has no close.
    """
    ends = candles["date"] + candle_length(timeframe)
    is_last = find_day_ends(candles, timeframe)
    return candles["close"].set_axis(pd.DatetimeIndex(ends))[is_last.to_numpy()]


def find_day_ends(candles: pd.DataFrame, timeframe: str) -> "pd.Series[bool]":
    """Return which candles are the last ones of their days (UTC)."""
    ends = candles["date"] + candle_length(timeframe)
    return ends == ends.dt.floor(DAY)


def calculate_trend(closes: "pd.Series[float]") -> "pd.Series[float]":
    """Return the share of channels that are up at each daily close, 0 to 1.

    A channel is up from a close that is the highest of its days on, until one below its middle,
    half way between the highest and the lowest. One that has seen neither does not count as up.
    """
    states = [_find_state(closes, days) for days in CHANNEL_DAYS]
    return sum(states, start=closes * 0.0) / len(states)


def calculate_volatility(closes: "pd.Series[float]") -> "pd.Series[float]":
    """Return the annual volatility at each daily close, a ratio, from 90 logarithmic returns."""
    returns = pd.Series(np.log(closes), index=closes.index).diff()
    return returns.rolling(VOLATILITY_DAYS).std() * np.sqrt(DAYS_PER_YEAR)


def add_days(
    candles: pd.DataFrame, days: "dict[str, pd.Series[float]]", timeframe: str
) -> pd.DataFrame:
    """Add columns by day to candles: each sees the newest day that had ended at its close.

    :param days: by the name of the column, as from `find_daily_closes`; NaN where that day is
        missing.
    """
    ends = candles["date"] + candle_length(timeframe)
    known = pd.DatetimeIndex(ends.dt.floor(DAY))
    return candles.assign(
        **{name: values.reindex(known).to_numpy() for name, values in days.items()}
    )


def _find_state(closes: "pd.Series[float]", days: int) -> "pd.Series[float]":
    highest, lowest = closes.rolling(days).max(), closes.rolling(days).min()
    events = pd.Series(np.nan, index=closes.index)
    events[closes < (highest + lowest) / 2] = 0.0
    events[closes >= highest] = 1.0
    return events.ffill().fillna(0.0)
