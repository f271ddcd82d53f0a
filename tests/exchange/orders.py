"""Orders and their fills, as the account keeps them.

https://developers.binance.com/docs/binance-spot-api-docs/enums
"""

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Literal

from altseason_lab.emulator.market import Symbol
from altseason_lab.emulator.rules import FINEST

Side = Literal["BUY", "SELL"]
OrderType = Literal["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]
TimeInForce = Literal["GTC", "IOC", "FOK"]
Status = Literal["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"]

WITH_STOP = ("STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
OPEN = ("NEW", "PARTIALLY_FILLED")


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    """A new order as the client sent it, not yet checked against rules and balances.

    :param quantity: zero where a market order names its cost instead.
    :param cost: in the quote coin; zero where the quantity is named.
    :param price: zero for market orders.
    :param stop_price: zero for orders that work at once.
    """

    symbol: Symbol
    side: Side
    type: OrderType
    time_in_force: TimeInForce = "GTC"
    quantity: Decimal = Decimal()
    cost: Decimal = Decimal()
    price: Decimal = Decimal()
    stop_price: Decimal = Decimal()
    client_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Fill:
    """A fill: some of an order at one price.

    :param cost: what was paid or received in the quote coin, before the fee.
    """

    number: int
    time: int
    price: Decimal
    quantity: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str
    is_maker: bool


@dataclass(kw_only=True, eq=False)
class Order:
    """An order that was accepted; times in milliseconds.

    :param locked: the balance that is still locked for it, in the coin that it pays with.
    :param working_since: since when it can be filled; None before its stop price is reached.
    """

    number: int
    client_id: str
    request: NewOrder
    quantity: Decimal
    time: int
    updated: int
    status: Status = "NEW"
    working_since: int | None = None
    locked: Decimal = Decimal()
    fills: list[Fill] = field(default_factory=list)

    @property
    def symbol(self) -> Symbol:
        """Return its market."""
        return self.request.symbol

    @property
    def is_buy(self) -> bool:
        """Return whether it buys."""
        return self.request.side == "BUY"

    @property
    def is_market(self) -> bool:
        """Return whether it is a market order."""
        return self.request.type == "MARKET"

    @property
    def is_open(self) -> bool:
        """Return whether it can still be filled."""
        return self.status in OPEN

    @property
    def is_waiting(self) -> bool:
        """Return whether its stop price is not reached yet."""
        return self.is_open and self.working_since is None

    @property
    def executed(self) -> Decimal:
        """Return the filled quantity."""
        return sum((fill.quantity for fill in self.fills), Decimal())

    @property
    def cost(self) -> Decimal:
        """Return the value of its fills in the quote coin."""
        return sum((fill.cost for fill in self.fills), Decimal())

    @property
    def remaining(self) -> Decimal:
        """Return the unfilled quantity."""
        return self.quantity - self.executed

    @property
    def given_asset(self) -> str:
        """Return the coin that it pays with."""
        return self.symbol.quote if self.is_buy else self.symbol.base

    @property
    def needed(self) -> Decimal:
        """Return the largest cost of the remainder, in the coin that it pays with."""
        if not self.is_buy:
            return self.remaining
        return (self.remaining * self.request.price).quantize(FINEST, ROUND_UP)


def calculate_cost(price: Decimal, quantity: Decimal) -> Decimal:
    """Return the value of a fill in the quote coin, to its precision of 1e-8."""
    return (price * quantity).quantize(FINEST, ROUND_DOWN)
