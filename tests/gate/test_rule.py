from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from altseason.dominance.candles import candle_length, empty_candles, find_frozen
from altseason.errors import InputError
from altseason.gate.rule import (
    Dominance,
    GateRule,
    add_dominance,
    calculate_closes,
    calculate_gate,
    find_mean,
    find_open,
)
from tests.conftest import coin_candles, dominance_candles


def daily(candles: pd.DataFrame, max_age_hours: float = 36) -> Dominance:
    return Dominance("1d", candles, candles, pd.Timedelta(hours=max_age_hours))


def hourly(candles: pd.DataFrame, days: pd.DataFrame, max_age_hours: float = 3) -> Dominance:
    return Dominance("1h", candles, days, pd.Timedelta(hours=max_age_hours))


def opened(dominance: Dominance, rule: GateRule) -> list[bool]:
    return calculate_gate(dominance, rule)["alt_season"].tolist()


def rows_with_gate(
    dominance: Dominance, rule: GateRule, *, start: str, rows: int, timeframe: str = "1h"
) -> pd.DataFrame:
    dataframe = coin_candles(rows, start=start, timeframe=timeframe)
    dataframe = add_dominance(dataframe, dominance, timeframe)
    closes = calculate_closes(dataframe["date"], timeframe)
    dataframe["alt_season"] = find_open(dominance, rule, closes)
    dataframe["sma_btcd"] = find_mean(dominance, rule, closes)
    return dataframe.set_index("date")


def test_level_opens_below_the_threshold_and_closes_at_it():
    dominance = daily(dominance_candles([55.1, 54.9, 55.0, 54.0], "2021-03-01"))
    assert opened(dominance, GateRule()) == [False, True, False, True]


def test_level_holds_inside_the_band():
    closes = [56.0, 55.5, 54.0, 55.5, 56.9, 57.0, 56.0, 54.9]
    dominance = daily(dominance_candles(closes, "2021-03-01"))
    expected = [False, False, True, True, True, False, False, True]
    assert opened(dominance, GateRule(band=2)) == expected


def test_level_is_closed_again_inside_the_band_after_stale_data():
    candles = dominance_candles([54.0, 55.5, 50.0, 55.5, 54.0], "2021-03-01")
    candles = candles.drop(index=2).reset_index(drop=True)
    # The third day is missing, so 36 hours after the second one the gate had closed.
    assert opened(daily(candles), GateRule(band=2)) == [True, True, False, True]
    assert opened(daily(candles, max_age_hours=48), GateRule(band=2)) == [True, True, True, True]


def test_falling_compares_with_the_mean_of_the_days_up_to_and_with_this_one():
    dominance = daily(dominance_candles([60.0, 58.0, 59.0, 57.0, 57.0, 57.0], "2021-03-01"))
    gate = calculate_gate(dominance, GateRule(mode="falling", sma_days=3))
    assert gate["sma"].round(4).tolist()[2:] == [59.0, 58.0, 57.6667, 57.0]
    assert gate["sma"].isna().tolist()[:2] == [True, True]
    assert gate["alt_season"].tolist() == [False, False, False, True, True, False]


def test_falling_leaves_missing_days_out_of_the_mean():
    candles = dominance_candles([60.0, 60.0, 60.0, 1.5, 54.0, 53.0], "2021-03-01")
    candles = candles.drop(index=3).reset_index(drop=True)
    gate = calculate_gate(daily(candles), GateRule(mode="falling", sma_days=4))
    # Three of four days are enough: (60 + 60 + 54) / 3, then (60 + 54 + 53) / 3.
    assert gate["sma"].round(4).tolist()[3:] == [58.0, 55.6667]


def test_falling_needs_three_quarters_of_the_days():
    candles = dominance_candles([60.0] * 8, "2021-03-01").drop(index=[4, 5]).reset_index(drop=True)
    gate = calculate_gate(daily(candles), GateRule(mode="falling", sma_days=4))
    assert gate["sma"].isna().tolist() == [True, True, True, False, True, True]


