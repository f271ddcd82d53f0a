"""Dominance at wrong dates, by days counted by hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from freqtrade.strategy import IStrategy

from altseason.dominance.candles import DAY
from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.gate.rule import Dominance, GateRule, find_open
from altseason_lab.study.grid import Calendar, Resampling, Shift
from altseason_lab.study.placebo import (
    Rank,
    arrange_candles,
    arrange_dominance,
    arrange_shift,
    draw_arrangement,
    draw_days,
    draw_placebos,
    draw_shifts,
    find_calendar,
    give_placebo,
)
from tests.conftest import dominance_candles
from tests.strategy.gated import (
    DOMINANCE,
    FIRST_OPEN,
    LAST_OPEN,
    OPEN_ROWS,
    PLAIN,
    rows_with,
    signals,
)

START = pd.Timestamp("2022-01-03", tz="UTC")
# The days that the four of the window begin with are the 2nd to the 5th.
CALENDAR = Calendar(START, 4)


def shift_candles(candles: pd.DataFrame, timeframe: str, shift: Shift) -> pd.DataFrame:
    return arrange_candles(candles, timeframe, shift.calendar, arrange_shift(shift))


def shift_dominance(dominance: Dominance, shift: Shift) -> Dominance:
    return arrange_dominance(dominance, shift, open_share=lambda _: 0.0)


def test_shift_goes_round_the_days_of_the_window():
    stored = dominance_candles([50, 51, 52, 53, 54, 55], "2022-01-01")
    shifted = shift_candles(stored, "1d", Shift(CALENDAR, 1))
    assert shifted["date"].tolist() == stored["date"].tolist()[:5]
    # The 2nd to the 5th held 51 to 54; the 1st, before them, goes on round the circle.
    assert shifted["close"].tolist() == [53, 54, 51, 52, 53]
    assert list(shifted.columns) == list(stored.columns)
    assert shifted.dtypes.tolist() == stored.dtypes.tolist()


def test_missing_day_is_missing_where_it_arrives():
    stored = dominance_candles([50, 51, 52, 53, 54], "2022-01-01").drop(index=2)
    shifted = shift_candles(stored, "1d", Shift(CALENDAR, 1))
    # 52, of the 3rd, would have been of the 4th.
    assert dict(zip(shifted["date"].dt.day, shifted["close"], strict=True)) == {
        1: 53,
        2: 54,
        3: 51,
        5: 53,
    }


def test_gate_of_a_placebo_is_the_true_one_of_another_day():
    stored = dominance_candles([60, 50, 60, 60, 60], "2022-01-01")
    age = pd.Timedelta(hours=36)
    true = Dominance("1d", stored, stored, age)
    hours = pd.date_range(START, periods=96, freq="1h", tz="UTC").as_unit("ms").astype("int64")
    rule = GateRule("level")
    is_open = find_open(true, rule, hours.to_numpy())
    # Known from the beginning of the 3rd to its end.
    assert np.flatnonzero(is_open).tolist() == list(range(24))
    for days in (1, 2, 3):
        placebo = shift_dominance(true, Shift(CALENDAR, days))
        found = find_open(placebo, rule, hours.to_numpy())
        assert np.flatnonzero(found).tolist() == list(range(24 * days, 24 * days + 24))


def test_placebo_counts_outliers_where_the_true_gate_does():
    stored = dominance_candles([60.0] * 4, "2022-01-01")
    for is_kept in (True, False):
        true = Dominance("1d", stored, stored, DAY, keeps_outliers=is_kept)
        assert shift_dominance(true, Shift(CALENDAR, 1)).keeps_outliers is is_kept


def test_hourly_dominance_moves_by_whole_days_with_the_daily():
    hourly = dominance_candles([50.0 + hour / 100 for hour in range(120)], "2022-01-01", "1h")
    shifted = shift_candles(hourly, "1h", Shift(CALENDAR, 3)).set_index("date")["close"]
    before = hourly.set_index("date")["close"]
    assert (
        shifted[pd.Timestamp("2022-01-05 07:00", tz="UTC")]
        == (before[pd.Timestamp("2022-01-02 07:00", tz="UTC")])
    )


def test_calendar_has_the_days_that_are_traded():
    start, close = START + pd.Timedelta(hours=5), START + pd.Timedelta(days=3, hours=1)
    assert find_calendar(start, close) == CALENDAR


def test_shifts_are_different_never_none_and_the_same_again():
    drawn = draw_shifts(CALENDAR, 3, seed=1)
    assert sorted(shift.days for shift in drawn) == [1, 2, 3]
    assert drawn == draw_shifts(CALENDAR, 3, seed=1)
    with pytest.raises(InputError, match="at most 3 placebos for a window of 4 days"):
        draw_shifts(CALENDAR, 4, seed=1)


def test_strategy_with_a_placebo_enters_by_the_wrong_dates_alone(
    load_strategy: Callable[..., IStrategy], tmp_path: Path
):
    """Neither its signals nor its check before an entry go by the true ones."""
    DominanceStore(tmp_path).append(dominance_candles(DOMINANCE, "2021-01-02"), "1d")
    (tmp_path / "Mine.py").write_text(
        "from altseason.strategy import AltSeasonGate\n"
        + PLAIN.replace("class Parent(IStrategy)", "class Mine(AltSeasonGate)")
    )
    strategy = load_strategy(strategy="Mine", strategy_path=str(tmp_path))
    start = pd.Timestamp("2021-01-03", tz="UTC")
    assert rows_with(signals(strategy), "enter_long")[0] == FIRST_OPEN
    give_placebo(strategy, Shift(Calendar(start, 30), 5))
    moved = pd.Timedelta(days=5)
    entered = rows_with(signals(strategy), "enter_long")
    assert (entered[0], entered[-1]) == (FIRST_OPEN + moved, LAST_OPEN + moved)
    assert len(entered) == OPEN_ROWS
    is_open = strategy.alt_season_gate.columns.is_open
    assert not is_open((FIRST_OPEN + pd.Timedelta(days=1)).to_pydatetime())
    assert is_open((LAST_OPEN + pd.Timedelta(days=1)).to_pydatetime())


def test_p_value_counts_the_true_dates_and_what_earned_as_much():
    assert Rank(0.5, [0.1, 0.5, 0.9, 0.2]).p_value == pytest.approx(3 / 5)
    assert Rank(1.0, [0.0] * 19).p_value == pytest.approx(0.05)
    # Three of 19 as large: p = 0.2, whose error is the root of 0.2 times 0.8 by 19.
    assert Rank(1.0, [1.0] * 3 + [0.0] * 16).error == pytest.approx((0.16 / 19) ** 0.5)


def test_blocks_of_a_bootstrap_go_round_the_circle_and_are_a_month_on_average():
    """A block begins where a day does not follow the one before: one day in 30, less by chance."""
    days = draw_days(100_000, np.random.default_rng(1))
    assert set(days) <= set(range(100_000))
    begins = np.mean((np.diff(days) - 1) % 100_000 != 0)
    # Four standard errors of a share of 1/30 among 100,000.
    assert begins == pytest.approx(1 / 30, abs=4 * (1 / 30 / 100_000) ** 0.5)


def test_bootstrap_changes_as_the_days_drawn_did_without_a_jump():
    closes = [50.0, 51, 49, 52, 55, 54, 53, 56]
    stored = dominance_candles(closes, "2021-12-31")
    calendar = Calendar(pd.Timestamp("2022-01-03", tz="UTC"), 6)
    arrangement = draw_arrangement(stored, calendar, np.random.default_rng(3))
    assert arrangement is not None
    found = arrange_candles(stored, "1d", calendar, arrangement)
    assert found["date"].tolist() == stored["date"].tolist()[:8]
    sources, _ = arrangement(np.arange(-2, 6))
    # The days before the window, the 31st and 1st, stay; those of it go by what was drawn.
    assert sources[:2].tolist() == [-2, -1]
    true = {day: closes[day + 2] / closes[day + 1] for day in range(-1, 6)}
    ratios = (found["close"] / found["close"].shift()).tolist()[1:]
    assert ratios == pytest.approx([true[day] for day in sources[1:]])
    assert (found["high"] / found["close"]).tolist() == pytest.approx(
        (stored["high"] / stored["close"]).iloc[sources + 2].tolist()
    )
    assert arrangement(np.arange(6))[0].tolist() != list(range(6))


def test_bootstrap_is_open_about_as_long_as_the_true_gate_or_as_near_as_can_be():
    random = np.random.default_rng(1)
    closes = 50 + 5 * np.sin(np.arange(400) / 25) + random.normal(0, 0.3, 400)
    stored = dominance_candles(closes.round(3).tolist(), "2021-01-01")
    true = Dominance("1d", stored, stored, pd.Timedelta(hours=36))
    calendar = Calendar(pd.Timestamp("2021-02-01", tz="UTC"), 365)
    rule = GateRule("falling")
    starts = pd.date_range(calendar.start, periods=365, freq="1D").as_unit("ms")

    def open_share(dominance: Dominance) -> float:
        return float(find_open(dominance, rule, starts.astype("int64").to_numpy()).mean())

    wanted = open_share(true)
    assert 0.3 < wanted < 0.7
    shares = [
        open_share(arrange_dominance(true, Resampling(calendar, 1, number, wanted), open_share))
        for number in range(5)
    ]
    assert shares == pytest.approx([wanted] * 5, abs=0.05)
    assert len(set(shares)) > 1
    again = arrange_dominance(true, Resampling(calendar, 1, 0, wanted), open_share)
    assert open_share(again) == shares[0]
    # No draw is open all the time: what comes nearest is taken.
    never = arrange_dominance(true, Resampling(calendar, 1, 0, 1.0), open_share)
    assert shares[0] < open_share(never) < 1


def test_bootstrap_of_a_gate_that_is_seldom_open_is_open_as_seldom():
    """Of one that is open on 40 of 365 days, on 36 to 44 of them, and not on half or twice that."""
    random = np.random.default_rng(1)
    closes = 60 + 3 * np.sin(np.arange(400) / 25) + random.normal(0, 0.3, 400)
    stored = dominance_candles(closes.round(3).tolist(), "2021-01-01")
    calendar = Calendar(pd.Timestamp("2021-02-01", tz="UTC"), 365)
    rule = GateRule("level", threshold=float(np.sort(closes.round(3)[30:395])[40]))
    starts = pd.date_range(calendar.start, periods=365, freq="1D").as_unit("ms")

    def count_open(dominance: Dominance) -> int:
        return int(find_open(dominance, rule, starts.astype("int64").to_numpy()).sum())

    true = Dominance("1d", stored, stored, pd.Timedelta(hours=36))
    assert count_open(true) == 40
    placebo = Resampling(calendar, 1, 0, 40 / 365)
    found = arrange_dominance(true, placebo, lambda one: count_open(one) / 365)
    assert 36 <= count_open(found) <= 44


def test_bootstraps_are_numbered_and_know_what_they_have_to_match():
    assert draw_placebos("bootstrap", CALENDAR, 2, 7, 0.4) == [
        Resampling(CALENDAR, 7, 0, 0.4),
        Resampling(CALENDAR, 7, 1, 0.4),
    ]
    assert draw_placebos("shift", CALENDAR, 2, 7, 0.4) == draw_shifts(CALENDAR, 2, 7)
