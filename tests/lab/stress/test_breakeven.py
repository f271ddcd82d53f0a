"""The search for the cost at which the profit ends, on functions whose root is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altseason_lab.stress.run import MAX_COST, RESOLUTION, find_break_even


def counting(function):
    """Return the function, and the list of what it was asked."""
    asked: list[float] = []

    def profit(cost: float) -> float:
        asked.append(cost)
        return function(cost)

    return profit, asked


@pytest.mark.parametrize("root", [0.5, 1, 3, 7.25, 23, 50, 100, 199.5, 200])
def test_root_of_a_line_is_found_to_the_basis_point(root):
    found = find_break_even(lambda cost: 2 * (root - cost))
    assert root <= found < root + RESOLUTION
    assert found == int(found)


def test_nothing_earned_without_costs_and_everything_at_two_percent():
    profit, asked = counting(lambda cost: -1.0 - cost)
    assert find_break_even(profit) == 0
    assert asked == [0]
    assert find_break_even(lambda cost: 0.0) == 0
    profit, asked = counting(lambda cost: 1.0)
    assert find_break_even(profit) is None
    assert max(asked) == MAX_COST == 200


@given(
    st.floats(0.01, 199.9),
    st.lists(st.floats(0.01, 5), min_size=1, max_size=4),
    st.sets(st.floats(0, 400), max_size=5),
)
def test_falling_broken_line_is_closed_in_on_whatever_the_grid(root, slopes, further):
    def profit(cost: float) -> float:
        """Falls everywhere, in pieces of other slopes, and is 0 at the root."""
        distance = abs(root - cost)
        value, piece = 0.0, 20.0
        for number in range(1 + int(distance // piece)):
            value += slopes[number % len(slopes)] * min(piece, max(distance - number * piece, 0))
        return value if cost < root else -value

    found = find_break_even(profit, further)
    # Up to 1 above, and never below; a point of the grid may be nearer than a whole number.
    assert root <= found <= root + RESOLUTION + 1e-9
    assert profit(found) <= 0
    assert found == int(found) or found in further


@given(st.sets(st.integers(0, 200), min_size=1, max_size=30), st.sets(st.integers(0, 300)))
def test_found_cost_loses_and_the_one_below_earns_however_jagged_the_profit(losing, further):
    profit, asked = counting(lambda cost: -1.0 if cost in losing else 1.0)
    found = find_break_even(profit, map(float, further))
    tried = {cost for cost in asked if cost in losing}
    if found is None:
        assert not tried
        return
    assert found in tried
    assert found == 0 or profit(found - 1) > 0
    # Nothing that was tried loses at a lower cost.
    assert min(tried) == found


def test_lower_of_two_roots_is_found_where_the_grid_shows_it():
    def profit(cost: float) -> float:
        return -1.0 if 14 <= cost <= 16 or cost >= 120 else 1.0

    assert find_break_even(profit) == 120
    assert find_break_even(profit, [15]) == 14


def test_point_of_the_grid_that_is_no_whole_number_is_not_passed_over():
    assert find_break_even(lambda cost: -1.0 if cost == 7.5 else 5.0, [7.5]) == 7.5


def test_grid_above_the_bound_is_left_to_the_table():
    profit, asked = counting(lambda cost: 250 - cost)
    assert find_break_even(profit, [300.0]) is None
    assert 300 not in asked
