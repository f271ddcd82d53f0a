"""Processes: exit codes and signals get through, and nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

STRATEGIES = Path(__file__).parents[3] / "user_data" / "strategies"
RUN = """
import asyncio, os, sys
from altseason_lab.emulator.processes import receive_signals, run_process
async def run():
    return await run_process(sys.argv[1:], os.environ, receive_signals())
sys.exit(asyncio.run(run()))
"""
INTERRUPTED_EARLY = RUN.replace(
    "    return await run_process(sys.argv[1:], os.environ, receive_signals())",
    """
    received = receive_signals()
    os.kill(os.getpid(), 2)
    return await run_process(sys.argv[1:], os.environ, received)
""",
)
# Of itself it kills nothing as long as a test takes.
PATIENT = f"""
import altseason_lab.emulator.processes
altseason_lab.emulator.processes.GRACE_SECONDS = 600
{RUN}"""
STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("started")
time.sleep(60)
"""
SLEEPER = """
import pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text("started")
time.sleep(60)
"""
# It says which signal it got, in its exit code.
POLITE = """
import pathlib, signal, sys, time
def leave(number, frame):
    sys.exit(40 + number)
signal.signal(signal.SIGINT, leave)
signal.signal(signal.SIGTERM, leave)
pathlib.Path(sys.argv[1]).write_text("started")
time.sleep(60)
"""
# It starts another process, which outlives it where nobody ends it.
PARENT = """
import pathlib, subprocess, sys, time
other = subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]])
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
sys.exit(7)
"""

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start_words() -> Iterator[Start]:
    """Start the words of a command under `run_process`."""
    started: list[subprocess.Popen[bytes]] = []

    def start(run: str, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(STRATEGIES)}
        started.append(subprocess.Popen([sys.executable, "-c", run, *words], env=environment))
        return started[-1]

    yield start
    for process in started:
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
        process.wait(5)


@pytest.fixture
def start(start_words: Start) -> Start:
    """Start a script under `run_process`; its first argument is a file that it writes."""
    return partial(start_words, RUN, sys.executable, "-c")


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 10
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} was not written"
        time.sleep(0.01)


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("code", [0, 1, 2, 42])
def test_the_exit_code_gets_through(start: Start, code: int) -> None:
    assert start(f"raise SystemExit({code})").wait(10) == code


def test_a_signal_that_ends_the_process_gets_through_as_shells_say_it(start: Start) -> None:
    assert start("import os; os.kill(os.getpid(), 9)").wait(10) == 137


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGHUP, signal.SIGTERM),
    ],
)
def test_a_signal_is_handed_on(start: Start, tmp_path: Path, sent: int, received: int) -> None:
    process = start(POLITE, str(tmp_path / "started"))
    wait_for(tmp_path / "started")
    process.send_signal(sent)
    assert process.wait(10) == 40 + received


def test_an_interrupt_before_the_process_is_there_reaches_it(start_words: Start) -> None:
    # No Python, which ends with 1 where it is interrupted while it starts.
    process = start_words(INTERRUPTED_EARLY, "sleep", "60")
    assert process.wait(10) == 130


def test_a_second_interrupt_insists(start: Start, tmp_path: Path) -> None:
    script = POLITE.replace("signal.signal(signal.SIGINT, leave)", "signal.signal(2, lambda *_: 0)")
    process = start(script, str(tmp_path / "started"))
    wait_for(tmp_path / "started")
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 40 + signal.SIGTERM


def test_a_third_interrupt_kills(start_words: Start, tmp_path: Path) -> None:
    words = (sys.executable, "-c", STUBBORN, str(tmp_path / "started"))
    process = start_words(PATIENT, *words)
    wait_for(tmp_path / "started")
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    assert process.wait(10) == 128 + signal.SIGKILL


def test_what_does_not_listen_is_killed_in_the_end(start: Start, tmp_path: Path) -> None:
    process = start(STUBBORN, str(tmp_path / "started"))
    wait_for(tmp_path / "started")
    process.terminate()
    assert process.wait(10) == 128 + signal.SIGKILL


def test_what_a_process_leaves_behind_is_ended(start: Start, tmp_path: Path) -> None:
    process = start(PARENT, str(tmp_path / "started"), SLEEPER)
    wait_for(tmp_path / "started")
    # The parent may have gone already, but not the one that it has left.
    left = children(process)
    assert process.wait(4) == 7
    assert not psutil.wait_procs(left, timeout=0.5)[1]


def test_everybody_in_the_group_is_interrupted(start: Start, tmp_path: Path) -> None:
    waiting = PARENT.replace("sys.exit(7)", "other.wait()")
    process = start(waiting, str(tmp_path / "started"), SLEEPER)
    wait_for(tmp_path / "started")
    running = children(process)
    assert len(running) == 2
    process.send_signal(signal.SIGINT)
    assert process.wait(10) in (1, 130)
    assert not psutil.wait_procs(running, timeout=0.5)[1]


def test_an_ignored_hang_up_stays_ignored(start: Start, tmp_path: Path) -> None:
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start(POLITE, str(tmp_path / "started"))
    finally:
        signal.signal(signal.SIGHUP, previous)
    wait_for(tmp_path / "started")
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
