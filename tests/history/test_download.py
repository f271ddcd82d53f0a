"""Which calls a download makes, and what is kept after one that failed."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason.history.download import (
    CACHE_FOLDER,
    Downloaded,
    Plan,
    SeriesCache,
    fetch_history,
    plan_download,
)
from altseason.sources.coingecko import PRO_URL, ApiAccess
from altseason.sources.coingecko_history import fetch_largest_coins
from altseason.sources.errors import (
    AccessError,
    RateLimitedError,
    ResponseError,
    UnavailableError,
)
from altseason.sources.session import RequestPolicy, build_session
from tests.providers.serving import Provider, Reply, serving
from tests.providers.world import World, reply, three_coins

QUICK = RequestPolicy(read_timeout=0.5, backoff=0.001, longest_wait=0.05)
NOON = pd.Timestamp("2026-05-27 12:00", tz="UTC")
DEMO = ApiAccess("demo", "CG-1")
PRO = ApiAccess("pro", "CG-1", PRO_URL)
ETHEREUM = "/coins/ethereum/market_chart"


@pytest.fixture
def world() -> World:
    return three_coins()


@pytest.fixture
def coingecko(world: World):
    with serving(world.answer) as provider:
        yield provider


@pytest.fixture
def run(coingecko: Provider, tmp_path: Path) -> Callable[..., Downloaded]:
    """Download from the server that runs, with a cache in the test's folder."""

    def run(days: int = 30, **access: str) -> Downloaded:
        asked = ApiAccess(url=coingecko.url, **access)
        plan = plan_download("coingecko", asked, pd.Timestamp.now(tz="UTC"), days=days)
        with build_session(QUICK) as session:
            cache = SeriesCache(tmp_path, plan.latest, 365)
            return fetch_history(session, asked, plan, cache, lambda done, total: None)

    return run


def test_download_asks_once_for_each_coin(run, coingecko: Provider):
    downloaded = run()
    # 60 % of the three, 57 % of all.
    assert downloaded.history.factor == pytest.approx(0.95)
    assert downloaded.history.percent.to_numpy() == pytest.approx(57.0)
    assert [request.path for request in coingecko.requests] == [
        "/global",
        "/coins/markets",
        "/coins/bitcoin/market_chart",
        ETHEREUM,
        "/coins/dogecoin/market_chart",
    ]
    assert coingecko.requests[1].query == {
        "vs_currency": "usd",
        "order": "market_cap_desc",
        "per_page": "100",
        "page": "1",
    }
    assert coingecko.requests[2].query == {"vs_currency": "usd", "days": "365"}


def test_key_is_sent_with_every_call(run, coingecko: Provider):
    run(tier="demo", key="CG-1")
    keys = [request.headers.get("x-cg-demo-api-key") for request in coingecko.requests]
    assert keys == ["CG-1"] * 5


def test_second_run_of_a_day_asks_for_no_series_again(run, coingecko: Provider):
    first = run()
    again = run(days=60)
    assert again.kept == 3
    assert again.history.percent.equals(first.history.percent)
    assert coingecko.count("market_chart") == 3


def test_series_that_does_not_reach_the_newest_day_is_asked_for_again(
    run, coingecko: Provider, world: World
):
    newest = (pd.Timestamp.now(tz="UTC") - pd.Timedelta(minutes=40)).floor("D")
    is_known = newest == pd.Timestamp.now(tz="UTC").floor("D")
    place = -1 if is_known else -2
    world.caps["ethereum"][place] = None
    assert run().history.percent.index[-1] < newest
    world.caps["ethereum"][place] = 300.0
    downloaded = run()
    assert downloaded.kept == 2
    assert downloaded.history.percent.index[-1] == newest
    assert coingecko.count(ETHEREUM) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Reply(b"<html>", 500), UnavailableError),
        (Reply(b"{}", 429, {"Retry-After": "0"}), RateLimitedError),
        (Reply(b"", way="drop"), UnavailableError),
        (Reply(b"<html>"), ResponseError),
        (reply({"error": "coin not found"}, 404), ResponseError),
    ],
    ids=["5xx", "429", "drop", "html", "404"],
)
def test_coin_that_fails_ends_it_and_the_next_run_goes_on(
    run, coingecko: Provider, fault: Reply, kind: type[Exception]
):
    coingecko.faults[ETHEREUM] = [fault] * (QUICK.retries + 1)
    with pytest.raises(kind, match=r"nothing was stored\. 1 of 3 coins are kept.*with ethereum"):
        run()
    coingecko.requests.clear()
    coingecko.faults.clear()
    assert run().kept == 1
    assert coingecko.count("bitcoin") == 0
    assert coingecko.count("market_chart") == 2


