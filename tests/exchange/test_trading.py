"""The real ccxt with keys against the emulator: what it asks, and what it makes of the answers."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest
import requests

from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.live import LiveMarket
from tests.exchange.account import Account
from tests.exchange.accounts import START, HandClock, connect, make_account, store_hours
from tests.exchange.server import run_exchange
from tests.lab.emulator.serving import serving

PAIR = "ETH/USDT"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> LiveMarket:
    return store_hours(tmp_path_factory.mktemp("hours"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def exchange(market: LiveMarket, clock: HandClock) -> Iterator[Callable[..., str]]:
    """Serve the market to an account; gives the URL."""
    served = []

    def serve(account: Account) -> str:
        served.append(in_thread(run_exchange(market, account, clock)))
        return served[-1].__enter__()

    yield serve
    for one in served:
        one.__exit__(None, None, None)


@pytest.fixture
def url(exchange: Callable[..., str]) -> str:
    return exchange(make_account())


@pytest.fixture
def binance(url: str, clock: HandClock) -> ccxt.binance:
    clock.set_minute(5)
    return connect(url, clock)


def amounts(binance: ccxt.binance, coin: str) -> tuple[float, float]:
    balance = binance.fetch_balance()[coin]
    return balance["free"], balance["used"]


def test_balances_are_free_and_used(binance: ccxt.binance) -> None:
    assert (amounts(binance, "USDT"), amounts(binance, "ETH")) == ((1000, 0), (10, 0))


def test_markets_have_the_rules_of_the_account(binance: ccxt.binance) -> None:
    precision = binance.load_markets()[PAIR]["precision"]
    assert (precision["price"], precision["amount"]) == (0.01, 0.001)
    book = binance.fetch_l2_order_book(PAIR, 5)
    assert (book["bids"][0][0], book["asks"][0][0]) == (99.99, 100.01)
    ticker = binance.fetch_ticker(PAIR)
    assert (ticker["bid"], ticker["ask"]) == (99.99, 100.01)


def test_market_order_is_closed_at_once_with_its_fee(binance: ccxt.binance) -> None:
    order = binance.create_order(PAIR, "market", "buy", 2)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 2, 100.01)
    assert order["fee"] == {"cost": 0.002, "currency": "ETH"}
    assert amounts(binance, "ETH") == (11.998, 0)
    assert amounts(binance, "USDT") == (799.98, 0)


def test_market_sell_pays_its_fee_in_the_quote_coin(binance: ccxt.binance) -> None:
    order = binance.create_order(PAIR, "market", "sell", 2)
    assert order["fee"]["currency"] == "USDT"
    assert order["fee"]["cost"] == pytest.approx(0.19998)
    assert amounts(binance, "USDT") == (pytest.approx(1199.78002), 0)


def test_limit_order_rests_is_filled_and_has_its_trades(
    binance: ccxt.binance, clock: HandClock
) -> None:
    placed = binance.create_order(PAIR, "limit", "buy", 1, 95)
    assert (placed["status"], placed["filled"], placed["remaining"]) == ("open", 0, 1)
    assert amounts(binance, "USDT") == (905, 95)
    assert [order["id"] for order in binance.fetch_open_orders(PAIR)] == [placed["id"]]
    clock.set_minute(100)
    order = binance.fetch_order(placed["id"], PAIR)
    assert (order["status"], order["filled"], order["average"]) == ("closed", 1, 95)
    (trade,) = binance.fetch_my_trades(PAIR, since=START)
    assert (trade["order"], trade["price"], trade["amount"]) == (placed["id"], 95, 1)
    assert (trade["timestamp"], trade["takerOrMaker"]) == (START + 70 * 60_000, "maker")
    assert trade["fee"] == {"cost": 0.001, "currency": "ETH"}
    assert binance.fetch_open_orders(PAIR) == []


def test_stop_order_waits_and_then_sells(binance: ccxt.binance, clock: HandClock) -> None:
    clock.set_minute(65)
    placed = binance.create_order(PAIR, "stop_loss_limit", "sell", 2, 94, params={"stopPrice": 95})
    assert (placed["status"], placed["stopPrice"], placed["price"]) == ("open", 95, 94)
    assert amounts(binance, "ETH") == (8, 2)
    clock.set_minute(100)
    order = binance.fetch_order(placed["id"], PAIR)
    assert (order["status"], order["average"], order["stopPrice"]) == ("closed", 94.99, 95)


def test_cancelled_order_gives_back_what_it_held(binance: ccxt.binance) -> None:
    placed = binance.create_order(PAIR, "limit", "buy", 1, 95)
    assert binance.cancel_order(placed["id"], PAIR)["status"] == "canceled"
    assert binance.fetch_order(placed["id"], PAIR)["status"] == "canceled"
    assert amounts(binance, "USDT") == (1000, 0)
    with pytest.raises(ccxt.OrderNotFound):
        binance.cancel_order(placed["id"], PAIR)


def test_all_orders_of_a_market_are_cancelled(binance: ccxt.binance) -> None:
    for price in (94, 95):
        binance.create_order(PAIR, "limit", "buy", 1, price)
    assert len(binance.cancel_all_orders(PAIR)) == 2
    assert amounts(binance, "USDT") == (1000, 0)


def test_partial_fill_is_open_with_what_it_has(
    exchange: Callable[..., str], clock: HandClock
) -> None:
    binance = connect(exchange(make_account(max_fill_fraction=Decimal("0.4"))), clock)
    placed = binance.create_order(PAIR, "limit", "buy", 1, 100.01)
    assert (placed["status"], placed["filled"], placed["remaining"]) == ("open", 0.4, 0.6)
    assert binance.fetch_order(placed["id"], PAIR)["filled"] == 0.4
    clock.set_minute(1)
    again = binance.fetch_order(placed["id"], PAIR)
    assert (again["status"], again["filled"]) == ("open", 0.8)
    # Nothing more is filled at the moment at which it is canceled.
    canceled = binance.cancel_order(placed["id"], PAIR)
    assert (canceled["status"], canceled["filled"]) == ("canceled", 0.8)
    assert amounts(binance, "ETH") == (pytest.approx(10.7992), 0)


def test_time_in_force_is_honoured(exchange: Callable[..., str], clock: HandClock) -> None:
    binance = connect(exchange(make_account(max_fill_fraction=Decimal("0.4"))), clock)
    words = (PAIR, "limit", "buy", 1, 100.01)
    some = binance.create_order(*words, params={"timeInForce": "IOC"})
    nothing = binance.create_order(*words, params={"timeInForce": "FOK"})
    assert (some["status"], some["filled"]) == ("expired", 0.4)
    assert (nothing["status"], nothing["filled"]) == ("expired", 0)
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        binance.create_order(*words, params={"timeInForce": "PO"})


def test_orders_are_listed_from_a_time_on(binance: ccxt.binance, clock: HandClock) -> None:
    ids = []
    for minute in (5, 10, 15):
        clock.set_minute(minute)
        ids.append(binance.create_order(PAIR, "limit", "buy", 1, 90 + minute / 100)["id"])
    listed = binance.fetch_orders(PAIR, since=START + 10 * 60_000)
    assert [order["id"] for order in listed] == ids[1:]
    assert [order["id"] for order in binance.fetch_orders(PAIR, limit=1)] == ids[2:]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((PAIR, "limit", "buy", 11, 100), ccxt.InsufficientFunds),
        ((PAIR, "limit", "buy", 0.04, 100), ccxt.BadRequest),
        ((PAIR, "stop_loss_limit", "sell", 1, 99, {"stopPrice": 100}), ccxt.InvalidOrder),
    ],
)
def test_refusal_becomes_ccxts_exception(
    binance: ccxt.binance, words: tuple[Any, ...], expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        binance.create_order(*words)


def test_client_order_id_is_kept_and_may_not_come_twice(binance: ccxt.binance) -> None:
    words = (PAIR, "limit", "buy", 1, 95, {"clientOrderId": "mine"})
    placed = binance.create_order(*words)
    assert placed["clientOrderId"] == "mine"
    with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
        binance.create_order(*words)
    found = binance.fetch_order("", PAIR, {"clientOrderId": "mine"})
    assert found["id"] == placed["id"]


def test_unknown_order_is_not_found(binance: ccxt.binance) -> None:
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        binance.fetch_order("77", PAIR)
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        binance.cancel_order("77", PAIR)


@pytest.mark.parametrize("keys", [{"key": "another-key"}, {"secret": "another-secret"}])
def test_wrong_keys_are_refused(url: str, clock: HandClock, keys: dict[str, str]) -> None:
    with pytest.raises(ccxt.AuthenticationError):
        connect(url, clock, **keys).fetch_balance()


def test_clock_that_is_wrong_is_refused(url: str, clock: HandClock) -> None:
    late = HandClock()
    clock.set_minute(1)
    with pytest.raises(ccxt.InvalidNonce):
        connect(url, late).fetch_balance()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("side=HOLD&type=MARKET&quantity=1", -1117),
        ("side=BUY&type=WISH&quantity=1", -1116),
        ("side=BUY&type=LIMIT&quantity=1&price=100", -1102),
        ("side=BUY&type=LIMIT&quantity=1&price=100&timeInForce=SOON", -1115),
        ("side=BUY&type=MARKET", -1102),
        ("side=BUY&type=MARKET&quantity=1&quoteOrderQty=9", -1102),
        ("side=BUY&type=MARKET&quantity=1&price=100", -1106),
        ("side=BUY&type=MARKET&quantity=1&stopPrice=100", -1106),
        ("side=BUY&type=MARKET&quantity=-1", -1100),
        ("side=BUY&type=MARKET&quantity=0.123456789", -1111),
        ("side=BUY&type=MARKET&quantity=1&newClientOrderId=%20", -1100),
        ("side=BUY&type=MARKET&quantity=1&colour=red", -1104),
        ("side=BUY&type=MARKET&quantity=1&newOrderRespType=SOME", -1130),
    ],
)
def test_order_that_cannot_be_read_is_refused(binance: ccxt.binance, text: str, code: int) -> None:
    parameters = dict(pair.split("=") for pair in text.replace("%20", " ").split("&"))
    with pytest.raises(ccxt.BaseError, match=f'"code": {code}'):
        binance.private_post_order({"symbol": "ETHUSDT", **parameters})


def test_answer_to_a_new_order_is_as_long_as_wanted(binance: ccxt.binance) -> None:
    words = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
    lengths = [
        sorted(binance.private_post_order({**words, "newOrderRespType": wanted}))
        for wanted in ("ACK", "RESULT", "FULL")
    ]
    assert lengths[0] == ["clientOrderId", "orderId", "orderListId", "symbol", "transactTime"]
    assert set(lengths[2]) - set(lengths[1]) == {"fills"}


def test_ledger_tells_all_that_was_booked(binance: ccxt.binance, url: str) -> None:
    binance.create_order(PAIR, "market", "buy", 2)
    ledger = requests.get(f"{url}/control/ledger", timeout=5).json()
    assert ledger["balances"]["ETH"] == {
        "free": "11.99800000",
        "locked": "0.00000000",
        "fees": "0.00200000",
        "counterparty": "-2.00000000",
    }
    (order,) = ledger["orders"]
    assert (order["executedQty"], order["cummulativeQuoteQty"]) == ("2.00000000", "200.02000000")
    (fill,) = order["fills"]
    assert (fill["commission"], fill["commissionAsset"]) == ("0.00200000", "ETH")


def test_without_an_account_nothing_is_signed_and_nothing_controlled(
    market: LiveMarket, clock: HandClock
) -> None:
    with serving(market, clock) as url:
        for path in ("/api/v3/account", "/control/ledger", "/control/faults"):
            assert requests.get(url + path, timeout=5).status_code == 404
