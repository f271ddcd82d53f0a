"""Two windows by real hyperopt, and what holds of them whatever it has found."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from altseason_lab.host.hyperopt import SearchSpace
from altseason_lab.host.repeated import RepeatedBacktest, open_exchange
from altseason_lab.ledger import FILE, Ledger
from altseason_lab.study.metrics import measure_run
from altseason_lab.walkforward.backtests import WindowBacktests
from altseason_lab.walkforward.plateau import find_middle, find_plateau
from altseason_lab.walkforward.run import Request, WalkForward, run_walk_forward
from altseason_lab.walkforward.search import Search, Searches
from altseason_lab.walkforward.trials import Count, count_trials, open_variants
from altseason_lab.walkforward.windows import WindowPlan
from tests.conftest import STRATEGIES
from tests.integration.freqtrade_runs import Home
from tests.lab.walkforward.conftest import WORDS, configured, write_strategy

PERIOD = ("--timerange", "20220310-20220407")
SPACES = ("sell", "roi", "stoploss", "trailing")
REQUEST = Request(
    WindowPlan(train=12, test=6, embargo=2, is_anchored=False),
    epochs=6,
    seeds=(1,),
    spaces=SPACES,
    loss="OnlyProfitHyperOptLoss",
)


@pytest.fixture(scope="module")
def home(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    found = Home(tmp_path_factory.mktemp("home"), sample)
    for name in ("AltSeasonStrategy.py", "altseason"):
        (found.strategies / name).symlink_to(STRATEGIES / name)
    write_strategy(found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        yield found


@pytest.fixture(scope="module")
def walked(home: Home) -> WalkForward:
    with configured(home, *WORDS, *PERIOD) as (command, config):
        return run_walk_forward(command, config, REQUEST, processes=2)


def test_windows_follow_one_another_and_are_tested_from_what_was_left(walked: WalkForward):
    first, second = walked.windows
    assert f"{first.window.test.start:%m-%d}" == "03-24"
    assert first.window.test.end == second.window.test.start
    assert walked.left_out == 2
    for stitched, parts in [
        (walked.tuned, (first.tuned, second.tuned)),
        (walked.untuned, (first.untuned, second.untuned)),
    ]:
        growth = np.prod([1 + part.metrics.profit for part in parts])
        assert stitched.metrics.profit == pytest.approx(growth - 1)
        assert stitched.metrics.trades == sum(part.metrics.trades for part in parts) >= 2
        by_day = [*parts[0].equity.values, *parts[1].equity.values]
        assert stitched.equity.values == pytest.approx(by_day)
        assert len(by_day) == 12
    assert walked.holds["hold coins"] is not None
    assert walked.tuned.metrics.profit != walked.untuned.metrics.profit


def test_middle_of_the_stored_epochs_is_what_was_tested(walked: WalkForward):
    assert [len(epochs) for epochs in walked.searches.values()] == [6, 6]
    for result, epochs in zip(walked.windows, walked.searches.values(), strict=True):
        plateau = find_plateau(epochs)
        assert (result.epochs, result.plateau) == (6, len(plateau))
        dimensions = {one.dimension.name: one.dimension for one in walked.stability}
        assert result.parameters == find_middle(plateau, dimensions)
        assert {"rsi_exit_min", "stoploss", "roi_p1"} < set(result.parameters)
    # Of another random state each, though of the same seed.
    first, second = walked.searches.values()
    assert first[0].parameters != second[0].parameters


def test_backtest_in_this_process_is_the_one_of_an_epoch(home: Home, walked: WalkForward):
    """With every kind of space, by what hyperopt has stored of its own backtests."""
    search, epochs = next(iter(walked.searches.items()))
    with (
        configured(home, *WORDS, *PERIOD) as (_, config),
        open_exchange(config, "walk-forward") as exchange,
    ):
        whole = RepeatedBacktest(config, exchange)
        space = SearchSpace(config, whole.load_strategy(), SPACES)
        backtests = WindowBacktests(config, exchange, space)
        for epoch in epochs[:3]:
            run = backtests.run(search.window.train, epoch.parameters, 1000)
            found = measure_run(run, 1000, "USDT").metrics
            assert found.trades == epoch.trades > 0
            assert found.profit == pytest.approx(epoch.profit, abs=1e-9)
            assert sum(epoch.daily_profits) == pytest.approx(epoch.profit, abs=1e-9)
            assert len(epoch.daily_profits) == 12
        assert len({epoch.profit for epoch in epochs[:3]}) > 1


def test_trials_are_counted_once(home: Home, walked: WalkForward):
    with configured(home, *WORDS, *PERIOD) as (_, config):
        # Six epochs in each window, and the wallet of the parameters found.
        ledger = Ledger(home.userdir / FILE)
        assert count_trials(walked, ledger, open_variants(config)) == Count(13, 13)
        assert count_trials(walked, ledger, open_variants(config)) == Count(0, 13)
        # With another stake they are others.
        config["stake_amount"] = 100
        assert count_trials(walked, ledger, open_variants(config)) == Count(13, 26)


def test_search_finds_the_same_whatever_comes_after_its_train_part(
    home: Home, walked: WalkForward, tmp_path: Path
):
    search, epochs = next(iter(walked.searches.items()))
    other = Home(home.folder, tmp_path / "synthetic")
    shutil.copytree(home.datadir, other.datadir)
    changed = sum(change_after(file, search) for file in other.datadir.glob("*.feather"))
    assert changed >= 5
    with configured(other, *WORDS, *PERIOD) as (command, config):
        found = run_search(command, config, walked, search)
    assert found == epochs


def change_after(file: Path, search: Search) -> bool:
    """Change what comes after the train part, the embargo included; return whether anything did."""
    candles = pd.read_feather(file)
    later = candles["date"] >= search.window.train.end
    prices = ["open", "high", "low", "close"]
    # Up and down, by as much as keeps dominance believable.
    factor = 1 + 0.3 * np.sin(np.arange(later.sum()) / 5)
    candles.loc[later, prices] = candles.loc[later, prices].mul(factor, axis=0)
    candles.to_feather(file)
    return bool(later.any())


def run_search(command, config, walked: WalkForward, search: Search):
    searches = Searches(command, config, walked.settings, processes=1, progress=lambda done: None)
    return searches.run([search])[search]
