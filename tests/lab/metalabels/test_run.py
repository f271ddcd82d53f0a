"""Meta-labels on drawn entries: a planted effect is found, and nothing where there is none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from altseason.errors import InputError
from altseason_lab.metalabels.folds import build_folds
from altseason_lab.metalabels.run import MetaLabels, compare_profits
from altseason_lab.metalabels.scores import Draws, score
from altseason_lab.metalabels.walk import Learner
from tests.lab.metalabels.entries import (
    HORIZON,
    PLAN,
    ask,
    draw_entries,
    fit,
    probability_of,
)


def shuffle_labels(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    outcome = np.random.default_rng(seed).permutation(rows["outcome"].to_numpy())
    return rows.assign(outcome=outcome)


@pytest.fixture(scope="module")
def planted() -> MetaLabels:
    """What is found of entries that a feature decides on."""
    return ask(draw_entries(4000))


def test_planted_effect_is_found_and_the_probabilities_are_right(planted: MetaLabels):
    rows, found = draw_entries(4000), planted
    later = rows[rows["date"] >= found.start]
    best = roc_auc_score(later["outcome"] == "take_profit", probability_of(later["told"]))
    assert found.scores.auc.value == pytest.approx(best, abs=0.02)
    assert found.scores.auc.low < best < found.scores.auc.high
    assert found.scores.gain.low > 0
    assert found.scores.calibration.error < 0.05
    assert found.rank.p_value == 1 / 20
    assert found.tells_apart
    assert found.median_shuffled == pytest.approx(0.5, abs=0.05)
    assert (found.rows, found.independent) == (4000, 2000)
    first, second = found.importances
    assert (first.feature, second.feature) == ("told", "noise")
    assert first.fall.low > 0.1
    assert second.fall.low < 0.01


def test_taken_entries_of_a_planted_effect_earn_more(planted: MetaLabels):
    choice = planted.choice
    assert choice.taken_profit > choice.all_profit
    assert choice.difference.low > 0
    assert choice.difference.value == pytest.approx(choice.taken_profit - choice.all_profit)


def test_shuffled_labels_have_an_auc_of_a_half_within_the_interval_as_often_as_it_says():
    # One of twenty intervals is to miss it.
    missed = 0
    for seed in range(10):
        rows = shuffle_labels(draw_entries(1600), seed)
        predicted, _ = Learner(rows, build_folds(rows, PLAN), HORIZON, fit).predict()
        auc = score(predicted, Draws(predicted["date"], np.zeros(len(predicted)), 2, seed)).auc
        missed += not auc.low < 0.5 < auc.high
    assert missed <= 2


def test_nothing_is_found_where_outcomes_have_nothing_to_do_with_features():
    found = ask(shuffle_labels(draw_entries(1600), seed=1))
    assert not found.tells_apart
    assert found.scores.gain.low < 0
    assert found.rank.p_value > 0.05


def test_no_entry_is_predicted_by_what_was_not_known():
    rows = draw_entries(2000)
    folds = build_folds(rows, replace(PLAN, test_days=30))
    before, _ = Learner(rows, folds, HORIZON, fit).predict()
    changed = rows.copy()
    cut = folds[1].start
    late = changed["date"] + HORIZON > cut
    changed.loc[late, "outcome"] = "take_profit"
    after, _ = Learner(changed, folds, HORIZON, fit).predict()
    early = before["date"] < folds[1].end
    pd.testing.assert_series_equal(before["probability"][early], after["probability"][early])
    assert not before["probability"][~early].equals(after["probability"][~early])


def test_every_entry_from_the_first_fold_on_is_predicted_once():
    rows = draw_entries(3000)
    folds = build_folds(rows, replace(PLAN, test_days=30))
    predicted, models = Learner(rows, folds, HORIZON, fit).predict()
    assert list(predicted["date"]) == list(rows.loc[rows["date"] >= folds[0].start, "date"])
    assert len(models) == len(folds)


def test_placebos_are_the_same_for_the_same_seed_and_number():
    rows = draw_entries(1600)
    learner = Learner(rows, build_folds(rows, PLAN), HORIZON, fit)
    assert learner.shuffle(1, 0) == learner.shuffle(1, 0)
    assert len({learner.shuffle(1, 0), learner.shuffle(1, 1), learner.shuffle(2, 0)}) == 3


def test_one_kind_of_outcome_is_nothing_to_learn_from():
    rows = draw_entries(1600).assign(outcome="stop")
    with pytest.raises(InputError, match="found only one kind among"):
        ask(rows)


def test_profits_worked_out_by_hand():
    dates = pd.Series(pd.date_range("2021-01-01", periods=40, freq="1D", tz="UTC"))
    predicted = pd.DataFrame(
        {
            "date": dates,
            "probability": [0.6, 0.4] * 20,
            "profit_ratio": [0.04, -0.02] * 20,
        }
    )
    draws = Draws(dates, np.zeros(40), min_block=1, seed=1)
    found = compare_profits(predicted, 0.5, draws)
    assert (found.taken, found.all_profit, found.taken_profit) == (
        20,
        pytest.approx(0.01),
        pytest.approx(0.04),
    )
    assert found.difference.value == pytest.approx(0.03)
    # A threshold itself is not above it.
    assert compare_profits(predicted, 0.6, draws).taken == 0
    assert compare_profits(predicted, 0.6, draws).difference is None
