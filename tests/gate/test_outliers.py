"""Days that jump and come back are left out of the mean as soon as that is known, by hand."""

from math import fsum
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from altseason.dominance.candles import DAY
from altseason.dominance.importer import import_readings
from altseason.dominance.store import DominanceStore
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import Dominance, GateRule, calculate_gate
from altseason.host.digest import calculate_digest
from altseason.settings import DominanceSettings
from altseason.sources.files import load_readings
from altseason.sources.rows import ImportOptions
from tests.conftest import dominance_candles

START = "2021-03-01"
MAX_AGE = pd.Timedelta(hours=36)


def daily(candles: pd.DataFrame, *, keeps_outliers: bool = False) -> Dominance:
    return Dominance("1d", candles, candles, MAX_AGE, keeps_outliers=keeps_outliers)


def falling(days: int) -> GateRule:
    return GateRule(mode="falling", sma_days=days)


def test_outlier_leaves_the_mean_when_the_next_day_has_ended():
    candles = dominance_candles([60.0, 60.0, 60.0, 50.0, 59.0, 58.0, 58.4, 57.0], START)
    gate = calculate_gate(daily(candles), falling(4))
    # On its own day nobody knows, and the 50 counts: (60 + 60 + 60 + 50) / 4. The next day it is
    # left out, (60 + 60 + 59) / 3, then (60 + 59 + 58) / 3 and (59 + 58 + 58.4) / 3, until the
    # window has passed it: (59 + 58 + 58.4 + 57) / 4.
    assert gate["sma"].tolist()[3:] == pytest.approx([57.5, 179 / 3, 59.0, 175.4 / 3, 58.1])
    assert gate["alt_season"].tolist()[3:] == [True, True, True, True, True]
    kept = calculate_gate(daily(candles, keeps_outliers=True), falling(4))
    # The same with the 50 in it: its mean lies below the days after it, which seem to rise.
    assert kept["sma"].tolist()[3:] == pytest.approx([57.5, 57.25, 56.75, 56.35, 58.1])
    assert kept["alt_season"].tolist()[3:] == [True, False, False, False, True]


def test_outlier_counts_as_a_missing_day():
    # Of 3 days none may be missing, so there is no mean until the window has passed the 70.
    candles = dominance_candles([60.0, 60.0, 60.0, 70.0, 59.0, 58.0, 57.0], START)
    gate = calculate_gate(daily(candles), falling(3))
    assert gate["sma"].isna().tolist() == [True, True, False, False, True, True, False]
    assert gate["alt_season"].tolist() == [False] * 6 + [True]
    # Nor does dominance close the gate then, since it is unknown.
    assert gate["is_closed"].tolist() == [False, False, True, True, False, False, False]


def test_earlier_outlier_is_left_out_of_the_mean_of_a_later_one():
    candles = dominance_candles([60.0] * 5 + [70.0, 60.0, 50.0, 60.0], START)
    gate = calculate_gate(daily(candles), falling(8))
    # On the 50's day the 70 is known: 6 times 60, and the 50 itself.
    assert gate["sma"].iloc[7] == pytest.approx((6 * 60 + 50) / 7)
    assert gate["sma"].iloc[8] == pytest.approx(60)


def test_level_goes_by_an_outlier_as_by_any_day():
    candles = dominance_candles([60.0, 60.0, 50.0, 60.0], START)
    gate = calculate_gate(daily(candles), GateRule())
    assert gate["alt_season"].tolist() == [False, False, True, False]


def test_outlier_among_frozen_days_is_found_in_what_is_stored():
    """As reported by the import; frozen days are removed from the mean afterwards."""
    closes = [51.2, 51.5, 51.83, *[54.12] * 8, 60.0, 54.13, 53.9]
    dominance = daily(dominance_candles(closes, START))
    assert dominance.outliers.tolist() == [pd.Timestamp("2021-03-12", tz="UTC")]
    gate = calculate_gate(dominance, falling(20))
    assert pd.Timestamp("2021-03-12", tz="UTC") in gate.index


def test_hours_go_by_the_outliers_of_days():
    hours = dominance_candles([58.0] * 72, "2021-03-05", "1h")
    days = dominance_candles([60.0, 60.0, 60.0, 50.0, 59.0], START)
    gate = calculate_gate(Dominance("1h", hours, days, pd.Timedelta(hours=3)), falling(4))
    # The 50 of 03-04 is known in all hours of 03-05, the 59 that tells on it from their end on.
    assert gate["sma"]["2021-03-05 22:00+00:00"] == pytest.approx(57.5)
    assert gate["sma"]["2021-03-05 23:00+00:00"] == pytest.approx(179 / 3)


