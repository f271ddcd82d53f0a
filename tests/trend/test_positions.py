import math

import pytest

from altseason.trend.positions import calculate_change, calculate_weight


@pytest.mark.parametrize(
    ("trend", "volatility", "weight"),
    [
        (1.0, 1.0, 0.25),
        (4 / 7, 0.5, 2 / 7),
        (1.0, 0.1, 1.0),
        (3 / 7, 0.25, 3 / 7),
        (0.0, 1.0, 0.0),
        (1.0, math.nan, 0.0),
        (math.nan, 1.0, 0.0),
        (1.0, 0.0, 0.0),
    ],
)
def test_weight_is_the_trend_at_a_quarter_of_volatility(trend, volatility, weight):
    assert calculate_weight(trend, volatility) == pytest.approx(weight)


@pytest.mark.parametrize(
    ("value", "wanted", "min_stake", "change"),
    [
        (100, 130, None, 30),
        (100, 119, None, 0),
        (100, 60, None, -40),
        (100, 81, None, 0),
        # The exchange's smallest order, of the change and of what would be left.
        (20, 26, 10, 0),
        (20, 31, 10, 11),
        (30, 14, 10, 0),
        (30, 15, 10, -15),
        # An exit is a signal's, and what is unknown changes nothing.
        (100, 0, None, 0),
        (0, 100, None, 0),
        (100, math.nan, None, 0),
    ],
)
def test_position_is_changed_where_it_is_off_by_more_than_a_fifth(value, wanted, min_stake, change):
    assert calculate_change(value, wanted, min_stake) == pytest.approx(change)
