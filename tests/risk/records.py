"""Orders as the exchange and Freqtrade keep them, and stand-ins for the exchange and the wallet."""

import math
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import ccxt
from freqtrade.exceptions import TemporaryError
from freqtrade.persistence import Order, Trade

from altseason.risk.lost_orders import recover_orders
from altseason.risk.sent_orders import NOTED_AS, SentOrder, SentOrders
from tests.risk.traders import PAIR

OPENED = datetime(2022, 2, 1, 20, tzinfo=UTC)
NOW = OPENED + timedelta(hours=1)
ENTRY = "1"
SENT = OPENED + timedelta(minutes=2)


def sent_order(**changes: Any) -> SentOrder:
    """An exit of the whole position at 110, sent two minutes after the entry."""
    words = {"side": "sell", "kind": "limit", "amount": 1.0, "price": 110.0}
    return SentOrder(**{**words, "time": SENT.timestamp(), **changes})


STOP_SENT = {"kind": "stop", "price": 95.0}


@dataclass
class Wallet:
    """The account by coin; it counts its updates."""

    used: dict[str, float] = field(default_factory=dict)
    total: dict[str, float] = field(default_factory=dict)
    updates: int = 0

    def update(self) -> None:
        self.updates += 1

    def get_used(self, currency: str) -> float:
        return self.used.get(currency, 0.0)

    def get_total(self, currency: str) -> float:
        return self.total.get(currency, 0.0)


@dataclass
class Api:
    """The exchange as ccxt shows it: its open orders, or no response."""

    orders: list[dict[str, Any]]
    asked: int = 0
    is_down: bool = False
    id: str = "binance"
    timeout: int = 10_000
    options: dict[str, Any] = field(
        default_factory=lambda: {"recvWindow": 10_000, "broker": {"spot": "x-TKT5PX2F"}}
    )

    def fetch_open_orders(self, symbol: str) -> list[dict[str, Any]]:
        assert symbol == PAIR
        self.asked += 1
        if self.is_down:
            raise ccxt.NetworkError("no answer")
        return [order for order in self.orders if order["status"] == "open"]


class Exchange:
    """The exchange as Freqtrade shows it, with orders of one market in steps of 0.001."""

    precisionMode = ccxt.TICK_SIZE  # noqa: N815 - ccxt's name

    def __init__(self, *orders: dict[str, Any]) -> None:
        self._api = self.api = Api(list(orders))

    def fetch_orders(self, pair: str, since: datetime) -> list[dict[str, Any]]:
        assert pair == PAIR
        assert since >= OPENED
        self.api.asked += 1
        if self.api.is_down:
            raise TemporaryError("no answer")
        return [order for order in self.api.orders if order["timestamp"] >= milliseconds(since)]

    def get_option(self, name: str) -> bool:
        return False

    def get_min_pair_stake_amount(self, pair: str, price: float, stoploss: float) -> float:
        return 5.0

    def get_precision_amount(self, pair: str) -> float:
        return 0.001

    def price_get_one_pip(self, pair: str, price: float) -> float:
        return 0.01

    def amount_to_precision(self, pair: str, amount: float) -> float:
        assert pair == PAIR
        return math.floor(amount * 1000) / 1000


def order_of_exchange(number: str, side: str = "sell", **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "symbol": PAIR,
        "side": side,
        "type": "limit",
        "status": "open",
        "amount": 1.0,
        "filled": 0.0,
        "remaining": 1.0,
        "price": 110.0,
        "timestamp": int((SENT + timedelta(seconds=2)).timestamp() * 1000),
        "clientOrderId": f"x-TKT5PX2F{number}",
        **changes,
    }


def order_of_freqtrade(number: str, side: str, *, is_open: bool) -> Order:
    return Order(
        ft_order_side=side,
        ft_pair=PAIR,
        ft_is_open=is_open,
        ft_amount=1.0,
        ft_price=100.0,
        order_id=number,
        status="open" if is_open else "closed",
        side="buy" if side == "buy" else "sell",
        price=100.0,
        amount=1.0,
        filled=0.0 if is_open else 1.0,
        remaining=1.0 if is_open else 0.0,
        order_date=OPENED,
    )


def note(trade: Trade, *sent: SentOrder) -> None:
    """Note orders that Freqtrade has sent, without a response."""
    trade.set_custom_data(NOTED_AS, [asdict(one) for one in sent])


def recover(exchange: Exchange, wallet: Wallet) -> list[str]:
    """Recover the orders of all open trades; messages about foreign ones come last."""
    messages = []
    for trade in Trade.get_open_trades():
        # Stand-ins with all that is needed of an exchange and a wallet.
        words: Any = (trade, SentOrders(), exchange, wallet, NOW)
        recovery = recover_orders(*words)
        messages += [*recovery.recovered, *filter(None, [recovery.foreign])]
    return messages


def known(trade: Trade) -> list[tuple[str, str]]:
    return [(order.order_id, order.ft_order_side) for order in trade.orders[1:]]


def milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
