"""A study that was stopped goes on where it was, and nothing is run twice."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason.progress import no_progress
from altseason_lab.study.execution import Execution
from altseason_lab.study.grid import build_cells
from altseason_lab.study.results import FOLDER
from altseason_lab.study.run import Study, run_study
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.study.conftest import PERIOD, configured

EAGER = '    buy_params = {"gate_mode": "level", "macd_trigger": "above"}'
CELLS = build_cells(["falling"], [PERIOD], [("ETH/USDT", "ADA/USDT")])
PLACEBOS = 3
HERE = Execution(processes=1, offline=True)


@pytest.fixture
def run(home: Home) -> Callable[..., Study]:
    """Run a study of two cells and three placebos; takes what is called with its progress."""
    write_subclass(home.strategies, "Eager", EAGER)

    def run_with(
        progress: Callable[[int, int], None] = no_progress, execution: Execution = HERE
    ) -> Study:
        with configured(home, "--strategy", "Eager") as config:
            return run_study(
                config, CELLS, placebos=PLACEBOS, execution=execution, progress=progress
            )

    return run_with


def stop_after(number: int) -> Callable[[int, int], None]:
    """As Ctrl-C does."""

    def stop(done: int, total: int) -> None:
        if done == number:
            raise KeyboardInterrupt

    return stop


def test_stopped_study_goes_on_where_it_was(
    run: Callable[..., Study], home: Home, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(KeyboardInterrupt):
        run(stop_after(3))
    stored = sorted((home.userdir / FOLDER).iterdir())
    assert len(stored) == 3
    counted: list[tuple[int, int]] = []
    resumed = run(lambda done, total: counted.append((done, total)))
    assert counted == [(0, 5), (0, 3), (0, 2), (1, 2), (2, 2)]
    assert "3 of 5 backtests were not run" in capsys.readouterr().err
    damage(stored[0])
    assert run(lambda done, total: counted.append((done, total))) == resumed
    assert counted[-1] == (1, 1)
    assert f"{stored[0]}: expected the result of a backtest" in capsys.readouterr().err
    fresh = run(lambda done, total: counted.append((done, total)), replace(HERE, fresh=True))
    assert counted[-1] == (5, 5)
    assert fresh == resumed


def damage(path: Path) -> None:
    """As a full disk does."""
    path.write_bytes(path.read_bytes()[:100])


def test_stored_study_asks_no_exchange_and_repeats_its_warnings(
    run: Callable[..., Study], caplog: pytest.LogCaptureFixture
):
    first = run()
    assert "nothing here is real" in caplog.text
    caplog.clear()
    # Neither an exchange nor a scheduler is needed for what is stored.
    assert run(execution=replace(HERE, scheduler="tcp://127.0.0.1:9", processes=None)) == first
    assert caplog.text.count("nothing here is real") == 1


def test_missing_dominance_is_told_of_the_true_dates_alone(
    home: Home, caplog: pytest.LogCaptureFixture
):
    home = Home(home.folder, shutil.copytree(home.datadir, home.folder / "synthetic"))
    for path in home.datadir.glob("BTCD_USD-*"):
        candles = pd.read_feather(path)
        gap = candles["date"].between("2022-02-04", "2022-02-12")
        candles[~gap].reset_index(drop=True).to_feather(path)
    with configured(home, "--strategy", "AltSeasonStrategy") as config:
        study = run_study(config, CELLS, placebos=PLACEBOS, execution=HERE)
    assert len(study.tests) == 1
    told = [line for line in caplog.messages if "missing or stale" in line]
    # Once of each place where warnings are shown.
    assert len(set(told)) == 1


def test_strategy_that_changes_while_the_study_runs_ends_it(run: Callable[..., Study], home: Home):
    def change(done: int, total: int) -> None:
        if done == 1:
            write_subclass(home.strategies, "Eager", EAGER.replace("above", "cross"))

    with pytest.raises(InputError, match="the strategy or its parameters changed while"):
        run(change)
    assert len(list((home.userdir / FOLDER).iterdir())) == 1


def test_one_process_runs_all_where_there_is_no_dask(
    run: Callable[..., Study], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("altseason_lab.study.execution.find_spec", lambda name: None)
    assert len(run(execution=replace(HERE, processes=2)).results) == 2
    assert "several need Dask, `pip install distributed`" in capsys.readouterr().err
    with pytest.raises(InputError, match="expected Dask, which is missing; `pip install"):
        run(execution=Execution(scheduler="tcp://127.0.0.1:9", fresh=True, offline=True))
