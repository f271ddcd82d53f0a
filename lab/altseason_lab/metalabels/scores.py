"""How good probabilities are that were predicted before the outcomes, and how certain that is.

Days are resampled in blocks of random length, each with all of its coins, by the stationary
bootstrap, as in study/difference.py: labels of neighboring days and coins share candles.
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
    """Entries with similar probabilities, one of `BINS` groups of equal size.

    :param probability: their mean; `share` is the share that was won, with its interval.
    :param profit: the mean profit of an entry after fees.
    """

    probability: float
    share: Interval
    profit: float
    entries: int


@dataclass(frozen=True)
class Calibration:
    """How far probabilities are from the outcomes.

    :param error: the expected calibration error: the mean distance, over the bins, between the mean
        probability and the share that was won. Naeini, Cooper and Hauskrecht 2015,
        https://doi.org/10.1609/aaai.v29i1.9602
    :param by_chance: the error that correct probabilities stay below in 19 of 20 cases: that of the
        resampled days, after the true distance of each bin was subtracted.
    """

    error: float
    by_chance: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Scores:
    """The scores of predicted entries.

    :param won: the share that reached the take-profit first.
    :param auc: how often, of a won and a lost entry of the same fold, the won one had the higher
        probability; 0.5 by chance. `auc_overall` is the same for any two entries.
    :param brier: the mean squared error of the probabilities.
    :param reference: that of the base rate, which is the share of won entries in what each fold's
        model has learned from.
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
    """Resampled days, as weights of the entries: how often each entry's day was drawn."""

    def __init__(
        self, dates: "pd.Series[pd.Timestamp]", losses: Numbers, min_block: int, seed: int
    ) -> None:
        """Draw the days.

        :param dates: of the entries.
        :param losses: of the entries; their daily sums decide the length of the blocks.
        :param min_block: in days: the longest time that a label lasts.
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
        """Return the mean of the entries' values in each draw; NaN for a draw without entries."""
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
    """Return the AUC within folds, weighted by their number of pairs of a won and a lost entry.

    Models of different folds may differ in their level, which says nothing about a single entry.

    :raises InputError: where no fold has both.
    """
    found = [
        (float(won) * (len(fold) - won), fold)
        for _, fold in predicted.groupby("fold")
        if 0 < (won := fold["won"].sum()) < len(fold)
    ]
    if not found:
        raise InputError(
            "expected a fold with entries that reached their take-profit and others that did not, "
            "found none; choose a longer time range or more pairs"
        )
    pairs = sum(weight for weight, _ in found)
    return sum(
        weight / pairs * float(roc_auc_score(fold["won"], fold["probability"]))
        for weight, fold in found
    )


def _draw_aucs(predicted: pd.DataFrame, draws: Draws) -> Numbers:
    """Return the AUC of each draw; by scikit-learn, one at a time, it would take half a minute."""
    better, pairs = np.zeros(DRAWS), np.zeros(DRAWS)
    for places in predicted.groupby("fold").indices.values():
        fold = predicted.iloc[places]
        wins, comparisons = _count_pairs(fold, draws.weights[:, places])
        better, pairs = better + wins, pairs + comparisons
    return _divide(better, pairs)


def _count_pairs(fold: pd.DataFrame, weights: Numbers) -> tuple[Numbers, Numbers]:
    """Return in how many pairs the won entry has the higher probability, and how many there are.

    :param weights: a row for each draw, a column for each entry.
    """
    probability, is_won = _read(fold, "probability"), _read(fold, "won")
    order = np.argsort(probability, kind="stable")
    # One step for each distinct probability.
    starts = np.flatnonzero(np.diff(probability[order], prepend=-np.inf))
    won, lost = (
        np.add.reduceat((weights * kind)[:, order], starts, axis=1) for kind in (is_won, 1 - is_won)
    )
    lower = np.cumsum(lost, axis=1) - lost / 2
    return (won * lower).sum(axis=1), won.sum(axis=1) * lost.sum(axis=1)


def calibrate(predicted: pd.DataFrame, draws: Draws) -> Calibration:
    """Return how far probabilities are from the outcomes, in bins of equally many entries."""
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
    """Return the calibration error of each draw if the probabilities were correct on average."""
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
    """Return a value with the bounds of its draws; NaN for the bounds where there are none."""
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value, float(low), float(high))


def _divide(sums: Numbers, counts: Numbers) -> Numbers:
    """Return quotients; NaN where the count is zero."""
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def _read(predicted: pd.DataFrame, name: str) -> Numbers:
    return predicted[name].to_numpy(dtype=np.float64)
