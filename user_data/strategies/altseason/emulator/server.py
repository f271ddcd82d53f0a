"""The emulator's HTTP side: it maps requests to the market, and errors to Binance's shape."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from altseason.emulator import answers, errors
from altseason.emulator.errors import BinanceError
from altseason.emulator.market import Market, Symbol, select_candles
from altseason.emulator.parameters import (
    parse_klines_query,
    parse_symbol,
    parse_symbols,
    refuse_unread,
)
from altseason.emulator.ticker import day_ticker

HOST = "127.0.0.1"
# Idle connections are closed at once; this is for requests that are being answered.
SHUTDOWN_SECONDS = 1.0

Clock = Callable[[], int]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def wall_clock() -> int:
    """Give the time in milliseconds."""
    return int(time.time() * 1000)


class Endpoints:
    """The endpoints of Binance's spot API that the emulator has."""

    def __init__(self, market: Market, clock: Clock) -> None:
        self._market = market
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """Give the paths, with their handlers."""
        return [
            web.get("/api/v3/ping", self.ping),
            web.get("/api/v3/time", self.time),
            web.get("/api/v3/exchangeInfo", self.exchange_info),
            web.get("/api/v3/klines", self.klines),
            web.get("/api/v3/ticker/24hr", self.ticker),
        ]

    async def ping(self, request: web.Request) -> web.Response:
        """Say that the server is there."""
        refuse_unread(read_parameters(request), ())
        return web.json_response({})

    async def time(self, request: web.Request) -> web.Response:
        """Tell the exchange's time."""
        refuse_unread(read_parameters(request), ())
        return web.json_response({"serverTime": self._clock()})

    async def exchange_info(self, request: web.Request) -> web.Response:
        """Tell the markets, or the one that is asked for."""
        parameters = read_parameters(request)
        refuse_unread(parameters, ("symbol",))
        symbols = list(self._market.symbols.values())
        if "symbol" in parameters:
            symbols = [parse_symbol(parameters["symbol"], self._market.symbols)]
        return web.json_response(answers.exchange_information(symbols, self._clock()))

    async def klines(self, request: web.Request) -> web.Response:
        """Give candles."""
        query = parse_klines_query(read_parameters(request), self._market.symbols)
        candles = self._market.load_candles(query.symbol, query.interval)
        selected = select_candles(candles, start=query.start, end=query.end, limit=query.limit)
        return web.json_response(answers.klines(selected, query.interval))

    async def ticker(self, request: web.Request) -> web.Response:
        """Sum up the last day of the market that is asked for, of some, or of all."""
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


def read_parameters(request: web.Request) -> dict[str, str]:
    """Read the query of a request, in which no name may come twice."""
    parameters = dict(request.query)
    if len(parameters) < len(request.query):
        raise BinanceError(errors.TOO_MANY_PARAMETERS, "Duplicate values for a parameter detected.")
    return parameters


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with Binance's error shape, also for paths and methods that there are not."""
    try:
        return await handler(request)
    except BinanceError as error:
        code, message, status = error.code, error.message, error.status
    except web.HTTPClientError as error:
        code, message = errors.UNSUPPORTED_OPERATION, "This operation is not supported."
        status = error.status
    return web.json_response({"code": code, "msg": message}, status=status)


def build_application(market: Market, clock: Clock = wall_clock) -> web.Application:
    """Build the server's application.

    :param clock: gives the exchange's time in milliseconds.
    """
    application = web.Application(middlewares=[answer_errors])
    application.add_routes(Endpoints(market, clock).routes())
    return application


@asynccontextmanager
async def run_emulator(market: Market, clock: Clock = wall_clock) -> AsyncIterator[str]:
    """Serve a market on a free port of the loopback interface, and give the server's URL."""
    runner = web.AppRunner(
        build_application(market, clock), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        port = runner.addresses[0][1]
        yield f"http://{HOST}:{port}"
    finally:
        await runner.cleanup()
