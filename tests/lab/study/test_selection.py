"""Luck of the best of many, against published examples and what follows from chance."""

from dataclasses import replace
from datetime import date
from itertools import combinations
from math import exp
from statistics import NormalDist

import numpy as np
import pytest

from altseason_lab.ledger import Trial, write_scope
from altseason_lab.study.grid import Cell, Scope
from altseason_lab.study.metrics import DailyEquity
from altseason_lab.study.selection import (
    deflate,
    find_budget,
    find_selection,
    measure_overfitting,
    measure_sharpe,
)
from tests.lab.study.test_command import OUTCOME, RESULT

SCOPE = Scope("20200101-", ())
# That of `RESULT`.
WINDOW = "2022-01-01 to 2022-02-01"


def cell(number: int) -> Cell:
    return Cell(SCOPE, "falling", settings=(("gate_sma_days", number),))


def results(returns: np.ndarray) -> dict:
    """Return a result for each row of daily returns."""
    return {
        cell(number): replace(RESULT, outcome=replace(OUTCOME, equity=wallet(row)))
        for number, row in enumerate(returns)
    }


def wallet(returns: np.ndarray) -> DailyEquity:
    return DailyEquity(date(2020, 1, 1), tuple(1000 * np.cumprod(1 + returns)), 1000.0)


def trial(number: int, sharpe: float | None, window: str = WINDOW) -> Trial:
    return Trial(str(number), "study", "Any", "", write_scope(window, ["ETH/USDT"]), 1000, sharpe)


def test_published_example_of_the_deflated_sharpe_ratio():
    """Bailey and Lopez de Prado 2014: 100 trials, an annual Sharpe ratio of 2.5, 1,250 days.

    The variance of the trials' annual Sharpe ratios is 1/2, a year has 250 days. The skewness -3
    and the kurtosis 10 leave two values only, the lower one on 105 of the days. They find 0.9004.
    """
    share = (13 - 117**0.5) / 26
    falls = round(share * 1250)
    returns = np.full(1250, (share / (1 - share)) ** 0.5)
    returns[:falls] = -(((1 - share) / share) ** 0.5)
    returns = (returns - returns.mean()) / returns.std() + 2.5 / 250**0.5
    spread = np.array([-1.0, 1.0]) * (0.5 / 250) ** 0.5 / 2**0.5
    assert np.var(spread, ddof=1) == pytest.approx(0.5 / 250)
    assert deflate(returns / 100, 100, list(spread)) == pytest.approx(0.9004, abs=0.002)


def test_five_years_carry_45_trials_as_published():
    """Bailey, Borwein, Lopez de Prado and Zhu 2014."""
    assert find_budget(5.0) == 45
    assert find_budget(4.0) == 25
    assert find_budget(0.1) == 1


def test_best_of_noise_is_no_better_than_luck_and_skill_is():
    random = np.random.default_rng(1)
    noise = random.normal(0, 0.02, (20, 1461))
    trials = [trial(number, float(row.mean() / row.std())) for number, row in enumerate(noise)]
    selection = find_selection([results(noise)], trials, new=5, seed=1)
    assert (selection.trials, selection.new, selection.budget) == (20, 5, 25)
    assert selection.years == pytest.approx(4)
    [best] = selection.bests
    assert best.cell == cell(int(np.argmax(noise.mean(axis=1) / noise.std(axis=1))))
    assert 0.1 < best.probability < 0.9
    skilled = noise.copy()
    skilled[7] += 0.004
    [best] = find_selection([results(skilled)], trials, new=0, seed=1).bests
    assert best.cell == cell(7)
    assert best.probability > 0.99


def test_trials_of_another_window_are_counted_but_not_compared():
    """By hand: of four trials, the two of this window have a variance of 0.02.

    Returns of two values that are equally frequent have a skewness of 0 and a kurtosis of 1, so
    that the variance of their Sharpe ratio, here 0.1, is 1 by the days less one.
    """
    returns = np.tile([1.0, -1.0], 200) * 0.01 + 0.001
    trials = [trial(1, 0.0), trial(2, 0.2)]
    trials += [
        trial(3, -0.5, "2018-01-01 to 2019-01-01"),
        trial(4, 0.7, "2020-01-01 to 2021-01-01"),
    ]
    [best] = find_selection([results(returns[np.newaxis])], trials, new=0, seed=1).bests
    assert best.sharpe == pytest.approx(0.1)
    threshold = 0.02**0.5 * find_largest(4)
    expected = NormalDist().cdf((0.1 - threshold) * 399**0.5)
    assert best.probability == pytest.approx(expected, abs=1e-4)


