"""Threads in simulated time: who has a turn when, and whose clocks agree."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.util import FtTTLCache, PeriodicCache, dt_now, dt_ts

from tests.clock.clock_file import ClockFile, read_clock
from tests.clock.simulated import simulated_time
from tests.conftest import ROOT

START = datetime(2021, 3, 1, tzinfo=UTC)


def elapsed() -> float:
    return (datetime.now(UTC) - START).total_seconds()


def start(target) -> threading.Thread:
    def run() -> None:
        # So ends who sleeps at the end of simulated time; threads do not mind, pytest does.
        with suppress(SystemExit):
            target()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def note_every(seconds: float, name: str, notes: list[tuple[float, str]]) -> None:
    while True:
        notes.append((elapsed(), name))
        time.sleep(seconds)


def test_threads_have_their_turns_in_the_order_of_simulated_time():
    notes: list[tuple[float, str]] = []
    with simulated_time(START):
        start(lambda: note_every(40, "slow", notes))
        time.sleep(10)
        start(lambda: note_every(15, "fast", notes))
        notes.append((elapsed(), "main"))
        time.sleep(50)
        notes.append((elapsed(), "main"))
        time.sleep(60)
        notes.append((elapsed(), "main"))
    assert notes[:1] == [(0, "slow")]
    # A thread that was just started, and the main thread, run side by side at second 10.
    assert sorted(notes[1:3]) == [(10, "fast"), (10, "main")]
    assert notes[3:] == [
        (25, "fast"),
        (40, "slow"),
        (40, "fast"),
        (55, "fast"),
        (60, "main"),
        (70, "fast"),
        (80, "slow"),
        (85, "fast"),
        (100, "fast"),
        (115, "fast"),
        (120, "slow"),
        (120, "main"),
    ]


def test_time_stands_still_while_code_runs_and_while_others_wait_for_something_real(
    tmp_path: Path,
):
    file = tmp_path / "clock"
    with simulated_time(START, ClockFile(file, 0)):
        clock = read_clock(file)
        before = time.time_ns()
        start(lambda: time.sleep(5))
        assert not threading.Event().wait(0.2)
        assert time.time_ns() == before
        assert clock() == 1_614_556_800_000


def test_clocks_agree_to_the_microsecond():
    with simulated_time(START):
        time.sleep(86_400.25)
        expected = datetime(2021, 3, 2, 0, 0, 0, 250_000, tzinfo=UTC)
        assert datetime.now(UTC) == dt_now() == expected
        assert pd.Timestamp.now("UTC") == pd.Timestamp(expected)
        assert time.time() == 1_614_643_200.25
        assert dt_ts() == 1_614_643_200_250
        local = datetime.now()  # noqa: DTZ005 - as the scheduler of Freqtrade's nightly duties does
        assert local == expected.replace(tzinfo=None)
    assert datetime.now(UTC) - START > timedelta(days=365)


def test_freqtrades_caches_expire_in_simulated_time():
    with simulated_time(START):
        lasting, periodic = FtTTLCache(maxsize=1, ttl=600), PeriodicCache(maxsize=1, ttl=3600)
        lasting["pair"] = periodic["pair"] = 1
        time.sleep(599)
        assert ("pair" in lasting, "pair" in periodic) == (True, True)
        time.sleep(2)
        assert ("pair" in lasting, "pair" in periodic) == (False, True)
        time.sleep(3000)
        assert "pair" not in periodic


def test_clock_file_tells_another_process_the_time(tmp_path: Path):
    file = tmp_path / "clock"
    code = (
        "import sys; from pathlib import Path; from tests.clock.clock_file import read_clock\n"
        "clock = read_clock(Path(sys.argv[1]))\n"
        "for _ in sys.stdin: print(clock(), flush=True)"
    )
    with simulated_time(START, ClockFile(file, 0)):
        reader = subprocess.Popen(
            [sys.executable, "-c", code, str(file)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

        def ask() -> int:
            reader.stdin.write("\n")
            return int(reader.stdout.readline())

        with reader:
            assert ask() == 1_614_556_800_000
            time.sleep(3600.5)
            assert ask() == 1_614_560_400_500
            reader.stdin.close()


def test_thread_that_is_blocked_holds_up_nobody_for_long():
    notes: list[tuple[float, str]] = []
    is_free = threading.Event()

    def poll_and_be_blocked_once() -> None:
        time.sleep(10)
        is_free.wait()
        note_every(30, "blocked", notes)

    with simulated_time(START, patience=0.3):
        start(poll_and_be_blocked_once)
        begin = time.monotonic()
        for _ in range(50):
            time.sleep(4)
        # Its one turn is waited for once, and not in each of the 50 sleeps, which took 15 s.
        assert 0.3 <= time.monotonic() - begin < 5
        is_free.set()
        while not notes:
            pass
        time.sleep(60)
    assert notes == [(200, "blocked"), (230, "blocked"), (260, "blocked")]


def test_event_ends_a_sleep_early_and_a_timeout_ends_it_in_time():
    notes: list[tuple[float, str]] = []
    stop = threading.Event()

    def poll() -> None:
        while not stop.wait(600):
            notes.append((elapsed(), "poll"))
        notes.append((elapsed(), "stopped"))

    with simulated_time(START):
        thread = start(poll)
        time.sleep(1500)
        stop.set()
        thread.join(5)
        assert not thread.is_alive()
    assert notes == [(600, "poll"), (1200, "poll"), (1500, "stopped")]


@pytest.mark.parametrize("seconds", [0, 0.001])
def test_short_sleep_lets_real_time_pass_for_others(seconds: float):
    """As Freqtrade waits for the start of its web server."""
    has_started = threading.Event()
    with simulated_time(START, patience=0):
        start(has_started.set)
        for _ in range(1000):
            time.sleep(seconds)
        assert has_started.is_set()
        assert elapsed() == pytest.approx(1000 * seconds)


def test_negative_sleep_is_refused_as_the_real_one_is():
    with simulated_time(START), pytest.raises(ValueError, match="non-negative"):
        time.sleep(-1)


def test_stop_interrupts_the_main_threads_sleep_at_its_moment():
    notes: list[tuple[float, str]] = []
    with simulated_time(START, stop_at=START + timedelta(seconds=50)):
        start(lambda: note_every(25, "other", notes))
        time.sleep(40)
        with pytest.raises(KeyboardInterrupt):
            time.sleep(40)
        assert elapsed() == 50
        # What cleans up after it may sleep.
        time.sleep(10)
        assert elapsed() == 60
    assert notes == [(0, "other"), (25, "other"), (50, "other")]


def test_end_of_simulated_time_ends_the_threads_that_sleep():
    with simulated_time(START):
        threads = [start(lambda: note_every(600, "other", [])) for _ in range(2)]
        time.sleep(1)
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def test_signal_interrupts_the_main_threads_sleep_at_once():
    def poll_and_interrupt() -> None:
        time.sleep(600)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(600)

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with simulated_time(START):
            start(poll_and_interrupt)
            with pytest.raises(KeyboardInterrupt):
                time.sleep(10 * 365 * 86_400)
            assert elapsed() >= 600
    finally:
        signal.signal(signal.SIGINT, previous)
