"""An emulator in a thread of the test."""

from collections.abc import Iterator
from contextlib import contextmanager

from altseason.emulator.account import Account
from altseason.emulator.clock import Clock
from altseason.emulator.dominance import LiveDominance
from altseason.emulator.in_thread import in_thread
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
    with in_thread(run_emulator(market, clock, dominance=dominance, account=account)) as url:
        yield url
