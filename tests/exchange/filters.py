"""What the rules of a market refuse of an order.

https://developers.binance.com/docs/binance-spot-api-docs/filters
"""

from decimal import Decimal

from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.rules import MAX_AMOUNT, MAX_COST, MAX_PRICE, TradingRules
from tests.exchange import codes


def validate_amount(rules: TradingRules, amount: Decimal) -> None:
    """Refuse an amount that LOT_SIZE forbids."""
    if not rules.step <= amount <= Decimal(MAX_AMOUNT) or amount % rules.step:
        raise filter_failure("LOT_SIZE")


def validate_price(rules: TradingRules, price: Decimal) -> None:
    """Refuse a price that PRICE_FILTER forbids."""
    if not rules.tick <= price <= Decimal(MAX_PRICE) or price % rules.tick:
        raise filter_failure("PRICE_FILTER")


def validate_cost(rules: TradingRules, cost: Decimal, *, is_market: bool = False) -> None:
    """Refuse a value that NOTIONAL forbids; that of a market order has no upper limit."""
    is_too_much = cost > Decimal(MAX_COST) and not is_market
    if cost < rules.minimum_cost or is_too_much:
        raise filter_failure("NOTIONAL")


def filter_failure(name: str) -> BinanceError:
    """Build the error for an order that breaks a rule."""
    return BinanceError(codes.INVALID_MESSAGE, f"Filter failure: {name}")
