"""The bodies of Binance's answers: markets and candles as its REST API writes them.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from altseason.emulator.market import Symbol, close_times

ORDER_TYPES = [
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]
# Candle files do not say how fine prices and amounts were; this fine, rounding moves no backtest.
DECIMALS = 8
FINEST = "0.00000001"
MINIMUM_COST = "5.00000000"
MAXIMUM_COST = "9000000.00000000"
MAXIMUM_PRICE = "922327.00000000"
MAXIMUM_AMOUNT = "92141578737.00000000"


def exchange_information(symbols: Iterable[Symbol], now: int) -> dict[str, Any]:
    """Build the answer of `GET /api/v3/exchangeInfo`.

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
        "symbols": [symbol_information(symbol) for symbol in symbols],
    }


def symbol_information(symbol: Symbol) -> dict[str, Any]:
    """Build what Binance tells of one market."""
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
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": symbol_filters(),
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }


def symbol_filters() -> list[dict[str, Any]]:
    """Build the rules that orders have to keep."""
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": FINEST,
            "maxPrice": MAXIMUM_PRICE,
            "tickSize": FINEST,
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": FINEST,
            "maxQty": MAXIMUM_AMOUNT,
            "stepSize": FINEST,
        },
        {
            # Zero means that the rule of LOT_SIZE holds.
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": MAXIMUM_AMOUNT,
            "stepSize": "0.00000000",
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": MINIMUM_COST,
            "applyMinToMarket": True,
            "maxNotional": MAXIMUM_COST,
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
    ]


def klines(candles: pd.DataFrame, interval: str) -> list[list[Any]]:
    """Build the answer of `GET /api/v3/klines`.

    What candle files do not hold is filled in: the quote volume is reckoned at the close, the
    number of trades and the takers' volumes are 0.

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
    """Write a number as Binance does, and so that reading it gives the very same number back."""
    whole, _, fraction = str(np.format_float_positional(value)).partition(".")
    return f"{whole}.{fraction:0<{DECIMALS}}"
