"""Judge a model in one scope: predict out of sample, score, and compare with shuffled labels."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import pandas as pd

from altseason_lab.metalabels.folds import WalkPlan, build_folds
from altseason_lab.metalabels.scores import Draws, Numbers, Scores, find_interval, score
from altseason_lab.metalabels.walk import Fit, Importance, Learner, find_importances
from altseason_lab.study.difference import Interval
from altseason_lab.study.placebo import Rank, find_level

Count = Callable[[], None]


@dataclass(frozen=True)
class Choice:
    """The profit of the entries that a model would have taken, compared with that of all entries.

    Each entry by its label: from the open of the next candle to a barrier, after fees.

    :param threshold: entries with a higher probability are taken.
    :param taken: how many were taken.
    :param all_profit: the mean profit of all entries, a ratio; `taken_profit` is that of those
        taken, None where none was.
    :param difference: between the two means.
    """

    threshold: float
    taken: int
    all_profit: float
    taken_profit: float | None
    difference: Interval | None


@dataclass(frozen=True)
class MetaLabels:
    """The result for a model.

    :param pairs: of the entries.
    :param rows: how many entries were labeled; `independent` is how many they are worth, since
        overlapping labels count only in part.
    :param start: of the first fold; `end` is the date of the last predicted entry.
    :param plan: how the time was divided into folds.
    :param shuffled: the AUC of each placebo.
    :param tests: how many models a study tests; the more, the smaller p has to be.
    """

    model: str
    pairs: tuple[str, ...]
    rows: int
    independent: float
    folds: int
    start: pd.Timestamp
    end: pd.Timestamp
    plan: WalkPlan
    scores: Scores
    choice: Choice
    importances: tuple[Importance, ...]
    shuffled: tuple[float, ...]
    tests: int = 1

    @property
    def rank(self) -> Rank:
        """Return the rank of the model among the placebos, by AUC."""
        return Rank(self.scores.auc.value, self.shuffled)

    @property
    def median_shuffled(self) -> float:
        """Return the median AUC of the placebos."""
        return median(self.shuffled)

    @property
    def level(self) -> float:
        """Return what the p-value must not exceed."""
        return find_level(self.tests)

    @property
    def has_enough(self) -> bool:
        """Return whether any outcome could have been significant with this number of placebos."""
        return self.rank.can_reach(self.level)

    @property
    def tells_apart(self) -> bool:
        """Return whether the probabilities distinguish entries better than chance explains."""
        return self.rank.p_value <= self.level and self.scores.auc.low > 0.5


@dataclass(frozen=True)
class Question:
    """How to judge a model.

    :param features: the names of the columns that it learns from.
    :param plan: how the time is divided into folds.
    :param shuffles: how many placebos it is compared with.
    """

    model: str
    fit: Fit
    features: Sequence[str]
    plan: WalkPlan
    threshold: float
    shuffles: int
    seed: int


def run_meta_labels(rows: pd.DataFrame, question: Question, count: Count) -> MetaLabels:
    """Predict entries out of sample, score the predictions, and test them.

    :param rows: of all pairs: `pair`, `date`, `start`, `known`, `outcome`, `profit_ratio`, `weight`
        and the features.
    :param count: called after each placebo.
    :raises InputError: where there are too few rows.
    """
    rows = rows.sort_values(["date", "pair"], kind="stable", ignore_index=True)
    folds = build_folds(rows, question.plan)
    learner = Learner(rows, folds, question.plan.horizon, question.fit)
    predicted, models = learner.predict()
    draws = draw_days(predicted, question)
    shuffled = []
    for number in range(question.shuffles):
        shuffled.append(learner.shuffle(question.seed, number))
        count()
    return MetaLabels(
        model=question.model,
        pairs=tuple(sorted(rows["pair"].unique())),
        rows=len(rows),
        independent=float(rows["weight"].sum()),
        folds=len(folds),
        start=folds[0].start,
        end=predicted["date"].max(),
        plan=question.plan,
        scores=score(predicted, draws),
        choice=compare_profits(predicted, question.threshold, draws),
        importances=tuple(find_importances(predicted, models, question.features, question.seed)),
        shuffled=tuple(shuffled),
    )


def draw_days(predicted: pd.DataFrame, question: Question) -> Draws:
    """Return resampled days, in blocks that are at least as long as a label."""
    won, base_rate = predicted["won"], predicted["base_rate"]
    gains = (base_rate - won) ** 2 - (predicted["probability"] - won) ** 2
    min_block = math.ceil(question.plan.horizon / pd.Timedelta(days=1))
    return Draws(predicted["date"], gains.to_numpy(dtype=np.float64), min_block, question.seed)


def compare_profits(predicted: pd.DataFrame, threshold: float, draws: Draws) -> Choice:
    """Compare the entries that a model would have taken with all of them."""
    profit: Numbers = predicted["profit_ratio"].to_numpy(dtype=np.float64)
    is_taken = np.asarray(predicted["probability"] > threshold, dtype=np.float64)
    taken, mean = int(is_taken.sum()), float(profit.mean())
    if not taken:
        return Choice(threshold, 0, mean, None, None)
    taken_mean = float(profit[is_taken > 0].mean())
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = draws.average(profit * is_taken) / draws.average(is_taken) - draws.average(profit)
    difference = find_interval(taken_mean - mean, drawn)
    return Choice(threshold, taken, mean, taken_mean, difference)
