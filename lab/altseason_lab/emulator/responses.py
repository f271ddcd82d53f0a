"""The bodies of Binance's responses: markets and candles.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from altseason_lab.emulator.market import Symbol, close_times
from altseason_lab.emulator.rules import TradingRules

# Those that the exchange of the tests accepts (tests/exchange/order_parameters.py).
ORDER_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]
DECIMALS = 8


def exchange_information(
    symbols: Iterable[Symbol], now: int, rules: Mapping[str, TradingRules] | None = None
) -> dict[str, Any]:
    """Build the response to `GET /api/v3/exchangeInfo`.

    :param rules: by name of the markets that do not have the finest rules.
    :param now: the exchange's time in milliseconds.
    """
    return {
        "timezone": "UTC",
        "serverTime": now,
        "rateLimits": [
            {
                "rateLimitType": "REQUEST_WEIGHT",
                "interval": "MINUTE",
                "intervalNum": 1,
                "limit": 6000,
            }
        ],
        "exchangeFilters": [],
        "symbols": [
            symbol_information(symbol, (rules or {}).get(symbol.name, TradingRules()))
            for symbol in symbols
        ],
    }


def symbol_information(symbol: Symbol, rules: TradingRules) -> dict[str, Any]:
    """Build Binance's description of one market."""
    return {
        "symbol": symbol.name,
        "status": "TRADING",
        "baseAsset": symbol.base,
        "baseAssetPrecision": DECIMALS,
        "quoteAsset": symbol.quote,
        "quotePrecision": DECIMALS,
        "quoteAssetPrecision": DECIMALS,
        "baseCommissionPrecision": DECIMALS,
        "quoteCommissionPrecision": DECIMALS,
        "orderTypes": ORDER_TYPES,
        "icebergAllowed": False,
        "ocoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": rules.filters(),
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }


def klines(candles: pd.DataFrame, interval: str) -> list[list[Any]]:
    """Build the response to `GET /api/v3/klines`.

    What candle files do not contain is filled in: the quote volume is calculated with the close,
    the number of trades and the taker volumes are 0.

    :param candles: as from `select_candles`.
    """
    if candles.empty:
        return []
    rows = zip(
        candles["open_time"].tolist(),
        close_times(candles["date"], interval),
        *(candles[name].tolist() for name in ("open", "high", "low", "close", "volume")),
        strict=True,
    )
    return [
        [
            opened,
            *(format_decimal(value) for value in values),
            closed,
            format_decimal(values[4] * values[3]),
            0,
            format_decimal(0.0),
            format_decimal(0.0),
            "0",
        ]
        for opened, closed, *values in rows
    ]


def format_decimal(value: float) -> str:
    """Write a number as Binance does; parsing it gives exactly the same number."""
    whole, _, fraction = str(np.format_float_positional(value)).partition(".")
    return f"{whole}.{fraction:0<{DECIMALS}}"
