"""An exchange emulator in a thread of this process, and an environment that leads to it."""

import asyncio
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from altseason.emulator.market import Market
from altseason.emulator.server import run_emulator

START_SECONDS = 30.0


@contextmanager
def serve(market: Market) -> Iterator[str]:
    """Serve a market on the loopback interface, and give the server's URL."""
    # Freqtrade's exchange has a loop of its own in the main thread, and blocks it.
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="exchange emulator", daemon=True)
    thread.start()
    emulator = run_emulator(market)
    try:
        entering = asyncio.run_coroutine_threadsafe(emulator.__aenter__(), loop)
        url = entering.result(START_SECONDS)
        try:
            yield url
        finally:
            leaving = emulator.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(leaving, loop).result(START_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(START_SECONDS)
        loop.close()


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Have other environment variables for a while."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
