"""A clock that a test moves, and what is polled and recorded by it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from altseason.dominance.store import DominanceStore
from altseason.recorder.log import Reading
from altseason.recorder.poller import Poller
from altseason.recorder.recording import Recording
from altseason.sources.coingecko import PROVIDER as PRIMARY
from altseason.sources.reading import ProviderReading
from tests.providers.serving import Reply
from tests.providers.world import Market

DOWN = Reply(b"<html>", 503)
FALLBACKS = ["coinmarketcap", "coinpaprika", "coinlore"]
MakePoller = Callable[[], Poller]

START = "2026-05-27 00:00"


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


class SimulatedClock:
    """The time, which goes on when somebody sleeps."""

    def __init__(self, start: str = START) -> None:
        self.now = utc(start)

    def __call__(self) -> pd.Timestamp:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += pd.Timedelta(seconds=seconds)

    def move(self, length: str) -> None:
        self.now += pd.Timedelta(length)


def make_recording(folder: Path, clock: SimulatedClock) -> Recording:
    return Recording(folder, DominanceStore(folder), clock)


def record(
    recording: Recording,
    clock: SimulatedClock,
    time: str,
    dominance: float | None,
    raw: float | None = None,
) -> Reading | None:
    """Append a reading of the primary at a time; one that was only compared without dominance."""
    clock.now = utc(time)
    provider = PRIMARY if dominance is not None else "CoinPaprika"
    value = raw if raw is not None else dominance
    assert value is not None
    return recording.append(ProviderReading(clock.now, value, provider), dominance=dominance)


def load_lines(folder: Path) -> list[dict[str, Any]]:
    """The lines of the log as a person would read them."""
    log = folder / "BTCD_USD-readings.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def load_counted(folder: Path) -> list[tuple[str, str, float]]:
    """Time, provider and dominance of each reading that counts."""
    return [
        (line["known"][11:16], line["provider"], round(line["dominance"], 6))
        for line in load_lines(folder)
        if line["dominance"] is not None
    ]


def dominance_config(folder: Path, urls: dict[str, str], **dominance: Any) -> dict[str, Any]:
    """Freqtrade's configuration of a bot whose providers are at other addresses."""
    settings = {"backfill": False, "urls": urls, **dominance}
    return {"datadir": folder, "user_data_dir": folder, "altseason": {"dominance": settings}}


def poll(poller: Poller, clock: SimulatedClock, times: int, every: str = "10min") -> None:
    for _ in range(times):
        poller.poll()
        clock.move(every)


def poll_values(
    poller: Poller, clock: SimulatedClock, market: Market, provider: str, *values: float
) -> None:
    """Poll once for each value of a provider."""
    for value in values:
        market.percent[provider] = value
        poll(poller, clock, 1)


def calibrate(make_poller: MakePoller, clock: SimulatedClock, market: Market) -> Poller:
    """Compare each fallback three times, at 00:00, 00:10 and 00:20."""
    poller = make_poller()
    poll_values(poller, clock, market, "coinlore", 55.2, 55.1, 55.0)
    return poller
