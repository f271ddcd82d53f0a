"""Orders whose response was broken, so that Freqtrade has them without the exchange's id."""

from datetime import timedelta

import pytest
from freqtrade.persistence import Trade

from altseason.risk.sent_orders import SentOrders
from tests.risk.records import (
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
from tests.risk.traders import PAIR


def add_without_id(trade: Trade) -> None:
    order = order_of_freqtrade("None", "stoploss", is_open=True)
    order.ft_price, order.order_date = 95.0, SENT
    trade.orders.append(order)


def test_order_without_an_id_gets_its_own(trade: Trade):
    add_without_id(trade)
    note(trade, sent_order(**STOP_SENT))
    stop = {"triggerPrice": 95.0}
    exchange = Exchange(
        order_of_exchange("4", **stop, status="canceled"),
        order_of_exchange("5", **stop, amount=0.5, status="canceled"),
        order_of_exchange("6", status="canceled"),
        order_of_exchange("7", side="buy"),
        order_of_exchange("8", **stop, clientOrderId="web_1"),
    )
    [message] = recover(exchange, Wallet())
    assert known(trade) == [("4", "stoploss")]
    assert "order 4 (1 ETH)" in message
    assert SentOrders().find_unanswered(trade) == []


@pytest.mark.parametrize("side", ["buy", "stoploss"])
def test_entry_that_has_its_id_again_holds_no_other_one_back(trade: Trade, side: str):
    """Its note is removed, as by a response; a sell order does not affect an entry."""
    order = order_of_freqtrade("None", side, is_open=True)
    order.order_date = SENT
    trade.orders.append(order)
    entry = sent_order(side="buy", price=100.0)
    SentOrders()._note(PAIR, entry)
    stop = {"triggerPrice": 100.0} if side == "stoploss" else {"price": 100.0, "side": "buy"}
    assert len(recover(Exchange(order_of_exchange("4", **{"side": "sell", **stop})), Wallet())) == 1
    assert known(trade) == [("4", side)]
    assert SentOrders().find_entry(PAIR) == (None if side == "buy" else SENT)


def test_order_without_an_id_gets_none_of_two(trade: Trade):
    add_without_id(trade)
    stop = {"triggerPrice": 95.0}
    exchange = Exchange(order_of_exchange("4", **stop), order_of_exchange("5", **stop))
    [message] = recover(exchange, Wallet())
    assert known(trade) == [("None", "stoploss")]
    assert "4 (1), 5 (1)" in message


def test_two_orders_without_ids_get_one_each(trade: Trade):
    """They have the same amount, ten minutes apart; each id is assigned once."""
    add_without_id(trade)
    add_without_id(trade)
    trade.orders[2].order_date = SENT + timedelta(minutes=10)
    stop = {"triggerPrice": 95.0}
    late = milliseconds(SENT + timedelta(minutes=10))
    exchange = Exchange(
        order_of_exchange("4", **stop), order_of_exchange("5", **stop, timestamp=late)
    )
    assert len(recover(exchange, Wallet())) == 2
    assert known(trade) == [("4", "stoploss"), ("5", "stoploss")]


def test_one_id_is_given_away_once(trade: Trade):
    """Two responses were broken, and the exchange has accepted one of the orders."""
    add_without_id(trade)
    add_without_id(trade)
    exchange = Exchange(order_of_exchange("4", triggerPrice=95.0))
    assert len(recover(exchange, Wallet())) == 1
    assert known(trade) == [("4", "stoploss"), ("None", "stoploss")]
