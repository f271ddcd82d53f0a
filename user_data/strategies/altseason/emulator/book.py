"""The order book around a price: narrow, and deep enough for any rehearsal.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book
"""

import math
from typing import Any

from altseason.emulator.answers import DECIMALS, format_decimal

# The best bid and ask lie this part of the price from it, and the levels from one another.
STEP = 0.0001
LEVEL_WORTH = 100_000.0
# Further than this from the price there are none.
MOST_LEVELS = 1000


def best_bid(price: float, level: int = 0) -> float:
    """Give the price of a level of the bids, the best without one."""
    scale = 10.0**DECIMALS
    return math.floor(price * (1 - (level + 1) * STEP) * scale) / scale


def best_ask(price: float, level: int = 0) -> float:
    """Give the price of a level of the asks, the best without one."""
    scale = 10.0**DECIMALS
    return math.ceil(price * (1 + (level + 1) * STEP) * scale) / scale


def order_book(price: float | None, limit: int, now: int) -> dict[str, Any]:
    """Build the answer of `GET /api/v3/depth`.

    :param price: the last price; without one there are no orders.
    :param limit: how many levels are wanted at most.
    :param now: in milliseconds.
    """
    levels = range(min(limit, MOST_LEVELS)) if price else range(0)
    return {
        "lastUpdateId": now,
        "bids": [_level(best_bid(price or 0.0, level)) for level in levels],
        "asks": [_level(best_ask(price or 0.0, level)) for level in levels],
    }


def level_amount(price: float) -> float:
    """Give the amount that is offered at a price."""
    return round(LEVEL_WORTH / price, DECIMALS) if price else 0.0


def _level(price: float) -> list[str]:
    return [format_decimal(price), format_decimal(level_amount(price))]
