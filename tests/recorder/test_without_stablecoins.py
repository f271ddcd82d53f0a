"""Dominance without stablecoins, from the same responses, in a series of its own; by hand."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from altseason.cli import main
from altseason.dominance.store import DominanceStore
from altseason.errors import SettingsError
from altseason.gate.reader import DominanceReader
from altseason.recorder.claim import Claim
from altseason.recorder.feed import Feed, end_feed, start_feed
from altseason.recorder.log import ReadingLog
from altseason.settings import PAIRS, WITHOUT_STABLECOINS, load_settings
from altseason.sources.coingecko import parse_global
from altseason.sources.coinmarketcap import parse_coinmarketcap
from altseason.sources.errors import ResponseError
from tests.conftest import dominance_candles
from tests.providers.serving import COINGECKO_VARIABLE, Provider, Reply, Request, serving
from tests.providers.web_history import WebHistory
from tests.providers.world import Market, World, reply, three_coins
from tests.recorder.simulation import DOWN, SimulatedClock, dominance_config, utc

NOW = pd.Timestamp("2026-05-27 12:00", tz="UTC")
DOMINANCE, WITHOUT = PAIRS


def body(**shares: Any) -> dict[str, Any]:
    return {"data": {"market_cap_percentage": shares, "updated_at": int(NOW.timestamp())}}


def parse(pair: str, **shares: Any) -> float:
    return parse_global(json.dumps(body(**shares)).encode(), now=NOW, pair=pair).dominance


def test_share_is_that_of_the_market_without_the_large_stablecoins():
    # 54 of 100, and of the 90 that are left without 7 and 3 of stablecoins.
    shares = {"btc": 54.0, "eth": 10.0, "usdt": 7.0, "usdc": 3.0, "dai": 0.5}
    assert parse(WITHOUT, **shares) == pytest.approx(60)
    assert parse(DOMINANCE, **shares) == 54.0


@pytest.mark.parametrize(
    "shares",
    [
        {"btc": 54.0, "usdt": 7.0},  # one of them has left the map: another sum, and a jump
        {"btc": 54.0, "usdt": 7.0, "usdc": None},
        {"btc": 54.0, "usdt": 7.0, "usdc": "3"},
        {"btc": 54.0, "usdt": 7.0, "usdc": 0},
        {"btc": 54.0, "usdt": -7.0, "usdc": 3.0},
        {"btc": 54.0, "usdt": 97.0, "usdc": 3.0},
        {"btc": 54.0, "usdt": 97.0, "usdc": 4.0},
        {"btc": 54.0, "usdt": 50.0, "usdc": 3.0},  # more than all that is left
    ],
)
def test_response_that_does_not_give_the_share_is_refused(shares: dict[str, Any]):
    with pytest.raises(ResponseError):
        parse(WITHOUT, **shares)


def config_of(folder: Path, url: str, pair: str, **dominance: Any) -> dict[str, Any]:
    urls = {"coingecko": url}
    section = {"pair": pair, "urls": urls, "backfill": False, **dominance}
    return {"datadir": folder, "altseason": {"dominance": section}}


def test_another_pair_is_refused():
    with pytest.raises(SettingsError, match=r"altseason\.dominance\.pair"):
        load_settings({"altseason": {"dominance": {"pair": "ETHD/USD"}}})


def parse_coinmarketcap_quote(quote: dict[str, Any], dominance: float = 60.551289841446) -> float:
    """Its response as it was recorded on 2025-07-26, with other market caps."""
    data = {
        "btc_dominance": dominance,
        "quote": {"USD": quote},
        "last_updated": "2026-05-27T11:59:59.999Z",
    }
    body = json.dumps({"data": data, "status": {"error_code": 0}}).encode()
    return parse_coinmarketcap(body, now=NOW, pair=WITHOUT).dominance


RECORDED = {
    "total_market_cap": 3.885178841234972e12,
    "stablecoin_market_cap": 2.4698011342198828e11,
}


def test_coinmarketcap_leaves_out_all_stablecoins():
    # 2.3525 of the 3.6382 trillion that are left.
    assert parse_coinmarketcap_quote(RECORDED) == pytest.approx(64.66, abs=0.005)


@pytest.mark.parametrize(
    "change",
    [
        {"stablecoin_market_cap": None},
        {"stablecoin_market_cap": "2.5e11"},
        {"stablecoin_market_cap": 0},
        {"stablecoin_market_cap": -1e11},
        {"stablecoin_market_cap": 3.9e12},
        {"total_market_cap": 0},
        {"stablecoin_market_cap": 2e12},  # more than Bitcoin leaves
    ],
)
def test_coinmarketcap_without_the_market_caps_is_refused(change: dict[str, Any]):
    with pytest.raises(ResponseError):
        parse_coinmarketcap_quote({**RECORDED, **change})
    for name in RECORDED:
        with pytest.raises(ResponseError, match=name):
            parse_coinmarketcap_quote({one: RECORDED[one] for one in RECORDED if one != name})


def lines_of(folder: Path) -> list[dict[str, Any]]:
    log = folder / "BTCDX_USD-readings.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.mark.parametrize(
    ("provider", "names", "level"),
    # Stablecoins are a tenth at both of them: 57 of 90, and 58.5 of 90.
    [
        ("coingecko", ("CoinGecko", "CoinMarketCap"), 57.0 / 0.9),
        ("coinmarketcap", ("CoinMarketCap", "CoinGecko"), 58.5 / 0.9),
    ],
)
def test_other_provider_that_has_the_pair_stands_in_corrected(
    tmp_path: Path, provider: str, names: tuple[str, str], level: float
):
    clock = SimulatedClock()
    market = Market(clock)
    with serving(market.answer) as server:
        feed = Feed(
            dominance_config(tmp_path, market.urls(server.url), pair=WITHOUT, provider=provider),
            clock=clock,
            sleep=lambda _: None,
        )
        for _ in range(7):
            feed.step()
            clock.move("10min")
            if clock.now == utc("2026-05-27 00:30"):
                market.faults[provider] = DOWN
        feed.close()
        # Those that cannot tell are not even asked.
        assert (server.count("/coinpaprika/"), server.count("/coinlore/")) == (0, 0)
    counted = [line for line in lines_of(tmp_path) if line["dominance"] is not None]
    assert [line["provider"] for line in counted] == [names[0]] * 3 + [names[1]]
    assert [line["dominance"] for line in counted] == pytest.approx([level] * 4)
    assert {line.get("convention", "coingecko") for line in counted} == {provider}
    store = DominanceStore(tmp_path, pair=WITHOUT, provider=provider)
    assert store.load("1h")["close"].tolist() == pytest.approx([level] * 2)


def serve_with_history(market: Market, clock: SimulatedClock, cap: float) -> Any:
    """The providers, CoinMarketCap's days, and DefiLlama with one market cap on all of them."""
    market.history = WebHistory(lambda _: 58.5, clock)
    rows = [
        {"date": str(int(day.timestamp())), "totalCirculatingUSD": {"peggedUSD": cap}}
        for day in pd.date_range(clock.now.floor("D") - pd.Timedelta("120D"), clock.now)
    ]

    def answer(request: Request) -> Reply:
        return reply(rows) if "stablecoincharts" in request.path else market.answer(request)

    return serving(answer)


