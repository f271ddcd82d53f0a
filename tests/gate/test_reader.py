"""The reader of a bot: candles that have just ended are there, and damaged files raise nothing."""

import fcntl
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.enums import RunMode

from altseason.dominance.candles import empty_candles
from altseason.dominance.locking import BRIEF_TIMEOUT
from altseason.dominance.store import DominanceStore
from altseason.errors import StoredDataError
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import Dominance
from altseason.settings import DominanceSettings
from tests.clock.waits import Waits
from tests.conftest import dominance_candles
from tests.recorder.simulation import SimulatedClock, make_recording, record

HOURLY = DominanceSettings(timeframe="1h")


def make_reader(folder: Path, runmode: RunMode = RunMode.DRY_RUN) -> DominanceReader:
    config: dict[str, Any] = {"datadir": folder, "runmode": runmode}
    return DominanceReader(config, HOURLY)


@pytest.fixture
def hour(tmp_path: Path) -> pd.Timestamp:
    """The last hour that ended, with one reading in the log."""
    hour = pd.Timestamp.now(tz="UTC").floor("h") - pd.Timedelta(hours=1)
    clock = SimulatedClock()
    time = (hour + pd.Timedelta(minutes=50)).tz_localize(None)
    record(make_recording(tmp_path, clock), clock, str(time), 57.0)
    return hour


@pytest.mark.parametrize("runmode", [RunMode.DRY_RUN, RunMode.LIVE])
def test_reader_of_a_bot_makes_the_candle_that_has_just_ended(
    tmp_path: Path, hour: pd.Timestamp, runmode: RunMode
):
    candles = make_reader(tmp_path, runmode).read().candles
    assert candles["date"].tolist() == [hour]
    assert candles["close"].tolist() == [57.0]


@pytest.mark.parametrize("runmode", [RunMode.BACKTEST, RunMode.HYPEROPT, RunMode.WEBSERVER])
@pytest.mark.usefixtures("hour")
def test_reader_makes_no_candles_where_nobody_trades(tmp_path: Path, runmode: RunMode):
    assert make_reader(tmp_path, runmode).read().candles.empty
    assert not list(tmp_path.glob("*.feather"))


@pytest.mark.usefixtures("hour")
def test_reader_gives_the_same_object_until_a_candle_is_added(tmp_path: Path):
    DominanceStore(tmp_path).append(dominance_candles([50.0], "2026-01-01"), "1d")
    reader = make_reader(tmp_path)
    first = reader.read()
    assert reader.read() is first
    DominanceStore(tmp_path).append(dominance_candles([50.0], "2026-01-01", "1h"), "1h")
    assert len(reader.read().candles) == 2


def test_reader_of_hours_sees_a_day_that_is_added_alone(tmp_path: Path):
    """Falling dominance is read from the days."""
    store = DominanceStore(tmp_path)
    store.append(dominance_candles([50.0], "2026-01-01", "1h"), "1h")
    store.append(dominance_candles([50.0], "2026-01-01"), "1d")
    reader = make_reader(tmp_path)
    assert len(reader.read().daily) == 1
    store.append(dominance_candles([51.0], "2026-01-02"), "1d")
    assert reader.read().daily["close"].tolist() == [50.0, 51.0]
    # An object keeps what was once calculated of its candles.
    assert reader.read() is reader.read()


