"""The providers' endpoints, read by the project's own fetchers and by its download."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from altseason.cli import main
from altseason.dominance.store import DominanceStore
from altseason.settings import WITHOUT_STABLECOINS, UrlSettings
from altseason.sources.coingecko import ApiAccess, fetch_global
from altseason.sources.coingecko_history import fetch_largest_coins, fetch_market_caps
from altseason.sources.coinlore import fetch_coinlore
from altseason.sources.coinmarketcap import fetch_coinmarketcap
from altseason.sources.coinmarketcap_history import fetch_web_history
from altseason.sources.coinpaprika import fetch_coinpaprika
from altseason.sources.defillama import fetch_stablecoins
from altseason.sources.errors import RepeatedError, UnavailableError
from altseason.sources.session import RequestPolicy, build_session
from altseason_lab.emulator.dominance import load_dominance
from altseason_lab.emulator.live import LiveMarket, plan_shift
from altseason_lab.emulator.market import DAY_IN_MS, Market, MillisecondClock
from altseason_lab.emulator.providers import ProviderFaults, provider_urls
from altseason_lab.emulator.web_history import PATH as WEB_HISTORY
from tests.conftest import dominance_candles
from tests.lab.emulator.serving import serving
from tests.providers.serving import COINGECKO_VARIABLE

SHIFT = 1000 * DAY_IN_MS
# 1000 days after 2021-01-01.
START = pd.Timestamp("2023-09-28", tz="UTC")
DAY = pd.Timedelta(days=1)
Serve = Callable[[pd.Timestamp], dict[str, str]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serve 1 h dominance of 50, 52 and 51 percent, moved by 1000 days, at any time."""
    DominanceStore(tmp_path).append(dominance_candles([50, 52, 51], "2021-01-01", "1h"), "1h")
    DominanceStore(tmp_path).append(dominance_candles([70, 70], "2020-12-30"), "1d")
    market = LiveMarket(Market(tmp_path), SHIFT)
    dominance = load_dominance(tmp_path, "feather", SHIFT)
    with ExitStack() as stack:

        def serve(now: pd.Timestamp) -> dict[str, str]:
            url = stack.enter_context(
                serving(market, lambda: int(now.timestamp() * 1000), dominance)
            )
            return provider_urls(url)

        yield serve


def test_every_provider_says_what_is_true_now_on_a_level_of_its_own(serve: Serve) -> None:
    now = START + pd.Timedelta("01:37:30")
    urls = serve(now)
    with build_session() as session:
        coingecko = fetch_global(session, ApiAccess(url=urls["coingecko"]), lambda: now)
        assert (coingecko.time, coingecko.dominance) == (START + pd.Timedelta("01:30:00"), 51.0)
        fetched = [
            fetch_coinmarketcap(session, url=urls["coinmarketcap"], clock=lambda: now),
            fetch_coinpaprika(session, url=urls["coinpaprika"], clock=lambda: now),
            fetch_coinlore(session, url=urls["coinlore"], clock=lambda: now),
        ]
    # 51.25 % is true now.
    assert [snapshot.dominance for snapshot in fetched] == pytest.approx([50.75, 51.55, 52.05])
    assert [snapshot.time for snapshot in fetched] == [now, now, None]


@pytest.mark.parametrize(("hour", "close"), [(1, 50.0), (2, 52.0), (3, 51.0)])
def test_at_a_candles_end_its_close_is_true(serve: Serve, hour: int, close: float) -> None:
    now = START + pd.Timedelta(hours=hour)
    with build_session() as session:
        snapshot = fetch_global(session, ApiAccess(url=serve(now)["coingecko"]), lambda: now)
    assert (snapshot.time, snapshot.dominance) == (now, close)


@pytest.mark.parametrize("minutes", [59, 191])
def test_where_nothing_is_stored_every_provider_is_unavailable(serve: Serve, minutes: int) -> None:
    urls = serve(START + pd.Timedelta(minutes=minutes))
    paths = {
        "coingecko": ["/global", "/coins/markets", "/coins/bitcoin/market_chart?days=365"],
        "coinmarketcap": ["/v1/global-metrics/quotes/latest"],
        "coinpaprika": ["/global"],
        "coinlore": ["/global/"],
    }
    for name, asked in paths.items():
        for path in asked:
            answer = requests.get(urls[name] + path, timeout=5)
            assert answer.status_code == 503
            assert answer.json()["status"]["error_code"] == 503


