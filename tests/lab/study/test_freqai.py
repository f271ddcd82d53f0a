"""A study of a strategy with a model: each backtest has predictions of its own."""

from pathlib import Path

import pandas as pd
import pytest

from altseason_lab.study.cell import CellRunner
from altseason_lab.study.contents import ContentReader
from altseason_lab.study.grid import Calendar, Cell, Scope, Shift
from tests.integration.freqtrade_runs import Home
from tests.learning.backtests import make_home, prepared

WINDOW = "20240201-20240302"
SCOPE = Scope(WINDOW, ())
SLOPE = "%-dominance_slope"


@pytest.fixture(scope="module")
def home(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_home(tmp_path_factory.mktemp("home"), sample)


def test_placebo_does_not_get_the_predictions_of_the_true_dates(home: Home):
    """FreqAI alone would take them: by the identifier both are one."""
    calendar = Calendar(pd.Timestamp("2024-02-01", tz="UTC"), 30)
    true = Cell(SCOPE, "falling")
    fits: list[pd.DataFrame] = []
    with prepared(home, WINDOW, fits) as (config, exchange):
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
