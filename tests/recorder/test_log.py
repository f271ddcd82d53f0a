"""The log of readings: what is in it stays, and nothing else is read."""

import fcntl
import json
import os
import resource
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from altseason.errors import BusyError
from altseason.recorder.log import FIRST_CHUNK, Reading, ReadingLog
from tests.recorder.simulation import SimulatedClock, load_lines, utc

NAME = "BTCD_USD-readings.jsonl"
NOON = utc("2026-05-27 12:00")
EVER = pd.Timestamp(0, tz="UTC")


def reading(minute: float = 0, raw: float = 57.0, provider: str = "CoinGecko") -> Reading:
    known = (NOON + pd.Timedelta(minutes=minute)).to_pydatetime()
    return Reading(
        known=known,
        time=known - timedelta(minutes=1),
        provider=provider,
        raw=raw,
        dominance=raw,
        offset=None,
    )


def append(log: ReadingLog, *minutes: float) -> None:
    for minute in minutes:
        assert log.append(lambda minute=minute: reading(minute)) is not None


def load(log: ReadingLog, start: pd.Timestamp = EVER) -> list[Reading]:
    return log.load(start, SimulatedClock("2026-05-28 12:00"))[1]


def minutes_of(readings: list[Reading]) -> list[float]:
    return [(one.known - NOON) / pd.Timedelta(minutes=1) for one in readings]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Have the system refuse to make a file larger, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_log_has_one_line_for_each_reading(tmp_path: Path):
    log = ReadingLog(tmp_path)
    append(log, 0)
    compared = Reading(
        known=reading(10).known,
        time=None,
        provider="CoinLore",
        raw=55.5,
        dominance=None,
        offset=-1.5,
    )
    assert log.append(lambda: compared) == compared
    assert load_lines(tmp_path) == [
        {
            "known": "2026-05-27T12:00:00Z",
            "time": "2026-05-27T11:59:00Z",
            "provider": "CoinGecko",
            "raw": 57.0,
            "dominance": 57.0,
            "offset": None,
        },
        {
            "known": "2026-05-27T12:10:00Z",
            "time": None,
            "provider": "CoinLore",
            "raw": 55.5,
            "dominance": None,
            "offset": -1.5,
        },
    ]
    assert load(log) == [reading(0), compared]
    assert log.size() == (tmp_path / NAME).stat().st_size


def test_log_that_does_not_exist_is_empty(tmp_path: Path):
    log, clock = ReadingLog(tmp_path), SimulatedClock()
    assert log.load(EVER, clock) == (clock.now, [])
    assert log.size() == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("torn", [b"{", b'{"known":"2026-05-27T12:20:00Z","ra', b"x" * 70_000])
def test_torn_last_line_is_dropped_by_the_next_reading_and_nothing_else(
    tmp_path: Path, torn: bytes
):
    log = ReadingLog(tmp_path)
    append(log, 0, 10)
    whole = log.path.read_bytes()
    log.path.write_bytes(whole + torn)
    assert minutes_of(load(log)) == [0, 10]
    assert log.path.read_bytes() == whole + torn
    append(log, 30)
    assert minutes_of(load(log)) == [0, 10, 30]
    assert log.path.read_bytes().startswith(whole)
    assert log.path.read_bytes().count(b"\n") == 3


def test_log_of_only_a_torn_line_begins_anew(tmp_path: Path):
    log = ReadingLog(tmp_path)
    log.path.write_bytes(b'{"known"')
    append(log, 0)
    assert [line["raw"] for line in load_lines(tmp_path)] == [57.0]


@pytest.mark.parametrize("content", [b"precious", b"first line\nprecious", b"x" * 70_000])
def test_what_a_link_leads_to_is_not_touched_where_it_is_no_log(tmp_path: Path, content: bytes):
    (tmp_path / "wallet").write_bytes(content)
    log = ReadingLog(tmp_path)
    log.path.symlink_to("wallet")
    with pytest.raises(OSError, match="found a link to another file"):
        log.append(reading)
    assert (tmp_path / "wallet").read_bytes() == content


def test_linked_log_goes_on_and_loses_only_its_torn_line(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / NAME).touch()
    log = ReadingLog(tmp_path)
    log.path.symlink_to(elsewhere / NAME)
    append(log, 0)
    with log.path.open("ab") as file:
        file.write(b'{"known"')
    append(log, 10)
    assert log.path.is_symlink()
    assert minutes_of(load(ReadingLog(elsewhere))) == [0, 10]


@pytest.mark.parametrize(
    "damage",
    [
        b"\x00\xff\xfe",
        b"",
        b"[1, 2]",
        reading(15, raw=57).model_dump_json().replace('"raw":57.0', '"raw":0.57').encode(),
        reading(15).model_dump_json().replace("57.0", "NaN").encode(),
        reading(15).model_dump_json().replace('T12:15:00Z"', 'T12:15:00"').encode(),
    ],
    ids=["bytes", "empty", "list", "fraction", "nan", "no zone"],
)
def test_damaged_line_is_left_out_and_left_in_the_file(tmp_path: Path, damage: bytes):
    log = ReadingLog(tmp_path)
    append(log, 0, 10)
    log.path.write_bytes(log.path.read_bytes() + damage + b"\n")
    append(log, 20)
    assert minutes_of(load(log)) == [0, 10, 20]
    assert log.path.read_bytes().split(b"\n")[2] == damage


