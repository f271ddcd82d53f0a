"""Backtests of AltSeasonFreqAI in this process, and the rows that they train with."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.exchange import Exchange

from altseason.host.configuration import Config
from altseason.learning import model
from altseason_lab.commands.study import STUDY
from altseason_lab.host.repeated import BacktestRun, RepeatedBacktest, open_exchange
from altseason_lab.preparation import parse_backtesting_options, prepare
from tests.conftest import STRATEGIES
from tests.integration.freqtrade_runs import CONFIG, Home
from tests.learning.conftest import freqai

PERIOD = "20240201-20240401"


@dataclass
class Learned:
    """A backtest, the rows of each of its fits, and its predictions by pair."""

    run: BacktestRun
    strategy: Any
    fits: list[pd.DataFrame] = field(default_factory=list)
    predicted: dict[str, pd.DataFrame] = field(default_factory=dict)


def make_home(folder: Path, datadir: Path) -> Home:
    home = Home(folder, datadir)
    for name in ("AltSeasonStrategy.py", "AltSeasonFreqAI.py", "altseason"):
        (home.strategies / name).symlink_to(STRATEGIES / name)
    return home


def backtest(home: Home, period: str = PERIOD, **changes: Any) -> Learned:
    """Run the strategy in a home, with changes of its configuration."""
    fits: list[pd.DataFrame] = []
    with prepared(home, period, fits, **changes) as (config, exchange):
        repeated = RepeatedBacktest(config, exchange)
        loaded = repeated.load_strategy()
        run = repeated.run(loaded)
    return Learned(run, loaded, fits, read_predictions(home, loaded))


@contextmanager
def prepared(
    home: Home, period: str, fits: list[pd.DataFrame], **changes: Any
) -> Iterator[tuple[Config, Exchange]]:
    """Yield the fixtures that backtests of a home need, and note the rows of each fit."""
    (home.userdir / "config.json").write_text(json.dumps({**CONFIG, "freqai": freqai(), **changes}))
    strategy = str(changes.get("strategy", "AltSeasonFreqAI"))
    words = ["--datadir", str(home.datadir), "--config", str(home.userdir / "config.json")]
    words += ["--userdir", str(home.userdir), "--strategy", strategy, "--timerange", period]
    command = parse_backtesting_options(words, STUDY)
    with (
        prepare(command, STUDY, offline=True) as config,
        open_exchange(config, "study") as exchange,
        spying(fits),
    ):
        yield config, exchange


@contextmanager
def spying(fits: list[pd.DataFrame]) -> Iterator[None]:
    """Note the rows of each fit, also when FreqAI loads the model's file again."""
    fit = model.fit_pooled

    def spy(rows: pd.DataFrame, **words: Any) -> model.PooledModel:
        fits.append(rows.copy())
        return fit(rows, **words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "fit_pooled", spy)
        yield


def read_predictions(home: Home, strategy: Any) -> dict[str, pd.DataFrame]:
    """Read the predictions of a backtest that FreqAI has stored, by coin."""
    folder = home.userdir / "models" / strategy.config.get("freqai", {}).get("identifier", "none")
    found: dict[str, list[pd.DataFrame]] = {}
    for file in sorted((folder / "backtesting_predictions").glob("*.feather")):
        found.setdefault(file.name.split("_")[1].upper(), []).append(pd.read_feather(file))
    return {coin: pd.concat(frames, ignore_index=True) for coin, frames in found.items()}