@pytest.mark.parametrize(
    ("days", "missing"),
    # A quarter of the days, rounded down: 3 // 4, 4 // 4, 7 // 4, 8 // 4, 20 // 4.
    [(3, 0), (4, 1), (7, 1), (8, 2), (20, 5)],
)
def test_falling_is_reported_with_a_quarter_of_the_days_missing_and_not_with_more(
    days: int, missing: int
):
    rule = GateRule(mode="falling", sma_days=days)
    candles = dominance_candles([60.0] * days, "2021-03-01")
    for left_out, has_mean in ((missing, True), (missing + 1, False)):
        rest = candles.drop(index=range(1, 1 + left_out)).reset_index(drop=True)
        sma = calculate_gate(daily(rest), rule)["sma"]
        assert bool(sma.notna().iat[-1]) is has_mean


def test_level_and_falling_needs_both():
    closes = [60.0, 54.0, 54.5, 53.0]
    dominance = daily(dominance_candles(closes, "2021-03-01"))
    level = opened(dominance, GateRule())
    falling = opened(dominance, GateRule(mode="falling", sma_days=2))
    both = opened(dominance, GateRule(mode="level_and_falling", sma_days=2))
    assert level == [False, True, True, True]
    assert falling == [False, True, False, True]
    assert both == [False, True, False, True]


def test_off_is_open_everywhere_even_without_data():
    rows = rows_with_gate(daily(empty_candles()), GateRule(mode="off"), start="2021-03-01", rows=48)
    assert rows["alt_season"].all()
    assert rows["close_btcd"].isna().all()


@pytest.mark.parametrize("mode", ["level", "falling", "level_and_falling"])
def test_any_other_mode_is_closed_without_data(mode: str):
    rows = rows_with_gate(daily(empty_candles()), GateRule(mode=mode), start="2021-03-01", rows=48)
    assert not rows["alt_season"].any()


def test_a_day_is_known_at_its_end_and_not_an_hour_earlier():
    dominance = daily(dominance_candles([60.0, 50.0], "2021-03-01"))
    rows = rows_with_gate(dominance, GateRule(), start="2021-03-01", rows=72)
    # 2021-03-02 is known at 24:00, which is the close of the row that opens at 23:00.
    assert rows.loc["2021-03-02 22:00+00:00", "close_btcd"] == 60.0
    assert rows.loc["2021-03-02 23:00+00:00", "close_btcd"] == 50.0
    assert rows.index[rows["alt_season"]][0] == pd.Timestamp("2021-03-02 23:00", tz="UTC")


def test_rows_are_stale_when_their_close_is_more_than_the_allowed_age_after_the_end():
    dominance = daily(dominance_candles([50.0, 50.0], "2021-03-01"))
    rows = rows_with_gate(dominance, GateRule(), start="2021-03-02", rows=96)
    # The newest day ends on 03-03 at 00:00; 36 hours later is the close of the row at 11:00.
    assert rows.index[rows["alt_season"]][-1] == pd.Timestamp("2021-03-04 11:00", tz="UTC")
    assert rows.loc["2021-03-04 11:00+00:00", "close_btcd"] == 50.0
    assert rows.loc["2021-03-04 12:00+00:00":, "close_btcd"].isna().all()


def test_rows_before_the_first_known_day_are_closed():
    dominance = daily(dominance_candles([50.0] * 3, "2021-03-03"))
    rows = rows_with_gate(dominance, GateRule(), start="2021-03-01", rows=96)
    assert rows.index[rows["alt_season"]][0] == pd.Timestamp("2021-03-03 23:00", tz="UTC")


def test_rows_that_start_after_a_day_know_it():
    dominance = daily(dominance_candles([50.0, 60.0], "2021-03-01"))
    rows = rows_with_gate(dominance, GateRule(), start="2021-03-02 05:00", rows=24)
    assert rows.iloc[0]["close_btcd"] == 50.0
    assert rows.iloc[0]["alt_season"]


@pytest.mark.parametrize("timeframe", ["5m", "15m", "4h", "1d"])
def test_a_day_is_known_at_its_end_in_every_timeframe(timeframe: str):
    dominance = daily(dominance_candles([60.0, 50.0, 60.0], "2021-03-01"))
    length = candle_length(timeframe)
    count = int(pd.Timedelta(days=3) / length)
    rows = rows_with_gate(
        dominance, GateRule(), start="2021-03-01", rows=count, timeframe=timeframe
    )
    closes = rows.index[rows["alt_season"]] + length
    assert closes[0] == pd.Timestamp("2021-03-03", tz="UTC")
    assert closes[-1] == pd.Timestamp("2021-03-04", tz="UTC") - length


