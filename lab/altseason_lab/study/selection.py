"""How much of the best result is luck, as it is the best of many.

* The deflated Sharpe ratio: how likely the true Sharpe ratio of the best wallet is above what the
  best of so many trials shows by chance. Bailey and López de Prado 2014,
  https://doi.org/10.3905/jpm.2014.40.5.094
  How far the trials lie apart is at least how far those of a worthless strategy do in so many days:
  the variance of a Sharpe ratio whose true value is zero. Lo 2002,
  https://doi.org/10.2469/faj.v58.n4.2453
* The minimum backtest length, from which follows how many independent trials so many years allow.
  Bailey, Borwein, López de Prado and Zhu 2014, https://doi.org/10.1090/noti1105
* The probability of backtest overfitting: how often the best of one half of the days is below the
  middle in the other half. Bailey, Borwein, López de Prado and Zhu 2017,
  https://doi.org/10.21314/JCF.2016.322
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count

import numpy as np

from altseason_lab.ledger import Trial
from altseason_lab.study.cell import CellResult
from altseason_lab.study.grid import Cell
from altseason_lab.study.metrics import DailyEquity, Returns, find_returns
from altseason_lab.texts import write_span

# The probability of overfitting needs several variants, and a few days in each part.
MIN_VARIANTS, MIN_DAYS, PARTS = 10, 100, 8
NOISE_DRAWS = 50
BAND = (0.05, 0.95)
DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Best:
    """The wallet with the highest Sharpe ratio of a scope.

    :param sharpe: of daily returns, per day.
    :param probability: that its true Sharpe ratio is above what the best of all trials shows by
        chance.
    """

    cell: Cell
    sharpe: float
    probability: float


@dataclass(frozen=True)
class Overfitting:
    """How often the best of one half of the days is below the middle in the other half.

    :param low: the lower bound of the band in which nine of ten values lie if no variant is better
        than another; `high` is the upper one.
    """

    cell: Cell
    variants: int
    probability: float
    low: float
    high: float


@dataclass(frozen=True)
class Selection:
    """What was tried so far, and what follows from it.

    :param trials: how many are in the ledger, this study's among them.
    :param new: how many this study added.
    :param years: of the longest time range of the study.
    :param budget: how many independent trials so many years allow.
    """

    trials: int
    new: int
    years: float
    budget: int
    bests: list[Best]
    overfitting: list[Overfitting]


def has_purgedcv() -> bool:
    """Return whether the package that calculates all this is installed."""
    return find_spec("purgedcv") is not None


def find_selection(
    scopes: Sequence[dict[Cell, CellResult]], trials: Sequence[Trial], new: int, seed: int
) -> Selection:
    """Calculate what follows from the trials in the ledger.

    :param scopes: the results of a study by cell, one mapping for each scope.
    :param trials: all in the ledger.
    :param new: how many of them this study added.
    """
    days = max(len(next(iter(scope.values())).outcome.equity.values) for scope in scopes)
    years = days / DAYS_A_YEAR
    bests = [_find_best(scope, trials) for scope in scopes]
    return Selection(
        trials=len(trials),
        new=new,
        years=years,
        budget=find_budget(years),
        bests=[best for best in bests if best is not None],
        overfitting=[
            measure_overfitting(scope, seed)
            for scope in scopes
            if len(scope) >= MIN_VARIANTS
            and len(next(iter(scope.values())).outcome.equity.values) >= MIN_DAYS
        ],
    )


def find_budget(years: float) -> int:
    """Return how many worthless trials may be made before one shows a Sharpe ratio of 1."""
    from purgedcv import minimum_backtest_length

    return next(number for number in count(1) if minimum_backtest_length(number + 1) > years)


def _find_best(scope: dict[Cell, CellResult], trials: Sequence[Trial]) -> Best | None:
    measured = {
        cell: sharpe
        for cell, result in scope.items()
        if (sharpe := measure_sharpe(result.outcome.equity)) is not None
    }
    if not measured:
        return None
    cell = max(measured, key=lambda one: measured[one])
    result = scope[cell]
    window = write_span(result.start, result.end)
    # All of them have been chances; but how far worthless ones lie apart show only those of the
    # same time, since in another year the market itself had another Sharpe ratio.
    sharpes = [one.sharpe for one in trials if one.is_in(window) and one.sharpe is not None]
    try:
        probability = deflate(find_returns(result.outcome.equity), max(1, len(trials)), sharpes)
    except ValueError:
        # A few days can have a skewness and kurtosis by which its variance would be below zero.
        return None
    return Best(cell, measured[cell], probability)


def deflate(returns: Returns, trials: int, sharpes: Sequence[float]) -> float:
    """Return the deflated Sharpe ratio, a probability.

    :param returns: of each day.
    :param trials: how many there were; that they depend on each other is not taken into account.
    :param sharpes: of the trials of the same time range, per day. Their variance counts, but at
        least that of a Sharpe ratio whose true value is zero.
    """
    from purgedcv import deflated_sharpe_ratio

    variance = float(np.var(sharpes, ddof=1)) if len(sharpes) > 1 else 0.0
    # That of one, or of several that are alike, is about zero, and nothing would be deflated,
    # however many were tried in other time ranges.
    variance = max(variance, 1 / len(returns))
    return float(deflated_sharpe_ratio(returns, trials, variance))


def measure_overfitting(scope: dict[Cell, CellResult], seed: int) -> Overfitting:
    """Measure the probability of backtest overfitting of a scope's variants, and its noise band.

    For the band, days are drawn for all variants at once, with replacement, after each variant's
    mean was subtracted: what they have in common stays, and none is better than another.
    """
    from purgedcv import probability_of_backtest_overfitting

    def measure(matrix: Returns) -> float:
        found = probability_of_backtest_overfitting(matrix, PARTS, metric=_calculate_sharpe)
        return float(found.pbo)

    returns = np.array([find_returns(result.outcome.equity) for result in scope.values()])
    even = returns - returns.mean(axis=1, keepdims=True)
    random = np.random.default_rng(seed)
    days = even.shape[1]
    noise = [measure(even[:, random.integers(days, size=days)]) for _ in range(NOISE_DRAWS)]
    low, high = np.quantile(noise, BAND)
    return Overfitting(next(iter(scope)), len(scope), measure(returns), float(low), float(high))


def measure_sharpe(equity: DailyEquity) -> float | None:
    """Return the Sharpe ratio of daily returns, per day; None where the wallet never changed."""
    returns = find_returns(equity)
    return _calculate_sharpe(returns) if np.ptp(returns) else None


def _calculate_sharpe(returns: Returns) -> float:
    """Return the Sharpe ratio, zero where nothing was earned or lost."""
    # Called some hundred thousand times, for which `mean` takes twice as long.
    average = float(returns.sum()) / len(returns)
    variance = float(np.dot(returns, returns)) / len(returns) - average**2
    return average / math.sqrt(variance) if variance > 0 else 0.0
