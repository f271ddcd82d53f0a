"""Orders that a strategy's exchange object sends, and their notes."""

import pytest
from freqtrade.exceptions import FreqtradeException
from freqtrade.strategy import IStrategy

from altseason.risk.sent_orders import SentOrders, watch_orders
from tests.risk.traders import PAIR


def send(strategy: IStrategy, side: str = "buy", ordertype: str = "limit") -> None:
    strategy.dp._exchange.create_order(
        pair=PAIR, ordertype=ordertype, side=side, amount=1.0, rate=100.0, leverage=1.0
    )


def send_stop(strategy: IStrategy) -> None:
    strategy.dp._exchange.create_stoploss(
        pair=PAIR,
        amount=1.0,
        stop_price=95.0,
        order_types={**strategy.order_types, "stoploss": "limit"},
        side="sell",
        leverage=1.0,
    )


def try_to_send(strategy: IStrategy, side: str = "buy") -> None:
    with pytest.raises(FreqtradeException):
        send(strategy, side)


def notes(strategy: IStrategy) -> SentOrders:
    return watch_orders(strategy.dp._exchange)
