"""How good probabilities are that were given before their outcomes, and how sure that is.

The days are drawn anew in blocks of random length, each with all of its coins, by the stationary
bootstrap, as in study/difference.py: labels of neighboring days and coins have candles in common.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score

from altseason.errors import InputError
from altseason_lab.study.difference import CONFIDENCE, DRAWS, Interval, draw_days, find_block

BINS = 10
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bin:
    """Entries of similar probabilities, one of `BINS` parts of equal size.

    :param probability: their mean, and `share` how many of them were won, with its interval.
    :param profit: of an entry, the mean after fees.
    """

    probability: float
    share: Interval
    profit: float
    entries: int


@dataclass(frozen=True)
class Calibration:
    """How far probabilities are from what came of them.

    :param error: the expected calibration error: of each bin how far the mean probability is from
        the share that was won, and of these the mean. Naeini, Cooper and Hauskrecht 2015,
        https://doi.org/10.1609/aaai.v29i1.9602
    :param by_chance: what probabilities that are right stay below in 19 of 20 cases: that of the
        days drawn anew, after the true distance of each bin was taken from it.
    """

    error: float
    by_chance: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Scores:
    """What was found of the predicted entries.

    :param won: the share that reached the take-profit first.
    :param auc: how often an entry that was won had the higher probability of two of the same fold,
        the other of which was not; 0.5 by chance. `auc_overall` is that of any two.
    :param brier: the mean squared error of the probabilities.
    :param reference: the same of the base rate: what was won of the entries that each fold's model
        learned from.
    :param gain: the reference less the Brier score; positive where the model is better.
    :param block: the mean length of the blocks, in days.
    """

    entries: int
    won: float
    auc: Interval
    auc_overall: Interval
    brier: Interval
    reference: float
    gain: Interval
    calibration: Calibration
    block: int


class Draws:
    """Days drawn anew, as weights of the entries: how often each entry's day was drawn."""

    def __init__(
        self, dates: "pd.Series[pd.Timestamp]", losses: Numbers, min_block: int, seed: int
    ) -> None:
        """Draw the days.

        :param dates: of the entries.
        :param losses: of the entries, by whose daily sums the length of the blocks is chosen.
        :param min_block: in days: as long as a label may last.
        """
        days = ((dates - dates.min().floor("1D")) // pd.Timedelta(days=1)).to_numpy()
        count = int(days.max()) + 1
        sums = np.bincount(days, weights=losses, minlength=count).astype(np.float64)
        self.block = min(count, max(min_block, math.ceil(find_block(sums))))
        self.weights = np.array(
            [
                np.bincount(drawn, minlength=count)[days]
                for drawn in draw_days(count, self.block, seed)
            ],
            dtype=np.float64,
        )

    def average(self, values: Numbers) -> Numbers:
        """Return the mean of the entries' values in each draw; NaN where it has no entry."""
        return _divide(self.weights @ values, self.weights.sum(axis=1))


def score(predicted: pd.DataFrame, draws: Draws) -> Scores:
    """Score predicted entries.

    :param predicted: `date`, `fold`, `probability`, `base_rate`, `profit_ratio`, and `won`, 1 or 0.
    """
    won, probability = _read(predicted, "won"), _read(predicted, "probability")
    base_rate = _read(predicted, "base_rate")
    errors, others = (probability - won) ** 2, (base_rate - won) ** 2
    as_one = predicted.assign(fold=0)
    reference = float(brier_score_loss(won, base_rate))
    brier = float(brier_score_loss(won, probability))
    return Scores(
        entries=len(predicted),
        won=float(won.mean()),
        auc=find_interval(calculate_auc(predicted), _draw_aucs(predicted, draws)),
        auc_overall=find_interval(calculate_auc(as_one), _draw_aucs(as_one, draws)),
        brier=find_interval(brier, draws.average(errors)),
        reference=reference,
        gain=find_interval(reference - brier, draws.average(others - errors)),
        calibration=calibrate(predicted, draws),
        block=draws.block,
    )


def calculate_auc(predicted: pd.DataFrame) -> float:
    """Return the AUC within folds, each of which counts by its pairs of won and not won.

    Models of different folds may differ in level alone, which says nothing of a single entry.

    :raises InputError: where no fold has both.
    """
    found = [
        (float(won) * (len(fold) - won), fold)
        for _, fold in predicted.groupby("fold")
        if 0 < (won := fold["won"].sum()) < len(fold)
    ]
    if not found:
        raise InputError(
            "expected entries of a fold both that reached their take-profit and that did not, "
            "found none; choose a longer time range or more pairs"
        )
    pairs = sum(weight for weight, _ in found)
    return sum(
        weight / pairs * float(roc_auc_score(fold["won"], fold["probability"]))
        for weight, fold in found
    )


def _draw_aucs(predicted: pd.DataFrame, draws: Draws) -> Numbers:
    """Return the AUC of each draw; scikit-learn's, one draw at a time, takes half a minute."""
    better, pairs = np.zeros(DRAWS), np.zeros(DRAWS)
    for places in predicted.groupby("fold").indices.values():
        fold = predicted.iloc[places]
        wins, comparisons = _count_pairs(fold, draws.weights[:, places])
        better, pairs = better + wins, pairs + comparisons
    return _divide(better, pairs)


def _count_pairs(fold: pd.DataFrame, weights: Numbers) -> tuple[Numbers, Numbers]:
    """Return how often the won entry of a pair has the higher probability, and of how many.

    :param weights: a row for each draw, a column for each entry.
    """
    probability, is_won = _read(fold, "probability"), _read(fold, "won")
    order = np.argsort(probability, kind="stable")
    # A step for each probability that there is.
    starts = np.flatnonzero(np.diff(probability[order], prepend=-np.inf))
    won, lost = (
        np.add.reduceat((weights * kind)[:, order], starts, axis=1) for kind in (is_won, 1 - is_won)
    )
    lower = np.cumsum(lost, axis=1) - lost / 2
    return (won * lower).sum(axis=1), won.sum(axis=1) * lost.sum(axis=1)


def calibrate(predicted: pd.DataFrame, draws: Draws) -> Calibration:
    """Return how far probabilities are from what came of them, in bins of as many entries each."""
    won, probability = _read(predicted, "won"), _read(predicted, "probability")
    profit, places = _read(predicted, "profit_ratio"), cut(probability)
    shares, means = calibration_curve(won, probability, n_bins=BINS, strategy="quantile")
    bins = []
    for share, mean, place in zip(shares, means, np.unique(places), strict=True):
        is_in = (places == place).astype(np.float64)
        drawn = _divide(draws.average(is_in * won), draws.average(is_in))
        interval = find_interval(float(share), drawn)
        mean_profit = float(profit[is_in > 0].mean())
        bins.append(Bin(float(mean), interval, mean_profit, int(is_in.sum())))
    error = measure_error(won, probability, places)
    by_chance = _draw_errors(won - probability, places, draws)
    return Calibration(error, float(np.nanquantile(by_chance, CONFIDENCE)), tuple(bins))


def _draw_errors(distances: Numbers, places: Places, draws: Draws) -> Numbers:
    """Return the calibration error of each draw where the probabilities are right on average."""
    steps = np.eye(BINS)[places]
    means = (distances @ steps) / np.maximum(steps.sum(axis=0), 1)
    centered = steps * (distances - means[places])[:, None]
    errors = np.abs(draws.weights @ centered).sum(axis=1)
    return _divide(errors, draws.weights.sum(axis=1))


def cut(probability: Numbers) -> Places:
    """Return the bin of each probability, as scikit-learn's `calibration_curve` cuts them."""
    edges = np.percentile(probability, np.linspace(0, 1, BINS + 1) * 100)
    return np.asarray(np.searchsorted(edges[1:-1], probability), dtype=np.int64)


def measure_error(won: Numbers, probability: Numbers, places: Places) -> float:
    """Return the expected calibration error of probabilities in their bins."""
    return float(np.abs(np.bincount(places, weights=won - probability)).sum()) / len(won)


def find_interval(value: float, drawn: Numbers) -> Interval:
    """Return a value with the bounds of what was drawn; without these where nothing was."""
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value, float(low), float(high))


def _divide(sums: Numbers, counts: Numbers) -> Numbers:
    """Return means; NaN where there is nothing."""
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def _read(predicted: pd.DataFrame, name: str) -> Numbers:
    return predicted[name].to_numpy(dtype=np.float64)