def test_hourly_dominance_is_known_at_the_end_of_its_hour():
    hours = dominance_candles([60.0, 50.0, 60.0, 50.0], "2021-03-01", "1h")
    rows = rows_with_gate(hourly(hours, empty_candles()), GateRule(), start="2021-03-01", rows=10)
    # Stale three hours after 04:00, the end of the last one: the row at 06:00 closes at 07:00.
    expected = [False, True, False, True, True, True, True, False, False, False]
    assert rows["alt_season"].tolist() == expected


def test_hourly_dominance_falls_by_its_daily_closes():
    hours = dominance_candles([50.0] * 72, "2021-03-02", "1h")
    days = dominance_candles([60.0, 50.0], "2021-03-01")
    rule = GateRule(mode="falling", sma_days=2)
    rows = rows_with_gate(hourly(hours, days), rule, start="2021-03-02", rows=72)
    # The day 03-02 is known at its end, and says nothing any more 36 hours later.
    assert rows.index[rows["alt_season"]][0] == pd.Timestamp("2021-03-02 23:00", tz="UTC")
    assert rows.index[rows["alt_season"]][-1] == pd.Timestamp("2021-03-04 11:00", tz="UTC")
    assert rows.loc["2021-03-02 23:00+00:00", "sma_btcd"] == 55.0


def test_hourly_dominance_knows_a_day_whose_last_hour_is_missing():
    hours = dominance_candles([50.0] * 60, "2021-03-02", "1h")
    hours = hours.drop(index=[23, 24]).reset_index(drop=True)
    days = dominance_candles([60.0, 50.0], "2021-03-01")
    gate = calculate_gate(hourly(hours, days), GateRule(mode="falling", sma_days=2))
    assert gate.index[gate["alt_season"]][0] == pd.Timestamp("2021-03-03 01:00", tz="UTC")


@settings(max_examples=100, deadline=None)
@given(
    closes=st.lists(st.sampled_from([50.0, 54.9, 55.0, 55.9, 57.0, 60.0]), min_size=3, max_size=40),
    missing=st.sets(st.integers(0, 39)),
    band=st.sampled_from([0.0, 1.0, 2.0]),
)
def test_level_agrees_with_a_reading_candle_by_candle(
    closes: list[float], missing: set[int], band: float
):
    # None stands still, as a value that is frozen would.
    moving = [close + number * 1e-6 for number, close in enumerate(closes)]
    candles = dominance_candles(moving, "2021-03-01")
    candles = candles[~candles.index.isin(missing)].reset_index(drop=True)
    expected, is_open, last = [], False, None
    for date, close in zip(candles["date"], candles["close"], strict=True):
        if last is not None and date - last > pd.Timedelta(hours=36):
            is_open = False
        if close < 55:
            is_open = True
        elif close >= 55 + band:
            is_open = False
        expected.append(is_open)
        last = date
    assert opened(daily(candles), GateRule(band=band)) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "levle"}, "gate_mode: expected one of level, falling"),
        ({"threshold": 0.55}, "dominance_threshold: expected percent"),
        ({"threshold": 100}, "dominance_threshold: expected percent"),
        ({"band": -1}, "gate_band: expected percentage points"),
        ({"band": 100}, "gate_band: expected percentage points"),
        ({"sma_days": 0}, "gate_sma_days: expected a number of days"),
        ({"sma_days": 10**20}, "gate_sma_days: expected a number of days"),
        ({"breadth_days": 10**20}, "breadth_days: expected a number of days"),
    ],
)
def test_gate_rule_refuses_values_that_mean_nothing(values: dict, message: str):
    with pytest.raises(InputError, match=message):
        GateRule(**values)


@pytest.mark.parametrize("values", [{"threshold": 1.1}, {"band": 99.9}, {"sma_days": 1}])
def test_gate_rule_takes_what_is_just_within_its_bounds(values: dict):
    assert GateRule(**values)


def frozen_days(value: float, days: int) -> Dominance:
    moving = [51.2, 51.5, 51.83, 52.1]
    return daily(dominance_candles([*moving, *[value] * days], "2021-03-01"))


