"""A study of a strategy with a model: each backtest has predictions of its own."""

import json
from pathlib import Path

import pandas as pd
import pytest

from altseason_lab.commands.study import STUDY
from altseason_lab.host.repeated import open_exchange
from altseason_lab.preparation import parse_backtesting_options, prepare
from altseason_lab.study.cell import CellRunner
from altseason_lab.study.contents import ContentReader
from altseason_lab.study.grid import Calendar, Cell, Scope, Shift
from tests.integration.freqtrade_runs import CONFIG, Home
from tests.learning.backtests import make_home, spying
from tests.learning.conftest import freqai

WINDOW = "20240201-20240302"
SCOPE = Scope(WINDOW, ())
SLOPE = "%-dominance_slope"


@pytest.fixture(scope="module")
def home(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_home(tmp_path_factory.mktemp("home"), sample)


def test_placebo_does_not_get_the_predictions_of_the_true_dates(home: Home):
    """FreqAI alone would take them: by the identifier both are one."""
    config_file = home.userdir / "config.json"
    config_file.write_text(json.dumps({**CONFIG, "freqai": freqai()}))
    words = ["--datadir", str(home.datadir), "--config", str(config_file)]
    words += [
        "--userdir",
        str(home.userdir),
        "--strategy",
        "AltSeasonFreqAI",
        "--timerange",
        WINDOW,
    ]
    command = parse_backtesting_options(words, STUDY)
    calendar = Calendar(pd.Timestamp("2024-02-01", tz="UTC"), 30)
    true = Cell(SCOPE, "falling")
    fits: list[pd.DataFrame] = []
    with (
        prepare(command, STUDY, offline=True) as config,
        open_exchange(config, "study") as exchange,
        spying(fits),
    ):
        runner = CellRunner(config, exchange)
        first = runner.run(true)
        runner.run(Cell(SCOPE, "falling", Shift(calendar, 11)))
        again = runner.run(true)
        before = ContentReader(config, offline=True).read(SCOPE)
        (home.userdir / "freqaimodels").mkdir(exist_ok=True)
        (home.userdir / "freqaimodels" / "Mine.py").write_text("MODEL = 1\n")
        after = ContentReader(config, offline=True).read(SCOPE)
    true_rows, shifted_rows, same_rows = fits
    assert not shifted_rows[SLOPE].equals(true_rows[SLOPE])
    pd.testing.assert_frame_equal(same_rows, true_rows)
    assert again == first
    assert not list((home.userdir / "models").glob("*"))
    assert "scikit-learn" in before.versions
    # A model of the user's own is a part of what a result depends on.
    assert before.strategy != after.strategy
