"""A server of an event loop, in a thread of the test."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

Served = TypeVar("Served")
PATIENCE_SECONDS = 10


@contextmanager
def in_thread(server: AbstractAsyncContextManager[Served]) -> Iterator[Served]:
    """Keep an asynchronous context open in a thread, as a process of its own would."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        entering = asyncio.run_coroutine_threadsafe(server.__aenter__(), loop)
        yield entering.result(PATIENCE_SECONDS)
        leaving = asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop)
        leaving.result(PATIENCE_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_SECONDS)
        loop.close()
