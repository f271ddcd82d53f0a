"""Matching of an order at one moment: the book levels that it takes, and their prices."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from altseason_lab.emulator.book import Level, asks, bids
from altseason_lab.emulator.rules import TradingRules
from tests.exchange.orders import NewOrder, Order

# STOP_LOSS triggers when the price moves against the side, TAKE_PROFIT when it moves with it.
TRIGGERED_BY_FALL = {("STOP_LOSS_LIMIT", "SELL"), ("TAKE_PROFIT_LIMIT", "BUY")}


def find_takeable(order: Order, price: Decimal, rules: TradingRules) -> Iterable[Level]:
    """Return the levels of the book around a price that an order may take, the best first."""
    limit = order.request.price
    levels = asks(price, rules) if order.is_buy else bids(price, rules)
    for at, amount in levels:
        if not order.is_market and (at > limit if order.is_buy else at < limit):
            return
        yield at, amount


def take(levels: Iterable[Level], wanted: Decimal) -> list[Level]:
    """Take an amount from levels, or as much of it as there is."""
    taken: list[Level] = []
    for price, amount in levels:
        if wanted <= 0:
            break
        part = min(wanted, amount)
        if part > 0:
            taken.append((price, part))
        wanted -= part
    return taken


def quantity_for(cost: Decimal, levels: Iterable[Level], step: Decimal) -> Decimal:
    """Return the quantity, a multiple of the step, that a cost in the quote coin pays for."""
    quantity = Decimal()
    for price, amount in levels:
        part = min(amount, (cost / price / step).to_integral_value(ROUND_FLOOR) * step)
        quantity += part
        cost -= part * price
        if part < amount:
            break
    return quantity


def largest_fill(quantity: Decimal, fraction: Decimal, step: Decimal) -> Decimal:
    """Return how much of an order is filled at most at once: a multiple of the step, not zero."""
    return (quantity * fraction / step).to_integral_value(ROUND_CEILING) * step


def is_triggered_by_fall(request: NewOrder) -> bool:
    """Return whether a stop price is reached from above."""
    return (request.type, request.side) in TRIGGERED_BY_FALL


def would_trigger_now(request: NewOrder, price: Decimal) -> bool:
    """Return whether the stop price is reached already."""
    if is_triggered_by_fall(request):
        return price <= request.stop_price
    return price >= request.stop_price
