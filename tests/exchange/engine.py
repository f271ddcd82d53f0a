"""The matching engine: orders are accepted or refused, filled along the price path, and canceled.

It knows nothing of HTTP or of a clock: every method takes the time. There are no other traders, so
an order finds the whole book at every update and moves no price.
"""

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import Symbol
from altseason_lab.emulator.rules import FINEST, MAX_ORDERS, MAX_STOP_ORDERS, TradingRules
from tests.exchange import codes
from tests.exchange.account import Account
from tests.exchange.filters import filter_failure, validate_amount, validate_cost, validate_price
from tests.exchange.ledger import Bucket, Ledger
from tests.exchange.matching import (
    find_takeable,
    is_triggered_by_fall,
    largest_fill,
    quantity_for,
    take,
    would_trigger_now,
)
from tests.exchange.orders import WITH_STOP, Fill, NewOrder, Order, Status, calculate_cost
from tests.exchange.prices import Point, Prices, first_at, path_after


class MatchingEngine:
    """One account's orders on a market."""

    def __init__(self, account: Account, market: LiveMarket) -> None:
        self.ledger = Ledger(account.balances)
        self.orders: list[Order] = []
        self._account = account
        self._prices = Prices(market)
        self._updated: dict[Symbol, int] = {}
        self._fills = 0

    def update(self, now: int) -> None:
        """Fill what the price has reached since the last update, up to a time in milliseconds.

        Several updates at one time are one: a request updates, and so does what it calls.
        """
        for symbol in dict.fromkeys(order.symbol for order in self.orders if order.is_open):
            if now <= self._updated[symbol]:
                continue
            path = self._prices.path(symbol, self._updated[symbol], now)
            for order in self.orders:
                if order.symbol == symbol and order.is_open:
                    self._advance(order, path)
            self._updated[symbol] = now

    def place(self, request: NewOrder, now: int) -> Order:
        """Accept an order, and fill what the book has for it at once.

        :raises BinanceError: where Binance would refuse it; nothing has changed then.
        """
        self.update(now)
        price = self._prices.last(request.symbol, now)
        if price is None:
            raise BinanceError(codes.INVALID_MESSAGE, "Market is closed.")
        order = self._build(request, price, now)
        self._validate(order, price)
        self._lock(order, price)
        self.orders.append(order)
        self._updated[order.symbol] = now
        if order.request.type not in WITH_STOP:
            self._begin_work(order, Point(now, price))
        return order

    def cancel(self, order: Order, now: int) -> None:
        """Cancel an order.

        :raises BinanceError: where it is not open any more.
        """
        self.update(now)
        if not order.is_open:
            raise BinanceError(codes.CANCEL_REJECTED, "Unknown order sent.")
        self._close(order, "CANCELED", now)

    def rules_of(self, symbol: Symbol) -> TradingRules:
        """Return the rules of a market."""
        return self._account.rules_of(symbol.name)

    def _build(self, request: NewOrder, price: Decimal, now: int) -> Order:
        number = len(self.orders) + 1
        order = Order(
            number=number,
            client_id=request.client_id or f"emulator-{number}",
            request=request,
            quantity=request.quantity,
            time=now,
            updated=now,
        )
        if request.cost:
            rules = self.rules_of(request.symbol)
            order.quantity = quantity_for(
                request.cost, find_takeable(order, price, rules), rules.step
            )
        return order

    def _validate(self, order: Order, price: Decimal) -> None:
        request, rules = order.request, self.rules_of(order.symbol)
        same = [other for other in self.orders if other.symbol == order.symbol and other.is_open]
        if any(other.client_id == order.client_id for other in same):
            raise rejected("Duplicate order sent.")
        if not order.is_market:
            validate_price(rules, request.price)
        validate_amount(rules, order.quantity)
        at = price if order.is_market else request.price
        validate_cost(rules, at * order.quantity, is_market=order.is_market)
        if len(same) >= MAX_ORDERS:
            raise filter_failure("MAX_NUM_ORDERS")
        if request.type in WITH_STOP:
            validate_price(rules, request.stop_price)
            if sum(other.request.type in WITH_STOP for other in same) >= MAX_STOP_ORDERS:
                raise filter_failure("MAX_NUM_ALGO_ORDERS")
            if would_trigger_now(request, price):
                raise rejected("Stop price would trigger immediately.")
        if request.type == "LIMIT_MAKER" and any(find_takeable(order, price, rules)):
            raise rejected("Order would immediately match and take.")

    def _lock(self, order: Order, price: Decimal) -> None:
        needed = order.needed
        if order.is_market and order.is_buy:
            levels = take(find_takeable(order, price, self.rules_of(order.symbol)), order.quantity)
            needed = sum((calculate_cost(*level) for level in levels), Decimal())
        if self.ledger.amount(order.given_asset, Bucket.FREE) < needed:
            raise rejected("Account has insufficient balance for requested action.")
        self.ledger.move(order.given_asset, needed, Bucket.FREE, Bucket.LOCKED)
        order.locked = needed

    def _advance(self, order: Order, path: list[Point]) -> None:
        """Advance an open order along a price path; each update makes one fill at most."""
        if order.is_waiting:
            is_falling = is_triggered_by_fall(order.request)
            trigger = first_at(path, order.request.stop_price, is_falling=is_falling)
            if trigger is None:
                return
            self._begin_work(order, trigger)
            if order.fills or not order.is_open:
                return
            path = path_after(path, trigger)
        reached = first_at(path, order.request.price, is_falling=order.is_buy)
        if reached is not None:
            quantity = min(order.remaining, self._largest_fill(order))
            self._fill(order, [(order.request.price, quantity)], reached.time, is_maker=True)

    def _begin_work(self, order: Order, moment: Point) -> None:
        """Take what the book has; the time in force decides about the remainder."""
        order.working_since = order.updated = moment.time
        wanted = order.quantity if order.is_market else self._largest_fill(order)
        rules = self.rules_of(order.symbol)
        levels = take(find_takeable(order, moment.price, rules), min(wanted, order.quantity))
        found = sum((amount for _, amount in levels), Decimal())
        if order.request.time_in_force == "FOK" and found < order.quantity:
            levels = []
        self._fill(order, levels, moment.time, is_maker=False)
        if order.is_open and (order.is_market or order.request.time_in_force != "GTC"):
            self._close(order, "EXPIRED", moment.time)

    def _largest_fill(self, order: Order) -> Decimal:
        step = self.rules_of(order.symbol).step
        return largest_fill(order.quantity, self._account.max_fill_fraction, step)

    def _fill(
        self,
        order: Order,
        levels: Iterable[tuple[Decimal, Decimal]],
        time: int,
        *,
        is_maker: bool,
    ) -> None:
        for price, quantity in levels:
            self._book(order, price, quantity, time, is_maker=is_maker)
            order.updated = time
            order.status = "PARTIALLY_FILLED"
        if order.remaining <= 0:
            self._close(order, "FILLED", time)
        elif not order.is_market:
            self._release(order, order.locked - order.needed)

    def _book(
        self, order: Order, price: Decimal, quantity: Decimal, time: int, *, is_maker: bool
    ) -> None:
        """Book one fill: what is paid, what is received, and the fee in the received coin."""
        base, quote = order.symbol.base, order.symbol.quote
        cost = calculate_cost(price, quantity)
        given, received, asset = (cost, quantity, base) if order.is_buy else (quantity, cost, quote)
        fee = (received * self._account.fee).quantize(FINEST, ROUND_DOWN)
        self.ledger.move(order.given_asset, given, Bucket.LOCKED, Bucket.COUNTERPARTY)
        self.ledger.move(asset, received, Bucket.COUNTERPARTY, Bucket.FREE)
        self.ledger.move(asset, fee, Bucket.FREE, Bucket.FEES)
        order.locked -= given
        self._fills += 1
        order.fills.append(
            Fill(
                number=self._fills,
                time=time,
                price=price,
                quantity=quantity,
                cost=cost,
                fee=fee,
                fee_asset=asset,
                is_maker=is_maker,
            )
        )

    def _close(self, order: Order, status: Status, time: int) -> None:
        order.status = status
        order.updated = time
        self._release(order, order.locked)

    def _release(self, order: Order, amount: Decimal) -> None:
        self.ledger.move(order.given_asset, amount, Bucket.LOCKED, Bucket.FREE)
        order.locked -= amount


def rejected(message: str) -> BinanceError:
    """Build the error for an order that the exchange refuses."""
    return BinanceError(codes.NEW_ORDER_REJECTED, message)
