"""Run an emulator in a thread, since Freqtrade blocks the event loop of the main thread."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

Served = TypeVar("Served")
TIMEOUT_SECONDS = 30


@contextmanager
def in_thread(server: AbstractAsyncContextManager[Served]) -> Iterator[Served]:
    """Keep an asynchronous context open in a thread, as a process of its own would."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="exchange emulator", daemon=True)

    def wait_for(step: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(step, loop).result(TIMEOUT_SECONDS)

    thread.start()
    try:
        served: Served = wait_for(server.__aenter__())
        try:
            yield served
        finally:
            wait_for(server.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(TIMEOUT_SECONDS)
        loop.close()
