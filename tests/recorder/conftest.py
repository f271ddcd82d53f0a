"""The four providers on one server, and the pollers and feeds of a test, which end with it."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from altseason.notifications import Notifier
from altseason.recorder.feed import Feed
from altseason.recorder.poller import Poller, build_providers
from tests.providers.serving import Provider, serving
from tests.providers.world import Market
from tests.recorder.simulation import (
    DOWN,
    FALLBACKS,
    MakePoller,
    SimulatedClock,
    dominance_config,
    make_recording,
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Step without waiting for real seconds."""
    monkeypatch.setattr("altseason.recorder.feed.STEP_SECONDS", 0.02)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def market(clock: SimulatedClock) -> Market:
    return Market(clock)


@pytest.fixture
def server(market: Market) -> Iterator[Provider]:
    with serving(market.answer) as provider:
        yield provider


@pytest.fixture
def notifier() -> Notifier:
    return Notifier(logging.getLogger(__name__))


@pytest.fixture
def make_poller(
    tmp_path: Path, clock: SimulatedClock, market: Market, server: Provider, notifier: Notifier
) -> Iterator[MakePoller]:
    """Make pollers on the test's folder, which find there what one before them has learned."""
    providers = build_providers(dominance_config(tmp_path, market.urls(server.url)), clock)
    yield lambda: Poller(make_recording(tmp_path, clock), providers, notifier, clock)
    providers.close()


@pytest.fixture
def without_fallbacks(market: Market) -> None:
    market.faults.update(dict.fromkeys(FALLBACKS, DOWN))


@pytest.fixture
def make_feed(clock: SimulatedClock) -> Iterator[Callable[..., Feed]]:
    """Make feeds that live by the test's clock, and release their folder at the end."""
    made: list[Feed] = []

    def make(config: dict[str, Any]) -> Feed:
        made.append(Feed(config, clock=clock, sleep=clock.sleep))
        return made[-1]

    yield make
    for feed in made:
        feed.close()
