"""Days that jump and come back; values by hand."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from altseason.dominance.candles import DAY
from altseason.dominance.outliers import MAX_JUMP, find_outliers
from tests.conftest import dominance_candles

START = "2021-03-01"


def outlier_days(closes: list[float], missing: tuple[int, ...] = ()) -> list[int]:
    """Which of some days in a row are outliers, the first is day 0."""
    candles = dominance_candles(closes, START).drop(index=list(missing)).reset_index(drop=True)
    dates = find_outliers(candles)["date"]
    return ((dates - pd.Timestamp(START, tz="UTC")) // DAY).tolist()


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ([60, 66, 60], [1]),
        ([60, 54, 60], [1]),
        ([60, 64, 60], []),  # by 4 points and not by more
        ([60, 66, 62], []),  # comes back by 4 points and not by more
        ([60, 66, 61.9], [1]),
        ([60, 66, 66], []),  # stays
        ([60, 66, 72], []),  # goes on
        ([60, 66, 55], []),  # does not come back, but falls far below
        ([60, 66], []),  # not known yet
        ([66, 60], []),
        ([60, 66, 66, 60], []),  # two days
        ([60, 66, 60, 66, 60], [1, 3]),  # the day between is the way back
        ([60, 66, 60, 66, 60, 66], [1, 3]),  # of the last one it is not known yet
        ([60, 66, 60, 60, 53, 60], [1, 4]),
        ([60, 66, 60, 54, 60], [1, 3]),
    ],
)
def test_outlier_jumps_by_more_than_4_points_and_comes_back(closes, expected):
    assert outlier_days(closes) == expected


def test_outlier_is_given_with_the_days_around_it():
    [found] = find_outliers(dominance_candles([61, 60, 66.5, 60.5], START)).to_dict("records")
    day = pd.Timestamp("2021-03-03", tz="UTC")
    assert found == {"date": day, "before": 60, "close": 66.5, "after": 60.5}


@pytest.mark.parametrize("missing", [0, 2])
def test_without_the_day_before_or_after_it_no_day_is_an_outlier(missing: int):
    closes = [60.0, 66.0, 60.0, 60.0]
    assert outlier_days(closes) == [1]
    assert outlier_days(closes, (missing,)) == []


def test_weekly_candles_have_no_outliers():
    candles = dominance_candles([60.0, 66.0, 60.0], START)
    candles["date"] = pd.date_range(START, periods=3, freq="7D", tz="UTC").as_unit("ms")
    assert find_outliers(candles).empty


@settings(max_examples=200, deadline=None)
@given(
    closes=st.lists(st.sampled_from([50.0, 52.0, 54.0, 56.5, 61.0]), min_size=1, max_size=40),
    missing=st.sets(st.integers(1, 39)),
)
def test_outliers_agree_with_a_reading_day_by_day(closes: list[float], missing: set[int]):
    there = {day: close for day, close in enumerate(closes) if day not in missing}
    expected: list[int] = []
    for day in there:
        if not {day - 1, day + 1} <= there.keys() or day - 1 in expected:
            continue
        before, close, after = there[day - 1], there[day], there[day + 1]
        goes_and_returns = (close - before) * (after - close) < 0
        is_far = min(abs(close - before), abs(after - close)) > MAX_JUMP
        if goes_and_returns and is_far and abs(after - before) <= MAX_JUMP:
            expected.append(day)
    assert outlier_days(closes, tuple(set(range(len(closes))) & missing)) == expected


@settings(max_examples=100, deadline=None)
@given(
    closes=st.lists(st.sampled_from([50.0, 54.0, 56.5, 61.0]), min_size=3, max_size=30),
    end=st.integers(2, 30),
)
def test_what_a_day_is_depends_on_no_day_after_the_next(closes: list[float], end: int):
    known = outlier_days(closes[:end])
    assert known == [day for day in outlier_days(closes) if day + 1 < end]