def test_interrupted_run_leaves_what_is_there(
    coingecko: Provider, tmp_path: Path, run: Callable[..., Downloaded]
):
    access = ApiAccess(url=coingecko.url)
    plan = plan_download("coingecko", access, pd.Timestamp.now(tz="UTC"), days=30)

    def interrupt(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    cache = SeriesCache(tmp_path, plan.latest, 365)
    with build_session(QUICK) as session, pytest.raises(KeyboardInterrupt):
        fetch_history(session, access, plan, cache, interrupt)
    assert run().kept == 2
    assert coingecko.count("market_chart") == 3


def test_damaged_cache_file_is_fetched_again(run, coingecko: Provider, tmp_path: Path):
    run()
    [folder] = (tmp_path / CACHE_FOLDER).iterdir()
    (folder / "ethereum.json").write_text('{"market_caps": [[')
    assert run().kept == 2
    assert coingecko.count(ETHEREUM) == 2


def test_another_day_begins_afresh(tmp_path: Path):
    today = pd.Timestamp("2026-05-27", tz="UTC")
    caps = pd.Series([1.5, None], index=[today, today + pd.Timedelta(hours=1)])
    SeriesCache(tmp_path, today, 365).save("bitcoin", caps)
    kept = SeriesCache(tmp_path, today, 365).load("bitcoin")
    assert kept is not None
    assert kept.to_dict() == pytest.approx(caps.to_dict(), nan_ok=True)
    tomorrow = SeriesCache(tmp_path, today + pd.Timedelta(days=1), 365)
    assert tomorrow.load("bitcoin") is None
    assert list((tmp_path / CACHE_FOLDER).iterdir()) == []


def test_cache_that_cannot_be_written_is_the_user_s_to_mend(tmp_path: Path):
    (tmp_path / CACHE_FOLDER).write_text("a file in the way")
    cache = SeriesCache(tmp_path, NOON.floor("D"), 365)
    with pytest.raises(InputError, match="a folder that can be written"):
        cache.save("bitcoin", pd.Series([1.0], index=[NOON]))


def test_coin_with_any_name_stays_in_the_cache_s_folder(tmp_path: Path):
    cache = SeriesCache(tmp_path, NOON.floor("D"), 365)
    cache.save("../../x", pd.Series([1.0], index=[NOON]))
    assert [path.name for path in cache.folder.iterdir()] == ["..%2F..%2Fx.json"]


def test_largest_coins_are_asked_page_by_page(world: World, coingecko: Provider):
    world.now |= {f"coin-{i}": float(i) / 10 for i in range(1, 400)}
    with build_session(QUICK) as session:
        coins = fetch_largest_coins(session, ApiAccess(url=coingecko.url), 300)
    assert len(coins) == 300
    assert [coin.id for coin in coins[:4]] == ["bitcoin", "ethereum", "dogecoin", "coin-399"]
    assert [request.query["page"] for request in coingecko.requests] == ["1", "2"]


def test_coins_without_bitcoin_are_refused(world: World, coingecko: Provider):
    world.now["bitcoin"] = None
    with build_session(QUICK) as session, pytest.raises(ResponseError, match="expected bitcoin"):
        fetch_largest_coins(session, ApiAccess(url=coingecko.url), 3)


def test_pro_divides_by_the_total(tmp_path: Path):
    world = three_coins()
    world.total = [1200.0] * 140
    world.is_pro = True
    with serving(world.answer) as provider, build_session(QUICK) as session:
        access = ApiAccess("pro", "CG-1", provider.url)
        plan = plan_download("coingecko-pro", access, pd.Timestamp.now(tz="UTC"), days=2)
        cache = SeriesCache(tmp_path, plan.latest, 365)
        downloaded = fetch_history(session, access, plan, cache, lambda done, total: None)
    assert downloaded.history.percent.to_numpy() == pytest.approx(50.0)
    assert downloaded.current is None
    # Fewer than 91 days would come by the hour.
    assert [request.query["days"] for request in provider.requests] == ["91", "91"]
    assert provider.requests[0].headers["x-cg-pro-api-key"] == "CG-1"


@pytest.mark.parametrize(
    ("newest", "days", "unreached"),
    [
        (None, 365, 0),
        ("2026-05-27", 1, 0),  # nothing is missing
        ("2026-05-26", 1, 0),
        ("2026-05-17", 10, 0),
        ("2025-05-20", 365, 7),
        ("2030-01-01", 1, 0),
    ],
)
def test_plan_closes_the_gap_since_the_newest_candle(newest: str | None, days: int, unreached: int):
    end = None if newest is None else pd.Timestamp(newest, tz="UTC")
    plan = plan_download("coingecko", DEMO, NOON, newest=end)
    assert plan == Plan("coingecko", days, pd.Timestamp("2026-05-27", tz="UTC"), 100, unreached)


def test_plan_with_a_pro_key_closes_any_gap():
    newest = pd.Timestamp("2020-05-27", tz="UTC")
    assert plan_download("coingecko", PRO, NOON, newest=newest).days == 6 * 365 + 1


@pytest.mark.parametrize(("time", "latest"), [("00:39", "2026-05-26"), ("00:40", "2026-05-27")])
def test_plan_waits_until_the_day_is_known(time: str, latest: str):
    now = pd.Timestamp(f"2026-05-27 {time}", tz="UTC")
    assert plan_download("coingecko", DEMO, now).latest == pd.Timestamp(latest, tz="UTC")


def test_plan_refuses_what_only_a_pro_key_gives():
    with pytest.raises(AccessError, match=r"at most 365, found 366.*10012"):
        plan_download("coingecko", DEMO, NOON, days=366)
    with pytest.raises(AccessError, match=r"expected a Pro key.*x-cg-pro-api-key"):
        plan_download("coingecko-pro", DEMO, NOON, days=3)
    assert plan_download("coingecko", PRO, NOON, days=3000).days == 3000
