"""Orders that the exchange has and Freqtrade does not know; real bots meet them in tests/live."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import ccxt
import pytest
from freqtrade.exceptions import TemporaryError
from freqtrade.persistence import Order, Trade, init_db

from altseason.risk.lost_orders import recover_orders
from altseason.risk.orphans import describe_orphan
from altseason.risk.trims import remember_trim

PAIR = "ETH/USDT"
OPENED = datetime(2022, 2, 1, 20, tzinfo=UTC)
NOW = OPENED + timedelta(hours=1)
ENTRY = "1"


@dataclass
class Wallet:
    """What the account has, by coin; counted is how often it is read anew."""

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
    """The exchange by ccxt: what is open there, or no answer."""

    orders: list[dict[str, Any]]
    asked: int = 0
    is_down: bool = False

    def fetch_open_orders(self, symbol: str) -> list[dict[str, Any]]:
        assert symbol == PAIR
        self.asked += 1
        if self.is_down:
            raise ccxt.NetworkError("no answer")
        return [order for order in self.orders if order["status"] == "open"]


class Exchange:
    """The exchange by Freqtrade, with orders of one market in steps of 0.001."""

    precisionMode = ccxt.TICK_SIZE  # noqa: N815 - ccxt's name

    def __init__(self, *orders: dict[str, Any]) -> None:
        self._api = self.api = Api(list(orders))

    def fetch_orders(self, pair: str, since: datetime) -> list[dict[str, Any]]:
        assert pair == PAIR
        assert since == OPENED
        self.api.asked += 1
        if self.api.is_down:
            raise TemporaryError("no answer")
        return self.api.orders

    def get_option(self, name: str) -> bool:
        return False

    def get_min_pair_stake_amount(self, pair: str, price: float, stoploss: float) -> float:
        return 5.0

    def get_precision_amount(self, pair: str) -> float:
        return 0.001

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
        "timestamp": int((OPENED + timedelta(minutes=2)).timestamp() * 1000),
        **changes,
    }


@pytest.fixture
def trade() -> Iterator[Trade]:
    """One coin that was bought for 100."""
    init_db("sqlite://")
    trade = Trade(
        pair=PAIR,
        base_currency="ETH",
        stake_currency="USDT",
        stake_amount=100.0,
        amount=1.0,
        open_rate=100.0,
        fee_open=0.001,
        fee_close=0.001,
        exchange="binance",
        open_date=OPENED,
        is_open=True,
    )
    trade.orders.append(order_of_freqtrade(ENTRY, "buy", is_open=False))
    Trade.session.add(trade)
    Trade.commit()
    yield trade
    Trade.session.remove()


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


def recover(exchange: Exchange, wallet: Wallet, *, has_stops: bool = True) -> list[str]:
    """Look after all open trades."""
    return [
        message
        for trade in Trade.get_open_trades()
        # Stand-ins, of which no more is asked than the exchange and the wallet can tell.
        for message in recover_orders(trade, exchange, wallet, NOW, has_stops=has_stops)  # type: ignore[arg-type]
    ]


def known(trade: Trade) -> list[tuple[str, str]]:
    return [(order.order_id, order.ft_order_side) for order in trade.orders[1:]]


def test_exchange_is_not_asked_where_nothing_is_wrong(trade: Trade):
    trade.orders.append(order_of_freqtrade("2", "stoploss", is_open=True))
    exchange, wallet = Exchange(order_of_exchange("3")), Wallet(used={"ETH": 1.0})
    assert recover(exchange, wallet) == []
    assert (exchange.api.asked, wallet.updates) == (0, 0)


def test_trade_without_its_stop_is_looked_at_but_not_where_nothing_is_locked(trade: Trade):
    exchange, wallet = Exchange(), Wallet()
    assert recover(exchange, wallet) == []
    assert (exchange.api.asked, wallet.updates) == (0, 1)
    # Without stops on the exchange, no open order is how a trade is.
    assert recover(exchange, wallet, has_stops=False) == []
    assert (exchange.api.asked, wallet.updates) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "side"), [({"triggerPrice": 95.0}, "stoploss"), ({}, "sell")], ids=["stop", "exit"]
)
def test_order_that_locks_the_coins_is_known_again(
    trade: Trade, changes: dict[str, Any], side: str
):
    exchange = Exchange(order_of_exchange("3", **changes))
    [message] = recover(exchange, Wallet(used={"ETH": 1.0}))
    assert known(trade) == [("3", side)]
    assert trade.orders[1].ft_is_open
    assert "ETH/USDT: the exchange had a" in message
    assert "3 for 1 ETH" in message
    # And that is that.
    assert recover(exchange, Wallet(used={"ETH": 1.0})) == []


@pytest.mark.parametrize(
    ("price", "reason"), [(95.0, "stop_loss"), (95.01, "sold_on_exchange"), (None, None)]
)
def test_exit_that_is_known_again_has_a_reason(
    trade: Trade, price: float | None, reason: str | None
):
    """Freqtrade's own, so that StoplossGuard counts what ends at the stop."""
    trade.stop_loss = 95.0
    changes = {"price": price} if price else {"triggerPrice": 95.0}
    assert len(recover(Exchange(order_of_exchange("3", **changes)), Wallet(used={"ETH": 1.0}))) == 1
    assert trade.exit_reason == reason


