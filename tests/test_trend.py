"""Trends against their rule read day by day in plain Python, and position sizes by hand."""

import math
from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from altseason.trend import (
    CHANNEL_DAYS,
    add_days,
    calculate_change,
    calculate_trend,
    calculate_volatility,
    calculate_weight,
    find_daily_closes,
)
from tests.conftest import coin_candles
from tests.strategy.trend_rule import LENGTHS, find_shares, find_volatility

PRICES = st.lists(st.floats(1, 100), min_size=1, max_size=200)


def daily(closes: Sequence[float], start: str = "2021-01-02") -> "pd.Series[float]":
    days = pd.date_range(start, periods=len(closes), tz="UTC").as_unit("ms")
    return pd.Series(closes, index=days, dtype="float64")


def test_channels_are_those_that_the_documents_name():
    assert CHANNEL_DAYS == LENGTHS


def test_rise_turns_channel_after_channel_up_and_a_fall_the_shortest_down_first():
    trend = calculate_trend(daily([*range(100, 250), 246, 240, 230]))
    # The first day of each channel's length.
    assert trend.iloc[3] == 0
    assert [trend.iloc[day - 1] * 7 for day in CHANNEL_DAYS] == pytest.approx([1, 2, 3, 4, 5, 6, 7])
    # 246 is below 247, the middle of five days' 245 to 249; 240 below that of ten days, 244.5, and
    # of twenty, 240.5; 230 below that of thirty, 236, and above that of sixty, 221.
    assert list(trend.iloc[-3:] * 7) == pytest.approx([6, 4, 3])


@settings(max_examples=30)
@given(PRICES)
def test_trend_is_that_of_the_rule_day_by_day(closes: list[float]):
    assert list(calculate_trend(daily(closes))) == pytest.approx(find_shares(closes))


def test_channel_keeps_its_state_between_its_middle_and_its_highest():
    # 4 is the highest of five days; 3 and 2.6 are above the middle of 1 to 4; 2.4 is below it.
    closes = [1.0, 1.0, 1.0, 1.0, 4.0, 3.0, 2.6, 2.6, 2.4]
    found = calculate_trend(daily(closes)) * 7
    assert list(found) == pytest.approx([0, 0, 0, 0, 1, 1, 1, 1, 0])


def test_trend_does_not_depend_on_where_207_days_of_candles_begin():
    closes = coin_candles(700, timeframe="1d", seed=3)["close"].tolist()
    trends = [calculate_trend(daily(closes[first:])).iloc[-400:] for first in (0, 50, 93)]
    for trend in trends[1:]:
        assert list(trend) == list(trends[0])


def test_volatility_is_that_of_ninety_daily_returns_by_year():
    closes = coin_candles(120, timeframe="1d", seed=5)["close"].tolist()
    found = calculate_volatility(daily(closes))
    assert found.iloc[-1] == pytest.approx(find_volatility(closes))
    assert found.iloc[:90].isna().all()
    assert math.isfinite(found.iloc[90])


@pytest.mark.parametrize("timeframe", ["15m", "1h", "4h", "1d"])
def test_day_is_known_from_the_close_of_its_last_candle_on(timeframe: str):
    candles = coin_candles(4 * 24 * 4, timeframe=timeframe, start="2021-01-01 06:00:00")
    if timeframe == "1d":
        candles["date"] = candles["date"].dt.floor("D")
    closes = find_daily_closes(candles, timeframe)
    found = add_days(candles, {"known": closes}, timeframe)
    ends = candles["date"] + pd.Timedelta(timeframe.replace("1d", "1D"))
    for row in (0, 1, 5, 40, 200, len(candles) - 1):
        midnight = ends[row].floor("D")
        (last,) = candles.loc[ends == midnight, "close"].tolist() or [math.nan]
        assert found["known"].iloc[row] == pytest.approx(last, nan_ok=True)


def test_day_without_its_last_candle_is_not_known():
    candles = coin_candles(72)
    kept = candles[candles["date"] != pd.Timestamp("2021-01-02 23:00", tz="UTC")]
    found = add_days(kept, {"known": find_daily_closes(kept, "1h")}, "1h").set_index("date")
    assert found.loc["2021-01-03":"2021-01-03 22:00", "known"].isna().all()
    # The first day in all candles but one, and the third in its own last one.
    assert found["known"].notna().sum() == 24 + 1


@pytest.mark.parametrize(
    ("trend", "volatility", "weight"),
    [
        (1.0, 1.0, 0.25),
        (4 / 7, 0.5, 2 / 7),
        (1.0, 0.1, 1.0),
        (3 / 7, 0.25, 3 / 7),
        (0.0, 1.0, 0.0),
        (1.0, math.nan, 0.0),
        (math.nan, 1.0, 0.0),
        (1.0, 0.0, 0.0),
    ],
)
def test_weight_is_the_trend_at_a_quarter_of_volatility(trend, volatility, weight):
    assert calculate_weight(trend, volatility) == pytest.approx(weight)


@pytest.mark.parametrize(
    ("value", "wanted", "min_stake", "change"),
    [
        (100, 130, None, 30),
        (100, 119, None, 0),
        (100, 60, None, -40),
        (100, 81, None, 0),
        # The exchange's smallest order, of the change and of what would be left.
        (20, 26, 10, 0),
        (20, 31, 10, 11),
        (30, 14, 10, 0),
        (30, 15, 10, -15),
        # An exit is a signal's, and what is unknown changes nothing.
        (100, 0, None, 0),
        (0, 100, None, 0),
        (100, math.nan, None, 0),
    ],
)
def test_position_is_changed_where_it_is_off_by_more_than_a_fifth(value, wanted, min_stake, change):
    assert calculate_change(value, wanted, min_stake) == pytest.approx(change)
