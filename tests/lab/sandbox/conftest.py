"""A folder to work in, and `altseason sandbox` as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.lab.emulator.candle_files import drop_rows, make_candles, store_candles

STRATEGIES = Path(__file__).parents[3] / "user_data" / "strategies"
CONFIG: dict[str, Any] = {
    "stake_currency": "USDT",
    "stake_amount": 100,
    "max_open_trades": 2,
    "dry_run": True,
    "dry_run_wallet": 1000,
    "entry_pricing": {"price_side": "same"},
    "exit_pricing": {"price_side": "same"},
    "exchange": {"name": "binance", "pair_whitelist": ["ETH/USDT", "SOL/USDT"]},
    "pairlists": [{"method": "StaticPairList"}],
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an empty user_data, as a user has it before the first command."""
    (tmp_path / "user_data" / "strategies").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write_config(home: Path) -> Callable[..., str]:
    """Write a configuration file, by default the one that Freqtrade looks for."""

    def write(name: str = "user_data/config.json", **changes: Any) -> str:
        (home / name).write_text(json.dumps({**CONFIG, **changes}))
        return name

    return write


@pytest.fixture
def write_candles(home: Path) -> Callable[[str], Path]:
    """Write 400 hours of ETH, with a gap, and of SOL into a folder."""

    def write(name: str) -> Path:
        store_candles(home / name, "ETH/USDT", drop_rows(make_candles(400, seed=1), 100, 104))
        store_candles(home / name, "SOL/USDT", make_candles(400, seed=2))
        return home / name

    return write


@pytest.fixture
def write_strategy(home: Path) -> Callable[[str], None]:
    """Write a strategy that enters and leaves by the clock, with any further methods."""

    def write(methods: str = "") -> None:
        text = (Path(__file__).parent / "clock_strategy.txt").read_text()
        (home / "user_data" / "strategies" / "ClockStrategy.py").write_text(text + methods)

    return write


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `altseason sandbox` in the working folder and in a process group of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "altseason", "sandbox", *words],
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(STRATEGIES), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            for left in psutil.Process(process.pid).children(recursive=True):
                left.kill()
            process.kill()
        process.communicate(timeout=10)