AFTER_TRIM = int((OPENED + timedelta(minutes=20)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("changes", "is_found"),
    [
        ({}, True),
        # From before the trim, or of another size, or a stop: the user's.
        ({"timestamp": AFTER_TRIM - 11_000}, False),
        ({"amount": 0.38}, False),
        ({"triggerPrice": 95.0}, False),
    ],
)
def test_trim_of_which_the_answer_was_lost_is_known_again(
    trade: Trade, changes: dict[str, Any], is_found: bool
):
    remember_trim(trade, 0.4, OPENED + timedelta(minutes=20))
    exchange = Exchange(
        order_of_exchange("3", **{"amount": 0.4, "timestamp": AFTER_TRIM} | changes)
    )
    wallet = Wallet(used={"ETH": 0.4})
    found = recover(exchange, wallet, has_stops=False)
    assert (len(found), wallet.updates) == (is_found, 1)
    assert known(trade) == [("3", "sell")] * is_found
    assert trade.exit_reason is None


def test_trim_that_freqtrade_knows_is_not_looked_for(trade: Trade):
    remember_trim(trade, 0.4, OPENED)
    trade.orders.append(order_of_freqtrade("2", "sell", is_open=False))
    wallet = Wallet(used={"ETH": 0.4})
    assert recover(Exchange(), wallet, has_stops=False) == []
    assert wallet.updates == 0


@pytest.mark.parametrize(
    "other",
    [
        order_of_exchange("3", side="buy"),
        order_of_exchange("3", status="canceled"),
        order_of_exchange("3", status="closed"),
        order_of_exchange(ENTRY),
        # The user sells coins of their own.
        order_of_exchange("3", amount=0.98),
        order_of_exchange("3", amount=1.02),
        # Another thread may just be telling Freqtrade of it.
        order_of_exchange("3", timestamp=int(NOW.timestamp() * 1000) - 59_000),
    ],
    ids=["buy", "cancelled", "filled", "known", "smaller", "larger", "young"],
)
def test_other_orders_are_left_alone(trade: Trade, other: dict[str, Any]):
    assert recover(Exchange(other), Wallet(used={"ETH": 1.0})) == []
    assert known(trade) == []


@pytest.mark.parametrize("step", [0.001, 0.4])
def test_orders_of_the_position_are_known_by_the_exchanges_steps(
    trade: Trade, monkeypatch: pytest.MonkeyPatch, step: float
):
    """One coin is 0.8 in steps of 0.4."""
    exchange = Exchange(order_of_exchange("3", amount=math.floor(1 / step) * step))
    monkeypatch.setattr(
        exchange, "amount_to_precision", lambda pair, amount: math.floor(amount / step) * step
    )
    assert len(recover(exchange, Wallet(used={"ETH": 1.0}))) == 1


def test_order_without_a_number_gets_its_own(trade: Trade):
    """The newest of its kind and size, and of no other."""
    trade.orders.append(order_of_freqtrade("None", "stoploss", is_open=True))
    stop = {"triggerPrice": 95.0}
    later = int((OPENED + timedelta(minutes=9)).timestamp() * 1000)
    exchange = Exchange(
        order_of_exchange("3", **stop, status="canceled"),
        order_of_exchange("4", **stop, timestamp=later),
        order_of_exchange("5", **stop, amount=0.5, status="canceled"),
        order_of_exchange("6", status="canceled"),
        order_of_exchange("7", side="buy"),
    )
    [message] = recover(exchange, Wallet())
    assert known(trade) == [("4", "stoploss")]
    assert "4 for 1 ETH" in message


def test_exchange_that_does_not_answer_is_asked_again(trade: Trade):
    exchange, wallet = Exchange(order_of_exchange("3")), Wallet(used={"ETH": 1.0})
    exchange.api.is_down = True
    with pytest.raises(TemporaryError):
        recover(exchange, wallet)
    exchange.api.is_down = False
    assert len(recover(exchange, wallet)) == 1


def describe(exchange: Exchange, wallet: Wallet) -> str | None:
    """Ask before an entry of ETH at 100."""
    words: dict[str, Any] = {"exchange": exchange, "wallets": wallet, "kept": []}
    return describe_orphan(PAIR, 100.0, **words)


def test_order_to_buy_that_nobody_knows_is_an_orphan_before_it_has_bought(trade: Trade):
    exchange = Exchange(order_of_exchange("3", side="buy", remaining=0.6))
    wallet = Wallet(used={"USDT": 60.0}, total={"ETH": 1.0})
    message = describe(exchange, wallet)
    assert message is not None
    assert "the account has 0.6 ETH, bought or on order, that no open trade explains" in message


def test_money_of_known_entries_is_no_reason_to_ask(trade: Trade):
    trade.orders.append(order_of_freqtrade("2", "buy", is_open=True))
    exchange = Exchange(order_of_exchange("3", side="buy"))
    # 100 USDT for the known one, and less than the smallest order besides.
    wallet = Wallet(used={"USDT": 104.9}, total={"ETH": 1.0})
    assert describe(exchange, wallet) is None
    assert exchange.api.asked == 0


@pytest.mark.parametrize(
    "other",
    [
        order_of_exchange("3"),
        order_of_exchange("3", side="buy", status="canceled"),
        order_of_exchange(ENTRY, side="buy"),
    ],
    ids=["sell", "cancelled", "known"],
)
def test_other_orders_are_no_orphans(trade: Trade, other: dict[str, Any]):
    wallet = Wallet(used={"USDT": 60.0}, total={"ETH": 1.0})
    assert describe(Exchange(other), wallet) is None
