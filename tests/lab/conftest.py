"""An emulator that listens on loopback, a user_data to work in, and backtests in it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from altseason_lab.commands.stress import STRESS
from altseason_lab.emulator.market import Market
from altseason_lab.host.backtests import Backtests, open_backtests
from altseason_lab.preparation import parse_backtesting_options, prepare
from tests.conftest import STRATEGIES
from tests.integration.freqtrade_runs import Home
from tests.lab.emulator.candle_files import drop_rows, make_candles, store_candles
from tests.lab.emulator.serving import serving

PERIOD = ("--timerange", "20220205-20220220")
# Enters often enough for two weeks, and is stopped now and then.
EAGER = """
    buy_params = {"gate_mode": "off", "macd_trigger": "above"}
    stoploss = -0.02"""
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


@pytest.fixture
def serve() -> Iterator[Callable[[Market], str]]:
    """Serve any market until the test ends; gives its URL."""
    with ExitStack() as stack:
        yield lambda market: stack.enter_context(serving(market))


@pytest.fixture
def datadir(tmp_path: Path) -> Path:
    """ETH with a gap of 20 hours and days, SOL, and dominance, which is no market."""
    folder = tmp_path / "data"
    gap = drop_rows(make_candles(1500, seed=1), 700, 719)
    store_candles(folder, "ETH/USDT", gap)
    days = make_candles(60, seed=2, frequency="1D")
    store_candles(folder, "ETH/USDT", days, timeframe="1d")
    store_candles(folder, "SOL/USDT", make_candles(300, seed=3))
    store_candles(folder, "BTCD/USD", make_candles(300, seed=4))
    return folder


@pytest.fixture
def url(datadir: Path, serve: Callable[[Market], str]) -> str:
    """The URL of an emulator that serves the candles of `datadir`."""
    return serve(Market(datadir))


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


@contextmanager
def backtests(home: Home, *words: str, stop_slippage: float = 0) -> Iterator[Backtests]:
    """Yield the backtests that the command would run."""
    command = parse_backtesting_options(["--datadir", str(home.datadir), *words], STRESS)
    with (
        prepare(command, STRESS, offline=True) as config,
        open_backtests(config, stop_slippage, lambda: None) as found,
    ):
        yield found
