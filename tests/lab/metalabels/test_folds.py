"""Folds: what a model may know, and from when on there is enough of it."""

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason_lab.metalabels.folds import Fold, build_folds

HORIZON = pd.Timedelta(hours=48)


def make_rows(count: int, hours: int = 1) -> pd.DataFrame:
    """Entries at even times, each decided within the hour."""
    date = pd.date_range("2021-01-01", periods=count, freq=f"{hours}h", tz="UTC")
    return pd.DataFrame({"date": date, "known": date + pd.Timedelta(hours=1)})


def test_outcomes_that_were_known_early_wait_for_the_whole_horizon():
    rows = make_rows(100)
    fold = Fold(pd.Timestamp("2021-01-04", tz="UTC"), pd.Timestamp("2021-01-05", tz="UTC"))
    # The last one opens two days before, at midnight.
    assert list(fold.select_train(rows, HORIZON).index) == list(range(25))
    assert list(fold.select_test(rows).index) == list(range(72, 96))


def test_outcome_that_a_gap_has_delayed_is_not_learned_before_it_was_known():
    rows = make_rows(100)
    rows.loc[3, "known"] = pd.Timestamp("2021-01-04 01:00", tz="UTC")
    fold = Fold(pd.Timestamp("2021-01-04", tz="UTC"), pd.Timestamp("2021-01-05", tz="UTC"))
    assert 3 not in fold.select_train(rows, HORIZON).index


def test_folds_begin_with_a_thousand_outcomes_and_follow_one_another():
    # The thousandth entry opens 999 hours after the first, on 2021-02-11 at 15:00; two days later
    # its horizon is over, and the next midnight is that of the 14th.
    folds = build_folds(make_rows(6000), HORIZON, test_days=90)
    assert [f"{fold.start:%Y-%m-%d}" for fold in folds] == [
        "2021-02-14",
        "2021-05-15",
        "2021-08-13",
    ]
    assert [fold.end for fold in folds[:-1]] == [fold.start for fold in folds[1:]]
    assert len(folds[0].select_train(make_rows(6000), HORIZON)) >= 1000


@pytest.mark.parametrize(
    ("count", "words"), [(999, "found 999"), (1100, "after the first 1000, found 44")]
)
def test_too_few_entries_are_refused_in_a_line(count: int, words: str):
    # Of 1100 the last opens on 2021-02-15 at 19:00: 24 on the 14th, and 20 on the 15th.
    with pytest.raises(InputError, match=words) as refused:
        build_folds(make_rows(count), HORIZON)
    assert "\n" not in str(refused.value)
