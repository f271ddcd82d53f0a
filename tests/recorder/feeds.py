"""Feeds that run in a thread of their own, by the real clock: for tests of any folder."""

import threading
import time
from collections.abc import Callable, Iterator

import pandas as pd
import pytest

from altseason.gate.watch import find_watch
from altseason.recorder import feed as feeds
from tests.providers.serving import Provider, serving
from tests.providers.world import Market


@pytest.fixture
def live_market() -> Market:
    """The four providers, with current values."""
    return Market(lambda: pd.Timestamp.now(tz="UTC").to_pydatetime())


@pytest.fixture
def live_server(live_market: Market) -> Iterator[Provider]:
    with serving(live_market.answer) as provider:
        yield provider


def feed_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "altseason-feed"]


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Wait for what another thread does."""

    def wait(is_true: Callable[[], object], seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, "it did not come true"
            time.sleep(0.01)

    return wait


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stop what `start_feed` has started, and forget it, as the end of the process would.

    Until then feeds step without waiting for real seconds.
    """
    monkeypatch.setattr("altseason.recorder.feed.STEP_SECONDS", 0.02)
    yield
    for feed in feeds._feeds.values():
        feed.stop()
    feeds._feeds.clear()
    # Those that were told to end before, and not waited for.
    for thread in feed_threads():
        thread.join(60)
    find_watch.cache_clear()
