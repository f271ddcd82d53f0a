"""The calculation of stakes: examples by hand, and properties that hold for every input."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from altseason.risk.sizing import calculate_excess, calculate_stake, calculate_stop_distance

NOT_POSITIVE = [math.nan, math.inf, -math.inf, 0.0, -1.0]
anything = st.floats(allow_nan=True, allow_infinity=True)
extreme = anything | st.sampled_from([5e-324, 1e-308, 1e308])
equities = st.floats(0.01, 1e12)
distances = st.floats(1e-4, 10)
factors = st.floats(1e-6, 0.5)


@pytest.mark.parametrize(
    ("stoploss", "volatility", "multiple", "distance"),
    [
        (-0.05, 0.01, 5.0, 0.05),  # 5 x 1 % is the fixed stop
        (-0.05, 0.03, 5.0, 0.15),  # 5 x 3 % is farther
        (-0.05, 0.002, 5.0, 0.05),  # 5 x 0.2 % = 1 % is nearer
        (0.05, 0.002, 5.0, 0.05),
        (-0.05, 0.03, 2.0, 0.06),
    ],
)
def test_stop_distance_is_the_farther_of_two(
    stoploss: float, volatility: float, multiple: float, distance: float
):
    assert calculate_stop_distance(stoploss, volatility, multiple) == pytest.approx(distance)


@pytest.mark.parametrize("value", NOT_POSITIVE)
def test_stop_distance_is_unknown_without_volatility(value: float):
    assert math.isnan(calculate_stop_distance(-0.05, value, 5.0))


@pytest.mark.parametrize("stoploss", [math.nan, math.inf, 0.0])
def test_stop_distance_is_unknown_without_a_stop(stoploss: float):
    assert math.isnan(calculate_stop_distance(stoploss, 0.01, 5.0))


@given(extreme, extreme, extreme)
def test_stop_distance_is_never_nearer_than_the_stop(
    stoploss: float, volatility: float, multiple: float
):
    distance = calculate_stop_distance(stoploss, volatility, multiple)
    assert math.isnan(distance) or math.inf > distance >= abs(stoploss) > 0


@pytest.mark.parametrize(
    ("distance", "proposed", "min_stake", "max_stake", "stake"),
    [
        # 1000 x 0.02 = 20 USDT may be lost; a fall by 5 % of 400 USDT is 20 USDT.
        (0.05, 990.0, 10.0, 990.0, 400.0),
        # A fall by 15 % of 133.33 USDT is 20 USDT.
        (0.15, 990.0, 10.0, 990.0, 133.3333),
        # Freqtrade's stake, fixed or a quarter of the wallet, is not exceeded.
        (0.05, 250.0, 10.0, 990.0, 250.0),
        (0.05, 250.0, 10.0, 90.0, 90.0),
        # An exchange without a smallest order.
        (0.05, 990.0, None, 990.0, 400.0),
        # Without a largest order.
        (0.05, 990.0, 10.0, math.inf, 400.0),
        # As large as the smallest order is large enough.
        (0.05, 990.0, 400.0, 990.0, 400.0),
    ],
)
def test_stake_of_1000_with_2_percent_at_risk(
    distance: float, proposed: float, min_stake: float | None, max_stake: float, stake: float
):
    found = calculate_stake(
        1000.0, distance, 0.02, proposed=proposed, min_stake=min_stake, max_stake=max_stake
    )
    assert found.amount == pytest.approx(stake)
    assert found.reason == ""


def test_stake_may_be_less_than_one_coin():
    """In Bitcoin: 0.5 x 0.02 = 0.01 may be lost; a fall by 5 % of 0.2 is 0.01."""
    found = calculate_stake(0.5, 0.05, 0.02, proposed=0.495, min_stake=1e-4, max_stake=0.495)
    assert found.amount == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        # 400 USDT are too little; Freqtrade would raise them to 401.
        ({"min_stake": 401.0}, "the stake is below the exchange's minimum"),
        ({"min_stake": math.nan}, "the stake is below the exchange's minimum"),
        *(({"distance": value}, "the stop distance is unknown") for value in NOT_POSITIVE),
        *(({"equity": value}, "there is no equity") for value in NOT_POSITIVE),
        *(({"proposed": value}, "no stake is available") for value in (math.nan, 0.0, -1.0)),
        *(({"max_stake": value}, "no stake is available") for value in (math.nan, 0.0, -1.0)),
        *(({"risk_factor": value}, "no stake is available") for value in (math.nan, 0.0, -1.0)),
    ],
)
def test_stake_is_none_with_its_reason(change: dict[str, float], reason: str):
    inputs = {
        "equity": 1000.0,
        "distance": 0.05,
        "risk_factor": 0.02,
        "proposed": 990.0,
        "min_stake": 10.0,
        "max_stake": 990.0,
    }
    found = calculate_stake(**{**inputs, **change})
    assert found.amount == 0.0
    assert found.reason.startswith(reason)


@given(extreme, extreme, extreme, extreme, st.none() | extreme, extreme)
@example(1e308, 5e-324, 0.5, math.inf, None, math.inf)
@example(5e-324, 1e308, 1e-308, 1.0, 0.0, 1.0)
def test_stake_is_defined_and_keeps_its_bounds_whatever_it_is_given(
    equity: float,
    distance: float,
    risk_factor: float,
    proposed: float,
    min_stake: float | None,
    max_stake: float,
):
    found = calculate_stake(
        equity,
        distance,
        risk_factor,
        proposed=proposed,
        min_stake=min_stake,
        max_stake=max_stake,
    )
    assert (found.amount == 0) == bool(found.reason)
    assert 0 <= found.amount < math.inf
    if found.amount:
        assert found.amount <= min(proposed, max_stake)
        assert min_stake is None or found.amount >= min_stake


@given(
    equities,
    st.floats(0.001, 0.99),
    st.floats(1e-6, 1),
    st.floats(0.01, 100),
    factors,
    equities,
    equities,
)
def test_trade_that_ends_at_its_stop_loses_no_more_than_its_budget(
    equity: float,
    stoploss: float,
    volatility: float,
    multiple: float,
    risk_factor: float,
    proposed: float,
    max_stake: float,
):
    distance = calculate_stop_distance(-stoploss, volatility, multiple)
    found = calculate_stake(
        equity, distance, risk_factor, proposed=proposed, min_stake=None, max_stake=max_stake
    )
    amount, rate = found.amount / 100.0, 100.0
    loss = amount * (rate - rate * (1 - stoploss))
    assert 0 < loss <= risk_factor * equity * (1 + 1e-9)


@pytest.mark.parametrize(
    ("value", "distance", "excess"),
    [
        # The budget is 1000 x 0.02 = 20 USDT.
        (400.0, 0.05, 0.0),  # risks 20, the budget
        (400.0, 0.075, 0.0),  # risks 30, 1.5 times the budget, and not past it
        (800.0, 0.05, 0.5),  # risks 40: half of it is too much
        (400.0, 0.10, 0.5),  # risks 40 since volatility doubled
        (500.0, 0.16, 0.75),  # risks 80: a quarter may stay
    ],
)
def test_excess_brings_risk_back_to_the_budget(value: float, distance: float, excess: float):
    assert calculate_excess(value, 1000.0, distance, 0.02) == pytest.approx(excess)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("value", NOT_POSITIVE)
def test_nothing_is_in_excess_where_a_number_is_unknown(place: int, value: float):
    """Half of this position is too much; without one of the numbers none of it may be sold."""
    inputs = [800.0, 1000.0, 0.05, 0.02]
    inputs[place] = value
    assert calculate_excess(*inputs) == 0.0


@given(extreme, extreme, extreme, extreme)
@example(1e308, 5e-324, 1e308, 1e-308)
def test_excess_is_a_part_whatever_it_is_given(
    value: float, equity: float, distance: float, risk_factor: float
):
    assert 0 <= calculate_excess(value, equity, distance, risk_factor) <= 1


@given(equities, equities, distances, factors)
def test_excess_leaves_the_budget_or_nothing_was_in_excess(
    value: float, equity: float, distance: float, risk_factor: float
):
    excess = calculate_excess(value, equity, distance, risk_factor)
    left, budget = value * (1 - excess) * distance, equity * risk_factor
    if excess:
        assert excess > 1 / 3 - 1e-9  # past 1.5 times the budget, more than a third goes
        # A part so close to 1 has few digits left.
        assert left == pytest.approx(budget, rel=1e-9, abs=1e-12 * value * distance)
    else:
        assert left <= 1.5 * budget * (1 + 1e-9)
