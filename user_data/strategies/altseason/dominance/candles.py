"""Dominance as candles: the schema, and how readings become candles.

Conventions of the whole package: dominance is in percent, profits and stops are ratios, `date` is
a candle's open time in UTC. A dominance candle is known at its end, never earlier. Its `volume` is
the number of readings in it, so a candle that Freqtrade only filled in has volume 0.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.candle_columns import OHLCV_COLUMNS
from freqtrade.exchange import timeframe_to_resample_freq, timeframe_to_seconds

from altseason.errors import StoredDataError

TIMEFRAMES: tuple[Literal["1h", "1d"], ...] = ("1h", "1d")
DAY = pd.Timedelta(days=1)
# A day's close that is older than this says nothing about the present, whatever the timeframe.
DAILY_MAX_AGE = pd.Timedelta(hours=36)
PRICE_COLUMNS = ["open", "high", "low", "close"]
# From Bitcoin's first block on; the end is far in the future of any bot.
POSSIBLE_DATES = pd.Timestamp("2009-01-03", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC")
# Outside of these a number is a time in another unit, or not a time.
UNIX_SECONDS = (1_200_000_000, 5_000_000_000)
UNIX_MILLISECONDS = (1_200_000_000_000, 5_000_000_000_000)
# Dominance outside of these is not believed; a fraction such as 0.57 lies outside as well.
MIN_PERCENT, MAX_PERCENT = 1.0, 100.0
# A candle whose last reading is longer before its end than this does not show how it ended.
PARTIAL_AFTER = pd.Timedelta(hours=3)
FINE_SPACING = pd.Timedelta(hours=1)
# How long an unchanged value is believed, where the series has two decimals or more, or one. In
# four years of daily dominance a value stayed the same for at most 2 days with two decimals, and 4
# with one; for longer it is not the market that stands still, but the provider. Whole numbers
# stayed the same for 16 days, so they show too little.
MAX_UNCHANGED, MAX_UNCHANGED_TENTHS = pd.Timedelta(days=3), pd.Timedelta(days=7)
# The decimals of a series are those of this many candles up to the one whose value then stays.
DECIMALS_FROM = 30


@dataclass(frozen=True)
class Gap:
    """Candles that are missing between two real ones; both dates are open times, inclusive."""

    start: pd.Timestamp
    end: pd.Timestamp


def candle_length(timeframe: str) -> pd.Timedelta:
    """Return the time from a candle's open to its end, for a timeframe as Freqtrade writes it."""
    return pd.Timedelta(seconds=timeframe_to_seconds(timeframe))


def describe_duration(duration: pd.Timedelta) -> str:
    """Return a duration as text, in the largest unit of which it has two or more."""
    if duration < pd.Timedelta(minutes=2):
        return f"{duration.total_seconds():.0f} seconds"
    hours = duration / pd.Timedelta(hours=1)
    if hours < 2:
        return f"{hours * 60:.0f} minutes"
    number, unit = (hours / 24, "days") if hours >= 48 else (hours, "hours")
    return f"{number:.1f}".removesuffix(".0") + f" {unit}"


def empty_candles() -> pd.DataFrame:
    """Return a frame without rows that passes `validate_candles`."""
    candles = pd.DataFrame(columns=OHLCV_COLUMNS, dtype="float64")
    candles["date"] = pd.DatetimeIndex([], tz="UTC").as_unit("ms")
    return candles


def is_believable(percent: "pd.Series[float]") -> "pd.Series[bool]":
    """Return for each value whether it can be a dominance in percent; NaN and infinity cannot."""
    return (percent > MIN_PERCENT) & (percent < MAX_PERCENT)


def real_candles(candles: pd.DataFrame) -> pd.DataFrame:
    """Drop the candles that were only filled in."""
    return candles[candles["volume"] > 0].reset_index(drop=True)