def start_with_history(folder: Path, server: Provider, market: Market, clock: Any) -> Feed:
    urls = {**market.urls(server.url), "defillama": server.url}
    config = dominance_config(folder, urls, pair=WITHOUT, provider="coinmarketcap", backfill=True)
    return Feed(config, clock=clock, sleep=lambda _: None)


def test_missing_days_have_the_level_of_what_is_recorded(tmp_path: Path):
    clock = SimulatedClock("2026-05-27 12:00")
    market = Market(clock)
    # A fifth more than CoinMarketCap counts; both total 2.0094 and 2.6 trillion are as recorded.
    with serve_with_history(market, clock, 3.12e11) as server:
        feed = start_with_history(tmp_path, server, market, clock)
        feed.step()
        feed.close()
    store = DominanceStore(tmp_path, pair=WITHOUT, provider="coinmarketcap")
    days = store.load("1d")
    assert len(days) == 90
    # 0.26 of 2.0094 trillion are stablecoins by CoinMarketCap.
    expected = 58.5 / (1 - 0.26 / 2.00940786809739)
    assert days["close"].tolist() == pytest.approx([expected] * 90)


def test_stablecoins_that_are_counted_otherwise_are_refused(tmp_path: Path):
    clock = SimulatedClock("2026-05-27 12:00")
    market = Market(clock)
    with serve_with_history(market, clock, 1.0e11) as server:
        feed = start_with_history(tmp_path, server, market, clock)
        feed.step()
        feed.close()
    assert DominanceStore(tmp_path, pair=WITHOUT, provider="coinmarketcap").load("1d").empty


def test_each_pair_is_recorded_into_its_own_log_and_candles(tmp_path: Path):
    clock = SimulatedClock("2026-05-27 12:00")

    def answer(_: Request) -> Reply:
        content = body(btc=54.0, usdt=7.0, usdc=3.0)
        content["data"]["updated_at"] = int(clock().timestamp())
        return reply(content)

    with serving(answer) as coingecko:
        feeds = [
            Feed(config_of(tmp_path, coingecko.url, pair), clock=clock, sleep=lambda _: None)
            for pair in PAIRS
        ]
        for _ in range(7):
            clock.move("10min")
            for feed in feeds:
                feed.step()
        # Neither keeps the other from polling.
        assert [feed.is_polling for feed in feeds] == [True, True]
        for feed in feeds:
            feed.close()
    for pair, percent in ((DOMINANCE, 54.0), (WITHOUT, 60.0)):
        assert DominanceStore(tmp_path, pair=pair).load("1h")["close"].tolist() == [percent]
        config = config_of(tmp_path, coingecko.url, pair, timeframe="1h")
        dominance = DominanceReader(config, load_settings(config).dominance).read()
        assert dominance.candles["close"].tolist() == [percent]
    assert (tmp_path / "BTCD_USD-readings.jsonl").exists()
    assert (tmp_path / "BTCDX_USD-readings.jsonl").exists()
    assert (tmp_path / "BTCDX_USD-1h.feather").exists()


