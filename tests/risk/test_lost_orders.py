"""Orders on the exchange that Freqtrade does not know; tests/live has them with real bots."""

import math
from datetime import timedelta
from typing import Any

import pytest
from freqtrade.exceptions import TemporaryError
from freqtrade.persistence import Trade

from altseason.risk.lost_orders import recover_orders
from altseason.risk.sent_orders import SentOrders
from tests.risk.records import (
    ENTRY,
    NOW,
    OPENED,
    SENT,
    STOP_SENT,
    Exchange,
    Wallet,
    known,
    milliseconds,
    note,
    order_of_exchange,
    order_of_freqtrade,
    recover,
    sent_order,
)


def test_exchange_is_not_asked_where_nothing_is_wrong(trade: Trade):
    trade.orders.append(order_of_freqtrade("2", "stoploss", is_open=True))
    exchange, wallet = Exchange(order_of_exchange("3")), Wallet(used={"ETH": 1.0})
    assert recover(exchange, wallet) == []
    assert (exchange.api.asked, wallet.updates) == (0, 0)


def test_nothing_is_asked_where_nothing_is_locked(trade: Trade):
    exchange, wallet = Exchange(), Wallet()
    assert recover(exchange, wallet) == []
    assert (exchange.api.asked, wallet.updates) == (0, 0)


@pytest.mark.parametrize(
    ("sent", "changes", "side"),
    [(STOP_SENT, {"triggerPrice": 95.0}, "stoploss"), ({}, {}, "sell")],
    ids=["stop", "exit"],
)
def test_order_that_was_sent_is_tracked_again(
    trade: Trade, sent: dict[str, Any], changes: dict[str, Any], side: str
):
    note(trade, sent_order(**sent))
    exchange = Exchange(order_of_exchange("3", **changes))
    [message] = recover(exchange, Wallet(used={"ETH": 1.0}))
    assert known(trade) == [("3", side)]
    assert trade.orders[1].ft_is_open
    assert "order 3 (1 ETH)" in message
    # And nothing more happens.
    assert SentOrders().find_unanswered(trade) == []
    assert recover(exchange, Wallet(used={"ETH": 1.0})) == []


@pytest.mark.parametrize(("price", "reason"), [(95.0, "stop_loss"), (95.01, "sold_on_exchange")])
def test_exit_that_is_tracked_again_has_a_reason(trade: Trade, price: float, reason: str):
    """It is Freqtrade's own reason, so that StoplossGuard counts exits at the stop."""
    trade.stop_loss = 95.0
    note(trade, sent_order(price=price))
    exchange = Exchange(order_of_exchange("3", price=price))
    assert len(recover(exchange, Wallet(used={"ETH": 1.0}))) == 1
    assert trade.exit_reason == reason


def test_trim_that_was_sent_is_tracked_again_without_a_reason(trade: Trade):
    note(trade, sent_order(amount=0.4004))
    exchange = Exchange(order_of_exchange("3", amount=0.4))
    assert len(recover(exchange, Wallet(used={"ETH": 0.4}))) == 1
    assert known(trade) == [("3", "sell")]
    assert trade.exit_reason is None


@pytest.mark.parametrize("price", [110.0, 110.01, 109.99])
def test_price_may_be_rounded_either_way_to_a_tick(trade: Trade, price: float):
    note(trade, sent_order())
    exchange = Exchange(order_of_exchange("3", price=price))
    recover(exchange, Wallet(used={"ETH": 1.0}))
    assert known(trade) == [("3", "sell")]


@pytest.mark.parametrize(
    ("found", "price"),
    [({"price": 109.0}, 109.0), ({"price": None, "average": 108.0}, 108.0), ({"price": None}, 100)],
)
def test_exit_at_market_is_tracked_again_whatever_its_price(
    trade: Trade, found: dict[str, Any], price: float
):
    """Before a fill it may have none, but Freqtrade stores no order without a price."""
    note(trade, sent_order(kind="market", price=None))
    exchange = Exchange(order_of_exchange("3", type="market", **found))
    assert len(recover(exchange, Wallet(used={"ETH": 1.0}))) == 1
    assert known(trade) == [("3", "sell")]
    assert trade.orders[1].ft_price == price


