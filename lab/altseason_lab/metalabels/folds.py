"""The folds of a walk-forward over labeled entries: each is predicted from what was known before.

They are those of FreqAI's own backtest: a model learns from a number of days, and predicts the
next ones. An entry's outcome becomes known up to its label's horizon later. Training only on those
that became known early would prefer quick stops and take-profits to entries that lasted, so the
whole horizon before each fold is left out: purged, see López de Prado, Advances in Financial
Machine Learning 2018, chapter 7.
"""

from dataclasses import dataclass

import pandas as pd

from altseason.errors import InputError
from altseason.learning.model import MIN_ROWS

MIN_PREDICTED_ROWS = 100


@dataclass(frozen=True)
class WalkPlan:
    """How a stretch of time is divided into folds.

    :param start: of the first fold (UTC).
    :param train_days: how many days before its start a fold's model learns from.
    :param test_days: how many days a fold predicts; not necessarily a whole number.
    :param horizon: the longest time after an entry's `date` until its outcome is known.
    """

    start: pd.Timestamp
    train_days: int
    test_days: float
    horizon: pd.Timedelta


@dataclass(frozen=True)
class Fold:
    """A stretch of time whose entries are predicted.

    :param start: the model uses only what was known then.
    :param end: from then on the next fold predicts.
    :param first: the model learns from entries that were decided from then on.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    first: pd.Timestamp

    def select_train(self, rows: pd.DataFrame, horizon: pd.Timedelta) -> pd.DataFrame:
        """Return the entries that the model of this fold learns from.

        :param rows: entries with `date`, when they were decided, and `known`, when their outcome
            became known.
        """
        is_over = (rows["date"] + horizon <= self.start) & (rows["known"] <= self.start)
        return rows[is_over & (rows["date"] >= self.first)]

    def select_test(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the entries that this fold predicts."""
        return rows[(rows["date"] >= self.start) & (rows["date"] < self.end)]


def build_folds(rows: pd.DataFrame, plan: WalkPlan) -> list[Fold]:
    """Return the folds that have enough entries to learn from and some to predict.

    :param rows: as in `Fold.select_train`, of all pairs.
    :raises InputError: where there are too few rows to learn from, or to predict.
    """
    length = pd.Timedelta(days=plan.test_days)
    train = pd.Timedelta(days=plan.train_days)
    starts = pd.date_range(plan.start, max(plan.start, rows["date"].max()), freq=length)
    folds = [Fold(start, start + length, start - train) for start in starts]
    known = [len(fold.select_train(rows, plan.horizon)) for fold in folds]
    if max(known) < MIN_ROWS:
        raise InputError(
            f"expected at least {MIN_ROWS} labeled entries for meta-labels in {plan.train_days} "
            f"days before what is predicted, found at most {max(known)}; choose more pairs, a "
            f"longer time range or more freqai.train_period_days"
        )
    used = [fold for fold, count in zip(folds, known, strict=True) if count >= MIN_ROWS]
    predicted = {fold: len(fold.select_test(rows)) for fold in used}
    if sum(predicted.values()) < MIN_PREDICTED_ROWS:
        raise InputError(
            f"expected at least {MIN_PREDICTED_ROWS} labeled entries to predict for meta-labels, "
            f"found {sum(predicted.values())}; choose more pairs or a longer time range"
        )
    return [fold for fold, count in predicted.items() if count]