def validate_candles(candles: pd.DataFrame, timeframe: str) -> None:
    """Refuse anything that is not a frame of dominance candles.

    :param candles: columns date (tz-aware UTC, open time), open, high, low, close (percent) and
        volume (readings).
    :raises StoredDataError: with what was expected and the first value that differs.
    """
    if list(candles.columns) != OHLCV_COLUMNS:
        raise StoredDataError(f"expected columns {OHLCV_COLUMNS}, found {list(candles.columns)}")
    dates = candles["date"]
    if str(getattr(dates.dtype, "tz", None)) != "UTC":
        raise StoredDataError(f"expected dates in UTC, found the type {dates.dtype}")
    # Other dates cannot even be written as text.
    is_possible = dates.between(*POSSIBLE_DATES)
    if not is_possible.all():
        raise StoredDataError(
            f"expected dates from {POSSIBLE_DATES[0]:%Y} to {POSSIBLE_DATES[1]:%Y}, found another "
            f"one in row {int(is_possible.argmin()) + 1} of {len(dates)}"
        )
    if not dates.is_monotonic_increasing or dates.duplicated().any():
        raise StoredDataError("expected each date once and in rising order")
    off_grid = dates[dates != dates.dt.floor(timeframe_to_resample_freq(timeframe))]
    if len(off_grid):
        raise StoredDataError(
            f"expected open times of {timeframe} candles, found {off_grid.iloc[0]}"
        )
    for column in PRICE_COLUMNS:
        wrong = candles[~is_believable(candles[column])]
        if len(wrong):
            raise StoredDataError(
                f"expected {column} between {MIN_PERCENT:g} and {MAX_PERCENT:g} percent, "
                f"found {wrong[column].iloc[0]} at {wrong['date'].iloc[0]}"
            )


def aggregate_candles(
    readings: pd.DataFrame, timeframe: str, *, spacing: pd.Timedelta, now: pd.Timestamp
) -> pd.DataFrame:
    """Group readings into candles, leaving out those that do not show how they ended.

    A reading belongs to the candle in whose half-open interval (open, end] it became known, so one
    at D 00:00 closes the candle of the day before.

    :param readings: columns known (UTC, when the reading was true), open, high, low, close; rising.
    :param spacing: the usual time between two readings of this source.
    :param now: candles that end later are not finished, and left out.
    :return: real candles as in `validate_candles`; volume counts the readings.
    """
    length = candle_length(timeframe)
    opens = readings["known"].dt.ceil(timeframe_to_resample_freq(timeframe)) - length
    candles = (
        readings.groupby(opens.rename("date"))
        .agg(
            open=("open", "first"),
            high=("high", "max"),
            low=("low", "min"),
            close=("close", "last"),
            volume=("close", "size"),
            last_known=("known", "last"),
        )
        .reset_index()
    )
    end = candles["date"] + length
    unread = end - candles["last_known"]
    is_complete = ((unread <= PARTIAL_AFTER) | (unread < spacing)) & (end <= now)
    candles = candles.loc[is_complete, OHLCV_COLUMNS].reset_index(drop=True)
    candles["date"] = candles["date"].dt.as_unit("ms")
    return candles.astype({"volume": "float64"})


def find_frozen(candles: pd.DataFrame) -> "npt.NDArray[np.bool_]":
    """Return which candles repeat one value for longer than `MAX_UNCHANGED`.

    A candle repeats the one before where all its prices equal that one's close. Nothing is frozen
    in hindsight: the first candles of a value that stays are not marked, and no later candle
    changes what an earlier one is.
    """
    close = candles["close"]
    is_repeat = (candles["low"] == close.shift()) & (candles["high"] == close.shift())
    run = (~is_repeat).cumsum()
    unchanged = candles["date"] - candles["date"].groupby(run).transform("first")
    is_frozen = pd.Series(False, index=candles.index)
    for unit, limit in ((1, MAX_UNCHANGED_TENTHS), (10, MAX_UNCHANGED)):
        is_finer = (close * unit % 1 != 0).rolling(DECIMALS_FROM, min_periods=1).max().eq(1)
        is_frozen |= is_finer.groupby(run).transform("first") & (unchanged > limit)
    return is_frozen.to_numpy(dtype=bool)


def find_newest(
    ends: "npt.NDArray[np.int64]", times: "npt.NDArray[np.int64]", max_age: float
) -> "npt.NDArray[np.intp]":
    """Return which candle was the newest that had ended at each time; -1 where none had.

    :param ends: of candles, in milliseconds, rising, as the times are.
    :param max_age: in milliseconds; -1 also where it had ended longer ago than this.
    """
    positions = ends.searchsorted(times, side="right") - 1
    if not len(ends):
        return positions
    return np.where((positions >= 0) & (times - ends[positions] <= max_age), positions, -1)


def find_gaps(candles: pd.DataFrame, timeframe: str) -> list[Gap]:
    """List the stretches of missing candles between the first and the last one."""
    length = candle_length(timeframe)
    dates = candles["date"]
    follows_gap = np.flatnonzero(dates.diff() > length)
    return [Gap(dates[i - 1] + length, dates[i] - length) for i in follows_gap]
