"""The order book around a price: narrow, and deep enough for any rehearsal.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book
"""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from altseason_lab.emulator.rules import TradingRules, format_amount

# The distance of the best bid and ask from the price, and between levels, as a ratio of the price.
STEP = Decimal("0.0001")
# In the quote coin.
LEVEL_VALUE = Decimal(100_000)
MAX_LEVELS = 1000
FINEST_RULES = TradingRules()

Level = tuple[Decimal, Decimal]


def bids(price: Decimal, rules: TradingRules = FINEST_RULES) -> Iterator[Level]:
    """Yield the levels to sell to, the best first: price and amount."""
    for level in range(1, MAX_LEVELS + 1):
        at = _round(price * (1 - level * STEP), rules.tick, ROUND_FLOOR)
        if at <= 0:
            return
        yield at, level_amount(at, rules)


def asks(price: Decimal, rules: TradingRules = FINEST_RULES) -> Iterator[Level]:
    """Yield the levels to buy from, the best first: price and amount."""
    for level in range(1, MAX_LEVELS + 1):
        at = _round(price * (1 + level * STEP), rules.tick, ROUND_CEILING)
        if at <= 0:
            return
        yield at, level_amount(at, rules)


def order_book(
    price: Decimal | None, limit: int, now: int, rules: TradingRules = FINEST_RULES
) -> dict[str, Any]:
    """Build the response to `GET /api/v3/depth`.

    :param price: the last price; without one the book is empty.
    :param limit: the maximum number of levels.
    :param now: in milliseconds.
    """
    return {
        "lastUpdateId": now,
        "bids": _write(bids(price, rules), limit) if price else [],
        "asks": _write(asks(price, rules), limit) if price else [],
    }


def level_amount(price: Decimal, rules: TradingRules = FINEST_RULES) -> Decimal:
    """Return the amount at a level."""
    return _round(LEVEL_VALUE / price, rules.step, ROUND_FLOOR)


def _write(levels: Iterator[Level], limit: int) -> list[list[str]]:
    found = zip(range(limit), levels, strict=False)
    return [[format_amount(price), format_amount(amount)] for _, (price, amount) in found]


def _round(value: Decimal, unit: Decimal, rounding: str) -> Decimal:
    return (value / unit).to_integral_value(rounding) * unit
