"""Freqtrade's exchange object, ccxt behind it and its records of orders are as we expect."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import ccxt
import pytest
from freqtrade.data.dataprovider import DataProvider
from freqtrade.exchange import Exchange
from freqtrade.exchange.okx import Okx
from freqtrade.persistence import Order, Trade
from freqtrade.persistence.custom_data import _CustomData
from freqtrade.persistence.pairlock import PairLock
from freqtrade.strategy import IStrategy
from sqlalchemy.exc import IntegrityError

from altseason.host.exchange import (
    CcxtOrder,
    OrderRequest,
    attach_order,
    fetch_open_orders,
    find_client_id_prefix,
    find_exchange,
    find_request_lifetime,
    observe_orders,
    roll_back,
)
from tests.risk.traders import PAIR, TRADING, Api, open_trade

ORDER_TYPES = {"entry": "limit", "exit": "limit", "stoploss": "limit"}
# A pending stop of Binance, as ccxt returns it.
STOP: CcxtOrder = {
    "id": "7",
    "symbol": PAIR,
    "side": "sell",
    "type": "limit",
    "status": "open",
    "amount": 0.4,
    "filled": 0.0,
    "remaining": 0.4,
    "price": None,
    "stopPrice": 95.0,
    "timestamp": 1_650_000_000_000,
    "datetime": "2022-04-15T05:20:00.000Z",
}


def test_exchange_is_the_one_of_the_data_provider(exchange: Exchange):
    strategy = type("Any", (), {"dp": DataProvider(TRADING, exchange)})
    assert find_exchange(strategy) is exchange


def test_request_lives_for_the_timeout_and_the_window_of_ccxt(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exchange._api, "timeout", 7_000)
    monkeypatch.setitem(exchange._api.options, "recvWindow", 11_000)
    assert find_request_lifetime(exchange) == timedelta(seconds=18)


@pytest.mark.parametrize("name", ["binance", "okx"])
def test_client_ids_of_ccxt_begin_with_the_prefix(name: str):
    api = getattr(ccxt, name)()
    market = {"id": "ETHUSDT", "symbol": "ETH/USDT", "base": "ETH", "quote": "USDT", "spot": True}
    market |= {"type": "spot", "active": True, "contract": False, "option": False}
    market |= {"linear": None, "inverse": None, "info": {"orderTypes": ["LIMIT"]}, "limits": {}}
    market["precision"] = {"amount": 0.001, "price": 0.01}
    api.markets = {"ETH/USDT": market}
    api.markets_by_id = {"ETHUSDT": [market]}
    request = api.create_order_request("ETH/USDT", "limit", "buy", 1.0, 100.0)
    [client_id] = [request[key] for key in ("newClientOrderId", "clOrdId") if key in request]
    prefix = find_client_id_prefix(type("Any", (), {"_api": api}))
    assert prefix
    assert client_id.startswith(prefix)


def test_orders_are_described_by_the_words_that_are_observed():
    words = set(inspect.signature(Exchange.create_order).parameters)
    assert {"pair", "ordertype", "side", "amount", "rate"} <= words
    places = list(inspect.signature(Exchange.create_stoploss).parameters)
    assert places[:4] == ["self", "pair", "amount", "stop_price"]


@pytest.fixture
def live(load_live: Callable[..., IStrategy]) -> Exchange:
    """Freqtrade's exchange object of a live bot; its requests go to `api`."""
    exchange = find_exchange(load_live())
    exchange._config["dry_run"] = False
    return exchange


def test_orders_of_the_exchange_object_are_observed(live: Exchange, api: Api):
    seen: list[OrderRequest] = []

    def send(order: OrderRequest, request: Callable[[], CcxtOrder]) -> CcxtOrder:
        seen.append(order)
        return request()

    observe_orders(live, send)
    api.answer = {"id": "8", "status": "open"}
    words: dict[str, Any] = {"pair": PAIR, "amount": 1.0, "leverage": 1.0}
    responses = [
        live.create_order(**words, ordertype="limit", side="buy", rate=100.0),
        live.create_order(**words, ordertype="market", side="sell", rate=100.0),
        live.create_stoploss(**words, stop_price=95.0, order_types=ORDER_TYPES, side="sell"),
    ]
    assert [response["id"] for response in responses] == ["8", "8", "8"]
    assert seen == [
        OrderRequest(PAIR, "buy", "limit", 1.0, 100.0),
        OrderRequest(PAIR, "sell", "market", 1.0, None),
        OrderRequest(PAIR, "sell", "stop", 1.0, 95.0),
    ]


def test_open_orders_are_those_that_ccxt_has(live: Exchange, api: Api):
    api.orders = [STOP]
    assert fetch_open_orders(live, PAIR) == [STOP]


def test_exchanges_that_list_stops_apart_are_known_to_freqtrade():
    option = "stoploss_query_requires_stop_flag"
    assert Exchange._ft_has_default[option] is False
    assert Okx._ft_has[option] is True


def test_order_is_attached_as_one_that_freqtrade_has_sent(database: None):
    trade = open_trade(0.4, 100.0)
    attach_order(trade, STOP, "stoploss", 95.0)
    Trade.commit()
    found = Order.order_by_id("7", PAIR)
    assert found is not None
    assert found.trade is trade
    assert (found.ft_order_side, found.ft_is_open) == ("stoploss", True)
    assert (found.ft_amount, found.ft_price, found.stop_price) == (0.4, 95.0, 95.0)


@pytest.mark.parametrize(("owner", "broken"), [(Trade, PairLock), (_CustomData, _CustomData)])
def test_both_sessions_of_the_database_are_usable_after_an_error(
    database: None, owner: Any, broken: type
):
    trade = open_trade(0.4, 100.0)
    owner.session.add(broken())
    with pytest.raises(IntegrityError):
        owner.session.flush()
    roll_back()
    trade.set_custom_data("x", 1)
    assert trade.get_custom_data("x") == 1
    assert Trade.get_open_trades() == [trade]
