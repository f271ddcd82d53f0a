"""An emulator that listens on loopback while a test runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from altseason_lab.emulator.market import Market
from tests.lab.emulator.candle_files import drop_rows, make_candles, store_candles
from tests.lab.emulator.serving import serving


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
