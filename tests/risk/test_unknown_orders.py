"""Open orders of exchanges other than Binance, by Freqtrade's own classes and ccxt."""

import copy
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import ccxt
import pytest
from freqtrade.exceptions import ExchangeError, TemporaryError
from freqtrade.exchange import Exchange
from freqtrade.persistence import Trade
from freqtrade.resolvers import ExchangeResolver

from altseason.risk.exchange_orders import find_unknown_orders
from altseason.risk.lost_orders import recover_orders
from altseason.risk.sent_orders import NOTED_AS, SentOrder, SentOrders
from tests.risk.records import Wallet
from tests.risk.traders import PAIR, TRADING, open_trade

CREATED = 1649119897778
# As OKX documents it: https://www.okx.com/docs-v5/en/#order-book-trading-algo-trading
STOP = {
    "algoId": "431375349042380800",
    "cTime": str(CREATED),
    "instId": "ETH-USDT",
    "instType": "SPOT",
    "ordId": "",
    "ordPx": "",
    "ordType": "conditional",
    "side": "sell",
    "slOrdPx": "-1",
    "slTriggerPx": "1800",
    "state": "live",
    "sz": "1.25",
    "tdMode": "cash",
    "tpTriggerPx": "",
}


def load_exchange(name: str, market_id: str) -> Exchange:
    config = copy.deepcopy(TRADING)
    config["exchange"]["name"] = name
    exchange = ExchangeResolver.load_exchange(config, validate=False)
    market = {"id": market_id, "symbol": PAIR, "type": "spot", "spot": True, "contract": False}
    market |= {"precision": {"amount": 1e-6}, "base": "ETH", "quote": "USDT"}
    api = exchange._api
    api.markets, api.markets_by_id = {PAIR: market}, {market_id: [market]}
    exchange._markets = api.markets
    api.currencies = api.currencies_by_id = {}
    return exchange


@pytest.fixture
def okx() -> Iterator[Exchange]:
    """OKX with one stop that is open."""
    exchange = load_exchange("okx", "ETH-USDT")
    api = exchange._api
    api.privateGetTradeOrdersPending = lambda words: {"code": "0", "data": []}
    api.privateGetTradeOrdersAlgoPending = lambda words: {
        "code": "0",
        "data": [STOP] * (words["ordType"] == "conditional"),
    }
    yield exchange
    exchange.close()


def test_stop_of_okx_which_lists_them_apart_is_tracked_again(database: None, okx: Exchange):
    trade = open_trade(1.25, 1900.0)
    now = datetime.fromtimestamp(CREATED / 1000 + 61, UTC)
    wallet: Any = Wallet(used={"ETH": 1.25}, total={"ETH": 1.25})
    sent = SentOrder("sell", "stop", 1.25, 1800.0, CREATED / 1000 - 1)
    trade.set_custom_data(NOTED_AS, [asdict(sent)])
    [message] = recover_orders(trade, SentOrders(), okx, wallet, now).recovered
    assert "stop order 431375349042380800 (1.25 ETH)" in message
    [order] = Trade.get_open_trades()[0].orders
    assert (order.ft_order_side, order.order_id) == ("stoploss", "431375349042380800")
    assert (order.ft_is_open, order.ft_amount, order.ft_price) == (True, 1.25, 1800.0)


def test_gate_which_lists_stops_apart_too_is_asked_for_both():
    exchange = load_exchange("gate", "ETH_USDT")
    exchange._api.checkRequiredCredentials = lambda: True
    asked = []
    exchange._api.privateSpotGetOpenOrders = lambda words: asked.append("orders") or []
    exchange._api.privateSpotGetPriceOrders = lambda words: asked.append("stops") or []
    assert find_unknown_orders(exchange, PAIR) == []
    assert asked == ["orders", "stops"]
    exchange.close()


@pytest.mark.parametrize(
    ("error", "raised"),
    [(ccxt.RequestTimeout, TemporaryError), (ccxt.BadSymbol, ExchangeError)],
)
def test_refusal_is_told_apart_from_an_exchange_that_is_down(
    okx: Exchange, error: type[Exception], raised: type[Exception]
):
    def fail(words: Any) -> None:
        raise error("no")

    okx._api.privateGetTradeOrdersPending = fail
    with pytest.raises(raised):
        find_unknown_orders(okx, PAIR)