def find_largest(trials: int) -> float:
    """Return the expected maximum of so many standard normal values, as published."""
    normal, gamma = NormalDist(), 0.5772156649
    return (1 - gamma) * normal.inv_cdf(1 - 1 / trials) + gamma * normal.inv_cdf(
        1 - 1 / (trials * exp(1))
    )


@pytest.mark.parametrize("sharpes", [[], [0.1], [0.1, 0.1]])
def test_spread_of_few_trials_is_that_of_chance(sharpes: list[float]):
    """By hand: of 400 days, a Sharpe ratio whose true value is zero has a variance of 1/400.

    Returns of two values that are equally frequent have a skewness of 0 and a kurtosis of 1.
    """
    returns = np.tile([1.0, -1.0], 200) * 0.01 + 0.001
    for trials in (2, 500):
        expected = NormalDist().cdf((0.1 - (1 / 400) ** 0.5 * find_largest(trials)) * 399**0.5)
        assert deflate(returns, trials, sharpes) == pytest.approx(expected, abs=1e-4)
    assert deflate(returns, 500, sharpes) < 0.2 < 0.97 < deflate(returns, 1, sharpes)


@pytest.mark.parametrize(
    ("window", "is_same"),
    [
        (WINDOW, True),
        ("2022-01-01 to 2022-01-31", True),
        ("2022-01-01 to 2022-01-30", False),
        ("2022-01-02 to 2022-02-01", False),
        ("2022", False),
    ],
)
def test_end_of_a_window_may_be_written_as_the_next_day(window: str, is_same: bool):
    """Whether the candle at which a time range ends is stored decides which one is written."""
    assert trial(1, 0.1, window).is_in(WINDOW) is is_same
    assert trial(1, 0.1, WINDOW).is_in(window) is is_same


def test_one_trial_is_not_deflated():
    """Then it is how likely the Sharpe ratio is above zero: here by 2 standard errors."""
    returns = np.tile([1.0, -1.0], 500) * 0.01
    returns += 2 / 1000**0.5 * 0.01
    assert deflate(returns, 1, [0.5]) == pytest.approx(0.977, abs=0.002)


def test_few_days_of_which_no_probability_follows_have_no_best():
    """By their skewness and kurtosis the variance of their Sharpe ratio would be below zero."""
    scope = results(np.array([[0.01, 0.0, 0.0]]))
    assert find_selection([scope], [trial(1, 0.5)], 1, seed=1).bests == []


def test_overfitting_is_within_the_noise_without_skill_and_below_it_with():
    random = np.random.default_rng(3)
    noise = random.normal(0, 0.02, (10, 500)) + random.normal(0, 0.02, 500)
    without = measure_overfitting(results(noise), seed=1)
    assert without.variants == 10
    assert without.low - 0.05 <= without.probability <= without.high + 0.05
    assert 0.0 < without.low < 0.5 < without.high < 1.0
    noise[4] += 0.01
    assert measure_overfitting(results(noise), seed=1).probability == 0 < without.low


def test_overfitting_is_how_often_the_best_of_half_the_days_is_below_the_median_in_the_others():
    """Counted by hand, as in Bailey, Borwein, Lopez de Prado and Zhu (2017), section 3."""
    random = np.random.default_rng(5)
    returns = random.normal(0, 0.02, (11, 240))
    parts = np.array_split(np.arange(240), 8)
    worse = []
    for chosen in combinations(range(8), 4):
        inside = np.concatenate([parts[part] for part in chosen])
        outside = np.concatenate([parts[part] for part in range(8) if part not in chosen])
        ratios = [
            returns[:, days].mean(axis=1) / returns[:, days].std(axis=1)
            for days in (inside, outside)
        ]
        best = ratios[0].argmax()
        # Of eleven, five are below the median.
        worse.append((ratios[1] < ratios[1][best]).sum() < 5)
    found = measure_overfitting(results(returns), seed=1)
    assert len(worse) == 70
    assert 0 < np.mean(worse) < 1
    assert found.probability == pytest.approx(np.mean(worse))


def test_overfitting_needs_ten_variants_and_a_hundred_days():
    random = np.random.default_rng(4)
    for shape, count in (((9, 200), 0), ((10, 99), 0), ((10, 100), 1)):
        scope = results(random.normal(0, 0.02, shape))
        assert len(find_selection([scope], [trial(1, 0.1)], 1, seed=1).overfitting) == count


def test_wallet_that_never_changed_has_no_sharpe_ratio():
    assert measure_sharpe(wallet(np.zeros(10))) is None
    assert find_selection([results(np.zeros((2, 10)))], [trial(1, None)], 1, seed=1).bests == []
    returns = np.array([0.01, 0.03])
    assert measure_sharpe(wallet(returns)) == pytest.approx(2.0)
