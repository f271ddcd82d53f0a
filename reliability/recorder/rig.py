"""A recorder with its own folder that polls four providers over HTTP, with a simulated clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from altseason.recorder import poller
from altseason.recorder.feed import Feed
from altseason.recorder.log import Reading, ReadingLog
from altseason.sources.session import RequestPolicy
from reliability.recorder.clock import SharedClock
from reliability.recorder.oracle import Key, check_candles, check_log, make_key
from reliability.recorder.walk import NAMES, Walk, make_walk
from reliability.tally import Try
from tests.providers.proxies import Reached, reaching

START = "2026-05-27 00:05"
INTERVAL_SECONDS = 600
# Time-outs like the real ones, but in milliseconds.
QUICK = RequestPolicy(
    connect_timeout=0.4,
    read_timeout=0.4,
    deadline=0.6,
    retries=0,
)

Acknowledge = Callable[[Key], None]


class ReportingLog(ReadingLog):
    """The log, which also reports each reading once it is acknowledged."""

    def __init__(self, folder: Path, acknowledge: Acknowledge) -> None:
        super().__init__(folder)
        self._acknowledge = acknowledge

    def append(self, make: Callable[[], Reading]) -> Reading | None:
        reading = super().append(make)
        if reading is not None:
            self._acknowledge(
                make_key(reading.known, reading.provider, reading.raw, reading.dominance)
            )
        return reading


def build_config(folder: Path, urls: dict[str, str]) -> dict[str, Any]:
    """Return Freqtrade's configuration, as far as the recorder reads it."""
    dominance = {"backfill": False, "urls": urls}
    return {"datadir": folder, "altseason": {"dominance": dominance}}


def build_feed(
    folder: Path,
    urls: dict[str, str],
    clock: SharedClock,
    acknowledge: Acknowledge,
    sleep: Callable[[float], None] | None = None,
) -> Feed:
    feed = Feed(build_config(folder, urls), clock=clock, sleep=sleep or clock.sleep)
    feed.recording.log = ReportingLog(folder, acknowledge)
    return feed


@contextmanager
def using_policy(wanted: RequestPolicy) -> Iterator[None]:
    """Use other time-outs, for which the recorder has no parameter."""
    in_use = poller.POLICY
    poller.POLICY = wanted
    try:
        yield
    finally:
        poller.POLICY = in_use


@dataclass
class Rig:
    """Everything that a scenario uses."""

    folder: Path
    clock: SharedClock
    walk: Walk
    reached: Reached
    feed: Feed
    acknowledged: list[Key] = field(default_factory=list)
    way: str = "direct"

    def poll(self, times: int = 1) -> list[Key]:
        """Let ten minutes pass, make a step, and return what was acknowledged."""
        before = len(self.acknowledged)
        for _ in range(times):
            self.clock.sleep(INTERVAL_SECONDS)
            self.feed.step()
        return self.acknowledged[before:]

    def counted(self, times: int = 1) -> list[Key]:
        """Poll, and return only what counts."""
        return [key for key in self.poll(times) if key[3] is not None]

    def urls(self, **others: str) -> dict[str, str]:
        return {**self.walk.urls(self.reached.url), **others}

    def restart(self) -> None:
        """Continue with a new recorder, as after a restart of the process."""
        self.feed.close()
        self.feed = build_feed(self.folder, self.urls(), self.clock, self.acknowledged.append)

    def check(self, this: Try, *, all_there: bool = True) -> None:
        """Compare what is on disk with what was reported and acknowledged."""
        check_log(this, self.folder, self.acknowledged, self.walk.all_said())
        check_candles(this, self.folder, self.clock(), all_there=all_there)

    def check_way(self, this: Try) -> None:
        """Expect that all requests went through the proxy, or none if there is none."""
        asked, came = len(self.reached.proxy.asked), len(self.reached.provider.requests)
        is_right = asked == 0 if self.way == "direct" else 0 < came <= asked
        this.expect(is_right, f"{asked} requests went through a proxy, {came} arrived")

    def check_next(self, this: Try, name: str = "coingecko", within: int = 1) -> None:
        """Expect the next good response of a provider to be recorded as it is."""
        counted = self.counted(within)
        said = self.walk.said[name][-1:]
        this.expect(
            [(key[1], key[2]) for key in counted[-1:]] == [(NAMES[name], value) for value in said],
            f"{name} said {said}, recorded was {counted}",
        )


@contextmanager
def rigging(
    folder: Path, random: Random, wanted: RequestPolicy = QUICK, way: str = "direct"
) -> Iterator[Rig]:
    """Set up a rig, and close it at the end.

    :param way: to the providers, see `reaching`.
    """
    clock = SharedClock(folder.parent / f"{folder.name}.clock", START)
    walk = make_walk(clock, random)
    acknowledged: list[Key] = []
    with (
        using_policy(wanted),
        pytest.MonkeyPatch.context() as patch,
        reaching(way, walk.answer, folder.parent, patch) as reached,
    ):
        if way == "http proxy":
            # Plain HTTP is only allowed for this machine, which is never reached through a proxy.
            patch.setattr("altseason.settings.is_loopback", lambda _: True)
        feed = build_feed(folder, walk.urls(reached.url), clock, acknowledged.append)
        rig = Rig(folder, clock, walk, reached, feed, acknowledged, way)
        try:
            yield rig
        finally:
            rig.feed.close()
