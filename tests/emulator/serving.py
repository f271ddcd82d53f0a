"""An emulator in a thread of the test."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from altseason.emulator.account import Account
from altseason.emulator.clock import Clock
from altseason.emulator.dominance import LiveDominance
from altseason.emulator.live import LiveMarket
from altseason.emulator.market import Market
from altseason.emulator.server import run_emulator

CLOCK = 1_700_000_000_000


@contextmanager
def serving(
    market: Market | LiveMarket,
    clock: Clock = lambda: CLOCK,
    dominance: LiveDominance | None = None,
    account: Account | None = None,
) -> Iterator[str]:
    """Serve a market from a thread, as a process of its own would."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    emulator = run_emulator(market, clock, dominance=dominance, account=account)
    try:
        yield asyncio.run_coroutine_threadsafe(emulator.__aenter__(), loop).result(10)
        closing = emulator.__aexit__(None, None, None)
        asyncio.run_coroutine_threadsafe(closing, loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