@pytest.mark.parametrize("earlier", [[], [0]], ids=["none", "one"])
def test_reading_from_before_the_last_one_is_refused(tmp_path: Path, earlier: Sequence[int]):
    log = ReadingLog(tmp_path)
    append(log, *earlier, 10)
    before = log.path.read_bytes()
    assert log.append(lambda: reading(9.99)) is None
    assert log.path.read_bytes() == before
    append(log, 10, 11)
    assert minutes_of(load(log)) == [*earlier, 10, 10, 11]


@pytest.mark.parametrize("room", [0, 1, 60, 120])
def test_full_disk_leaves_the_log_as_it_was(tmp_path: Path, room: int):
    log = ReadingLog(tmp_path)
    append(log, 0, 10)
    before = log.path.read_bytes()
    with largest_file(len(before) + room), pytest.raises(OSError, match="File too large"):
        log.append(lambda: reading(20))
    assert log.path.read_bytes() == before
    append(log, 30)
    assert minutes_of(load(log)) == [0, 10, 30]


def test_log_that_cannot_be_opened_raises(tmp_path: Path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        ReadingLog(tmp_path).append(reading)


def test_log_held_by_another_process_is_busy(tmp_path: Path):
    log = ReadingLog(tmp_path)
    append(log, 0)
    with log.path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match=NAME):
            log.append(lambda: reading(10))
        with pytest.raises(BusyError, match=NAME):
            load(log)
    assert minutes_of(load(log)) == [0]


def test_load_tells_the_moment_up_to_which_it_knows_all(tmp_path: Path):
    log, clock = ReadingLog(tmp_path), SimulatedClock("2026-05-27 13:00")
    append(log, 0)
    assert log.load(EVER, clock)[0] == utc("2026-05-27 13:00")


def test_load_of_a_long_log_gives_all_from_a_time_on_and_no_other(tmp_path: Path):
    log = ReadingLog(tmp_path)
    # A day by the minute: more than what is read at first, and than twice that.
    day = [reading(minute) for minute in range(1440)]
    log.path.write_text("".join(f"{one.model_dump_json()}\n" for one in day))
    assert log.size() > 2 * FIRST_CHUNK
    for first in (0, 1, 700, 1438, 1439, 1440):
        found = load(log, NOON + pd.Timedelta(minutes=first))
        assert minutes_of(found) == list(range(first, 1440))
    # A time between two readings.
    assert minutes_of(load(log, NOON + pd.Timedelta(minutes=1438.5))) == [1439]


def test_load_from_a_moment_with_many_readings_gives_them_all(tmp_path: Path):
    log = ReadingLog(tmp_path)
    log.path.write_text(f"{reading(0).model_dump_json()}\n" * 1440)
    assert log.size() > 2 * FIRST_CHUNK
    assert len(load(log, NOON)) == 1440


LINES = st.lists(
    st.tuples(
        st.integers(0, 30),  # minutes since the one before
        st.sampled_from([1, 10, 5_000, 40_000, 70_000]),  # length of the provider's name
        st.booleans(),  # whether it is damaged
    ),
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(lines=LINES, first=st.integers(-1, 200), torn=st.sampled_from([b"", b"{", b"x" * 66_000]))
def test_load_equals_a_filter_of_all_lines(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[tuple[int, int, bool]],
    first: int,
    torn: bytes,
):
    minute, content, expected = 0, b"", []
    for pause, length, is_damaged in lines:
        minute += pause
        line = reading(minute, provider="P" * length).model_dump_json().encode()
        content += (line[1:] if is_damaged else line) + b"\n"
        if minute >= first and not is_damaged:
            expected.append(minute)
    log = ReadingLog(tmp_path_factory.mktemp("log"))
    log.path.write_bytes(content + torn)
    assert minutes_of(load(log, NOON + pd.Timedelta(minutes=first))) == expected


def test_readings_of_many_writers_are_all_there_and_whole(tmp_path: Path):
    def write() -> None:
        log = ReadingLog(tmp_path)
        for _ in range(25):
            log.append(reading)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load_lines(tmp_path)) == 100
    assert json.loads((tmp_path / NAME).read_text().splitlines()[-1])["raw"] == 57.0


def test_reading_is_on_disk_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The system is asked to write the file out once the whole line is in it."""
    flushed: list[tuple[int, int]] = []

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        flushed.append((status.st_ino, status.st_size))

    log = ReadingLog(tmp_path)
    append(log, 0)
    monkeypatch.setattr("os.fsync", fsync)
    append(log, 10)
    status = log.path.stat()
    assert flushed == [(status.st_ino, status.st_size)]
