"""A log that is not one, or has lines that nobody recorded: it costs little and stops nothing."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from altseason.recorder.log import MAX_BYTES, ReadingLog
from tests.recorder.simulation import MakePoller, SimulatedClock, load_counted
from tests.recorder.test_log import EVER, NAME, NOON, append, load, minutes_of, reading

FAR = 73 * 365 * 1440  # minutes: in the year 2099


def bytes_read() -> int:
    """How much this process has read so far, by the system's own account."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["rchar"])


def raises_without_waiting(work: Callable[[], object]) -> str:
    """Return the text of the OSError that something raises."""
    raised: list[OSError] = []

    def run() -> None:
        try:
            work()
        except OSError as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "it waits"
    [error] = raised
    return str(error)


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path, kind: str):
    log = ReadingLog(tmp_path)
    if kind == "fifo":
        os.mkfifo(log.path)
    else:
        log.path.symlink_to("/dev/null")
    for work in (lambda: load(log), lambda: log.append(reading)):
        found = raises_without_waiting(work)
        assert "expected a regular file" in found
        assert NAME in found


@pytest.mark.parametrize("hole", [3 * 2**30, 2**20 + 2**17])
def test_hole_at_the_end_is_refused_and_not_read_through(tmp_path: Path, hole: int):
    log = ReadingLog(tmp_path)
    append(log, 0, 10)
    size = log.size()
    with log.path.open("ab") as file:
        file.truncate(size + hole)
    before = bytes_read()
    for work in (lambda: load(log), lambda: log.append(lambda: reading(20))):
        with pytest.raises(OSError, match="expected lines of readings"):
            work()
    assert bytes_read() - before < 4 * MAX_BYTES
    # Nothing of it is dropped as a torn line.
    assert log.size() == size + hole


@pytest.mark.parametrize("junk", [b"\0", b"x\n", b"{\n", b"[]\n"])
def test_junk_before_the_newest_readings_is_read_up_to_a_limit(
    tmp_path: Path, junk: bytes, caplog: pytest.LogCaptureFixture
):
    log = ReadingLog(tmp_path)
    append(log, 0, 10)
    with log.path.open("ab") as file:
        file.write(junk * (8 * MAX_BYTES // len(junk)) + b"\n")
    append(log, 20, 30)
    before = bytes_read()
    for _ in range(2):
        assert minutes_of(load(log)) == [20, 30]
    assert bytes_read() - before < 6 * MAX_BYTES
    messages = [record.getMessage() for record in caplog.records]
    assert messages
    assert len(messages) == len(set(messages))


def test_log_that_is_larger_than_the_limit_is_read_whole_where_that_is_wanted(tmp_path: Path):
    log = ReadingLog(tmp_path)
    lines = [reading(minute).model_dump_json() + "\n" for minute in range(10_000)]
    log.path.write_text("".join(lines))
    assert log.size() > MAX_BYTES
    clock = SimulatedClock("2026-06-27")
    _, readings = log.load(EVER, clock, max_bytes=log.size())
    assert minutes_of(readings) == list(range(10_000))
    bounded = minutes_of(log.load(EVER, clock)[1])
    assert bounded == list(range(10_000 - len(bounded), 10_000))
    assert 5_000 < len(bounded) < 10_000


def test_limit_says_nothing_where_the_time_that_is_asked_for_lies_within_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    log = ReadingLog(tmp_path)
    lines = [reading(minute).model_dump_json() + "\n" for minute in range(10_000)]
    log.path.write_text("".join(lines))
    start = NOON + pd.Timedelta(minutes=9_000)
    found = log.load(start, SimulatedClock("2026-06-27"))[1]
    assert minutes_of(found) == list(range(9_000, 10_000))
    assert not caplog.records


@pytest.mark.parametrize("year", ["2099", "9999"])
def test_line_of_the_far_future_keeps_no_reading_from_being_appended(tmp_path: Path, year: str):
    log = ReadingLog(tmp_path)
    append(log, 0)
    line = reading(FAR).model_dump_json()
    assert line.count("2099") == 2
    with log.path.open("a") as file:
        file.write(line.replace("2099", year).replace("05-09", "12-31") + "\n")
    before = log.path.read_bytes()
    append(log, 10, 20)
    # Nor does it count, and it stays where it is.
    clock = SimulatedClock("2026-05-27 12:10")
    assert minutes_of(log.load(EVER, clock)[1]) == [0, 10, 20]
    assert log.path.read_bytes().startswith(before)
    assert log.append(lambda: reading(19)) is None


@pytest.mark.parametrize(
    ("minutes", "has_time", "is_appended"),
    [(1440, True, False), (1441, True, True), (1441, False, False)],
)
def test_clock_that_was_put_back_is_waited_for_a_day_unless_the_provider_says_it_is_right(
    tmp_path: Path, minutes: float, has_time: bool, is_appended: bool
):
    log = ReadingLog(tmp_path)
    append(log, minutes)
    one = reading(0) if has_time else reading(0).model_copy(update={"time": None})
    assert (log.append(lambda: one) is not None) == is_appended


def test_value_that_was_true_long_after_it_was_known_is_left_out(tmp_path: Path):
    log = ReadingLog(tmp_path)
    append(log, 0)
    odd = reading(10).model_copy(update={"time": reading(FAR).known})
    log.append(lambda: odd)
    assert minutes_of(load(log)) == [0]


def test_poller_goes_on_after_a_line_of_the_far_future(
    make_poller: MakePoller, clock: SimulatedClock, tmp_path: Path
):
    """Its value is not a reading to compare with, and its time is not what was last known."""
    line = reading(FAR, raw=20.0).model_dump_json() + "\n"
    (tmp_path / NAME).write_text(line)
    poller = make_poller()
    for _ in range(2):
        poller.poll()
        clock.move("10min")
    assert [(time, value) for time, _, value in load_counted(tmp_path)[1:]] == [
        ("00:00", 57.0),
        ("00:10", 57.0),
    ]
