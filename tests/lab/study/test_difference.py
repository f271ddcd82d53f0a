"""Differences of wallets, against what follows from how they were made."""

from datetime import date

import numpy as np
import pytest

from altseason_lab.study.difference import Interval, compare
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


def test_interval_around_zero_has_it():
    assert Interval(0.1, -0.1, 0.3).has_zero
    assert not Interval(0.2, 0.1, 0.3).has_zero
