"""A bot whose provider is CoinMarketCap: it is the primary of all, and the series is its own."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.enums import RunMode

from altseason.dominance.convention import load_convention
from altseason.dominance.store import DominanceStore
from altseason.errors import StoredDataError
from altseason.gate.reader import DominanceReader
from altseason.recorder.feed import Feed
from altseason.recorder.poller import build_providers
from altseason.settings import PROVIDERS, load_settings
from tests.conftest import dominance_candles
from tests.providers.serving import Provider
from tests.providers.web_history import WebHistory
from tests.providers.world import Market
from tests.recorder.simulation import (
    DOWN,
    SimulatedClock,
    dominance_config,
    load_counted,
    load_lines,
    make_recording,
    record,
    utc,
)

MakeFeed = Callable[..., Feed]


def config_of(folder: Path, urls: dict[str, str], provider: str = "coinmarketcap", **more: object):
    return dominance_config(folder, urls, provider=provider, **more)


def own_store(folder: Path) -> DominanceStore:
    return DominanceStore(folder, provider="coinmarketcap")


def step(feed: Feed, clock: SimulatedClock, times: int) -> None:
    for _ in range(times):
        feed.step()
        clock.move("10min")


@pytest.mark.parametrize("provider", ["coingecko", "coinmarketcap"])
def test_primary_is_chosen_from_the_table(tmp_path: Path, provider: str):
    providers = build_providers(config_of(tmp_path, {}, provider))
    names = {"coingecko": "CoinGecko", "coinmarketcap": "CoinMarketCap"}
    others = [names.get(name, name) for name in PROVIDERS if name != provider]
    assert providers.name == names[provider]
    assert [name.lower() for name in providers.fallbacks] == [name.lower() for name in others]
    providers.close()


def test_it_counts_as_it_is_and_the_others_are_compared_with_it(
    make_feed: MakeFeed, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    step(make_feed(config_of(tmp_path, market.urls(server.url))), clock, 1)
    assert load_counted(tmp_path) == [("00:00", "CoinMarketCap", 58.5)]
    compared = {line["provider"]: line["offset"] for line in load_lines(tmp_path)[1:]}
    assert compared == {"CoinGecko": -1.5, "CoinPaprika": -1.25, "CoinLore": -3.5}
    assert {line["convention"] for line in load_lines(tmp_path)} == {"coinmarketcap"}


def test_coingecko_takes_over_corrected_and_gives_back(
    make_feed: MakeFeed, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    feed = make_feed(config_of(tmp_path, market.urls(server.url)))
    step(feed, clock, 3)
    market.faults["coinmarketcap"] = DOWN
    market.percent["coingecko"] = 57.25
    step(feed, clock, 4)
    assert load_counted(tmp_path)[3:] == [("01:00", "CoinGecko", 58.75)]
    market.faults.clear()
    step(feed, clock, 1)
    assert load_counted(tmp_path)[4:] == [("01:10", "CoinMarketCap", 58.5)]
    told = feed.notifier.drain()
    assert told[0].startswith("CoinMarketCap is unreachable. Using CoinGecko: 57.25 % as reported")
    assert told[1].startswith("Using CoinMarketCap again: 58.50 %")
    assert own_store(tmp_path).load("1h")["close"].tolist() == [58.5, 58.75]
    assert load_convention(tmp_path) == "coinmarketcap"


def test_readings_of_the_other_provider_make_no_candle(
    make_feed: MakeFeed, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    before = make_recording(tmp_path, clock)
    for minute in range(0, 60, 10):
        record(before, clock, f"2026-05-27 00:{minute:02}", 57.0)
    clock.now = utc("2026-05-27 01:00")
    feed = make_feed(config_of(tmp_path, market.urls(server.url)))
    step(feed, clock, 7)
    hours = own_store(tmp_path).load("1h")
    # 01:00 closes the hour before it; nothing of 00:10 to 00:50 is in it.
    assert hours["close"].tolist() == [58.5, 58.5]
    assert hours["volume"].tolist() == [1.0, 6.0]
    assert len(feed.recording.load(utc("2026-05-27"))[1]) == len(load_lines(tmp_path)) - 6


def move_candles(folder: Path) -> None:
    """Move them away, as the message says."""
    for file in folder.glob("BTCD_USD-1?.feather"):
        file.rename(folder / f"{file.name}.old")


def test_change_back_finds_the_offsets_of_the_time_before(
    make_feed: MakeFeed, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    urls = market.urls(server.url)
    feed = make_feed(config_of(tmp_path, urls, "coingecko"))
    market.percent["coinlore"] = 55.1
    step(feed, clock, 3)
    move_candles(tmp_path)
    feed.configure(config_of(tmp_path, urls))
    market.faults["coinmarketcap"] = DOWN
    step(feed, clock, 5)
    # CoinGecko has not been compared with CoinMarketCap, only the other way round.
    assert [line for line in load_lines(tmp_path) if line.get("convention")] == []
    market.faults = {"coingecko": DOWN}
    move_candles(tmp_path)
    feed.configure(config_of(tmp_path, urls, "coingecko"))
    step(feed, clock, 4)
    assert load_counted(tmp_path)[-1][1:] == ("CoinMarketCap", 57.0)


@pytest.mark.parametrize(
    ("first", "second"), [("coingecko", "coinmarketcap"), ("coinmarketcap", "coingecko")]
)
def test_folder_of_another_provider_is_refused_in_one_line(
    make_feed: MakeFeed,
    market: Market,
    server: Provider,
    tmp_path: Path,
    first: str,
    second: str,
):
    DominanceStore(tmp_path, provider=first).append(dominance_candles([57.0], "2026-05-25"), "1d")
    with pytest.raises(StoredDataError, match=f"set altseason.dominance.provider to {first}"):
        make_feed(config_of(tmp_path, market.urls(server.url), second))
    config = {**config_of(tmp_path, {}, second), "runmode": "backtest"}
    with pytest.raises(StoredDataError, match="never mixed"):
        DominanceReader(config, load_settings(config).dominance).read()
    assert server.requests == []


def test_bot_on_a_folder_of_another_provider_goes_on_without_dominance(tmp_path: Path):
    DominanceStore(tmp_path).append(dominance_candles([57.0], "2026-05-25"), "1d")
    config = {**config_of(tmp_path, {}), "runmode": RunMode.DRY_RUN}
    dominance = DominanceReader(config, load_settings(config).dominance).read()
    assert dominance.candles.empty
    assert "never mixed" in dominance.problem


def test_missing_days_are_fetched_of_it_in_one_call(
    make_feed: MakeFeed, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    clock.now = utc("2026-05-27 12:00")
    market.history = WebHistory(lambda _: 58.0, clock)
    feed = make_feed(config_of(tmp_path, market.urls(server.url), backfill=True))
    step(feed, clock, 1)
    days = own_store(tmp_path).load("1d")
    assert (len(days), days["close"].unique().tolist()) == (90, [58.0])
    assert days["date"].iloc[-1] == utc("2026-05-26")
    assert server.count("/data-api/") == 1
    assert server.count("/coins/") == 0
    assert [text for text in feed.notifier.drain() if "90 of 90 missing days" in text]


def test_days_of_another_level_than_what_was_recorded_are_not_stored(
    make_feed: MakeFeed, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    clock.now = utc("2026-05-27 12:00")
    own_store(tmp_path).append(dominance_candles([58.0] * 10, "2026-05-10"), "1d")
    market.history = WebHistory(lambda _: 60.0, clock)
    step(make_feed(config_of(tmp_path, market.urls(server.url), backfill=True)), clock, 1)
    assert len(own_store(tmp_path).load("1d")) == 10


def test_days_that_are_not_there_are_asked_for_again_an_hour_later(
    make_feed: MakeFeed, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    clock.now = utc("2026-05-27 12:00")
    history = market.history = WebHistory(lambda _: 58.0, clock)
    feed = make_feed(config_of(tmp_path, market.urls(server.url), backfill=True))
    history.gaps = {day.date() for day in pd.date_range("2026-02-27", "2026-05-27")}
    step(feed, clock, 1)
    assert own_store(tmp_path).load("1d").empty
    history.gaps = set()
    step(feed, clock, 7)
    assert len(own_store(tmp_path).load("1d")) == 90
    assert server.count("/data-api/") == 2
