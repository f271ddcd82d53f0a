"""The folds of a walk-forward over labeled entries: each is predicted by what was known before.

An entry's outcome is known up to its label's horizon later. Training on those alone that were known
early would prefer stops and take-profits to what lasted, so the whole horizon is left out before
each fold: purged, as López de Prado has it, Advances in Financial Machine Learning 2018, chapter 7.
"""

from dataclasses import dataclass

import pandas as pd

from altseason.errors import InputError

MIN_TRAIN_ROWS = 1000
MIN_PREDICTED_ROWS = 100
TEST_DAYS = 90


@dataclass(frozen=True)
class Fold:
    """A stretch of time whose entries are predicted.

    :param start: midnight (UTC); the model knows what was known then, and nothing else.
    :param end: from it on the next fold predicts.
    """

    start: pd.Timestamp
    end: pd.Timestamp

    def select_train(self, rows: pd.DataFrame, horizon: pd.Timedelta) -> pd.DataFrame:
        """Return what the model of this fold learns from.

        :param rows: entries with `date`, when they were decided, and `known`, when their outcome
            was.
        :param horizon: how long after `date` an outcome may at most be known.
        """
        return rows[_find_ends(rows, horizon) <= self.start]

    def select_test(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the entries that this fold predicts."""
        return rows[(rows["date"] >= self.start) & (rows["date"] < self.end)]


def build_folds(
    rows: pd.DataFrame, horizon: pd.Timedelta, *, test_days: int = TEST_DAYS
) -> list[Fold]:
    """Return folds of equal length that follow one another, from the first with enough to learn.

    :param rows: as `Fold.select_train` takes them, of all pairs.
    :raises InputError: where there are too few rows to learn from, or to predict.
    """
    if len(rows) < MIN_TRAIN_ROWS:
        raise InputError(
            f"expected at least {MIN_TRAIN_ROWS} labeled entries for meta-labels, found "
            f"{len(rows)}; choose a longer time range or more pairs"
        )
    start = _find_ends(rows, horizon).sort_values().iloc[MIN_TRAIN_ROWS - 1].ceil("1D")
    last = rows["date"].max()
    predicted = int((rows["date"] >= start).sum())
    if predicted < MIN_PREDICTED_ROWS:
        raise InputError(
            f"expected at least {MIN_PREDICTED_ROWS} labeled entries for meta-labels after the "
            f"first {MIN_TRAIN_ROWS}, found {predicted}; choose a longer time range or more pairs"
        )
    starts = pd.date_range(start, last, freq=pd.Timedelta(days=test_days))
    return [Fold(start, start + pd.Timedelta(days=test_days)) for start in starts]


def _find_ends(rows: pd.DataFrame, horizon: pd.Timedelta) -> "pd.Series[pd.Timestamp]":
    """Return when an entry's whole horizon is over; a gap in the candles makes it longer."""
    return rows["known"].where(rows["known"] > rows["date"] + horizon, rows["date"] + horizon)