@pytest.mark.usefixtures("hour")
@pytest.mark.parametrize("name", ["BTCD_USD-readings.jsonl", ".altseason.lock"])
def test_reader_does_not_wait_for_what_another_process_holds(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("altseason.recorder.recording.SETTLE_AGAIN_AFTER", pd.Timedelta(seconds=2))
    waits = Waits()
    monkeypatch.setattr("altseason.dominance.locking.time", waits)
    reader = make_reader(tmp_path)
    with (tmp_path / name).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert reader.read().candles.empty
        waited = waits.monotonic()
        assert waited == pytest.approx(BRIEF_TIMEOUT, abs=0.02)
        # With the next pair there is no wait.
        assert reader.read().candles.empty
        assert waits.monotonic() == waited
    time.sleep(2)
    assert len(reader.read().candles) == 1


def test_reader_reads_damaged_candles_as_none_while_a_bot_trades_alone(tmp_path: Path):
    stored = tmp_path / "BTCD_USD-1h.feather"
    DominanceStore(tmp_path).append(dominance_candles([50.0], "2026-01-01", "1h"), "1h")
    trading, testing = make_reader(tmp_path), make_reader(tmp_path, RunMode.BACKTEST)
    assert len(trading.read().candles) == len(testing.read().candles) == 1
    content = stored.read_bytes()
    stored.write_bytes(b"garbage")
    assert trading.read().candles.empty
    with pytest.raises(StoredDataError):
        testing.read()
    stored.write_bytes(content)
    assert len(trading.read().candles) == 1


END = datetime(2026, 5, 27, 2, tzinfo=UTC)
SOON = timedelta(microseconds=1)


@pytest.fixture
def two_hours() -> Dominance:
    """Candles that end at 01:00 and at 02:00, and are fresh for three hours."""
    candles = dominance_candles([57.0, 58.0], "2026-05-27", "1h")
    return Dominance("1h", candles, empty_candles(), pd.Timedelta(hours=3))


@pytest.mark.parametrize(
    ("time", "close"),
    [
        (END - timedelta(hours=1) - SOON, None),
        (END - timedelta(hours=1), 57.0),
        (END - SOON, 57.0),
        (END, 58.0),
        (END + timedelta(days=9), 58.0),
    ],
)
def test_newest_candle_is_known_at_its_end(
    two_hours: Dominance, time: datetime, close: float | None
):
    candle = two_hours.find_candle(time)
    assert (None if candle is None else candle["close"]) == close


@pytest.mark.parametrize(
    ("time", "is_stale"),
    [
        (END - timedelta(hours=1) - SOON, True),
        (END - timedelta(hours=1), False),
        (END, False),
        (END + timedelta(hours=3), False),
        (END + timedelta(hours=3, milliseconds=1), True),
    ],
)
def test_candle_is_stale_after_the_allowed_age(
    two_hours: Dominance,
    time: datetime,
    is_stale: bool,
):
    assert two_hours.is_stale(time) is is_stale
    assert two_hours.is_stale(pd.Timestamp(time)) is is_stale


@pytest.mark.usefixtures("hour")
def test_reader_keeps_why_it_cannot_read_or_make_candles(tmp_path: Path):
    days = dominance_candles([50.0], "2026-01-01", "1h")
    DominanceStore(tmp_path).append(days, "1h")
    stored, whole = (
        tmp_path / "BTCD_USD-1h.feather",
        (tmp_path / "BTCD_USD-1h.feather").read_bytes(),
    )
    stored.write_bytes(b"garbage")
    reader = make_reader(tmp_path)
    damaged = reader.read()
    assert damaged.problem.startswith(f"{stored}: expected dominance candles, found ")
    # An object keeps what was once calculated of its candles.
    assert reader.read() is damaged
    stored.write_bytes(whole)
    (tmp_path / "BTCD_USD-readings.jsonl").unlink()
    (tmp_path / "BTCD_USD-readings.jsonl").mkdir()
    reader = make_reader(tmp_path)
    unmade = reader.read()
    assert len(unmade.candles) == 1
    assert "Is a directory" in unmade.problem
    assert reader.read() is unmade


def read_without_waiting(folder: Path) -> Dominance:
    """Read as a bot does; any wait ends the test."""
    reader = make_reader(folder)
    read: list[Dominance] = []
    thread = threading.Thread(target=lambda: read.append(reader.read()), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "it waits"
    return read[0]


@pytest.mark.parametrize("damage", ["fifo", "hole"])
def test_reader_reads_what_is_stored_beside_a_log_that_is_none(tmp_path: Path, damage: str):
    DominanceStore(tmp_path).append(dominance_candles([50.0], "2026-01-01", "1h"), "1h")
    log = tmp_path / "BTCD_USD-readings.jsonl"
    if damage == "fifo":
        os.mkfifo(log)
    else:
        with log.open("wb") as file:
            file.truncate(3 * 2**30)
    dominance = read_without_waiting(tmp_path)
    assert dominance.candles["close"].tolist() == [50.0]
    assert str(log) in dominance.problem


@pytest.mark.parametrize("name", ["BTCD_USD-1h.feather", ".altseason.lock"])
@pytest.mark.usefixtures("hour")
def test_reader_does_not_wait_at_a_fifo_in_the_place_of_a_file(tmp_path: Path, name: str):
    os.mkfifo(tmp_path / name)
    dominance = read_without_waiting(tmp_path)
    assert dominance.candles.empty
    assert name in dominance.problem
