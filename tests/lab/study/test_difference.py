"""Differences of wallets, against what follows from how they were made."""

from datetime import date

import numpy as np
import pytest

from altseason_lab.study.difference import Interval, compare, compare_all, find_p_values
from altseason_lab.study.metrics import DailyEquity

START = date(2021, 1, 1)
DAYS = 1500


def wallet(returns: np.ndarray) -> DailyEquity:
    return DailyEquity(START, tuple(1000 * np.cumprod(1 + returns)), 1000.0)


def test_difference_of_independent_days_has_the_error_of_their_mean():
    random = np.random.default_rng(1)
    market = random.normal(0.001, 0.03, DAYS)
    gated = market + random.normal(0.0, 0.01, DAYS)
    found = compare(wallet(gated), wallet(market), seed=1)
    assert found is not None
    assert found.days == DAYS
    changes = np.log1p(gated) - np.log1p(market)
    assert found.growth.value == pytest.approx(changes.mean() * 365)
    error = changes.std() / DAYS**0.5 * 365
    assert found.growth.high - found.growth.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    # What both have in common is no difference: it is drawn for both at once.
    assert error < 0.5 * market.std() / DAYS**0.5 * 365
    assert found.detectable == pytest.approx(2.802 * error, rel=0.1)
    ratios = [values.mean() / values.std() * 365**0.5 for values in (gated, market)]
    assert found.sharpe.value == pytest.approx(ratios[0] - ratios[1])


def test_drawdown_of_a_gate_that_was_closed_in_the_fall_is_smaller():
    market = np.full(100, 0.001)
    market[50:60] = -0.05
    gated = market.copy()
    gated[50:60] = 0
    found = compare(wallet(gated), wallet(market), seed=1)
    assert found is not None
    assert found.drawdown.value == pytest.approx(-(1 - 0.95**10))
    assert found.drawdown.high <= 0


def test_same_days_or_too_few_are_no_difference():
    returns = np.linspace(-0.01, 0.01, DAYS)
    assert compare(wallet(returns), wallet(returns), seed=1) is None
    assert compare(wallet(returns[:15]), wallet(returns[:15] / 2), seed=1) is None
    with pytest.raises(ValueError, match="two wallets of the same days"):
        compare(wallet(returns), wallet(returns[1:]), seed=1)


def test_wallet_that_never_traded_can_be_compared():
    returns = np.random.default_rng(2).normal(-0.001, 0.02, 200)
    found = compare(wallet(np.zeros(200)), wallet(returns), seed=1)
    assert found is not None
    assert found.growth.value == pytest.approx(-np.log1p(returns).mean() * 365)


def test_interval_of_one_growth_excludes_zero_exactly_where_its_p_value_is_small():
    random = np.random.default_rng(4)
    clear = []
    for _ in range(60):
        # Few days with large moves, as of a gate that is seldom closed: the draws are skewed.
        market = np.where(random.random(120) < 0.05, -0.08, 0.001)
        gated = np.where(random.random(120) < 0.6, market, 0.0)
        found = compare(wallet(gated), wallet(market), seed=1)
        assert found is not None
        assert found.growth.has_zero == (found.p_value > 0.05)
        clear.append(found.is_clear)
    assert {True, False} == set(clear)


def test_p_value_counts_the_largest_of_all_differences():
    """Four draws of two differences, whose standard errors are 1 and 2, by hand.

    In standard errors, the draws are off by 1, 1, 1, 1 and by 1, 1, 1, 1, the first differences
    themselves by 3 and 0.5. A third with one large draw is off by 0, 0, 0 and 2.
    """
    values = np.array([3.0, 1.0])
    drawn = np.array([[4.0, 2.0, 4.0, 2.0], [3.0, -1.0, -1.0, 3.0]])
    assert find_p_values(values, drawn).tolist() == [1 / 5, 1.0]
    # Beside it, 1.5 standard errors are exceeded in one draw of four, and not in none.
    assert find_p_values(np.array([1.5]), np.array([[2.5, 0.5, 2.5, 0.5]])).tolist() == [1 / 5]
    uneven = np.array([0.0, 0.0, 0.0, 4.0])
    both = find_p_values(np.array([1.5, 0.0]), np.array([[2.5, 0.5, 2.5, 0.5], uneven]))
    assert both.tolist() == [2 / 5, 1.0]


def test_one_of_many_that_is_clear_alone_is_chance_among_them():
    """Twenty gates without any effect: by itself one in twenty is clear, of all of them none."""
    random = np.random.default_rng(5)
    market = random.normal(0.001, 0.03, DAYS)
    gates = {number: market + random.normal(0.0, 0.01, DAYS) for number in range(20)}
    best = max(gates, key=lambda number: (gates[number] - market).mean())
    # To three standard errors, which by chance one of 370 has alone.
    error = (gates[best] - market).std() / DAYS**0.5
    gates[best] += 2.5 * error - (gates[best] - market).mean()
    pairs = {number: (wallet(gated), wallet(market)) for number, gated in gates.items()}
    alone, found = compare(*pairs[best], seed=1), compare_all(pairs, seed=1)
    assert alone is not None
    assert alone.is_clear
    assert (alone.compared, found[best].compared) == (1, 20)
    assert not found[best].growth.has_zero
    assert found[best].p_value > 0.05
    assert not any(one.is_clear for one in found.values())
    # A large effect stays clear.
    gates[best] += 4 * error
    found = compare_all({**pairs, best: (wallet(gates[best]), wallet(market))}, seed=1)
    assert [number for number, one in found.items() if one.is_clear] == [best]


def test_gates_that_are_alike_count_for_few():
    random = np.random.default_rng(6)
    market = random.normal(0.001, 0.03, DAYS)
    gated = market + random.normal(0.0006, 0.01, DAYS)
    alike = {
        number: (wallet(gated + random.normal(0, 1e-5, DAYS)), wallet(market))
        for number in range(14)
    }
    alone = compare(*alike[0], seed=1)
    assert alone is not None
    found = compare_all(alike, seed=1)[0]
    assert found.p_value == pytest.approx(alone.p_value, abs=0.01)
    assert found.p_value < 14 * alone.p_value


def test_interval_around_zero_has_it():
    assert Interval(0.1, -0.1, 0.3).has_zero
    assert not Interval(0.2, 0.1, 0.3).has_zero
