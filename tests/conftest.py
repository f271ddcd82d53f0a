"""Fixtures of most tests: seeded candles, the real data if there are any, the loaded strategy."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
from freqtrade.data.dataprovider import DataProvider
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

from altseason.dominance import locking
from altseason_lab.sample.model import generate_market
from altseason_lab.sample.store import save_market
from tests.windows import Msvcrt

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

# Strategies that trade, and feeds that record, whichever folder tests them.
pytest_plugins = ["tests.risk.traders", "tests.recorder.feeds"]

ROOT = Path(__file__).parent.parent
# As where the environment is activated: our messages name `altseason` as it is found.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
STRATEGIES = ROOT / "user_data" / "strategies"


def dominance_candles(closes: list[float], start: str, timeframe: str = "1d") -> pd.DataFrame:
    """Candles with the given closes, one after another, each from one reading."""
    dates = pd.date_range(start, periods=len(closes), freq=timeframe.replace("1d", "1D"), tz="UTC")
    close = np.array(closes, dtype="float64")
    return pd.DataFrame(
        {
            "date": dates.as_unit("ms"),
            "open": close,
            "high": close,
            "low": close,
            "close": close,
            "volume": np.ones(len(close)),
        }
    )


def coin_candles(rows: int, *, start: str = "2021-01-01", timeframe: str = "1h", seed: int = 1):
    """A seeded random walk of a coin's price, as Freqtrade hands candles to a strategy."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, rows)))
    frequency = timeframe.replace("1d", "1D").replace("m", "min")
    return pd.DataFrame(
        {
            "date": pd.date_range(start, periods=rows, freq=frequency, tz="UTC").as_unit("ms"),
            "open": np.roll(close, 1),
            "high": close * 1.005,
            "low": close * 0.995,
            "close": close,
            "volume": random.uniform(1, 100, rows),
        }
    )


@pytest.fixture(scope="session", autouse=True)
def _children_hear_signals() -> Iterator[None]:
    """Start processes that Ctrl-C and a hang-up reach, also where the tests run under `nohup`.

    What is ignored stays ignored in a new process, and what has a handler does not: so the tests
    themselves go on ignoring it, by a handler that does nothing.
    """
    numbers = (signal.SIGINT, signal.SIGHUP)
    ignored = [number for number in numbers if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real candles and dominance, named by ALTSEASON_REAL_DATA."""
    folder = Path(os.environ.get("ALTSEASON_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "btc_dominance_daily.csv").is_file():
        pytest.skip(f"no real data in {folder} (set ALTSEASON_REAL_DATA)")
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample market, which is only read; its folder's name says that it is synthetic."""
    datadir = tmp_path_factory.mktemp("sample") / "synthetic"
    save_market(generate_market(), datadir)
    return datadir


@pytest.fixture
def load_strategy(tmp_path: Path) -> Callable[..., IStrategy]:
    """Load AltSeasonStrategy by Freqtrade's own resolver, with any config and parameter values."""

    def load(parameters: dict[str, Any] | None = None, **config: Any) -> IStrategy:
        defaults = {
            "strategy": "AltSeasonStrategy",
            "strategy_path": str(STRATEGIES),
            "user_data_dir": tmp_path,
            "datadir": tmp_path,
            "runmode": "backtest",
            # By default, a test that trades polls no provider.
            "altseason": {"dominance": {"record": False}},
        }
        strategy = StrategyResolver.load_strategy({**defaults, **config})
        strategy.dp = DataProvider(strategy.config, None)
        strategy.ft_bot_start()
        for name, value in (parameters or {}).items():
            getattr(strategy, name).value = value
        return strategy

    return load


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """File locks as on Windows."""
    monkeypatch.setattr(locking, "_fcntl", None)
    monkeypatch.setattr(locking, "_msvcrt", Msvcrt())


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform without file locks."""
    monkeypatch.setattr(locking, "_fcntl", None)
    monkeypatch.setattr(locking, "_msvcrt", None)
