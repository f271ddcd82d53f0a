"""Folds: what a model may know, and from when on there is enough of it."""

from dataclasses import replace

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason_lab.metalabels.folds import Fold, WalkPlan, build_folds

HORIZON = pd.Timedelta(hours=48)
START = pd.Timestamp("2021-01-01", tz="UTC")
PLAN = WalkPlan(START, train_days=1000, test_days=30, horizon=HORIZON)
FOLD = Fold(
    pd.Timestamp("2021-01-04", tz="UTC"),
    pd.Timestamp("2021-01-05", tz="UTC"),
    pd.Timestamp("2021-01-01 05:00", tz="UTC"),
)


def make_rows(count: int) -> pd.DataFrame:
    """Entries of each hour, each decided within an hour."""
    date = pd.date_range(START, periods=count, freq="1h")
    return pd.DataFrame({"date": date, "known": date + pd.Timedelta(hours=1)})


def test_outcomes_that_were_known_early_wait_for_the_whole_horizon():
    # The last one opens two days before the fold, at midnight.
    assert list(FOLD.select_train(make_rows(100), HORIZON).index) == list(range(5, 25))
    assert list(FOLD.select_test(make_rows(100)).index) == list(range(72, 96))


def test_outcome_that_a_gap_has_delayed_is_not_learned_before_it_was_known():
    rows = make_rows(100)
    rows.loc[8, "known"] = pd.Timestamp("2021-01-04 01:00", tz="UTC")
    assert 8 not in FOLD.select_train(rows, HORIZON).index


def test_folds_begin_with_a_thousand_outcomes_and_follow_one_another():
    # 30 days have 720 entries; the fold after 60 days is the first with a thousand before it.
    folds = build_folds(make_rows(3000), PLAN)
    assert [f"{fold.start:%m-%d}" for fold in folds] == ["03-02", "04-01", "05-01"]
    assert [fold.end for fold in folds[:-1]] == [fold.start for fold in folds[1:]]


def test_models_learn_from_as_many_days_as_the_plan_says():
    rows = make_rows(3000)
    folds = build_folds(rows, replace(PLAN, train_days=45))
    for fold in folds:
        train = fold.select_train(rows, HORIZON)
        # 45 days without the last two, each with 24 entries, and the one that opens with these.
        assert len(train) == 43 * 24 + 1
        assert train["date"].min() == fold.start - pd.Timedelta(days=45)


def test_fold_with_nothing_to_predict_is_left_out():
    rows = make_rows(3000)
    quiet = rows["date"].between("2021-04-01", "2021-04-30 23:00")
    folds = build_folds(rows[~quiet], PLAN)
    assert [f"{fold.start:%m-%d}" for fold in folds] == ["03-02", "05-01"]


@pytest.mark.parametrize(
    ("count", "plan", "words"),
    [
        # The last fold begins on 2021-01-31, and knows of 28 days and the entry after them.
        (999, PLAN, "before what is predicted, found at most 673"),
        (3000, replace(PLAN, train_days=40), "in 40 days before .*, found at most 913"),
        # The second fold begins after 1460 entries.
        (1459, replace(PLAN, test_days=59), "to predict for meta-labels, found 43"),
    ],
)
def test_too_few_entries_are_refused_in_a_line(count: int, plan: WalkPlan, words: str):
    with pytest.raises(InputError, match=words) as refused:
        build_folds(make_rows(count), plan)
    assert "\n" not in str(refused.value)