def test_coins_and_charts_sum_up_to_the_dominance(serve: Serve) -> None:
    access = ApiAccess(url=serve(START + pd.Timedelta("02:37:30"))["coingecko"])
    with build_session() as session:
        coins = fetch_largest_coins(session, access, 100)
        charts = [fetch_market_caps(session, access, coin.id, 365) for coin in coins]
        assert len(fetch_largest_coins(session, access, 2)) == 2
    share = coins[0].market_cap / sum(coin.market_cap for coin in coins)
    assert (coins[0].id, share) == ("bitcoin", pytest.approx(0.515))
    # Of the year only now is stored.
    (bitcoin,) = charts[0]
    assert bitcoin / sum(chart.iloc[0] for chart in charts) == pytest.approx(0.515)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/coins/nocoin/market_chart?days=365", 404),
        ("/coins/bitcoin/market_chart?days=max", 400),
        ("/coins/markets?page=0", 400),
    ],
)
def test_a_wrong_question_is_refused(serve: Serve, path: str, status: int) -> None:
    urls = serve(START + pd.Timedelta("02:37:30"))
    assert requests.get(urls["coingecko"] + path, timeout=5).status_code == status


def test_the_addresses_are_those_of_the_settings() -> None:
    urls = provider_urls("http://127.0.0.1:40000")
    assert set(UrlSettings(**urls).model_dump(exclude_none=True)) == set(UrlSettings.model_fields)


def test_history_of_coinmarketcap_has_the_level_of_its_current_value(serve: Serve) -> None:
    now = START + pd.Timedelta("02:00:00")
    url = serve(now)["coinmarketcap"]
    with build_session() as session:
        current = fetch_coinmarketcap(session, url=url, clock=lambda: now)
        # Of the days only the one before the first hour's end is not stored.
        with pytest.raises(UnavailableError, match="found none"):
            fetch_web_history(session, START - 3 * DAY, START, url=url)
    assert current.dominance == 51.5


@pytest.mark.parametrize(
    "query",
    [
        "",
        "convertId=2781&timeStart=1695859200&timeEnd=1695945600",
        "convertId=1&interval=1d&timeStart=1695859200&timeEnd=1695945600",
        "convertId=2781&interval=1d&timeStart=2023-09-28&timeEnd=1695945600",
        "convertId=2781&interval=1d&timeStart=1500000000&timeEnd=1695945600",
    ],
)
def test_history_refuses_what_it_does_not_have(serve: Serve, query: str) -> None:
    url = f"{serve(START)['coinmarketcap']}{WEB_HISTORY}?{query}"
    response = requests.get(url, timeout=5)
    assert response.status_code == 400
    assert response.json()["status"]["error_code"] == "400"


