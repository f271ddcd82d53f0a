"""Calculate features: what was known at an entry's signal, at most 20 numbers, each for a reason.

All are ratios, logarithms or percentages, so that coins of any price can be pooled. Each depends
only on the candle of its row and on earlier ones; dominance and breadth are those that were known
at the candle's close, and are missing where they were missing or stale. Periods are in candles, and
are meant for 1h: 24 is a day, 168 a week.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import talib.abstract as ta

from altseason.dominance.candles import DAILY_MAX_AGE, DAY, candle_length, find_newest
from altseason.gate.breadth import NO_COINS, CoinPrices, calculate_breadth
from altseason.gate.rule import Dominance, GateRule, calculate_closes, find_mean

Floats = npt.NDArray[np.floating[Any]]

# By this prefix FreqAI recognizes features.
PREFIX = "%-"
MAX_FEATURES = 20
DAY_CANDLES, WEEK_CANDLES = 24, 168
SLOPE_DAYS, PERCENTILE_DAYS, MIN_PERCENTILE_DAYS = 7, 365, 90

# Why each is here; docs/freqai.md has this table, too.
REASONS = {
    "return_6": "momentum of the last hours, which made the MACD cross",
    "return_24": "momentum of a day",
    "return_168": "momentum of a week, the horizon of a label",
    "volatility_24": "a day's volatility: in a wild market both barriers are nearer",
    "volatility_ratio": "a day's volatility by a week's: whether the market wakes up or calms down",
    "range": "ATR by the price: it includes wicks, which closes hide, but which hit stops",
    "volume_ratio": "a day's volume by a week's: a move with volume lasts longer",
    "to_sma_50": "distance to the average below which trades exit",
    "to_sma_200": "distance to the long average: how far the trend has run",
    "sma_50_to_200": "age and strength of the trend",
    "rsi": "how overbought the coin is, below the limit of the rules",
    "macd_histogram": "strength of the cross, by the price",
    "to_high_168": "distance to the week's high, above which there is no resistance",
    "dominance_to_threshold": "distance to the level that opens the gate, in percentage points",
    "dominance_to_mean": "distance to the mean below which dominance falls, in percentage points",
    "dominance_slope": "change in a week, in percentage points: how fast money moves to altcoins",
    "dominance_percentile": "percentile within the past year, since levels drift",
    "breadth": "percentage of the coins watched that beat Bitcoin, if the gate counts them",
    "week_sin": "time of the week, together with the next feature: weekends are quiet",
    "week_cos": "see above",
}


def find_names(rule: GateRule) -> list[str]:
    """Return the column names of the features, with breadth if the gate counts coins."""
    return [PREFIX + name for name in REASONS if name != "breadth" or rule.has_breadth]


def calculate_features(
    candles: pd.DataFrame,
    timeframe: str,
    dominance: Dominance,
    rule: GateRule,
    coins: CoinPrices = NO_COINS,
) -> pd.DataFrame:
    """Return the features of a pair's candles, in the columns of `find_names`.

    NaN where the history of a feature is too short, missing or stale.

    :param candles: date, open, high, low, close, volume, as Freqtrade provides them.
    :param rule: the gate's rule; dominance is compared with its threshold and mean in any mode.
    :param coins: the coins that breadth counts.
    """
    features: dict[str, Any] = {
        **_measure_price(candles),
        **_measure_dominance(candles, timeframe, dominance, rule),
        **_measure_week(candles, timeframe),
    }
    if rule.has_breadth:
        features["breadth"] = _measure_breadth(candles, timeframe, coins, rule)
    named = {PREFIX + name: values for name, values in features.items()}
    frame = pd.DataFrame(named, index=candles.index)
    return frame[find_names(rule)].replace([np.inf, -np.inf], np.nan)


def _measure_price(candles: pd.DataFrame) -> dict[str, "pd.Series[float]"]:
    close, volume = candles["close"], candles["volume"]
    logs = pd.Series(np.log(close), index=candles.index)
    changes = logs.diff()
    daily, weekly = (changes.rolling(count).std() for count in (DAY_CANDLES, WEEK_CANDLES))
    sma_50, sma_200 = ta.SMA(close, timeperiod=50), ta.SMA(close, timeperiod=200)
    histogram = ta.MACD(close, fastperiod=12, slowperiod=26, signalperiod=9)[2]
    traded = [volume.rolling(count).mean() for count in (DAY_CANDLES, WEEK_CANDLES)]
    return {
        "return_6": logs.diff(6),
        "return_24": logs.diff(DAY_CANDLES),
        "return_168": logs.diff(WEEK_CANDLES),
        "volatility_24": daily,
        "volatility_ratio": daily / weekly,
        "range": ta.ATR(candles, timeperiod=14) / close,
        "volume_ratio": _log(traded[0] / traded[1]),
        "to_sma_50": close / sma_50 - 1,
        "to_sma_200": close / sma_200 - 1,
        "sma_50_to_200": sma_50 / sma_200 - 1,
        "rsi": ta.RSI(close, timeperiod=14),
        "macd_histogram": histogram / close,
        "to_high_168": close / candles["high"].rolling(WEEK_CANDLES).max() - 1,
    }


def _measure_dominance(
    candles: pd.DataFrame, timeframe: str, dominance: Dominance, rule: GateRule
) -> dict[str, Floats]:
    closes = calculate_closes(candles["date"], timeframe)
    levels = np.append(dominance.candles["close"].to_numpy("float64"), np.nan)
    level = levels[dominance.find_known(closes)]
    days = _calculate_days(dominance)
    ends = calculate_closes(days["date"], "1d")
    known = find_newest(ends, closes, DAILY_MAX_AGE / pd.Timedelta(milliseconds=1))
    is_known = np.isfinite(level)
    slope, percentile = (
        np.where(is_known, np.append(days[name].to_numpy("float64"), np.nan)[known], np.nan)
        for name in ("slope", "percentile")
    )
    return {
        "dominance_to_threshold": level - rule.threshold,
        "dominance_to_mean": level - find_mean(dominance, rule, closes),
        "dominance_slope": slope,
        "dominance_percentile": percentile,
    }


@lru_cache(maxsize=8)
def _calculate_days(dominance: Dominance) -> pd.DataFrame:
    """Return slope and percentile by day, as known at its end; cached, since all pairs need it."""
    daily = dominance.moving.daily
    closes = daily.set_index("date")["close"]
    before = closes.reindex(pd.DatetimeIndex(daily["date"] - SLOPE_DAYS * DAY)).to_numpy()
    past = closes.rolling(f"{PERCENTILE_DAYS}D", min_periods=MIN_PERCENTILE_DAYS)
    return pd.DataFrame(
        {
            "date": daily["date"],
            "slope": closes.to_numpy() - before,
            "percentile": past.rank(pct=True).to_numpy(),
        }
    )


def _measure_breadth(
    candles: pd.DataFrame, timeframe: str, coins: CoinPrices, rule: GateRule
) -> Floats:
    breadth = calculate_breadth(coins, rule.breadth_days)
    percent = np.append(breadth.percent, np.nan)
    known = breadth.find_known(calculate_closes(candles["date"], timeframe))
    return np.asarray(percent[known])


def _measure_week(candles: pd.DataFrame, timeframe: str) -> dict[str, "pd.Series[float]"]:
    """Return the time of the week at each close, on a circle, where Sunday meets Monday."""
    closes = candles["date"] + candle_length(timeframe)
    midnight = closes.dt.normalize()
    turn = (closes.dt.day_of_week + (closes - midnight) / DAY) / 7 * 2 * np.pi
    return {
        "week_sin": pd.Series(np.sin(turn), index=candles.index),
        "week_cos": pd.Series(np.cos(turn), index=candles.index),
    }


def _log(ratio: "pd.Series[float]") -> "pd.Series[float]":
    """Return logarithms, NaN where nothing was traded."""
    return pd.Series(np.log(ratio.where(ratio > 0)), index=ratio.index)
