"""Coins in the wallet that no open trade accounts for."""

from typing import Any

import pytest
from freqtrade.persistence import Trade

from altseason.risk.orphans import calculate_orphan, describe_orphan
from tests.risk.records import ENTRY, Exchange, Wallet, order_of_exchange, order_of_freqtrade
from tests.risk.traders import PAIR


@pytest.mark.parametrize(
    ("held", "explained", "orphan"),
    [
        (0.5, [], 0.5),  # 1000 USDT of coins, and no trade
        (0.5, [0.3, 0.2], 0.0),
        (0.5, [0.3], 0.2),  # 400 USDT
        (0.5, [0.6], 0.0),  # less than the trades say: fees were taken
        (0.0024, [], 0.0),  # 4.80 USDT is less than the smallest order of 5
        (0.0025, [], 0.0025),  # 5 USDT are not less
        (0.0, [], 0.0),
    ],
)
def test_orphan_is_what_is_more_than_dust_and_unexplained(
    held: float, explained: list[float], orphan: float
):
    assert calculate_orphan(held, explained, price=2000.0, min_order=5.0) == pytest.approx(orphan)


def test_nothing_held_is_no_orphan_where_the_exchange_has_no_smallest_order():
    assert calculate_orphan(0.0, [], price=2000.0, min_order=0.0) == 0.0


def test_what_floats_leave_of_a_difference_is_no_orphan_there_either():
    # 0.1 + 0.2 is 0.30000000000000004.
    assert calculate_orphan(0.1 + 0.2, [0.3], price=2000.0, min_order=0.0) == 0.0
    assert calculate_orphan(0.3001, [0.3], price=2000.0, min_order=0.0) == pytest.approx(0.0001)


def describe(exchange: Exchange, wallet: Wallet) -> str | None:
    """Return the message before an entry of ETH at 100."""
    words: dict[str, Any] = {"exchange": exchange, "wallets": wallet, "kept": []}
    return describe_orphan(PAIR, 100.0, **words)


def test_order_to_buy_that_nobody_knows_is_an_orphan_before_it_has_bought(trade: Trade):
    exchange = Exchange(order_of_exchange("3", side="buy", remaining=0.6))
    wallet = Wallet(used={"USDT": 60.0}, total={"ETH": 1.0})
    message = describe(exchange, wallet)
    assert message is not None
    assert (
        "the account holds 0.6 ETH, filled or on order, that no open trade accounts for" in message
    )


def test_money_of_known_entries_is_no_reason_to_ask(trade: Trade):
    trade.orders.append(order_of_freqtrade("2", "buy", is_open=True))
    exchange = Exchange(order_of_exchange("3", side="buy"))
    # 100 USDT for the known one, and less than the smallest order besides.
    wallet = Wallet(used={"USDT": 104.9}, total={"ETH": 1.0})
    assert describe(exchange, wallet) is None
    assert exchange.api.asked == 0


@pytest.mark.parametrize(("held", "is_told"), [(1.0, False), (1.04, False), (1.06, True)])
def test_what_an_open_entry_still_buys_is_explained_before_freqtrade_knows_it_is_bought(
    trade: Trade, held: float, *, is_told: bool
):
    """As far as Freqtrade knows, 0.4 of a second entry of 1 coin are filled."""
    entry = order_of_freqtrade("2", "buy", is_open=True)
    entry.filled, entry.remaining = 0.4, 0.6
    trade.orders.append(entry)
    trade.amount = 1.4
    # 1 + 1 coins at 100 are explained, and 5 USDT more are dust.
    wallet = Wallet(used={"USDT": 10.0}, total={"ETH": 1.0 + held})
    assert (describe(Exchange(), wallet) is not None) == is_told


def test_first_entry_explains_its_amount_once_before_anything_is_filled(trade: Trade):
    """Freqtrade already records the ordered amount as the position."""
    entry = trade.orders[0]
    entry.ft_is_open, entry.status, entry.filled, entry.remaining = True, "open", 0.0, 1.0
    assert describe(Exchange(), Wallet(total={"ETH": 1.0})) is None
    assert "holds 1 ETH" in str(describe(Exchange(), Wallet(total={"ETH": 2.0})))


@pytest.mark.parametrize(
    "other",
    [
        order_of_exchange("3"),
        order_of_exchange("3", side="buy", status="canceled"),
        order_of_exchange(ENTRY, side="buy"),
    ],
    ids=["sell", "canceled", "known"],
)
def test_other_orders_are_no_orphans(trade: Trade, other: dict[str, Any]):
    wallet = Wallet(used={"USDT": 60.0}, total={"ETH": 1.0})
    assert describe(Exchange(other), wallet) is None
