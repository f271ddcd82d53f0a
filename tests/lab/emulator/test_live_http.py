"""The live endpoints over HTTP and through ccxt: candles, ticker and order book agree."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
import pytest
import requests

from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import DAY_IN_MS, Market
from altseason_lab.host.overlay import exchange_settings
from tests.lab.emulator.candle_files import HOUR
from tests.lab.emulator.serving import serving

# The hour that opened 2021-01-05 00:00, 12.5 minutes old, thousand days later.
SHIFT = 1000 * DAY_IN_MS
NOW = 1609459200000 + 4 * DAY_IN_MS + 750_000 + SHIFT


@pytest.fixture
def live_url(datadir: Path) -> Iterator[str]:
    with serving(LiveMarket(Market(datadir), SHIFT), lambda: NOW) as url:
        yield url


def get(url: str, **parameters: Any) -> Any:
    return requests.get(url, params=parameters, timeout=5).json()


@pytest.mark.parametrize("symbol", ["ETHUSDT", "SOLUSDT"])
def test_candle_ticker_and_book_show_one_price(live_url: str, symbol: str) -> None:
    candles = get(f"{live_url}/api/v3/klines", symbol=symbol, interval="1h", limit=30)
    ticker = get(f"{live_url}/api/v3/ticker/24hr", symbol=symbol)
    book = get(f"{live_url}/api/v3/depth", symbol=symbol, limit=5)
    assert candles[-1][0] == NOW - 750_000
    assert ticker["lastPrice"] == candles[-1][4]
    assert ticker["bidPrice"] == book["bids"][0][0]
    assert ticker["askPrice"] == book["asks"][0][0]
    bid, last, ask = (float(ticker[name]) for name in ("bidPrice", "lastPrice", "askPrice"))
    assert bid < last < ask < bid * 1.001
    # The last day: 23 whole hours, the one that is running, and none of those before.
    day = [row for row in candles if row[0] > NOW - DAY_IN_MS]
    assert len(day) == 24
    assert float(ticker["highPrice"]) == max(float(row[2]) for row in day)
    assert float(ticker["lowPrice"]) == min(float(row[3]) for row in day)
    assert ticker["openPrice"] == day[0][1]
    assert (ticker["closeTime"], ticker["openTime"]) == (NOW, NOW + 1 - DAY_IN_MS)


def test_depth_gives_as_many_levels_as_asked_away_from_the_price(live_url: str) -> None:
    book = get(f"{live_url}/api/v3/depth", symbol="ETHUSDT", limit=20)
    bids, asks = ([float(price) for price, _ in book[side]] for side in ("bids", "asks"))
    assert len(bids) == len(asks) == 20
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert min(float(price) * float(amount) for price, amount in book["asks"]) > 99_999
    assert len(get(f"{live_url}/api/v3/depth", symbol="ETHUSDT")["bids"]) == 100


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"symbol": "NOUSDT"}, -1121),
        ({}, -1102),
        ({"symbol": "ETHUSDT", "limit": 0}, -1130),
        ({"symbol": "ETHUSDT", "limit": 5001}, -1130),
        ({"symbol": "ETHUSDT", "colour": "red"}, -1104),
    ],
)
def test_depth_refuses_as_binance_does(
    live_url: str, parameters: dict[str, Any], code: int
) -> None:
    assert get(f"{live_url}/api/v3/depth", **parameters)["code"] == code


def test_a_market_before_its_first_candle_has_no_orders(datadir: Path) -> None:
    with serving(LiveMarket(Market(datadir), SHIFT), lambda: NOW - 5 * DAY_IN_MS) as url:
        assert get(f"{url}/api/v3/depth", symbol="ETHUSDT")["bids"] == []
        assert get(f"{url}/api/v3/klines", symbol="ETHUSDT", interval="1h") == []
        assert get(f"{url}/api/v3/ticker/24hr", symbol="ETHUSDT")["count"] == 0


def test_ccxt_reads_the_book_and_the_running_candle(live_url: str) -> None:
    binance = ccxt.binance(exchange_settings(live_url, is_live=True)["ccxt_config"])
    book = binance.fetch_l2_order_book("ETH/USDT", 5)
    tickers = binance.fetch_tickers()
    assert [len(book["bids"]), len(book["asks"])] == [5, 5]
    assert (tickers["ETH/USDT"]["bid"], tickers["ETH/USDT"]["ask"]) == (
        book["bids"][0][0],
        book["asks"][0][0],
    )
    rows = binance.fetch_ohlcv("ETH/USDT", "1h", since=NOW - 3 * HOUR)
    assert [row[0] for row in rows] == [NOW - 750_000 - hours * HOUR for hours in (2, 1, 0)]
    assert rows[-1][4] == tickers["ETH/USDT"]["last"]
