"""The real ccxt against the emulator, synchronous and asynchronous, as Freqtrade configures it."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import ccxt
import ccxt.pro
import pytest

from altseason_lab.host.overlay import exchange_settings
from tests.lab.emulator.candle_files import HOUR, load_candles

START = 1609459200000


def settings(url: str) -> dict[str, Any]:
    return exchange_settings(url)["ccxt_config"]


@pytest.fixture
def binance(url: str) -> ccxt.binance:
    return ccxt.binance(settings(url))


def test_load_markets_gives_spot_markets_with_their_limits(binance: ccxt.binance) -> None:
    markets = binance.load_markets()
    assert sorted(markets) == ["ETH/USDT", "SOL/USDT"]
    market = markets["ETH/USDT"]
    assert (market["spot"], market["active"], market["margin"]) == (True, True, False)
    assert market["precision"]["price"] == market["precision"]["amount"] == 1e-8
    assert market["limits"]["cost"]["min"] == 5
    assert market["taker"] == 0.001
    # An amount or a price of a backtest is not rounded to anything that shows.
    assert binance.price_to_precision("ETH/USDT", 123.456789) == "123.456789"


def test_fetch_ohlcv_pages_over_a_gap(binance: ccxt.binance, datadir: Path) -> None:
    since, rows = START, []
    while page := binance.fetch_ohlcv("ETH/USDT", "1h", since=since, limit=400):
        rows += page
        since = page[-1][0] + 1
    stored = load_candles(datadir, "ETH/USDT")
    stored["date"] = stored["date"].astype("int64")
    assert rows == stored.values.tolist()
    steps = {after[0] - before[0] for before, after in itertools.pairwise(rows)}
    assert steps == {HOUR, 21 * HOUR}


def test_fetch_ohlcv_from_zero_starts_with_the_first_candle(binance: ccxt.binance) -> None:
    assert binance.fetch_ohlcv("ETH/USDT", "1h", since=0, limit=1)[0][0] == START


def test_fetch_ohlcv_honours_until(binance: ccxt.binance) -> None:
    rows = binance.fetch_ohlcv("ETH/USDT", "1h", since=START, params={"until": START + 3 * HOUR})
    assert [row[0] for row in rows] == [START + hour * HOUR for hour in range(4)]


def test_fetch_time_is_the_exchanges(binance: ccxt.binance) -> None:
    assert binance.fetch_time() == 1_700_000_000_000


def test_fetch_tickers_gives_the_last_price(binance: ccxt.binance, datadir: Path) -> None:
    tickers = binance.fetch_tickers()
    for pair in ("ETH/USDT", "SOL/USDT"):
        assert tickers[pair]["last"] == load_candles(datadir, pair)["close"].iloc[-1]
    assert binance.fetch_ticker("SOL/USDT")["last"] == tickers["SOL/USDT"]["last"]


def test_a_refusal_becomes_ccxts_exception(binance: ccxt.binance) -> None:
    binance.load_markets()
    with pytest.raises(ccxt.BadSymbol):
        binance.public_get_klines({"symbol": "NOUSDT", "interval": "1h"})
    with pytest.raises(ccxt.BadRequest):
        binance.public_get_klines({"symbol": "ETHUSDT", "interval": "7h"})
    with pytest.raises(ccxt.BadRequest):
        binance.public_get_depth({"symbol": "ETHUSDT"})


def test_the_asynchronous_client_gets_the_same(url: str, binance: ccxt.binance) -> None:
    async def fetch() -> list[Any]:
        client = ccxt.pro.binance(settings(url))
        try:
            await client.load_markets()
            pages = [
                client.fetch_ohlcv("ETH/USDT", "1h", since=START + first * HOUR, limit=500)
                for first in (0, 500, 1000)
            ]
            return await asyncio.gather(*pages)
        finally:
            await client.close()

    pages = asyncio.run(fetch())
    assert [len(page) for page in pages] == [500, 500, 500]
    assert pages[1] == binance.fetch_ohlcv("ETH/USDT", "1h", since=START + 500 * HOUR, limit=500)
