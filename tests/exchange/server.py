"""The exchange of the tests: the emulator, with signed orders and faults."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from altseason_lab.emulator.dominance import ReplayedDominance
from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import MillisecondClock, wall_clock
from altseason_lab.emulator.providers import ProviderEndpoints
from altseason_lab.emulator.server import LiveEndpoints, answer_errors, run_application
from tests.exchange.account import Account
from tests.exchange.faults import Faults, lagging
from tests.exchange.trading import TradingEndpoints


@asynccontextmanager
async def run_exchange(
    market: LiveMarket,
    account: Account,
    clock: MillisecondClock = wall_clock,
    *,
    dominance: ReplayedDominance | None = None,
) -> AsyncIterator[str]:
    """Serve a market that an account can trade on, with its control endpoints, and give the URL.

    Parameters as in `run_emulator`.
    """
    async with run_application(build_exchange(market, account, clock, dominance)) as url:
        yield url


def build_exchange(
    market: LiveMarket,
    account: Account,
    clock: MillisecondClock,
    dominance: ReplayedDominance | None,
) -> web.Application:
    """Build the application of the exchange."""
    faults = Faults()
    # What fails is outside, so that a refusal can be lost as well.
    application = web.Application(middlewares=[faults.middleware(), answer_errors])
    application.add_routes(LiveEndpoints(market, lagging(clock), account.rules).routes())
    application.add_routes(TradingEndpoints(account, market, clock).routes())
    application.add_routes(faults.routes())
    if dominance is not None:
        application.add_routes(ProviderEndpoints(dominance, clock).routes())
    return application