CLOSES = st.lists(st.sampled_from([50.0, 53.0, 54.1, 56.3, 61.0]), min_size=2, max_size=50)


@settings(max_examples=150, deadline=None)
@given(closes=CLOSES, missing=st.sets(st.integers(1, 49)), days=st.sampled_from([1, 4, 8, 20]))
@example(closes=[50.0, *[54.1] * 4, 50.0, *[54.1] * 4, 50.0], missing={5}, days=1)
def test_no_day_depends_on_a_later_one(closes: list[float], missing: set[int], days: int):
    """To the last bit: a backtest decides as a bot decided on that day."""
    candles = dominance_candles(closes, START)
    candles = candles[~candles.index.isin(missing)].reset_index(drop=True)
    whole = calculate_gate(daily(candles), falling(days))
    for count in range(1, len(candles)):
        known = calculate_gate(daily(candles.iloc[:count]), falling(days))
        # By date: a value that stands still for too long is in neither of them.
        until = whole.loc[: candles["date"].iloc[count - 1]]
        assert_frame_equal(known, until, check_exact=True)


@settings(max_examples=150, deadline=None)
@given(closes=CLOSES, days=st.sampled_from([4, 8, 20]))
def test_mean_agrees_with_a_reading_day_by_day(closes: list[float], days: int):
    gate = calculate_gate(daily(dominance_candles(closes, START)), falling(days))
    for today in range(len(closes)):
        outliers: list[int] = []
        for day in range(1, today):  # the next of which has ended
            before, close, after = closes[day - 1 : day + 2]
            is_far = min(abs(close - before), abs(after - close)) > 4
            if is_far and abs(after - before) <= 4 and day - 1 not in outliers:
                outliers.append(day)
        window = [day for day in range(max(0, today - days + 1), today + 1) if day not in outliers]
        mean = fsum(closes[day] for day in window) / len(window)
        if today < days - 1 or len(window) < days - days // 4:
            assert pd.isna(gate["sma"].iloc[today])
        else:
            assert gate["sma"].iloc[today] == pytest.approx(mean)


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.floats(-3.9, 3.9), min_size=2, max_size=60))
def test_without_outliers_the_mean_is_as_it_was(steps: list[float]):
    closes = pd.Series(steps).cumsum().clip(-40, 40).add(50).round(2).tolist()
    candles = dominance_candles(closes, START)
    screened, kept = (
        calculate_gate(daily(candles, keeps_outliers=keeps), falling(8)) for keeps in (False, True)
    )
    assert_frame_equal(screened, kept, check_exact=True)


def test_reader_follows_the_choice_beside_the_candles(tmp_path: Path):
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([60.0, 66.0, 60.0, 60.0], START), "1d")
    reader = DominanceReader({"datadir": tmp_path}, DominanceSettings())
    digest = calculate_digest(object, reader.files)
    before = reader.read()
    assert before is reader.read()
    assert len(before.outliers) == 1
    store.keep_outliers()
    after = reader.read()
    assert after.keeps_outliers
    assert after.outliers.empty
    assert calculate_digest(object, reader.files) != digest
    store.outliers_file.unlink()
    assert len(reader.read().outliers) == 1


def test_candles_of_a_linked_file_share_the_choice(tmp_path: Path):
    shared, own = tmp_path / "shared", tmp_path / "own"
    own.mkdir()
    DominanceStore(shared).append(dominance_candles([60.0, 66.0, 60.0], START), "1d")
    (own / "BTCD_USD-1d.feather").symlink_to(shared / "BTCD_USD-1d.feather")
    DominanceStore(own).keep_outliers()
    assert DominanceStore(shared).keeps_outliers


def test_import_reports_an_outlier_that_was_stored_last(tmp_path: Path):
    """Its next day, which comes with the file, shows what it is."""
    store = DominanceStore(tmp_path / "data")
    store.append(dominance_candles([60.0, 66.0], START), "1d")
    file = tmp_path / "a.csv"
    file.write_text("date,dominance\n2021-03-03,60.2\n2021-03-04,60.4\n")
    now = pd.Timestamp("2021-04-01", tz="UTC")
    readings = load_readings(file, ImportOptions(), now)
    [imported] = import_readings(readings, store, now, dry_run=True)
    assert imported.outliers["date"].tolist() == [pd.Timestamp(START, tz="UTC") + DAY]
    [imported] = import_readings(readings, store, now)
    assert imported.outliers["close"].tolist() == [66.0]
