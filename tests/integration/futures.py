"""Binance's perpetual futures, as far as Freqtrade asks in backtests and dry runs.

The markets and candles are the emulator's of the spot exchange, under the addresses and with the
descriptions of futures.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import requests

from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import Market, MillisecondClock
from altseason_lab.host.overlay import exchange_settings
from tests.lab.emulator.serving import CLOCK
from tests.lab.emulator.serving import serving as serving_spot
from tests.providers.serving import Reply, Request, serving

FUTURES, SPOT = "/fapi/v1/", "/api/v3/"
LATER = 4_133_404_800_000


@contextmanager
def serving_futures(
    market: Market | LiveMarket, clock: MillisecondClock = lambda: CLOCK
) -> Iterator[str]:
    with serving_spot(market, clock) as spot:

        def answer(request: Request) -> Reply:
            path = request.path.replace(FUTURES, SPOT).replace("markPriceKlines", "klines")
            if path.endswith("fundingRate"):
                return Reply(b"[]")
            given = requests.get(spot + path, params=request.query, timeout=30)
            content = given.json()
            if path.endswith("exchangeInfo"):
                content["symbols"] = [as_perpetual(symbol) for symbol in content["symbols"]]
            return Reply(json.dumps(content).encode(), given.status_code)

        with serving(answer) as futures:
            yield futures.url


def as_perpetual(symbol: dict[str, Any]) -> dict[str, Any]:
    """The description of a spot market as that of the perpetual contract on it."""
    kept = [one for one in symbol["filters"] if one["filterType"] != "NOTIONAL"]
    return {
        **symbol,
        "pair": symbol["symbol"],
        "contractType": "PERPETUAL",
        "deliveryDate": LATER,
        "onboardDate": 0,
        "marginAsset": symbol["quoteAsset"],
        "pricePrecision": 8,
        "quantityPrecision": 8,
        "filters": [*kept, {"filterType": "MIN_NOTIONAL", "notional": "5"}],
    }


def futures_config(url: str, *pairs: str, is_live: bool = False) -> dict[str, Any]:
    """What a configuration has to say to trade these perpetual contracts."""
    exchange = exchange_settings(url, is_live=is_live)
    for name in ("ccxt_config", "ccxt_sync_config", "ccxt_async_config"):
        exchange[name]["options"]["fetchMarkets"] = {"types": ["linear"]}
    # Tickers of futures have no prices.
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    return {
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "trading_mode": "futures",
        "margin_mode": "isolated",
        "exchange": {**exchange, "pair_whitelist": list(pairs)},
    }


def write_futures(spot: Path, folder: Path, coin: str) -> None:
    """Write the candles of a coin as those of its contract, with the funding it needs."""
    candles = pd.read_feather(spot / f"{coin}_USDT-1h.feather")
    target = folder / "futures"
    target.mkdir(parents=True, exist_ok=True)
    for kind in ("futures", "mark"):
        candles.to_feather(target / f"{coin}_USDT_USDT-1h-{kind}.feather")
    funding = candles[["date"]].assign(funding_rate=0.0)
    funding.to_feather(target / f"{coin}_USDT_USDT-1h-funding_rate.feather")