def test_less_than_half_of_what_was_sent_may_be_locked_by_others(trade: Trade):
    note(trade, sent_order())
    exchange = Exchange(order_of_exchange("3"))
    assert recover(exchange, Wallet(used={"ETH": 0.4})) == []
    assert exchange.api.asked == 0


@pytest.mark.parametrize("seconds", [-10, 60])
def test_clocks_may_differ_by_ten_seconds(trade: Trade, seconds: int):
    note(trade, sent_order())
    time = milliseconds(SENT + timedelta(seconds=seconds))
    exchange = Exchange(order_of_exchange("3", timestamp=time))
    recover(exchange, Wallet(used={"ETH": 1.0}))
    assert known(trade) == [("3", "sell")]


FOREIGN = {
    "placed before the trade": {"timestamp": milliseconds(OPENED - timedelta(hours=1))},
    "30 days old": {"timestamp": milliseconds(OPENED - timedelta(days=30))},
    "11 s before the sending": {"timestamp": milliseconds(SENT - timedelta(seconds=11))},
    "later than it can be": {"timestamp": milliseconds(SENT + timedelta(seconds=61))},
    "from the web": {"clientOrderId": "web_123"},
    "another bot's": {"clientOrderId": "x-OTHER1"},
    "a step less": {"amount": 0.999},
    "a step more": {"amount": 1.001},
    "another price": {"price": 110.02},
    "another lower price": {"price": 109.98},
    "a stop": {"triggerPrice": 110.0},
    "at market": {"type": "market"},
    "without a price": {"price": None},
    "to buy": {"side": "buy"},
    "canceled": {"status": "canceled"},
    "filled": {"status": "closed"},
}


