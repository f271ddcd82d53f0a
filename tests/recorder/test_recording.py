"""Candles of recorded readings, counted by hand."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from altseason.dominance.store import DominanceStore
from altseason.errors import StoredDataError
from altseason.recorder.recording import Recording
from tests.conftest import dominance_candles
from tests.recorder.simulation import SimulatedClock, make_recording, record, utc

Row = tuple[str, float, float, float, float, float]


def rows(folder: Path, timeframe: str) -> list[Row]:
    candles = DominanceStore(folder).load(timeframe)
    dates = candles["date"].dt.strftime("%m-%d %H:%M")
    values = candles.drop(columns="date").to_numpy().tolist()
    return [(date, *value) for date, value in zip(dates, values, strict=True)]


def stored_bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("BTCD_USD-1*"))}


@pytest.fixture
def recording(tmp_path: Path, clock: SimulatedClock) -> Recording:
    return make_recording(tmp_path, clock)


def test_hours_are_as_counted_by_hand(recording: Recording, clock: SimulatedClock, tmp_path: Path):
    for time, dominance in [
        ("10:10", 57.0),
        ("10:30", 58.5),
        ("10:50", 56.0),
        ("11:00", 57.5),  # closes the hour that ends now
        ("11:00:01", 50.0),
        ("11:30", 51.0),
    ]:
        record(recording, clock, f"2026-05-27 {time}", dominance)
    clock.now = utc("2026-05-27 11:59:59")
    recording.settle()
    assert rows(tmp_path, "1h") == [("05-27 10:00", 57.0, 58.5, 56.0, 57.5, 4)]
    clock.now = utc("2026-05-27 12:00")
    recording.settle()
    assert rows(tmp_path, "1h")[1:] == [("05-27 11:00", 50.0, 51.0, 50.0, 51.0, 2)]
    assert rows(tmp_path, "1d") == []


def test_day_is_as_counted_by_hand(recording: Recording, clock: SimulatedClock, tmp_path: Path):
    for time, dominance in [
        ("05-27 00:00", 60.0),  # closes the day before
        ("05-27 00:10", 57.0),
        ("05-27 09:00", 59.0),
        ("05-27 15:00", 55.0),
        ("05-28 00:00", 58.0),
        ("05-28 00:10", 40.0),
    ]:
        record(recording, clock, f"2026-{time}", dominance)
    recording.settle()
    assert rows(tmp_path, "1d") == [
        ("05-26 00:00", 60.0, 60.0, 60.0, 60.0, 1),
        ("05-27 00:00", 57.0, 59.0, 55.0, 58.0, 4),
    ]


@pytest.mark.parametrize(("last", "closes"), [("20:59:59", []), ("21:00:00", [58.0])])
def test_day_whose_end_was_not_seen_gives_no_candle(
    recording: Recording, clock: SimulatedClock, tmp_path: Path, last: str, closes: list[float]
):
    record(recording, clock, "2026-05-27 08:00", 57.0)
    record(recording, clock, f"2026-05-27 {last}", 58.0)
    clock.now = utc("2026-05-28 00:00")
    recording.settle()
    assert DominanceStore(tmp_path).load("1d")["close"].tolist() == closes
    assert DominanceStore(tmp_path).load("1h")["close"].tolist() == [57.0, 58.0]


def test_day_that_a_download_fills_stays_through_settling(
    recording: Recording, clock: SimulatedClock, tmp_path: Path
):
    record(recording, clock, "2026-05-27 08:00", 57.0)
    DominanceStore(tmp_path).append(dominance_candles([56.5], "2026-05-27"), "1d")
    clock.now = utc("2026-05-28 01:00")
    recording.settle()
    recording.rebuild()
    assert rows(tmp_path, "1d") == [("05-27 00:00", 56.5, 56.5, 56.5, 56.5, 1)]


def test_day_with_more_readings_replaces_the_downloaded_one(
    recording: Recording, clock: SimulatedClock, tmp_path: Path
):
    DominanceStore(tmp_path).append(dominance_candles([56.5], "2026-05-27"), "1d")
    record(recording, clock, "2026-05-27 22:00", 57.0)
    record(recording, clock, "2026-05-27 23:50", 58.0)
    clock.now = utc("2026-05-28 00:00")
    recording.settle()
    assert rows(tmp_path, "1d") == [("05-27 00:00", 57.0, 58.0, 57.0, 58.0, 2)]


def test_readings_that_were_only_compared_are_in_no_candle(
    recording: Recording, clock: SimulatedClock, tmp_path: Path
):
    record(recording, clock, "2026-05-27 10:10", 57.0)
    record(recording, clock, "2026-05-27 10:20", None, raw=99.0)
    record(recording, clock, "2026-05-27 11:20", None, raw=2.0)
    clock.now = utc("2026-05-27 12:00")
    recording.settle()
    assert rows(tmp_path, "1h") == [("05-27 10:00", 57.0, 57.0, 57.0, 57.0, 1)]
    last = recording.load_last()
    assert last is not None
    assert last.raw == 57.0


def test_last_reading_is_not_looked_for_further_back_than_two_days(
    recording: Recording, clock: SimulatedClock
):
    assert recording.load_last() is None
    record(recording, clock, "2026-05-27 10:00", 57.0)
    clock.now = utc("2026-05-29 10:00")
    assert recording.load_last() is not None
    clock.now = utc("2026-05-29 10:01")
    assert recording.load_last() is None


def test_candles_of_two_who_settle_are_one_file(
    recording: Recording, clock: SimulatedClock, tmp_path: Path
):
    record(recording, clock, "2026-05-27 22:10", 57.0)
    record(recording, clock, "2026-05-27 23:10", 57.5)
    clock.now = utc("2026-05-28 00:00")
    recording.settle()
    first = stored_bytes(tmp_path)
    assert list(first) == ["BTCD_USD-1d.feather", "BTCD_USD-1h.feather"]
    make_recording(tmp_path, clock).settle()
    assert stored_bytes(tmp_path) == first


@pytest.mark.parametrize(("damaged", "other"), [("1h", "1d"), ("1d", "1h")])
def test_damaged_file_does_not_keep_the_other_timeframe_from_its_candles(
    recording: Recording, clock: SimulatedClock, tmp_path: Path, damaged: str, other: str
):
    path = tmp_path / f"BTCD_USD-{damaged}.feather"
    path.write_bytes(b"garbage")
    record(recording, clock, "2026-05-27 23:50", 57.0)
    clock.now = utc("2026-05-28 00:00")
    with pytest.raises(StoredDataError, match=path.name):
        recording.settle()
    assert DominanceStore(tmp_path).load(other)["close"].tolist() == [57.0]
    assert path.read_bytes() == b"garbage"
    path.unlink()
    clock.move("30s")
    recording.settle()
    assert DominanceStore(tmp_path).load(damaged)["close"].tolist() == [57.0]


def test_settling_again_within_the_hour_reads_no_file(
    recording: Recording, clock: SimulatedClock, tmp_path: Path
):
    recording.settle()
    recording.log.path.mkdir()  # reading it would raise
    clock.now = utc("2026-05-27 00:59:59")
    recording.settle()
    clock.now = utc("2026-05-27 01:00")
    with pytest.raises(OSError, match="Is a directory"):
        recording.settle()


def test_settling_that_failed_is_tried_again_after_half_a_minute(
    recording: Recording, clock: SimulatedClock, tmp_path: Path
):
    record(recording, clock, "2026-05-27 10:50", 57.0)
    clock.now = utc("2026-05-27 11:00")
    stored = tmp_path / "BTCD_USD-1h.feather"
    stored.write_bytes(b"garbage")
    for _ in range(2):
        with pytest.raises(StoredDataError):
            recording.settle()
        stored.unlink(missing_ok=True)
        clock.move("29s")
    clock.move("1s")
    recording.settle()
    assert rows(tmp_path, "1h") == [("05-27 10:00", 57.0, 57.0, 57.0, 57.0, 1)]


def test_rebuild_of_nothing_adds_nothing(tmp_path: Path):
    rebuilt = make_recording(tmp_path, SimulatedClock()).rebuild()
    assert rebuilt.added == {"1h": 0, "1d": 0}


def test_rebuild_gives_the_candles_that_were_deleted(
    recording: Recording, clock: SimulatedClock, tmp_path: Path
):
    for time in pd.date_range("2026-05-20", "2026-05-22 12:00", freq="37min", tz="UTC"):
        record(recording, clock, str(time.tz_localize(None)), 50 + time.hour / 10)
        if time.hour % 8 == 0:
            recording.settle()
    clock.now = utc("2026-05-22 12:00")
    recording.settle()
    stored = stored_bytes(tmp_path)
    for name in stored:
        (tmp_path / name).unlink()
    rebuilt = recording.rebuild()
    assert stored_bytes(tmp_path) == stored
    # 3600 minutes: 0, 37, ... 3589, and the first of them closes an hour and a day before.
    assert rebuilt.readings == 98
    assert rebuilt.added == {"1h": 61, "1d": 3}
    assert recording.rebuild().added == {"1h": 0, "1d": 0}


def test_settling_after_days_without_it_misses_no_candle(
    recording: Recording, clock: SimulatedClock, tmp_path: Path
):
    clock.now = utc("2026-05-20 12:00")
    recording.settle()
    for day in range(21, 28):
        record(recording, clock, f"2026-05-{day} 23:30", 50.0 + day)
    clock.now = utc("2026-05-28 00:00")
    recording.settle()
    closes = DominanceStore(tmp_path).load("1d")["close"].tolist()
    assert closes == [71.0, 72.0, 73.0, 74.0, 75.0, 76.0, 77.0]


READINGS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 10, 59, 60, 180, 181, 1439, 4000]),  # minutes since the last one
        st.one_of(st.none(), st.integers(40, 60)),  # dominance; none was only compared
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=8, deadline=None)
@given(readings=READINGS, split=st.integers(0, 15), wait=st.sampled_from([0, 30, 61]))
def test_candles_do_not_depend_on_when_one_settles(
    tmp_path_factory: pytest.TempPathFactory,
    readings: list[tuple[int, int | None]],
    split: int,
    wait: int,
):
    clock = SimulatedClock("2026-05-27 10:00")
    live, late = tmp_path_factory.mktemp("live"), tmp_path_factory.mktemp("late")
    settling, rebuilding = make_recording(live, clock), make_recording(late, clock)
    settling.settle()
    for count, (pause, dominance) in enumerate(readings):
        if count == split:
            clock.move(f"{wait}min")
            settling.settle()
        clock.move(f"{pause}min")
        for recording in (settling, rebuilding):
            record(recording, clock, str(clock.now.tz_localize(None)), dominance, raw=50.0)
    clock.move("1D")
    settling.settle()
    rebuilding.rebuild()
    assert stored_bytes(live) == stored_bytes(late)


def test_candle_of_the_far_future_keeps_no_candle_from_being_made(tmp_path: Path):
    store = DominanceStore(tmp_path)
    for timeframe in ("1h", "1d"):
        store.append(dominance_candles([50.0], "2099-01-01", timeframe), timeframe)
    clock = SimulatedClock()
    recording = make_recording(tmp_path, clock)
    record(recording, clock, "2026-05-27 12:55", 57.0)
    clock.now = utc("2026-05-27 13:05")
    recording.settle()
    assert store.load("1h")["close"].tolist() == [57.0, 50.0]
