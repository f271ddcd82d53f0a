"""Scores of probabilities, against values worked out by hand and scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from altseason.errors import InputError
from altseason_lab.metalabels.scores import (
    DRAWS,
    Draws,
    _draw_aucs,
    calculate_auc,
    cut,
    measure_error,
    score,
)
from tests.lab.metalabels.entries import probability_of


def make_predicted(
    probability: list[float], won: list[int], fold: list[int] | None = None, hours: int = 24
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "date": pd.date_range("2021-01-01", periods=len(won), freq=f"{hours}h", tz="UTC"),
            "probability": probability,
            "won": won,
            "fold": fold or [0] * len(won),
            "base_rate": 0.5,
            "profit_ratio": [0.1 if one else -0.05 for one in won],
        }
    )


def draw(predicted: pd.DataFrame, min_block: int = 1) -> Draws:
    losses = np.random.default_rng(1).normal(size=len(predicted))
    return Draws(predicted["date"], losses, min_block, seed=1)


def test_folds_that_all_end_alike_are_refused_not_scored_as_the_worst():
    with pytest.raises(InputError, match="that reached their take-profit and others that did not"):
        calculate_auc(make_predicted([0.2, 0.3, 0.4, 0.5], [1, 1, 0, 0], [0, 0, 1, 1]))


def test_auc_compares_pairs_of_the_same_fold_alone():
    # Fold 0: of 2 x 2 pairs three are in order. Fold 1: of 1 x 2 one is, and one is a tie.
    predicted = make_predicted(
        [0.9, 0.3, 0.5, 0.1, 0.02, 0.02, 0.01], [1, 1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 1, 1]
    )
    assert calculate_auc(predicted) == pytest.approx((3 + 1.5) / 6)


def test_fold_without_a_winner_says_nothing():
    predicted = make_predicted([0.9, 0.1, 0.5, 0.4], [1, 0, 0, 0], [0, 0, 1, 1])
    assert calculate_auc(predicted) == 1.0


def test_auc_of_a_draw_is_that_of_scikit_learn_with_its_days_repeated():
    random = np.random.default_rng(1)
    predicted = make_predicted(
        list(random.integers(1, 9, 300) / 10), list(random.integers(0, 2, 300)), hours=6
    )
    draws = draw(predicted)
    found = _draw_aucs(predicted, draws)
    for number in (0, 1, DRAWS - 1):
        expected = roc_auc_score(
            predicted["won"], predicted["probability"], sample_weight=draws.weights[number]
        )
        assert found[number] == pytest.approx(expected)


def test_all_entries_of_a_day_are_drawn_together():
    predicted = make_predicted([0.5] * 400, [0, 1] * 200, hours=6)
    weights = draw(predicted, min_block=5).weights
    by_day = weights.reshape(DRAWS, 100, 4)
    assert (by_day == by_day[:, :, :1]).all()
    assert (weights.sum(axis=1) == 400).all()
    # Blocks of five days on average: a day is followed by its successor in four of five cases.
    assert np.unique(weights)[-1] > 4


def test_error_of_calibration_is_the_mean_distance_of_bins_by_their_size():
    # |0.2 - 1/2| in the first bin of two, |0.6 - 2/3| in the second of three: (0.6 + 0.2) / 5.
    probability, won = np.array([0.1, 0.3, 0.5, 0.6, 0.7]), np.array([0, 1.0, 1, 1, 0])
    places = np.array([0, 0, 1, 1, 1])
    assert measure_error(won, probability, places) == pytest.approx(0.16)


def test_bins_have_as_many_entries_each():
    assert list(np.bincount(cut(np.linspace(0, 1, 1000)))) == [100] * 10


def test_scores_worked_out_by_hand():
    # Squared errors 0.01, 0.04, 0.09, 0.16; those of the base rate of a half are all 0.25.
    predicted = make_predicted([0.9, 0.2, 0.7, 0.4], [1, 0, 1, 0])
    found = score(predicted, draw(predicted))
    assert found.brier.value == pytest.approx(0.075)
    assert found.reference == pytest.approx(0.25)
    assert found.gain.value == pytest.approx(0.175)
    assert found.auc.value == 1.0
    assert (found.entries, found.won) == (4, 0.5)
    # Each entry is a bin of its own: the mean of 0.1, 0.2, 0.3 and 0.4.
    assert found.calibration.error == pytest.approx(0.25)
    assert [one.profit for one in found.calibration.bins] == [-0.05, -0.05, 0.1, 0.1]


def test_right_probabilities_are_within_chance_and_wrong_ones_are_not():
    random = np.random.default_rng(2)
    right = probability_of(random.normal(size=3000))
    won = list((random.random(3000) < right).astype(int))
    predicted = make_predicted(list(right), won, hours=6)
    found = score(predicted, draw(predicted)).calibration
    assert found.error < min(found.by_chance, 0.05)
    bold = make_predicted(list(np.clip(1.5 * right - 0.1, 0, 1)), won, hours=6)
    wrong = score(bold, draw(bold)).calibration
    assert wrong.error > max(wrong.by_chance, 0.05)


def test_interval_of_independent_days_is_that_of_theory():
    # The standard error of the mean of 1000 squared errors of independent days.
    random = np.random.default_rng(3)
    predicted = make_predicted(list(random.random(1000)), list(random.integers(0, 2, 1000)))
    errors = (predicted["probability"] - predicted["won"]) ** 2
    found = score(predicted, draw(predicted)).brier
    assert found.high - found.low == pytest.approx(2 * 1.96 * errors.std() / np.sqrt(1000), rel=0.1)


def test_interval_of_coins_that_move_together_is_wider():
    # Ten coins a day with one outcome are one day.
    random = np.random.default_rng(4)
    probability, won = list(random.random(200)), list(random.integers(0, 2, 200))
    alone = make_predicted(probability, won)
    copies = pd.concat([alone] * 10).sort_values("date", ignore_index=True)
    one = score(alone, draw(alone)).auc
    ten = score(copies, draw(copies)).auc
    assert ten.high - ten.low == pytest.approx(one.high - one.low, rel=0.15)


def test_chance_of_calibration_counts_coins_that_move_together_once():
    random = np.random.default_rng(6)
    right = random.random(400)
    won = (random.random(400) < right).astype(int)
    alone = make_predicted(list(right), list(won))
    copies = pd.concat([alone] * 10).sort_values("date", ignore_index=True)
    one, ten = (score(part, draw(part)).calibration for part in (alone, copies))
    assert ten.error == pytest.approx(one.error)
    assert ten.by_chance == pytest.approx(one.by_chance, rel=0.1)
    # By theory, of ten bins: the mean of ten absolute normals of deviation (p(1-p)/40)^0.5 is 0.049
    # on average, and seldom more than half as much again.
    assert 0.049 < one.by_chance < 0.085


def test_interval_without_an_effect_has_a_half_in_it_about_as_often_as_it_says():
    # Days of six coins that are mostly won together: one of twenty intervals is to miss a half.
    random = np.random.default_rng(5)
    missed = 0
    for _ in range(10):
        day = random.normal(size=150)
        won = (day.repeat(6) + random.normal(size=900) > 1).astype(int)
        probability = random.normal(size=150).repeat(6) + random.normal(size=900)
        predicted = make_predicted(list(1 / (1 + np.exp(-probability))), list(won))
        days = pd.to_timedelta(np.arange(150).repeat(6), unit="D")
        predicted["date"] = pd.Timestamp("2021-01-01", tz="UTC") + days
        found = score(predicted, draw(predicted)).auc
        missed += not found.low < 0.5 < found.high
    assert missed <= 2
