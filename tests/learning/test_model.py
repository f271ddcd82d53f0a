"""The pooled fit, on entries with known odds."""

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from altseason.errors import InputError, TooFewRowsError
from altseason.learning.model import MIN_ROWS, fit_pooled, split_rows
from altseason.learning.pool import pool_rows
from tests.learning.rows import FEATURES, HOUR, draw_features, draw_rows, planted

KINDS = ("logistic", "lightgbm")
COUNT = 3300


def auc_interval(auc: float, positive: int, negative: int) -> float:
    """Half of the 99.9 % interval of an AUC, after Hanley and McNeil (1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (positive - 1) * (q1 - auc**2) + (negative - 1) * (q2 - auc**2)
    return 3.29 * float(np.sqrt(spread / (positive * negative)))


def calibration_error(found: Any, happened: Any) -> float:
    """The expected calibration error over ten bins of as many rows each."""
    bins = np.array_split(np.argsort(found), 10)
    gaps = [abs(found[rows].mean() - happened[rows].mean()) * len(rows) for rows in bins]
    return float(sum(gaps) / len(found))


@pytest.mark.parametrize("kind", KINDS)
def test_planted_effect_is_found_and_its_probabilities_are_meant(kind: Any):
    model = fit_pooled(draw_rows(COUNT), kind=kind)
    later = draw_rows(COUNT, seed=2)
    found = model.predict_proba(later)["take_profit"].to_numpy()
    happened = (later["outcome"] == "take_profit").to_numpy()
    truth = roc_auc_score(happened, planted(later))
    assert 0.70 < truth < 0.85
    reached = roc_auc_score(happened, found)
    assert reached > truth - auc_interval(truth, happened.sum(), (~happened).sum())
    assert calibration_error(found, happened) < 0.05
    # Of the probabilities themselves, not of what was drawn by them.
    assert np.abs(found - planted(later)).mean() < 0.07


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_found_where_labels_are_shuffled(kind: Any):
    model = fit_pooled(draw_rows(COUNT, has_effect=False), kind=kind)
    later = draw_rows(COUNT, seed=2, has_effect=False)
    happened = (later["outcome"] == "take_profit").to_numpy()
    found = roc_auc_score(happened, model.predict_proba(later)["take_profit"])
    half = auc_interval(0.5, happened.sum(), (~happened).sum())
    assert abs(found - 0.5) < half
    # The inner test of the fit has fewer rows.
    assert abs(model.inner.auc - 0.5) < 3 * half
    assert model.inner.log_loss > model.inner.base_log_loss - 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_same_rows_and_seed_give_the_same_model_in_any_order(kind: Any):
    rows, features = draw_rows(1500), draw_features(50, 9)
    first = fit_pooled(rows, kind=kind, seed=3).predict_proba(features)
    second = fit_pooled(rows.sample(frac=1, random_state=1), kind=kind, seed=3)
    pd.testing.assert_frame_equal(first, second.predict_proba(features))


@pytest.mark.parametrize("kind", KINDS)
def test_model_can_be_stored(kind: Any):
    model, features = fit_pooled(draw_rows(1500), kind=kind), draw_features(50, 9)
    stored = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    pd.testing.assert_frame_equal(stored.predict_proba(features), model.predict_proba(features))


def test_probabilities_are_of_all_outcomes_and_missing_where_a_feature_is():
    rows = draw_rows(1500)
    rows["outcome"] = rows["outcome"].replace("time_out", "stop")
    features = draw_features(4, 9)
    features.loc[1, "%-c"] = np.nan
    features.loc[2, "%-h"] = np.inf
    found = fit_pooled(rows).predict_proba(features)
    assert list(found.columns) == ["take_profit", "stop", "time_out"]
    assert list(found.isna().any(axis=1)) == [False, True, True, False]
    assert list(found.loc[[0, 3], "time_out"]) == [0, 0]
    assert list(found.loc[[0, 3]].sum(axis=1)) == pytest.approx([1, 1])


def test_rows_count_by_their_weight():
    rows = draw_rows(2000)
    is_ignored = rows["%-b"] > 0
    # The opposite effect in half of the rows, which count for nothing.
    rows.loc[is_ignored, "outcome"] = np.where(rows.loc[is_ignored, "%-a"] > 0, "stop", "time_out")
    rows["weight"] = np.where(is_ignored, 1e-9, 1.0)
    later = draw_rows(2000, seed=2)
    found = fit_pooled(rows).predict_proba(later)["take_profit"]
    assert np.abs(found - planted(later)).mean() < 0.07


def test_fewer_than_a_thousand_rows_are_refused():
    assert MIN_ROWS == 1000
    with pytest.raises(TooFewRowsError, match="found 999 of 4 pairs"):
        fit_pooled(draw_rows(999))
    rows = draw_rows(1000)
    assert fit_pooled(rows).rows == 1000
    # Rows without a label or a feature do not count.
    with pytest.raises(TooFewRowsError, match="found 999"):
        fit_pooled(rows.assign(outcome=rows["outcome"].where(rows.index > 0)))
    with pytest.raises(TooFewRowsError, match="found 999"):
        fit_pooled(rows.assign(**{"%-a": rows["%-a"].where(rows.index > 0)}))


def test_entries_that_all_end_alike_are_refused():
    with pytest.raises(TooFewRowsError, match="different outcomes"):
        fit_pooled(draw_rows(1000).assign(outcome="stop"))


@pytest.mark.parametrize("name", ["weight", "known", "outcome", "pair"])
def test_missing_column_is_named(name: str):
    with pytest.raises(InputError, match=name):
        fit_pooled(draw_rows(1000).drop(columns=name))


def test_frame_without_features_is_refused():
    with pytest.raises(InputError, match="columns that begin with %-"):
        fit_pooled(draw_rows(1000).drop(columns=FEATURES))
    model = fit_pooled(draw_rows(1000))
    with pytest.raises(InputError, match="%-b"):
        model.predict_proba(draw_features(2, 1).drop(columns="%-b"))


def test_no_label_of_the_earlier_rows_reaches_into_the_later_ones():
    rows = draw_rows(1000)
    rows["known"] = rows["date"] + 101 * HOUR
    train, test = split_rows(rows)
    assert len(test) == 200
    # Fifty rows of two hours each, and the one that ends with them, are left out in between.
    assert len(train) == 800 - 50
    assert train["known"].max() <= test["date"].min()


def test_pooled_rows_are_in_the_order_of_time_and_weighed_together():
    one = draw_rows(3).drop(columns="weight")
    # The same times in another pair: each label shares all of its time with one other.
    both = pool_rows([one.assign(pair="B/USDT"), one.assign(pair="A/USDT")])
    assert list(both["pair"]) == ["A/USDT", "B/USDT"] * 3
    assert both["date"].is_monotonic_increasing
    assert list(both["weight"]) == [0.5] * 6
