"""The last 24 hours of a market, calculated from its candles.

A data directory has no order book and no current time: the last candle's close is the last price,
the best bid and the best ask, and the day ends where the candles end. A live market has both.
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
"""

from decimal import Decimal
from typing import Any

import pandas as pd

from altseason_lab.emulator.book import FINEST_RULES, asks, bids
from altseason_lab.emulator.market import DAY_IN_MS, Symbol, close_times
from altseason_lab.emulator.responses import format_decimal
from altseason_lab.emulator.rules import TradingRules, format_amount, to_decimal


def day_ticker(
    symbol: Symbol,
    candles: pd.DataFrame,
    interval: str,
    *,
    now: int | None = None,
    rules: TradingRules = FINEST_RULES,
) -> dict[str, Any]:
    """Build the response to `GET /api/v3/ticker/24hr` for one market.

    :param candles: all candles of the market, or those of its last day; at least the last one is
        used, even if it is longer than a day.
    :param now: where the day of a live market ends, in milliseconds.
    :param rules: of the market.
    """
    if candles.empty:
        return {"symbol": symbol.name, "lastPrice": format_decimal(0.0), "count": 0}
    end = now if now is not None else close_times(candles["date"].iloc[-1:], interval)[0]
    last = candles.iloc[-1]
    prices = _sum_up(
        candles[(candles["open_time"] > end - DAY_IN_MS) | (candles.index == last.name)]
    )
    closed = prices["lastPrice"]
    return {
        "symbol": symbol.name,
        "priceChangePercent": f"{(closed / prices['openPrice'] - 1) * 100:.3f}",
        **{name: format_decimal(value) for name, value in prices.items()},
        **_best(closed, rules, has_book=now is not None),
        "openTime": end + 1 - DAY_IN_MS,
        "closeTime": end,
        "firstId": -1,
        "lastId": -1,
        "count": 0,
    }


def _sum_up(day: pd.DataFrame) -> dict[str, float]:
    """Sum up the candles of a day, by Binance's names."""
    opened, closed = float(day["open"].iloc[0]), float(day["close"].iloc[-1])
    volume = float(day["volume"].sum())
    quote_volume = float((day["volume"] * day["close"]).sum())
    return {
        "priceChange": closed - opened,
        "weightedAvgPrice": quote_volume / volume if volume else closed,
        "prevClosePrice": opened,
        "lastPrice": closed,
        "lastQty": 0.0,
        "openPrice": opened,
        "highPrice": float(day["high"].max()),
        "lowPrice": float(day["low"].min()),
        "volume": volume,
        "quoteVolume": quote_volume,
    }


def _best(closed: float, rules: TradingRules, *, has_book: bool) -> dict[str, str]:
    """Build the best bid and ask; without a book both are the last price, with an amount of 0."""
    if not has_book:
        at, nothing = format_decimal(closed), format_decimal(0.0)
        return {"bidPrice": at, "bidQty": nothing, "askPrice": at, "askQty": nothing}
    price = to_decimal(closed)
    bid, ask = (next(side(price, rules), (Decimal(), Decimal())) for side in (bids, asks))
    names = ("bidPrice", "bidQty", "askPrice", "askQty")
    values = (format_amount(value) for value in (*bid, *ask))
    return dict(zip(names, values, strict=True))