def test_one_value_for_days_closes_the_gate_after_the_first_three():
    dominance = frozen_days(54.12, 10)
    # Known from the end of 2021-03-05 on; three days later it is still believed.
    rows = rows_with_gate(dominance, GateRule(), start="2021-03-05", rows=24 * 12)
    # The candle of 03-08 is the last one; it is known for a day, as the next repeats it again.
    assert rows.index[rows["alt_season"]][-1] == pd.Timestamp("2021-03-09 22:00", tz="UTC")
    assert rows.loc["2021-03-09 23:00+00:00":, "close_btcd"].isna().all()
    assert not dominance.is_stale(pd.Timestamp("2021-03-09 12:00", tz="UTC"))
    assert dominance.is_stale(pd.Timestamp("2021-03-10 12:00", tz="UTC"))
    assert dominance.is_frozen(pd.Timestamp("2021-03-10 12:00", tz="UTC"))


def test_a_value_that_moves_again_is_fresh_at_once():
    candles = dominance_candles([51.27, *[54.12] * 10, 54.13], "2021-03-01")
    dominance = daily(candles)
    assert dominance.is_frozen(pd.Timestamp("2021-03-12 00:00", tz="UTC"))
    assert not dominance.is_stale(pd.Timestamp("2021-03-13 00:00", tz="UTC"))
    assert calculate_gate(dominance, GateRule())["alt_season"].iloc[-1]


@pytest.mark.parametrize(
    ("values", "frozen"),
    [
        ([51.27, 54.12, 54.12, 54.12, 54.12], 0),  # three days after its first reading
        ([51.27, 54.12, 54.12, 54.12, 54.12, 54.12], 1),
        ([51.2, *[54.1] * 8], 0),  # rounded to one decimal, a week is possible
        ([51.2, *[54.1] * 9], 1),
        ([51.2, *[54.0] * 9], 1),  # the series has a decimal, though the value shows none
        ([51.0, *[54.0] * 90], 0),  # whole numbers say too little
    ],
)
def test_decimals_decide_how_long_a_value_may_stay(values: list[float], frozen: int):
    assert find_frozen(dominance_candles(values, "2021-03-01")).sum() == frozen


def test_a_day_that_moved_and_came_back_is_not_frozen():
    candles = dominance_candles([54.12] * 12, "2021-03-01")
    candles.loc[8, "high"] = 54.3
    frozen = find_frozen(candles).tolist()
    assert frozen == [False] * 4 + [True] * 4 + [False] * 4


def test_hours_freeze_after_as_many_days_as_days_do():
    hours = dominance_candles([51.27, *[54.12] * 80], "2021-03-01", "1h")
    # 72 hours after the first of them it is still believed, in the next hour no longer.
    assert find_frozen(hours).tolist() == [False] * 74 + [True] * 7


FROZEN = [51.27, *[54.12] * 99]
MOVING = [51.27, *[54.12, 54.13] * 50]


@pytest.mark.parametrize(
    ("hours", "days", "left"),
    [
        # As above: of the hours the first, and 73 of the value that stays; of the days 4 of it.
        (FROZEN, MOVING, (74, 101)),
        (MOVING, FROZEN, (101, 5)),
        (FROZEN, FROZEN, (74, 5)),
        (MOVING, MOVING, (101, 101)),
    ],
)
def test_frozen_hours_and_days_are_no_readings_each_for_itself(
    hours: list[float], days: list[float], left: tuple[int, int]
):
    stored = hourly(
        dominance_candles(hours, "2021-03-01", "1h"), dominance_candles(days, "2021-01-01")
    )
    moving = stored.moving
    assert (len(moving.candles), len(moving.daily)) == left
    for candles in (moving.candles, moving.daily):
        assert candles["close"].tolist()[:3] in ([51.27, 54.12, 54.12], [51.27, 54.12, 54.13])


@pytest.mark.parametrize("decimals", [0, 1, 2, 4])
def test_real_dominance_is_never_frozen(real_data: Path, decimals: int):
    table = pd.read_csv(real_data / "btc_dominance_daily.csv")
    candles = dominance_candles(table["dominance"].round(decimals).tolist(), "2018-01-01")
    assert not find_frozen(candles).any()
