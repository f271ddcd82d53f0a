"""The HTTP server of the emulator: requests to the market, and errors in Binance's format."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from freqtrade.exchange import timeframe_to_msecs

from altseason_lab.emulator import errors, responses
from altseason_lab.emulator.book import order_book
from altseason_lab.emulator.dominance import ReplayedDominance
from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import DAY_IN_MS, Market, MillisecondClock, Symbol, wall_clock
from altseason_lab.emulator.parameters import (
    parse_depth_query,
    parse_klines_query,
    parse_symbol,
    parse_symbols,
    refuse_unread,
)
from altseason_lab.emulator.providers import ProviderEndpoints, ProviderFaults
from altseason_lab.emulator.rules import TradingRules
from altseason_lab.emulator.ticker import day_ticker

HOST = "127.0.0.1"
KLINES = "/api/v3/klines"
# Idle connections are closed at once; this is for requests in progress.
SHUTDOWN_SECONDS = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Endpoints:
    """The endpoints of Binance's spot API that need only a data directory."""

    def __init__(
        self,
        market: Market | LiveMarket,
        clock: MillisecondClock,
        rules: Mapping[str, TradingRules] | None = None,
    ) -> None:
        """Serve a market.

        :param rules: by the names of the markets that do not have the finest rules.
        """
        self._market = market
        self._clock = clock
        self._rules = rules or {}

    def routes(self) -> list[web.RouteDef]:
        """Return the paths, with their handlers."""
        return [
            web.get("/api/v3/ping", self.ping),
            web.get("/api/v3/time", self.time),
            web.get("/api/v3/exchangeInfo", self.exchange_info),
            web.get(KLINES, self.klines),
            web.get("/api/v3/ticker/24hr", self.ticker),
        ]

    async def ping(self, request: web.Request) -> web.Response:
        """Return an empty response."""
        refuse_unread(read_parameters(request), ())
        return web.json_response({})

    async def time(self, request: web.Request) -> web.Response:
        """Return the exchange's time."""
        refuse_unread(read_parameters(request), ())
        return web.json_response({"serverTime": self._clock()})

    async def exchange_info(self, request: web.Request) -> web.Response:
        """Return all markets, or the requested one."""
        parameters = read_parameters(request)
        refuse_unread(parameters, ("symbol",))
        symbols = list(self._market.symbols.values())
        if "symbol" in parameters:
            symbols = [parse_symbol(parameters["symbol"], self._market.symbols)]
        response = responses.exchange_information(symbols, self._clock(), self._rules)
        return web.json_response(response)

    async def klines(self, request: web.Request) -> web.Response:
        """Return candles."""
        query = parse_klines_query(read_parameters(request), self._market.symbols)
        candles = self._market.at(self._clock()).select(
            query.symbol, query.interval, start=query.start, end=query.end, limit=query.limit
        )
        return web.json_response(responses.klines(candles, query.interval))

    async def ticker(self, request: web.Request) -> web.Response:
        """Return the last day of one market, of several, or of all."""
        parameters = read_parameters(request)
        refuse_unread(parameters, ("symbol", "symbols"))
        if "symbol" in parameters:
            symbol = parse_symbol(parameters["symbol"], self._market.symbols)
            return web.json_response(self._day(symbol))
        symbols = parse_symbols(parameters, self._market.symbols)
        return web.json_response([self._day(symbol) for symbol in symbols])

    def _day(self, symbol: Symbol) -> dict[str, Any]:
        interval = self._market.intervals(symbol)[0]
        return day_ticker(symbol, self._market.load_candles(symbol, interval), interval)


class LiveEndpoints(Endpoints):
    """The endpoints of a live market, with an order book."""

    def __init__(
        self,
        market: LiveMarket,
        clock: MillisecondClock,
        rules: Mapping[str, TradingRules] | None = None,
    ) -> None:
        """Serve a market as it is at the clock's time; parameters as in `Endpoints`."""
        super().__init__(market, clock, rules)
        self._live = market

    def routes(self) -> list[web.RouteDef]:
        """Return the paths, with their handlers."""
        return [*super().routes(), web.get("/api/v3/depth", self.depth)]

    async def depth(self, request: web.Request) -> web.Response:
        """Return the order book."""
        symbol, limit = parse_depth_query(read_parameters(request), self._live.symbols)
        now = self._clock()
        price = self._live.at(now).price(symbol)
        return web.json_response(order_book(price, limit, now, self._rules_of(symbol)))

    def _day(self, symbol: Symbol) -> dict[str, Any]:
        interval = self._live.intervals(symbol)[0]
        now = self._clock()
        most = DAY_IN_MS // timeframe_to_msecs(interval) + 1
        candles = self._live.at(now).select(symbol, interval, limit=most)
        return day_ticker(symbol, candles, interval, now=now, rules=self._rules_of(symbol))

    def _rules_of(self, symbol: Symbol) -> TradingRules:
        return self._rules.get(symbol.name, TradingRules())


def read_parameters(request: web.Request) -> dict[str, str]:
    """Read the query of a request, in which no name may occur twice."""
    parameters = dict(request.query)
    if len(parameters) < len(request.query):
        raise BinanceError(errors.TOO_MANY_PARAMETERS, "Duplicate values for a parameter detected.")
    return parameters


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Respond to errors in Binance's format, also for unknown paths and methods."""
    try:
        return await handler(request)
    except BinanceError as error:
        code, message, status = error.code, error.message, error.status
    except web.HTTPClientError as error:
        code, message = errors.UNSUPPORTED_OPERATION, "This operation is not supported."
        status = error.status
    return web.json_response({"code": code, "msg": message}, status=status)


def build_application(
    market: Market | LiveMarket,
    clock: MillisecondClock,
    dominance: ReplayedDominance | None,
    *,
    has_candles: bool = True,
    faults: ProviderFaults | None = None,
) -> web.Application:
    """Build the server's application; parameters as in `run_emulator`."""
    application = web.Application(middlewares=[answer_errors])
    live = LiveEndpoints(market, clock) if isinstance(market, LiveMarket) else None
    routes = (live or Endpoints(market, clock)).routes()
    application.add_routes(route for route in routes if has_candles or route.path != KLINES)
    if dominance is not None:
        application.add_routes(ProviderEndpoints(dominance, clock, faults).routes())
    return application


@asynccontextmanager
async def run_emulator(
    market: Market | LiveMarket,
    clock: MillisecondClock = wall_clock,
    *,
    dominance: ReplayedDominance | None = None,
    has_candles: bool = True,
    faults: ProviderFaults | None = None,
) -> AsyncIterator[str]:
    """Serve a market on a free port of the loopback interface, and yield its URL.

    :param market: stored candles as they are, or moved so that they end now.
    :param clock: returns the exchange's time in milliseconds.
    :param dominance: of the dominance providers; without it there are none.
    :param has_candles: False if nobody may download the candles.
    :param faults: how the dominance providers fail.
    """
    application = build_application(
        market, clock, dominance, has_candles=has_candles, faults=faults
    )
    async with run_application(application) as url:
        yield url


@asynccontextmanager
async def run_application(application: web.Application) -> AsyncIterator[str]:
    """Serve an application on a free port of the loopback interface, and yield its URL."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        port = runner.addresses[0][1]
        yield f"http://{HOST}:{port}"
    finally:
        await runner.cleanup()
