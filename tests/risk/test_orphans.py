"""Coins in the wallet that no open trade explains."""

import pytest

from altseason.risk.orphans import calculate_orphan


@pytest.mark.parametrize(
    ("held", "explained", "orphan"),
    [
        (0.5, [], 0.5),  # 1000 USDT of coins, and no trade
        (0.5, [0.3, 0.2], 0.0),
        (0.5, [0.3], 0.2),  # 400 USDT
        (0.5, [0.6], 0.0),  # less than the trades say: fees were taken
        (0.0024, [], 0.0),  # 4.80 USDT is less than the smallest order of 5
        (0.0025, [], 0.0025),  # 5 USDT are not
        (0.0, [], 0.0),
    ],
)
def test_orphan_is_what_is_more_than_dust_and_unexplained(
    held: float, explained: list[float], orphan: float
):
    assert calculate_orphan(held, explained, price=2000.0, dust=5.0) == pytest.approx(orphan)


def test_nothing_held_is_no_orphan_where_the_exchange_has_no_smallest_order():
    assert calculate_orphan(0.0, [], price=2000.0, dust=0.0) == 0.0


def test_what_floats_leave_of_a_difference_is_no_orphan_there_either():
    # 0.1 + 0.2 is 0.30000000000000004.
    assert calculate_orphan(0.1 + 0.2, [0.3], price=2000.0, dust=0.0) == 0.0
    assert calculate_orphan(0.3001, [0.3], price=2000.0, dust=0.0) == pytest.approx(0.0001)
