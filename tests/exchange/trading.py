"""The signed endpoints of Binance's spot API, for one account."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from aiohttp import web

from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import MillisecondClock, Symbol
from altseason_lab.emulator.parameters import (
    parse_limit,
    parse_number,
    parse_symbol,
    refuse_unread,
    required,
)
from tests.exchange import codes
from tests.exchange.account import Account
from tests.exchange.engine import MatchingEngine
from tests.exchange.order_parameters import (
    find_order,
    parse_client_id,
    parse_order,
    parse_response,
)
from tests.exchange.order_responses import (
    account_response,
    cancel_response,
    ledger_response,
    new_order_response,
    order_response,
    trade_response,
)
from tests.exchange.orders import Fill, Order
from tests.exchange.signature import API_KEY_HEADER, read_signed

Row = TypeVar("Row")
ONE_ORDER = ("symbol", "orderId", "origClientOrderId")
PERIOD = ("startTime", "endTime", "limit")


class TradingEndpoints:
    """The endpoints that need a key; each first updates the orders."""

    def __init__(self, account: Account, market: LiveMarket, clock: MillisecondClock) -> None:
        self._engine = MatchingEngine(account, market)
        self._account = account
        self._symbols = market.symbols
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Return the paths, with their handlers."""
        return [
            web.get("/api/v3/account", self.account),
            web.get("/api/v3/order", self.order),
            web.post("/api/v3/order", self.new_order),
            web.delete("/api/v3/order", self.cancel_order),
            web.get("/api/v3/openOrders", self.open_orders),
            web.delete("/api/v3/openOrders", self.cancel_open_orders),
            web.get("/api/v3/allOrders", self.all_orders),
            web.get("/api/v3/myTrades", self.my_trades),
            web.get("/sapi/v1/spot/delist-schedule", self.delist_schedule),
            web.get("/control/ledger", self.ledger),
        ]

    async def account(self, request: web.Request) -> web.Response:
        """Return the balances."""
        parameters, now = await self._read(request)
        refuse_unread(parameters, ("omitZeroBalances",))
        omit_zeros = parameters.get("omitZeroBalances") == "true"
        answer = account_response(
            self._engine.ledger, self._account.fee, now, omit_zeros=omit_zeros
        )
        return web.json_response(answer)

    async def order(self, request: web.Request) -> web.Response:
        """Return an order."""
        parameters, _ = await self._read(request)
        self._symbol(parameters)
        unknown = BinanceError(codes.NO_SUCH_ORDER, "Order does not exist.")
        order = find_order(parameters, self._engine.orders, unknown)
        refuse_unread(parameters, ONE_ORDER)
        return web.json_response(order_response(order))

    async def new_order(self, request: web.Request) -> web.Response:
        """Take an order."""
        parameters, now = await self._read(request)
        wanted = parse_order(parameters, self._symbols)
        response = parse_response(parameters, wanted.type)
        return web.json_response(new_order_response(self._engine.place(wanted, now), response, now))

    async def cancel_order(self, request: web.Request) -> web.Response:
        """Cancel an order."""
        parameters, now = await self._read(request)
        self._symbol(parameters)
        unknown = BinanceError(codes.CANCEL_REJECTED, "Unknown order sent.")
        order = find_order(parameters, self._engine.orders, unknown)
        refuse_unread(parameters, (*ONE_ORDER, "newClientOrderId"))
        client_id = parse_client_id(parameters, "newClientOrderId") or f"cancel-{order.number}"
        self._engine.cancel(order, now)
        return web.json_response(cancel_response(order, client_id))

    async def open_orders(self, request: web.Request) -> web.Response:
        """Return the orders that are open, of one market or of all."""
        parameters, _ = await self._read(request)
        refuse_unread(parameters, ("symbol",))
        symbol = self._symbol(parameters) if "symbol" in parameters else None
        return web.json_response([order_response(order) for order in self._open(symbol)])

    async def cancel_open_orders(self, request: web.Request) -> web.Response:
        """Cancel the orders of a market."""
        parameters, now = await self._read(request)
        refuse_unread(parameters, ("symbol",))
        orders = self._open(self._symbol(parameters))
        if not orders:
            raise BinanceError(codes.CANCEL_REJECTED, "Unknown order sent.")
        for order in orders:
            self._engine.cancel(order, now)
        return web.json_response([cancel_response(one, f"cancel-{one.number}") for one in orders])

    async def all_orders(self, request: web.Request) -> web.Response:
        """Return the orders of a market, the oldest first."""
        parameters, _ = await self._read(request)
        symbol = self._symbol(parameters)
        refuse_unread(parameters, ("symbol", "orderId", *PERIOD))
        orders = [order for order in self._engine.orders if order.symbol == symbol]
        page = select_page(
            orders, parameters, "orderId", number=lambda one: one.number, time=lambda one: one.time
        )
        return web.json_response([order_response(order) for order in page])

    async def my_trades(self, request: web.Request) -> web.Response:
        """Return the fills of a market, the oldest first."""
        parameters, _ = await self._read(request)
        symbol = self._symbol(parameters)
        refuse_unread(parameters, ("symbol", "orderId", "fromId", *PERIOD))
        of_order = parse_number(parameters, "orderId")
        trades: list[tuple[Order, Fill]] = [
            (order, fill)
            for order in self._engine.orders
            if order.symbol == symbol and of_order in (None, order.number)
            for fill in order.fills
        ]
        trades.sort(key=lambda trade: trade[1].number)
        page = select_page(
            trades,
            parameters,
            "fromId",
            number=lambda trade: trade[1].number,
            time=lambda trade: trade[1].time,
        )
        return web.json_response([trade_response(*trade) for trade in page])

    async def delist_schedule(self, request: web.Request) -> web.Response:
        """Return that no market is about to end."""
        await self._read(request)
        return web.json_response([])

    async def ledger(self, request: web.Request) -> web.Response:
        """Return, without a signature, everything that was booked up to the last request."""
        return web.json_response(ledger_response(self._engine.ledger, self._engine.orders))

    async def _read(self, request: web.Request) -> tuple[dict[str, str], int]:
        """Read a signed request, and let the orders live up to its time."""
        body = await request.text()
        now = self._clock()
        # Not the query that aiohttp gives: it may be quoted otherwise than the one that was signed.
        query = request.raw_path.partition("?")[2]
        key = request.headers.get(API_KEY_HEADER)
        parameters = read_signed(query, body, key, self._account, now)
        self._engine.update(now)
        return parameters, now

    def _symbol(self, parameters: dict[str, str]) -> Symbol:
        return parse_symbol(required(parameters, "symbol"), self._symbols)

    def _open(self, symbol: Symbol | None) -> list[Order]:
        orders = [order for order in self._engine.orders if order.is_open]
        return [order for order in orders if symbol in (None, order.symbol)]


def select_page(
    rows: Iterable[Row],
    parameters: dict[str, str],
    first: str,
    *,
    number: Callable[[Row], int],
    time: Callable[[Row], int],
) -> list[Row]:
    """Select rows as Binance does: from an id or a time on the oldest, else the newest.

    :param rows: the oldest first.
    :param first: the name of the parameter with the lowest id.
    """
    lowest = parse_number(parameters, first)
    start, end = (parse_number(parameters, name) for name in ("startTime", "endTime"))
    limit = parse_limit(parameters)
    kept = [
        row
        for row in rows
        if (lowest is None or number(row) >= lowest)
        and (start is None or time(row) >= start)
        and (end is None or time(row) <= end)
    ]
    return kept[-limit:] if lowest is None and start is None else kept[:limit]
