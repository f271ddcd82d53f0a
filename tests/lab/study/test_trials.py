"""The trials of a study: counted once, and told of."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from altseason_lab.ledger import Ledger
from altseason_lab.study.grid import Cell, Scope
from altseason_lab.study.metrics import DailyEquity
from altseason_lab.study.run import Study
from altseason_lab.study.selection import Best, Overfitting, Selection
from altseason_lab.study.trials import count_trials
from altseason_lab.study.verdict import describe_selection
from tests.lab.study.test_command import OUTCOME, RESULT

SCOPE = Scope("20200101-", ())
CELLS = [Cell(SCOPE, mode) for mode in ("off", "level", "falling")]


def study(cells: list[Cell]) -> Study:
    values = np.cumprod(1 + np.random.default_rng(1).normal(0.001, 0.02, 730)) * 1000
    equity = DailyEquity(date(2020, 1, 1), tuple(values), 1000.0)
    result = replace(RESULT, outcome=replace(OUTCOME, equity=equity))
    return Study("Any", "USDT", dict.fromkeys(cells, result))


def test_variants_are_counted_once_however_often_they_are_run(tmp_path: Path):
    ledger = Ledger(tmp_path / "trials.jsonl")
    first = count_trials(study(CELLS), ledger, "content", seed=1)
    assert first is not None
    assert (first.trials, first.new) == (3, 3)
    # Two years carry 7: of 7 the best is expected to show 0.99 by chance, of 8 more than 1.
    assert first.years == pytest.approx(2, abs=0.01)
    again = count_trials(study(CELLS), ledger, "content", seed=1)
    assert (again.trials, again.new) == (3, 0)
    varied = Cell(SCOPE, "falling", settings=(("gate_sma_days", 10),))
    other = count_trials(study([*CELLS, varied]), ledger, "content", seed=1)
    assert (other.trials, other.new) == (4, 1)
    changed = count_trials(study(CELLS), ledger, "another strategy", seed=1)
    assert (changed.trials, changed.new) == (7, 3)
    assert {trial.variant for trial in ledger.read()} == {
        "off",
        "level",
        "falling",
        "falling gate_sma_days=10",
    }
    assert {trial.days for trial in ledger.read()} == {730}


def test_time_range_and_pairs_written_otherwise_are_no_other_trial(tmp_path: Path):
    ledger = Ledger(tmp_path / "trials.jsonl")
    count_trials(study(CELLS), ledger, "content", seed=1)
    other = Scope("1577836800-", ("SOL/USDT", "ETH/USDT"))
    again = study([replace(cell, scope=other) for cell in CELLS])
    again = replace(
        again,
        results={
            cell: replace(result, pairs=result.pairs[::-1])
            for cell, result in again.results.items()
        },
    )
    found = count_trials(again, ledger, "content", seed=1)
    assert found is not None
    assert (found.trials, found.new) == (3, 0)


def test_luck_is_told_in_words():
    best = Best(CELLS[2], sharpe=0.05, probability=0.42)
    overfitting = Overfitting(CELLS[0], 12, 0.61, 0.2, 0.8)
    selection = Selection(30, 3, 4.0, 25, [best], [overfitting])
    results = dict.fromkeys(CELLS, RESULT)
    budget, luck, half = describe_selection(selection, results)
    assert budget.startswith("The ledger has 30 trials, 3 of them new. Of 25 independent trials on")
    assert "the best of them may look that good without being worth anything" in budget
    assert "5 are left" in next(describe_selection(replace(selection, trials=20), results))
    assert luck.startswith("Best by its Sharpe ratio: falling, 2022-01-01 to 2022-02-01.")
    assert "what the best of 30 worthless trials would show by chance is 0.42 (deflated" in luck
    assert "in a market that rose, anything that was invested has a higher one" in luck
    assert "The best of 12 variants in one half" in half
    assert "61% of the cases" in half
    assert "20% to 80%" in half
