"""What Freqtrade does not promise is still as `altseason.host` takes it."""

import copy
import inspect
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ccxt
import pytest
from freqtrade.data.btanalysis import get_tick_size_over_time
from freqtrade.data.dataprovider import DataProvider
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType, RunMode
from freqtrade.exchange import Exchange
from freqtrade.resolvers import ExchangeResolver

from altseason.host import configuration
from altseason.host.candle_files import PRECISION_COLUMNS, candle_file
from altseason.host.exchange import (
    find_client_id_prefix,
    find_exchange,
    find_request_lifetime,
)
from tests.conftest import coin_candles

CONFIG: dict[str, Any] = {
    "dry_run": True,
    "runmode": RunMode.DRY_RUN,
    "stake_currency": "USDT",
    "trading_mode": "spot",
    "candle_type_def": CandleType.SPOT,
    "exchange": {"name": "binance", "pair_whitelist": ["ETH/USDT"]},
}


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    exchange = ExchangeResolver.load_exchange(copy.deepcopy(CONFIG), validate=False)
    yield exchange
    exchange.close()


@pytest.mark.parametrize("data_format", ["feather", "parquet", "json", "jsongz"])
def test_candle_file_is_the_one_that_freqtrade_writes(tmp_path: Path, data_format: str):
    handler = get_datahandler(tmp_path, data_format)
    handler.ohlcv_store("BTCD/USD", "1h", coin_candles(5), CandleType.SPOT)
    assert [candle_file(tmp_path, data_format, "BTCD/USD", "1h")] == list(tmp_path.iterdir())


def test_precision_columns_are_those_that_a_backtest_leaves_in_the_candles():
    candles = coin_candles(300)
    before = set(candles.columns)
    get_tick_size_over_time(candles)
    assert set(candles.columns) - before == set(PRECISION_COLUMNS)


def test_exchange_is_the_one_of_the_data_provider(exchange: Exchange):
    strategy = type("Any", (), {"dp": DataProvider(CONFIG, exchange)})
    assert find_exchange(strategy) is exchange


def test_request_lives_for_the_timeout_and_the_window_of_ccxt(exchange: Exchange):
    exchange._api.timeout = 7_000
    exchange._api.options["recvWindow"] = 11_000
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


def test_loggers_that_are_kept_quiet_are_there():
    assert all(find_spec(name) is not None for name in configuration.FILTERS)
