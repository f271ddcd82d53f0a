"""What an order finds at one moment: the levels of the book that it takes, and at which prices."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from altseason_lab.emulator.book import Level, asks, bids
from altseason_lab.emulator.rules import TradingRules
from tests.exchange.orders import Order, OrderRequest

# STOP_LOSS triggers where the price has gone against the side, TAKE_PROFIT where it has gone with.
TRIGGERED_BY_FALL = {("STOP_LOSS_LIMIT", "SELL"), ("TAKE_PROFIT_LIMIT", "BUY")}


def find_takeable(order: Order, price: Decimal, rules: TradingRules) -> Iterable[Level]:
    """Give the levels of the book around a price that an order may take, the best first."""
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
    """Give the quantity, a multiple of the step, that a cost in the quote coin pays for."""
    quantity = Decimal()
    for price, amount in levels:
        part = min(amount, (cost / price / step).to_integral_value(ROUND_FLOOR) * step)
        quantity += part
        cost -= part * price
        if part < amount:
            break
    return quantity


def largest_part(quantity: Decimal, part: Decimal, step: Decimal) -> Decimal:
    """Give how much of an order a look fills at most: a multiple of the step, and never nothing."""
    return (quantity * part / step).to_integral_value(ROUND_CEILING) * step


def is_triggered_by_fall(request: OrderRequest) -> bool:
    """Tell whether a stop price is reached from above."""
    return (request.type, request.side) in TRIGGERED_BY_FALL


def would_trigger_now(request: OrderRequest, price: Decimal) -> bool:
    """Tell whether the stop price is reached already."""
    if is_triggered_by_fall(request):
        return price <= request.stop_price
    return price >= request.stop_price