@pytest.mark.parametrize("changes", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("total", [1.0, 5.0])
def test_order_that_is_not_provably_ours_is_left_alone(
    trade: Trade, changes: dict[str, Any], total: float
):
    note(trade, sent_order())
    exchange = Exchange(order_of_exchange("3", **changes))
    messages = recover(exchange, Wallet(used={"ETH": 1.0}, total={"ETH": total}))
    assert known(trade) == []
    assert trade.exit_reason is None
    # It is reported if it keeps the position from being sold.
    is_open_to_sell = exchange.api.orders[0]["status"] == "open" and "side" not in changes
    assert len(messages) == (is_open_to_sell and total == 1.0)
    assert all("left alone" in message for message in messages)


def test_order_is_left_alone_where_nothing_was_sent(trade: Trade):
    """Even if an order of the user has exactly that amount and price."""
    [message] = recover(Exchange(order_of_exchange("3")), Wallet(used={"ETH": 1.0}))
    assert known(trade) == []
    assert "left alone" in message


def test_two_candidates_are_both_left_alone(trade: Trade):
    note(trade, sent_order())
    exchange = Exchange(order_of_exchange("3"), order_of_exchange("4"))
    [message] = recover(exchange, Wallet(used={"ETH": 1.0}))
    assert known(trade) == []
    assert "3 (1), 4 (1)" in message


def test_one_order_of_several_tries_is_tracked_again(trade: Trade):
    """Freqtrade sends an exit again in its next loop; the exchange accepted only the first one."""
    again = SENT.timestamp() + 5
    note(trade, sent_order(), sent_order(time=again))
    exchange = Exchange(order_of_exchange("3"))
    assert len(recover(exchange, Wallet(used={"ETH": 1.0}))) == 1
    assert known(trade) == [("3", "sell")]


def test_order_of_which_freqtrade_may_just_be_told_waits(trade: Trade):
    note(trade, sent_order(time=NOW.timestamp() - 59))
    young = order_of_exchange("3", timestamp=milliseconds(NOW) - 59_000)
    assert recover(Exchange(young), Wallet(used={"ETH": 1.0})) == []
    assert known(trade) == []
    assert len(SentOrders().find_unanswered(trade)) == 1


def test_what_was_sent_expires(trade: Trade):
    """Nothing is locked: the order never arrived, was filled, or was refused."""
    note(trade, sent_order(time=NOW.timestamp() - 119), sent_order(time=NOW.timestamp() - 121))
    wallet = Wallet()
    assert recover(Exchange(), wallet) == []
    [kept] = SentOrders().find_unanswered(trade)
    assert kept.time == NOW.timestamp() - 119
    assert wallet.updates == 1


def test_what_was_sent_expires_also_where_another_s_order_holds_the_coins(trade: Trade):
    note(trade, sent_order(time=NOW.timestamp() - 121))
    exchange = Exchange(order_of_exchange("3", clientOrderId="web_1"))
    assert len(recover(exchange, Wallet(used={"ETH": 1.0}))) == 1
    assert SentOrders().find_unanswered(trade) == []


@pytest.mark.parametrize("step", [0.001, 0.4])
def test_orders_of_the_position_are_known_by_the_exchanges_steps(
    trade: Trade, monkeypatch: pytest.MonkeyPatch, step: float
):
    """One coin is 0.8 in steps of 0.4."""
    note(trade, sent_order())
    exchange = Exchange(order_of_exchange("3", amount=math.floor(1 / step) * step))
    monkeypatch.setattr(
        exchange, "amount_to_precision", lambda pair, amount: math.floor(amount / step) * step
    )
    recover(exchange, Wallet(used={"ETH": 1.0}))
    assert known(trade) == [("3", "sell")]


@pytest.mark.parametrize("has_spare", [True, False])
def test_filled_exit_is_tracked_again_where_the_user_s_own_coins_hide_it(
    trade: Trade, *, has_spare: bool
):
    """Without other coins Freqtrade notices that they are gone; otherwise it would sell those."""
    note(trade, sent_order(time=NOW.timestamp() - 70))
    filled = order_of_exchange(
        "3", status="closed", filled=1.0, timestamp=milliseconds(NOW) - 69_000
    )
    sent = SentOrders()
    sent.has_spare = lambda one: has_spare
    words: Any = (trade, sent, Exchange(filled), Wallet(total={"ETH": 5.0}), NOW)
    recovery = recover_orders(*words)
    assert len(recovery.recovered) == has_spare
    assert known(trade) == [("3", "sell")] * has_spare
    # It is open for Freqtrade, which then requests it and closes the trade.
    assert all(order.ft_is_open for order in trade.orders[1:])


@pytest.mark.parametrize(
    "other",
    [
        {"id": ENTRY, "status": "closed", "filled": 1.0},
        {"id": "4", "status": "canceled"},
    ],
    ids=["known", "not filled"],
)
def test_filled_exit_is_distinguished_from_what_else_was_sold(trade: Trade, other: dict[str, Any]):
    note(trade, sent_order())
    sent = SentOrders()
    sent.has_spare = lambda one: True
    exchange = Exchange(
        order_of_exchange("3", status="closed", filled=1.0),
        {**order_of_exchange("4"), **other},
    )
    words: Any = (trade, sent, exchange, Wallet(total={"ETH": 5.0}), NOW)
    assert len(recover_orders(*words).recovered) == 1
    assert known(trade) == [("3", "sell")]


@pytest.mark.parametrize(("free", "is_told"), [(0.97, True), (0.98, False), (5.0, False)])
def test_foreign_order_is_reported_where_it_keeps_the_position_from_being_sold(
    trade: Trade, free: float, *, is_told: bool
):
    wallet = Wallet(used={"ETH": 1.0}, total={"ETH": 1.0 + free})
    assert len(recover(Exchange(order_of_exchange("3")), wallet)) == is_told


def test_exchange_without_client_ids_goes_by_the_rest(trade: Trade):
    note(trade, sent_order())
    exchange = Exchange(order_of_exchange("3", clientOrderId=None))
    recover(exchange, Wallet(used={"ETH": 1.0}))
    exchange = Exchange(order_of_exchange("5", clientOrderId="anything"))
    exchange.api.id = "kraken"
    note(trade, sent_order())
    trade.orders[1].ft_is_open = False
    recover(exchange, Wallet(used={"ETH": 1.0}))
    assert known(trade) == [("3", "sell"), ("5", "sell")]


def test_exchange_that_does_not_respond_is_asked_again(trade: Trade):
    note(trade, sent_order())
    exchange, wallet = Exchange(order_of_exchange("3")), Wallet(used={"ETH": 1.0})
    exchange.api.is_down = True
    with pytest.raises(TemporaryError):
        recover(exchange, wallet)
    exchange.api.is_down = False
    recover(exchange, wallet)
    assert known(trade) == [("3", "sell")]
