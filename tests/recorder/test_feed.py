"""The feed step by step in simulated time."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from altseason.dominance.store import DominanceStore
from altseason.dominance.synthetic import save_marker
from altseason.errors import InputError
from altseason.recorder.feed import Feed
from altseason.sources.session import ProviderSession
from tests.providers.serving import Provider, Reply
from tests.providers.world import Market
from tests.recorder.simulation import (
    SimulatedClock,
    dominance_config,
    load_counted,
    utc,
)

Make = Callable[..., Feed]
REFUSED = Reply(b"{}", 403)


@pytest.fixture
def config(tmp_path: Path, market: Market, server: Provider) -> dict:
    return dominance_config(tmp_path, market.urls(server.url))


def step(clock: SimulatedClock, seconds: int, *feeds: Feed, every: int = 10) -> None:
    for _ in range(seconds // every):
        for feed in feeds:
            feed.step()
        clock.sleep(every)


def test_day_of_polls_makes_one_call_every_ten_minutes(
    make_feed: Make, clock: SimulatedClock, config: dict, server: Provider, tmp_path: Path
):
    step(clock, 24 * 3600, make_feed(config))
    assert 144 <= server.count("/coingecko/") <= 145
    assert len(load_counted(tmp_path)) == server.count("/coingecko/")
    # At 00:00, 00:10 and 00:20, then at 06:20, 12:20 and 18:20.
    assert server.count("/coinpaprika/") == 6
    # The first reading closes the day before; of this day the last hour is not over.
    hours = DominanceStore(tmp_path).load("1h")
    assert hours["volume"].tolist() == [1] + [6] * 23


def test_three_in_one_folder_make_the_calls_of_one(
    make_feed: Make, clock: SimulatedClock, config: dict, server: Provider, tmp_path: Path
):
    step(clock, 4 * 3600, *(make_feed(config) for _ in range(3)))
    assert 24 <= server.count("/coingecko/") <= 25
    assert len(load_counted(tmp_path)) == server.count("/coingecko/")
    assert DominanceStore(tmp_path).load("1h")["volume"].tolist() == [1, 6, 6, 6]


def test_another_takes_over_when_the_first_ends(
    make_feed: Make, clock: SimulatedClock, config: dict, tmp_path: Path
):
    first, second = make_feed(config), make_feed(config)
    step(clock, 1500, first, second)
    assert (first.is_polling, second.is_polling) == (True, False)
    first.close()
    step(clock, 1200, second)
    assert second.is_polling
    # The second knows when the first polled, so it polls neither early nor late.
    times = [line for line, _, _ in load_counted(tmp_path)]
    assert times == ["00:00", "00:10", "00:20", "00:30", "00:40"]


def test_restart_does_not_poll_before_it_is_time(
    make_feed: Make, clock: SimulatedClock, config: dict, server: Provider, tmp_path: Path
):
    for _ in range(3):
        feed = make_feed(config)
        step(clock, 60, feed)
        feed.close()
    assert server.count("/coingecko/") == 1
    assert len(load_counted(tmp_path)) == 1


def test_poll_time_of_the_future_does_not_stop_it(
    make_feed: Make, clock: SimulatedClock, config: dict, tmp_path: Path, server: Provider
):
    (tmp_path / ".altseason-feed.lock").write_text("2030-01-01T00:00:00+00:00")
    make_feed(config).step()
    assert server.count("/coingecko/") == 1


def test_feed_makes_the_candles_of_an_old_log_at_its_start(
    make_feed: Make, clock: SimulatedClock, config: dict, tmp_path: Path
):
    first = make_feed(config)
    step(clock, 3600, first)
    first.close()
    clock.move("10D")
    make_feed(config).step()
    assert DominanceStore(tmp_path).load("1h")["volume"].tolist()[:2] == [1, 5]


def test_change_of_the_provider_is_told_once_by_each_process(
    make_feed: Make, clock: SimulatedClock, config: dict, market: Market
):
    first, second = make_feed(config), make_feed(config)
    step(clock, 1800, first, second)
    market.faults["coingecko"] = Reply(b"{}", 500)
    market.percent["coinmarketcap"] = 60.0
    step(clock, 3600, first, second)
    for feed in (first, second):
        [message] = feed.notifier.drain()
        assert "CoinMarketCap" in message
        assert "60.00 %" in message
        assert "58.50 %" in message
        assert "-1.50" in message
    market.faults.clear()
    step(clock, 1200, first, second)
    for feed in (first, second):
        [message] = feed.notifier.drain()
        assert "CoinGecko again: 57.00 %" in message


def test_folder_that_cannot_be_used_is_told_once_and_its_recovery(
    make_feed: Make, clock: SimulatedClock, config: dict, tmp_path: Path
):
    feed = make_feed({**config, "datadir": tmp_path / "later"})
    step(clock, 60, feed)
    [message] = feed.notifier.drain()
    assert "later" in message
    (tmp_path / "later").mkdir()
    step(clock, 60, feed)
    assert len(feed.notifier.drain()) == 1
    assert len(load_counted(tmp_path / "later")) == 1


def test_damaged_candles_do_not_stop_the_log(
    make_feed: Make, clock: SimulatedClock, config: dict, tmp_path: Path
):
    feed = make_feed(config)
    step(clock, 600, feed)
    stored = tmp_path / "BTCD_USD-1h.feather"
    content = stored.read_bytes()
    stored.write_bytes(b"garbage")
    step(clock, 7200, feed, every=600)
    assert len(load_counted(tmp_path)) == 13
    assert len(feed.notifier.drain()) == 1
    assert stored.read_bytes() == b"garbage"
    stored.write_bytes(content)
    step(clock, 60, feed)
    assert len(feed.notifier.drain()) == 1
    assert DominanceStore(tmp_path).load("1h")["volume"].tolist() == [1, 6, 6]


def test_configuration_with_another_key_takes_effect_with_the_next_poll(
    make_feed: Make, clock: SimulatedClock, config: dict, server: Provider
):
    feed = make_feed(config)
    step(clock, 600, feed)
    feed.configure({**config})
    assert feed.is_polling
    feed.configure({**config, "coingecko": {"api_key": "CG-2"}})
    step(clock, 600, feed)
    keys = [
        request.headers.get("x-cg-demo-api-key")
        for request in server.requests
        if "coingecko" in request.path
    ]
    assert keys == [None, "CG-2"]


def test_configuration_that_is_wrong_changes_nothing(
    make_feed: Make, clock: SimulatedClock, config: dict, server: Provider, tmp_path: Path
):
    feed = make_feed(config)
    step(clock, 600, feed)
    save_marker(tmp_path, seed=1, version=1)
    with pytest.raises(InputError):
        feed.configure(dominance_config(tmp_path, {}))
    step(clock, 600, feed)
    assert server.count("/coingecko/") == 2


def test_synthetic_folder_is_for_a_provider_on_this_machine_alone(
    make_feed: Make, clock: SimulatedClock, config: dict, tmp_path: Path
):
    save_marker(tmp_path, seed=1, version=1)
    with pytest.raises(InputError, match="expected a folder for real candles"):
        make_feed(dominance_config(tmp_path, {}))
    with pytest.raises(InputError):
        make_feed(dominance_config(tmp_path, {"coingecko": "https://example.com"}))
    step(clock, 60, make_feed(config))
    assert len(load_counted(tmp_path)) == 1


def test_error_that_nobody_foresaw_is_told_once_and_does_not_end_it(
    clock: SimulatedClock, config: dict, tmp_path: Path
):
    steps = iter([1, 2])

    def wait(seconds: float) -> None:
        clock.sleep(seconds)
        if next(steps, None) is None:
            feed.stop()

    def break_twice() -> pd.Timestamp:
        if clock.now < utc("2026-05-27 00:00:00.03"):
            raise ZeroDivisionError("marker-7f3a")
        return clock.now

    feed = Feed(config, clock=break_twice, sleep=wait)
    feed.run()
    failed, works = feed.notifier.drain()
    assert "ZeroDivisionError" in failed
    assert "marker-7f3a" not in failed
    assert "works again" in works
    assert len(load_counted(tmp_path)) == 1


def test_step_that_fails_by_an_unforeseen_error_is_tried_ever_more_rarely(
    make_feed: Make, clock: SimulatedClock, config: dict, monkeypatch: pytest.MonkeyPatch
):
    feed = make_feed(config)
    tries: list[float] = []
    begun = clock.now

    def fail() -> bool:
        tries.append((clock.now - begun) / pd.Timedelta(minutes=1))
        raise ZeroDivisionError

    monkeypatch.setattr(feed, "record", fail)
    for _ in range(6 * 60 * 4):  # four hours
        feed._try_step()
        clock.sleep(10)
    # 1 minute, doubled up to an hour.
    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    [message] = feed.notifier.drain()
    assert "ZeroDivisionError" in message


def test_feed_leaves_the_memory_of_the_bot_as_it_is(make_feed: Make, config: dict):
    """The rest of the bot keeps the allocator that Arrow has chosen."""
    before = pa.default_memory_pool()
    others = [name for name in pa.supported_memory_backends() if name != "system"]
    if not others:
        pytest.skip("Arrow has one allocator here")
    pa.set_memory_pool(getattr(pa, f"{others[0]}_memory_pool")())
    try:
        make_feed(config).step()
        assert pa.default_memory_pool().backend_name == others[0]
    finally:
        pa.set_memory_pool(before)


def test_sessions_of_settings_that_are_gone_are_closed(
    make_feed: Make,
    clock: SimulatedClock,
    config: dict,
    monkeypatch: pytest.MonkeyPatch,
):
    closed: list[ProviderSession] = []
    close = ProviderSession.close
    monkeypatch.setattr(ProviderSession, "close", lambda one: (closed.append(one), close(one)))
    feed = make_feed(config)
    feed.step()
    assert closed == []
    config["altseason"]["dominance"]["coinmarketcap_key"] = "another-key"
    feed.configure(config)
    step(clock, 1200, feed)
    # That of the first settings, and not the one in use.
    assert len(closed) == 1
