"""Which calls CoinMarketCap's long history takes, and what is stored of it."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.history.download import Downloaded, DownloadReport
from altseason.history.long import (
    REPEAT_PAUSE_SECONDS,
    download_long_history,
    fetch_long_history,
    plan_long_history,
)
from altseason.progress import no_progress
from altseason.settings import DominanceSettings, UrlSettings
from altseason.sources.errors import ProviderError, RepeatedError
from altseason.sources.session import RequestPolicy, build_session
from tests.conftest import dominance_candles
from tests.providers.serving import Provider, Reply, serving
from tests.providers.web_history import DAY, WebHistory

NOW = pd.Timestamp("2026-05-27 12:00", tz="UTC")
TODAY = date(2026, 5, 27)
# From 2013-04-29 to 2026-05-27, both of them.
ALL = 4777
QUICK = RequestPolicy(retries=0)


@pytest.fixture
def world() -> WebHistory:
    """A percentage that no two days of a call share."""
    return WebHistory(lambda day: 50 + (TODAY - day) / DAY / 1000, lambda: NOW)


@pytest.fixture
def server(world: WebHistory) -> Iterator[Provider]:
    with serving(world.answer) as provider:
        yield provider


@pytest.fixture
def store(tmp_path: Path) -> DominanceStore:
    return DominanceStore(tmp_path)


@pytest.fixture
def download(server: Provider, store: DominanceStore) -> Callable[..., DownloadReport]:
    def download(days: int | None = None) -> DownloadReport:
        plan = plan_long_history(NOW, store.load("1d"), days=days)
        settings = DominanceSettings(urls=UrlSettings(coinmarketcap=server.url))
        return download_long_history(plan, store, settings, progress=no_progress, now=NOW)

    return download


def asked(server: Provider) -> list[tuple[str, str]]:
    """First and last day of each call."""
    spans = [(request.query["timeStart"], request.query["timeEnd"]) for request in server.requests]
    return [
        (f"{pd.Timestamp(int(first), unit='s'):%F}", f"{pd.Timestamp(int(last), unit='s'):%F}")
        for first, last in spans
    ]


def test_all_of_it_takes_three_calls(download, server: Provider, store: DominanceStore):
    report = download()
    assert asked(server) == [
        ("2013-04-29", "2018-10-19"),
        ("2018-10-20", "2024-04-10"),
        ("2024-04-11", "2026-05-27"),
    ]
    candles = store.load("1d")
    # The reading of 2013-04-29 00:00 closes the day before.
    assert candles["date"].iloc[0] == pd.Timestamp("2013-04-28", tz="UTC")
    assert candles["date"].iloc[-1] == pd.Timestamp("2026-05-26", tz="UTC")
    assert (len(candles), candles["close"].iloc[-1]) == (ALL - 1, 50.0)
    [gap] = report.imported[0].gaps
    assert gap.start == gap.end == pd.Timestamp("2023-01-04", tz="UTC")


def test_later_it_takes_the_days_since_the_first_that_is_missing(
    download, server: Provider, world: WebHistory, store: DominanceStore
):
    world.gaps = set()
    download()
    server.requests.clear()
    assert download(5).imported[0].result.added == 0
    assert asked(server) == [("2026-05-23", "2026-05-27")]
    plan = plan_long_history(NOW + pd.Timedelta("3D"), store.load("1d"))
    assert (plan.days, f"{plan.latest:%F}") == (3, "2026-05-30")


@pytest.mark.parametrize(("time", "latest"), [("00:39", "2026-05-26"), ("00:40", "2026-05-27")])
def test_newest_day_is_awaited(time: str, latest: str, store: DominanceStore):
    now = pd.Timestamp(f"2026-05-27 {time}", tz="UTC")
    plan = plan_long_history(now, store.load("1d"))
    assert f"{plan.latest:%F}" == latest
    assert plan.latest - (plan.days - 1) * pd.Timedelta("1D") == pd.Timestamp("20130429", tz="UTC")


def test_more_days_than_there_are_begin_in_2013(store: DominanceStore):
    assert plan_long_history(NOW, store.load("1d"), days=9999).days == ALL


def fetch(server: Provider, waited: list[float], days: int = 5000) -> Downloaded:
    plan = plan_long_history(NOW, dominance_candles([], "2020-01-01"), days=days)
    with build_session(QUICK) as session:
        return fetch_long_history(session, plan, no_progress, url=server.url, sleep=waited.append)


def test_repeated_response_is_asked_for_again_after_a_minute(server: Provider, world: WebHistory):
    waited: list[float] = []
    fetch(server, waited, days=1)
    server.requests.clear()
    world.repeats = 2
    assert len(fetch(server, waited).history.percent) == ALL - 1
    assert waited == [REPEAT_PAUSE_SECONDS] * 2
    assert len(server.requests) == 5


def test_response_that_is_repeated_for_long_ends_it(server: Provider, world: WebHistory):
    waited: list[float] = []
    fetch(server, waited, days=1)
    world.repeats = 3
    with pytest.raises(RepeatedError, match="try again in a minute"):
        fetch(server, waited)


@pytest.mark.parametrize("call", [0, 1, 2])
def test_where_a_call_fails_nothing_is_stored(
    download, server: Provider, world: WebHistory, store: DominanceStore, call: int
):
    world.percent = lambda day: 150 if _call_of(day) == call else 60.0
    with pytest.raises(ProviderError):
        download()
    assert store.load("1d").empty
    assert len(server.requests) == call + 1


def _call_of(day: date) -> int:
    return (day - date(2013, 4, 29)).days // 2000


def test_level_is_compared_with_what_is_stored(download, world: WebHistory, store: DominanceStore):
    world.percent = lambda _: 58.0
    store.append(dominance_candles([57.9, 57.8, 57.7], "2026-05-24"), "1d")
    level = download().level
    assert level is not None
    assert (level.days, level.difference) == (3, pytest.approx(0.2))
    assert store.load("1d")["close"].iloc[-3:].tolist() == [57.9, 57.8, 57.7]


def test_level_is_compared_with_days_in_between(download, world: WebHistory, store: DominanceStore):
    store.append(dominance_candles([50.1] * 15, "2026-03-10"), "1d")
    level = download(90).level
    assert level is not None
    assert (level.days, level.difference) == (15, pytest.approx(-0.031, abs=1e-3))
    assert len(store.load("1d")) == 90


def test_other_level_stores_nothing(download, world: WebHistory, store: DominanceStore):
    world.percent = lambda _: 58.0
    store.append(dominance_candles([56.0, 56.1, 55.9], "2026-05-24"), "1d")
    with pytest.raises(InputError, match=r"differs by \+2\.00 .* another series; nothing was"):
        download()
    assert len(store.load("1d")) == 3


def test_day_that_is_not_there_yet_is_told(download, world: WebHistory):
    world.clock = lambda: NOW - pd.Timedelta("1D")
    report = download(5)
    assert len(report.readings.rows) == 4


def test_too_many_calls_are_not_repeated(download, server: Provider, world: WebHistory):
    world.faults = [Reply(b"{}", 429, {"Retry-After": "40000"})]
    with pytest.raises(ProviderError, match="retry after"):
        download()
    assert len(server.requests) == 1