@pytest.fixture
def serve_days(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Serve 500 days of 50 % and more from 2022-01-01 on, at the end of 2023-05-15."""
    closes = [50 + day / 100 for day in range(500)]
    DominanceStore(tmp_path).append(dominance_candles(closes, "2022-01-01"), "1d")
    dominance = load_dominance(tmp_path, "feather", 0)
    now = int(pd.Timestamp("2023-05-16", tz="UTC").timestamp() * 1000)
    with ExitStack() as stack:

        def serve(clock: MillisecondClock = lambda: now, **faults: Any) -> str:
            market = LiveMarket(Market(tmp_path), 0)
            url = stack.enter_context(
                serving(market, clock, dominance, faults=ProviderFaults(**faults))
            )
            return provider_urls(url)["coinmarketcap"]

        yield serve


FIRST, LAST = pd.Timestamp("2023-01-01", tz="UTC"), pd.Timestamp("2023-01-10", tz="UTC")


def test_history_lacks_the_day_that_the_real_one_lacks(serve_days) -> None:
    with build_session() as session:
        percent = fetch_web_history(session, FIRST, LAST, url=serve_days()).percent
    assert f"{pd.date_range(FIRST, LAST).difference(percent.index)[0]:%F}" == "2023-01-05"
    assert len(percent) == 9
    # The reading of the 1st closes 2022-12-31, which is the day 364 after the first.
    assert percent.iloc[0] == pytest.approx(53.64 - 0.5)


def test_history_can_repeat_its_last_response(serve_days) -> None:
    time = [int(pd.Timestamp("2023-05-16", tz="UTC").timestamp() * 1000)]
    url = serve_days(lambda: time[0], repeats_for=60_000)
    with build_session() as session:
        fetch_web_history(session, FIRST, LAST, url=url)
        time[0] += 59_000
        with pytest.raises(RepeatedError):
            fetch_web_history(session, FIRST + 30 * DAY, LAST + 30 * DAY, url=url)
        time[0] += 1_000
        fetch_web_history(session, FIRST + 30 * DAY, LAST + 30 * DAY, url=url)


def test_level_can_move_and_a_provider_can_be_down(serve_days) -> None:
    time = [int(pd.Timestamp("2023-05-16", tz="UTC").timestamp() * 1000)]
    begin = int(pd.Timestamp("2023-01-07", tz="UTC").timestamp() * 1000)
    url = serve_days(
        lambda: time[0],
        steps={"coinmarketcap": (begin, 1.9)},
        outages={"coinmarketcap": (time[0] + 1, time[0] + 2)},
    )
    with build_session(RequestPolicy(retries=0)) as session:
        percent = fetch_web_history(session, FIRST, LAST, url=url).percent
        assert percent.diff().max() == pytest.approx(1.91)
        time[0] += 1
        with pytest.raises(UnavailableError):
            fetch_web_history(session, FIRST, LAST, url=url)
        time[0] += 1
        fetch_web_history(session, FIRST, LAST, url=url)


def test_a_download_gives_the_stored_days_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    closes = [50 + day % 7 + day / 100 for day in range(500)]
    DominanceStore(source).append(dominance_candles(closes, "2021-01-01"), "1d")
    first = int(pd.Timestamp("2021-01-01", tz="UTC").timestamp() * 1000)
    shift = plan_shift(first, first + 500 * DAY_IN_MS, int(time.time() * 1000))
    dominance = load_dominance(source, "feather", shift)

    def clock() -> int:
        return int(time.time() * 1000)

    with serving(LiveMarket(Market(source), shift), clock, dominance) as url:
        monkeypatch.setenv(COINGECKO_VARIABLE, provider_urls(url)["coingecko"])
        words = ["dominance", "download", "--datadir", str(target), "--json", "--days", "300"]
        assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["factor"] == pytest.approx(1, abs=1e-3)
    days = DominanceStore(target).load("1d")
    moved = days["date"] - pd.Timedelta(milliseconds=shift) - pd.Timestamp("2021-01-01", tz="UTC")
    expected = [closes[day.days] for day in moved]
    assert len(days) == 300
    assert days["close"].tolist() == pytest.approx(expected, rel=1e-3)


def test_stablecoins_are_a_fifth_of_what_bitcoin_leaves(tmp_path: Path) -> None:
    DominanceStore(tmp_path).append(dominance_candles([50] * 72, "2021-01-01", "1h"), "1h")
    market, dominance = (
        LiveMarket(Market(tmp_path), SHIFT),
        load_dominance(tmp_path, "feather", SHIFT),
    )
    now = START + pd.Timedelta("2D 01:00:00")
    with (
        serving(market, lambda: int(now.timestamp() * 1000), dominance) as url,
        build_session() as session,
    ):
        urls = provider_urls(url)
        caps = fetch_stablecoins(session, url=urls["defillama"])
        reading = fetch_global(
            session, ApiAccess(url=urls["coingecko"]), lambda: now, pair=WITHOUT_STABLECOINS
        )
        latest = fetch_coinmarketcap(
            session, url=urls["coinmarketcap"], clock=lambda: now, pair=WITHOUT_STABLECOINS
        )
    # There Bitcoin has 49.5, and stablecoins a fifth of 50.5.
    assert latest.dominance == pytest.approx(100 * 49.5 / 89.9)
    # A tenth of 2.5e12 on both days that have ended; Bitcoin has 50 of the 90 that are left.
    assert caps.index.tolist() == [START + DAY, START + 2 * DAY]
    assert caps.tolist() == pytest.approx([2.5e11, 2.5e11])
    assert reading.dominance == pytest.approx(100 * 50 / 90)
