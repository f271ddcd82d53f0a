"""The sample market, a user_data to work in, and the command as a person runs it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from altseason.cli import main
from altseason_lab.host.backtests import Backtests, open_backtests
from altseason_lab.stress.preparation import parse_words, prepare
from tests.conftest import STRATEGIES
from tests.integration.freqtrade_runs import Home

# Enters after the candle of one hour and leaves after that of another, whatever the price does.
CLOCK = """
from pathlib import Path

from freqtrade.strategy import IStrategy


class {name}(IStrategy):
    timeframe = "1h"
    stoploss = -0.9
    minimal_roi = {{"0": 10}}
    startup_candle_count = 0

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["date"].dt.hour == {enters}, "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["date"].dt.hour == {leaves}, "exit_long"] = 1
        return dataframe
{methods}"""


@dataclass(frozen=True)
class Found:
    """What the command printed, and its exit code."""

    code: int
    output: str
    messages: str


@pytest.fixture
def home(tmp_path: Path, sample: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A folder to work in, with our strategy and two pairs in the whitelist."""
    found = Home(tmp_path, sample)
    for name in ("AltSeasonStrategy.py", "altseason"):
        (found.strategies / name).symlink_to(STRATEGIES / name)
    found.write_config(exchange={"name": "binance", "pair_whitelist": ["ETH/USDT", "SOL/USDT"]})
    monkeypatch.chdir(tmp_path)
    # The strategy appends its folder.
    monkeypatch.setattr(sys, "path", list(sys.path))
    return found


@pytest.fixture
def write_clock(home: Home) -> Callable[..., None]:
    """Write a strategy that trades by the clock, with any further methods."""

    def write(name: str = "Clock", enters: int = 6, leaves: int = 18, methods: str = "") -> None:
        text = CLOCK.format(name=name, enters=enters, leaves=leaves, methods=methods)
        (home.strategies / f"{name}.py").write_text(text)

    return write


@pytest.fixture
def stress(home: Home, capsys: pytest.CaptureFixture[str]) -> Callable[..., Found]:
    """Run the command offline on the sample."""

    def run(*words: str) -> Found:
        code = main(["stress", "--offline", "-d", str(home.datadir), *words])
        captured = capsys.readouterr()
        return Found(code, captured.out, captured.err)

    return run


@contextmanager
def backtests(home: Home, *words: str, stop_slippage: float = 0) -> Iterator[Backtests]:
    """Give the backtests that the command would run."""
    command = parse_words(["--datadir", str(home.datadir), *words])
    with (
        prepare(command, offline=True) as config,
        open_backtests(config, stop_slippage, lambda: None) as found,
    ):
        yield found
