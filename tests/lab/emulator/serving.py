"""An emulator in a thread of the test."""

from collections.abc import Iterator
from contextlib import contextmanager

from altseason_lab.emulator.dominance import ReplayedDominance
from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import Market, MillisecondClock
from altseason_lab.emulator.providers import ProviderFaults
from altseason_lab.emulator.server import run_emulator

CLOCK = 1_700_000_000_000


@contextmanager
def serving(
    market: Market | LiveMarket,
    clock: MillisecondClock = lambda: CLOCK,
    dominance: ReplayedDominance | None = None,
    faults: ProviderFaults | None = None,
) -> Iterator[str]:
    """Serve a market from a thread, as a process of its own would."""
    with in_thread(run_emulator(market, clock, dominance=dominance, faults=faults)) as url:
        yield url
