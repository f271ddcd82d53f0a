"""Predict entries that a model has not learned from, fold by fold; also with shuffled labels.

The placebo: the outcomes of the training entries are shuffled among them, so that they are
independent of the features. How well such models predict is chance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score

from altseason.errors import InputError
from altseason.learning.features import PREFIX
from altseason.learning.labels import TAKE_PROFIT
from altseason.learning.pool import calculate_uniqueness
from altseason_lab.metalabels.folds import Fold
from altseason_lab.metalabels.scores import Numbers, calculate_auc
from altseason_lab.study.difference import CONFIDENCE, Interval

REPEATS = 10


class Model(Protocol):
    """A fitted model."""

    def predict(self, rows: pd.DataFrame) -> Numbers:
        """Return how likely each entry is to reach the take-profit first."""


# Fits a model to rows with `outcome`, `weight` and the features.
Fit = Callable[[pd.DataFrame], Model]


@dataclass(frozen=True)
class Importance:
    """By how much the AUC falls if a feature's values are shuffled.

    :param fall: the mean over folds, with the interval by Student's t; none for a single fold.
    """

    feature: str
    fall: Interval


@dataclass(frozen=True)
class Learner:
    """Fits a model for each fold to the rows before it.

    :param rows: of all pairs: `pair`, `date`, `start`, `known`, `outcome` and the features.
    :param horizon: the longest time from `date` until an outcome is known.
    """

    rows: pd.DataFrame
    folds: Sequence[Fold]
    horizon: pd.Timedelta
    fit: Fit

    @cached_property
    def parts(self) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
        """Return what each fold learns from, weighted by uniqueness, and what it predicts.

        :raises InputError: where all entries to learn from have the same outcome.
        """
        found = []
        for fold in self.folds:
            train = fold.select_train(self.rows, self.horizon)
            if train["outcome"].eq(TAKE_PROFIT).nunique() < 2:
                raise InputError(
                    f"expected entries that reached their take-profit, and others, before "
                    f"{fold.start:%Y-%m-%d}, found only one kind among {len(train)}"
                )
            # As in a bot, which knows no other entries.
            weight = calculate_uniqueness(train["start"], train["known"])
            found.append((train.assign(weight=weight), fold.select_test(self.rows)))
        return found

    def predict(self) -> "tuple[pd.DataFrame, list[Model]]":
        """Return the entries of all folds as predicted, and the model of each fold.

        :return: the rows with `fold`, `probability`, `base_rate` and `won`.
        """
        models = [self.fit(train) for train, _ in self.parts]
        predicted = [
            test.assign(
                fold=number,
                probability=model.predict(test),
                base_rate=float((train["outcome"] == TAKE_PROFIT).mean()),
                won=(test["outcome"] == TAKE_PROFIT).astype("int64"),
            )
            for number, (model, (train, test)) in enumerate(zip(models, self.parts, strict=True))
        ]
        return pd.concat(predicted, ignore_index=True), models

    def shuffle(self, seed: int, number: int) -> float:
        """Return the AUC of models fitted to shuffled outcomes."""
        random = np.random.default_rng([seed, number])
        predicted = list[pd.DataFrame]()
        for place, (train, test) in enumerate(self.parts):
            dealt = train.assign(outcome=random.permutation(train["outcome"].to_numpy()))
            won = (test["outcome"] == TAKE_PROFIT).astype("int64")
            probability = self.fit(dealt).predict(test)
            predicted.append(pd.DataFrame({"fold": place, "won": won, "probability": probability}))
        return calculate_auc(pd.concat(predicted))


class _Scored:
    """A model in the form that scikit-learn accepts."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def fit(self) -> None:
        """Do nothing: scikit-learn requires a `fit`, but the model is already fitted."""


def find_importances(
    predicted: pd.DataFrame, models: Sequence[Model], features: Sequence[str], seed: int
) -> list[Importance]:
    """Return how important each feature was out of sample, the most important first.

    :param predicted: as `Learner.predict` returns it, and `models`.
    """
    falls = []
    for number, model in enumerate(models):
        fold = predicted[predicted["fold"] == number]
        if fold["won"].nunique() < 2:
            continue
        found = permutation_importance(
            _Scored(model),
            fold[list(features)],
            fold["won"],
            scoring=_score,
            n_repeats=REPEATS,
            random_state=seed,
        )
        falls.append(found.importances_mean)
    means = [_average(np.array(column)) for column in zip(*falls, strict=True)]
    names = [name.removeprefix(PREFIX) for name in features]
    found = [Importance(name, fall) for name, fall in zip(names, means, strict=True)]
    return sorted(found, key=lambda one: -one.fall.value)


def _score(scored: _Scored, features: pd.DataFrame, won: Any) -> float:
    return float(roc_auc_score(won, scored.model.predict(features)))


def _average(falls: Numbers) -> Interval:
    mean, count = float(falls.mean()), len(falls)
    if count < 2:
        return Interval(mean, float("nan"), float("nan"))
    error = float(falls.std(ddof=1)) / np.sqrt(count)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)) * error
    return Interval(mean, mean - reach, mean + reach)
