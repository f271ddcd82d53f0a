"""Ctrl-C in the middle of a real Freqtrade command: it ends soon, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

Start = Callable[..., subprocess.Popen[str]]
SECONDS_TO_START = 120
SECONDS_TO_END = 20
SLEEP_AT_START = """
    def bot_start(self, **kwargs):
        import pathlib, time
        pathlib.Path("started").touch()
        time.sleep(120)
"""
# In a worker of hyperopt, each with a file of its own.
SLEEP_IN_EVERY_EPOCH = """
    def custom_stake_amount(self, *args, proposed_stake, **kwargs):
        import os, pathlib, time
        pathlib.Path(f"started-{os.getpid()}").touch()
        time.sleep(0.2)
        return proposed_stake
"""


@pytest.fixture
def _ready(write_config: Callable[..., str], write_candles: Callable[[str], Path]) -> None:
    write_config()
    write_candles("user_data/data/binance")


def wait_for_files(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """Wait until the strategy has written this many files."""
    deadline = time.monotonic() + SECONDS_TO_START
    while len(list(folder.glob("started*"))) < count:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_ends_and_leaves_nothing(
    process: subprocess.Popen[str], interrupt: Callable[[], None], codes: set[int]
) -> None:
    running = psutil.Process(process.pid).children(recursive=True)
    assert running
    interrupt()
    _, messages = process.communicate(timeout=SECONDS_TO_END)
    assert process.returncode in codes, messages
    assert not psutil.wait_procs(running, timeout=0.5)[1]
    port = re.search(r"http://127\.0\.0\.1:(\d+)", messages)
    assert port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port[1])), timeout=5)


@pytest.mark.usefixtures("_ready")
def test_an_interrupted_backtest_ends(
    home: Path, start: Start, write_strategy: Callable[[str], None]
) -> None:
    write_strategy(SLEEP_AT_START)
    process = start("--", "freqtrade", "backtesting", "--strategy", "ClockStrategy")
    wait_for_files(process, home, 1)
    # To the sandbox alone, as `kill -INT` does.
    assert_ends_and_leaves_nothing(process, lambda: process.send_signal(signal.SIGINT), {130})


@pytest.mark.usefixtures("_ready")
def test_an_interrupted_hyperopt_ends_with_its_workers(
    home: Path, start: Start, write_strategy: Callable[[str], None]
) -> None:
    write_strategy(SLEEP_IN_EVERY_EPOCH)
    process = start(
        *("--", "freqtrade", "hyperopt", "--strategy", "ClockStrategy", "--spaces", "buy"),
        *("--epochs", "500", "-j", "2", "--hyperopt-loss", "OnlyProfitHyperOptLoss"),
        *("--random-state", "1", "--min-trades", "1"),
    )
    wait_for_files(process, home, 2)
    # To the whole process group, as the terminal does. The code is Freqtrade's own, and says
    # where the interrupt met it: 0 is a hyperopt that shows what it has found so far.
    assert_ends_and_leaves_nothing(process, lambda: os.killpg(process.pid, signal.SIGINT), {0, 130})