def test_reload_with_another_pair_records_that_one(tmp_path: Path):
    with serving(lambda _: reply({}, 503)) as coingecko:
        first = start_feed(config_of(tmp_path, coingecko.url, DOMINANCE))
        second = start_feed(config_of(tmp_path, coingecko.url, WITHOUT))
        try:
            assert second.recording.store.pair == WITHOUT_STABLECOINS
            assert start_feed(config_of(tmp_path, coingecko.url, WITHOUT)) is second
        finally:
            first.stop()
            end_feed(config_of(tmp_path, coingecko.url, WITHOUT))
            second.stop()


def test_names_of_the_default_pairs_files_are_as_before(tmp_path: Path):
    assert ReadingLog(tmp_path).path.name == "BTCD_USD-readings.jsonl"
    assert Claim(tmp_path).path.name == ".altseason-feed.lock"
    assert Claim(tmp_path, WITHOUT).path != Claim(tmp_path).path


@pytest.fixture
def world() -> World:
    """Of 1000 Bitcoin has 540 on every day, and stablecoins 100."""
    world = three_coins()
    world.caps = {
        "bitcoin": [540.0] * 140,
        "ethereum": [360.0] * 140,
        "tether": [70.0] * 140,
        "usd-coin": [30.0] * 140,
    }
    world.now = {coin: caps[-1] for coin, caps in world.caps.items()}
    return world


def test_download_leaves_the_stablecoins_out_of_the_sum(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    def answer(request: Request) -> Reply:
        if request.path == "/global":
            now = int(pd.Timestamp.now(tz="UTC").timestamp())
            content = body(btc=54.0, usdt=7.0, usdc=3.0)
            content["data"]["updated_at"] = now
            return reply(content)
        return world.answer(request)

    with serving(answer) as coingecko:
        monkeypatch.setenv(COINGECKO_VARIABLE, coingecko.url)
        words = ("dominance", "download", "--datadir", str(tmp_path), "--days", "5", "--json")
        assert main([*words, "--pair", WITHOUT]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert (facts["factor"], facts["coins"]) == (pytest.approx(1), 2)
        assert facts["timeframes"][0]["pair"] == WITHOUT
    closes = DominanceStore(tmp_path, pair=WITHOUT).load("1d")["close"]
    assert closes.tolist() == pytest.approx([60.0] * 5)
    assert DominanceStore(tmp_path).load("1d").empty


def test_import_and_status_go_by_the_pair(tmp_path: Path, capsys: pytest.CaptureFixture):
    file, datadir = tmp_path / "a.csv", tmp_path / "data"
    file.write_text("date,dominance\n2021-03-01,64.1\n2021-03-02,66.2\n")
    words = ("--datadir", str(datadir), "--json")
    assert main(["dominance", "import", str(file), *words, "--pair", WITHOUT, "--insist"]) == 0
    assert json.loads(capsys.readouterr().out)["timeframes"][0]["pair"] == WITHOUT
    assert DominanceStore(datadir, pair=WITHOUT).load("1d")["close"].tolist() == [64.1, 66.2]
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps({"exchange": {"name": "binance"}, "altseason": {"dominance": {"pair": WITHOUT}}})
    )
    assert main(["dominance", "status", "-c", str(config), *words]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["pair"] == WITHOUT
    assert [one["candles"] for one in facts["timeframes"]] == [2]
    assert main(["dominance", "status", *words]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["pair"], facts["timeframes"]) == (DOMINANCE, [])


def test_pairs_do_not_share_a_choice_or_a_provider(tmp_path: Path):
    candles = dominance_candles([60.0, 66.0, 60.0], "2021-03-01")
    stores = [DominanceStore(tmp_path, pair=pair) for pair in PAIRS]
    for store in stores:
        store.append(candles, "1d")
    stores[1].keep_outliers()
    assert [store.keeps_outliers for store in stores] == [False, True]
    other = DominanceStore(tmp_path / "other", pair=WITHOUT, provider="coinmarketcap")
    other.append(candles, "1d")
    DominanceStore(tmp_path / "other").append(candles, "1d")
    assert len(other.load("1d")) == 3
