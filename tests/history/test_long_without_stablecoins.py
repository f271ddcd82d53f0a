"""Dominance without stablecoins back to 2017-11-30, of two providers; by hand."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from altseason.cli import main
from altseason.dominance.store import DominanceStore
from altseason.history.download import DownloadReport
from altseason.history.long import NO_STABLECOINS, download_long_history, plan_long_history
from altseason.progress import no_progress
from altseason.settings import WITHOUT_STABLECOINS, DominanceSettings, UrlSettings
from altseason.sources.coinmarketcap import PATH as LATEST
from altseason.sources.defillama import PATH
from altseason.sources.errors import ProviderError
from tests.providers.serving import COINMARKETCAP_VARIABLE, Provider, Reply, Request, serving
from tests.providers.web_history import WebHistory

NOW = pd.Timestamp("2026-05-27 12:00", tz="UTC")
# What every day of the web history has.
TOTAL = 2009407868097.39
FIRST = pd.Timestamp("2017-11-29", tz="UTC")
DEFILLAMA_VARIABLE = "FREQTRADE__ALTSEASON__DOMINANCE__URLS__DEFILLAMA"


class Providers:
    """CoinMarketCap, and stablecoins that are a tenth of all at DefiLlama; one server plays both.

    CoinMarketCap's own number of them, which it has for now alone, is that times a factor.
    """

    def __init__(self) -> None:
        self.now = NOW
        self.history = WebHistory(lambda _: 54.0, lambda: self.now)
        self.fraction = 0.1
        self.factor = 1.0
        self.missing: set[date] = set()
        self.fault: Reply | None = None

    def answer(self, request: Request) -> Reply:
        if request.path == LATEST:
            cap = TOTAL * self.fraction * self.factor
            quote = {"total_market_cap": TOTAL * 3, "stablecoin_market_cap": cap}
            body = {"data": {"quote": {"USD": quote}}, "status": {"error_code": "0"}}
            return Reply(json.dumps(body).encode())
        if request.path != PATH:
            return self.history.answer(request)
        if self.fault is not None:
            return self.fault
        rows = [
            {
                "date": str(int(day.timestamp())),
                "totalCirculatingUSD": {"peggedUSD": TOTAL * self.fraction, "peggedEUR": 0},
            }
            for day in pd.date_range(FIRST, self.now.floor("D"))
            if day.date() not in self.missing
        ]
        return Reply(json.dumps(rows).encode())


@pytest.fixture
def providers() -> Providers:
    return Providers()


@pytest.fixture
def server(providers: Providers) -> Iterator[Provider]:
    with serving(providers.answer) as provider:
        yield provider


@pytest.fixture
def store(tmp_path: Path) -> DominanceStore:
    return DominanceStore(tmp_path, pair=WITHOUT_STABLECOINS, provider="coinmarketcap")


def download(server: Provider, store: DominanceStore, days: int | None = None) -> DownloadReport:
    return download_long_history(
        plan_long_history(NOW, store.load("1d"), days=days, pair=store.pair),
        store,
        DominanceSettings(urls=UrlSettings(coinmarketcap=server.url, defillama=server.url)),
        progress=no_progress,
        now=NOW,
    )


def test_share_is_that_of_what_stablecoins_leave(server: Provider, store: DominanceStore):
    download(server, store)
    candles = store.load("1d")
    # Of stablecoins' first day the end closes the day itself.
    assert candles["date"].iloc[0] == FIRST
    assert candles["date"].iloc[-1] == pd.Timestamp("2026-05-26", tz="UTC")
    # 54 of 90.
    assert candles["close"].tolist() == pytest.approx([60.0] * len(candles))
    assert [request.path for request in server.requests].count(PATH) == 1
    # Two calls of 2,000 days at most, as for any history since then.
    assert len(server.requests) == 4


def test_stablecoins_are_scaled_to_what_a_bot_records_by(
    server: Provider, store: DominanceStore, providers: Providers
):
    providers.factor = 0.93
    report = download(server, store, days=10)
    # 54 of the 100 - 9.3 that are left.
    assert store.load("1d")["close"].tolist() == pytest.approx([54 / 0.907] * 10)
    assert "times 0.9300" in report.downloaded.history.name


def test_next_download_takes_what_is_missing(server: Provider, store: DominanceStore):
    download(server, store)
    whole = len(store.load("1d"))
    report = download(server, store)
    assert (report.imported[0].result.changes, len(store.load("1d"))) == (0, whole)


def test_days_without_stablecoins_are_left_out_and_counted(
    server: Provider, store: DominanceStore, providers: Providers
):
    providers.missing = {date(2026, 5, 20)}
    report = download(server, store, days=10)
    assert report.readings.left_out == {NO_STABLECOINS: 1}
    assert pd.Timestamp("2026-05-20", tz="UTC") not in store.load("1d")["date"].tolist()
    assert len(store.load("1d")) == 9


@pytest.mark.parametrize("fraction", [0.5, 1.0, 2.0])
def test_stablecoins_that_leave_no_share_are_refused(
    server: Provider, store: DominanceStore, providers: Providers, fraction: float
):
    providers.fraction = fraction
    with pytest.raises(ProviderError, match="expected stablecoins to leave Bitcoin a share"):
        download(server, store, days=10)
    assert store.load("1d").empty


def test_nothing_is_stored_without_stablecoins(
    server: Provider, store: DominanceStore, providers: Providers
):
    providers.fault = Reply(b"{}", 400)
    with pytest.raises(ProviderError, match="DefiLlama"):
        download(server, store, days=10)
    assert store.load("1d").empty


@pytest.mark.parametrize("factor", [0.6, 1.6, 0.0])
def test_nothing_is_stored_where_the_two_count_other_stablecoins(
    server: Provider, store: DominanceStore, providers: Providers, factor: float
):
    providers.factor = factor
    with pytest.raises(ProviderError, match="stablecoin"):
        download(server, store, days=10)
    assert store.load("1d").empty


def test_command_says_what_it_is_and_how_it_is_recorded(
    server: Provider,
    providers: Providers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
):
    # It is the command's own clock that says which days have ended.
    now = pd.Timestamp.now(tz="UTC")
    providers.now = now
    monkeypatch.setenv(COINMARKETCAP_VARIABLE, server.url)
    monkeypatch.setenv(DEFILLAMA_VARIABLE, server.url)
    words = ("--source", "coinmarketcap", "--pair", WITHOUT_STABLECOINS, "--days", "5")
    assert main(["dominance", "download", "--datadir", str(tmp_path), *words]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "without the stablecoins of DefiLlama" in told
    assert "BTCDX/USD 1d: " in told
    assert "record more of them, set altseason.dominance.provider to coinmarketcap" in told
