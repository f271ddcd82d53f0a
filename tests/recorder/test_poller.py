"""When the primary is polled, and what is logged and reported; values by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from altseason.notifications import Notifier
from altseason.recorder.poller import Poller, build_providers
from altseason.sources.reading import ProviderReading
from tests.providers.serving import Provider, Reply
from tests.providers.world import Market, reply
from tests.recorder.simulation import (
    DOWN,
    FALLBACKS,
    MakePoller,
    SimulatedClock,
    calibrate,
    dominance_config,
    load_counted,
    load_lines,
    make_recording,
    poll,
    utc,
)


def test_primary_counts_once_for_each_value_it_renews(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    poller = make_poller()
    market.renewed_at["coingecko"] = utc("2026-05-26 23:58")
    poll(poller, clock, 2)
    make_poller().poll()
    assert load_counted(tmp_path) == [("00:00", "CoinGecko", 57.0)]
    market.renewed_at["coingecko"], market.percent["coingecko"] = utc("2026-05-27 00:19"), 57.5
    poll(poller, clock, 1)
    assert load_counted(tmp_path)[1:] == [("00:20", "CoinGecko", 57.5)]
    line = load_lines(tmp_path)[0]
    assert (line["time"], line["raw"], line["offset"]) == ("2026-05-26T23:58:00Z", 57.0, None)


def test_nothing_counts_while_the_primary_fails_for_less_than_half_an_hour(
    make_poller: MakePoller,
    clock: SimulatedClock,
    market: Market,
    server: Provider,
    tmp_path: Path,
    notifier: Notifier,
):
    poller = calibrate(make_poller, clock, market)
    market.faults["coingecko"] = DOWN
    server.requests.clear()
    poll(poller, clock, 3)  # 00:30, 00:40, 00:50
    assert [time for time, _, _ in load_counted(tmp_path)] == ["00:00", "00:10", "00:20"]
    assert server.count("/coingecko/") == 3
    assert sum(server.count(f"/{name}/") for name in FALLBACKS) == 0
    assert notifier.drain() == []


@pytest.mark.parametrize("fault", [DOWN, Reply(b'{"data', way="cut")])
def test_primary_that_fails_at_every_other_poll_costs_a_request_each(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, server: Provider, fault: Reply
):
    poller = make_poller()
    for number in range(145):
        market.faults = {"coingecko": fault} if number % 2 else {}
        poll(poller, clock, 1)
    # From 00:00 to 24:00; 150 are promised.
    assert server.count("/coingecko/") == 145


def test_provider_with_an_unforeseen_error_does_not_keep_others_from_being_asked(
    clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path, notifier: Notifier
):
    def fail(_: object) -> ProviderReading:
        raise ZeroDivisionError("marker-7f3a")

    built = build_providers(dominance_config(tmp_path, market.urls(server.url)), clock)
    fallbacks = {"CoinMarketCap": fail, "CoinPaprika": built.fallbacks["CoinPaprika"]}
    providers = replace(built, fallbacks=fallbacks)
    poll(Poller(make_recording(tmp_path, clock), providers, notifier, clock), clock, 3)
    failing = replace(providers, primary=fail)
    poll(Poller(make_recording(tmp_path, clock), failing, notifier, clock), clock, 4)
    built.close()
    assert load_counted(tmp_path)[3:] == [("01:00", "CoinPaprika", 57.0)]
    assert not [message for message in notifier.drain() if "marker-7f3a" in message]


def test_provider_is_not_asked_before_the_time_that_it_says(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    poller = calibrate(make_poller, clock, market)
    limited = Reply(b"{}", 429, {"Retry-After": "5400"})
    market.faults |= {"coingecko": limited, "coinmarketcap": limited}
    server.requests.clear()
    poll(poller, clock, 9)  # 00:30 to 01:50
    # Asked at 00:30, and so not before 02:00; its fallback at 01:00, and so not before 02:30.
    assert [server.count("/coingecko/"), server.count("/coinmarketcap/")] == [1, 1]
    assert [name for _, name, _ in load_counted(tmp_path)[3:]] == ["CoinPaprika"] * 6
    market.faults.clear()
    poll(poller, clock, 1)  # at 02:00
    assert load_counted(tmp_path)[9:] == [("02:00", "CoinGecko", 57.0)]


def test_primary_that_refuses_the_key_is_told_once(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, notifier: Notifier
):
    status = {"error_code": 10002, "error_message": "API Key Missing"}
    market.faults["coingecko"] = reply({"status": status}, 401)
    poller = make_poller()
    poll(poller, clock, 3)
    [message] = notifier.drain()
    assert "the key is missing" in message
    market.faults.clear()
    poll(poller, clock, 2)
    [message] = notifier.drain()
    assert "responds again" in message
    market.faults["coingecko"] = reply({"status": status}, 401)
    poll(poller, clock, 2)
    assert len(notifier.drain()) == 1


def test_primary_that_refuses_the_key_after_it_was_down_is_told(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, notifier: Notifier
):
    poller = make_poller()
    status = {"error_code": 10002, "error_message": "API Key Missing"}
    told = []
    for fault in (DOWN, reply({"status": status}, 401), DOWN, reply({"status": status}, 401)):
        market.faults["coingecko"] = fault
        poll(poller, clock, 1)
        told.append(len(notifier.drain()))
    assert told == [0, 1, 0, 0]
    market.faults.clear()
    poll(poller, clock, 1)
    market.faults["coingecko"] = DOWN
    poll(poller, clock, 1)
    market.faults.clear()
    poll(poller, clock, 1)
    # Of the second failure nobody was told, so neither of its end.
    assert [message.split()[1] for message in notifier.drain()] == ["responds"]


def test_clock_that_is_put_back_is_told_and_recording_goes_on_later(
    make_poller: MakePoller, clock: SimulatedClock, tmp_path: Path, notifier: Notifier
):
    poller = make_poller()
    poll(poller, clock, 2)
    clock.now = utc("2026-05-26 23:50")
    poll(poller, clock, 2)
    [message] = notifier.drain()
    assert "went backwards" in message
    clock.now = utc("2026-05-27 00:20")
    poll(poller, clock, 1)
    assert [time for time, _, _ in load_counted(tmp_path)] == ["00:00", "00:10", "00:20"]
    assert len(notifier.drain()) == 1


def test_log_that_cannot_be_written_is_told_once_and_does_not_end_it(
    make_poller: MakePoller, clock: SimulatedClock, tmp_path: Path, notifier: Notifier
):
    poller = make_poller()
    log = tmp_path / "BTCD_USD-readings.jsonl"
    log.mkdir()
    poll(poller, clock, 2)
    [message] = notifier.drain()
    assert "Is a directory" in message
    assert str(log) in message
    log.rmdir()
    poll(poller, clock, 1)
    assert [time for time, _, _ in load_counted(tmp_path)] == ["00:20"]
    assert len(notifier.drain()) == 1
