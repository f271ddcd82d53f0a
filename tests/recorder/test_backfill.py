"""Which missing days are fetched, and when."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from altseason.dominance.store import DominanceStore
from altseason.notifications import Notifier
from altseason.recorder.backfill import Backfill, find_missing_days
from tests.conftest import dominance_candles
from tests.providers.serving import Provider, Reply, Request, serving
from tests.providers.world import World, reply, three_coins
from tests.recorder.simulation import SimulatedClock, dominance_config, utc

LATEST = utc("2026-05-27")
DAY = pd.Timedelta(days=1)


def days(start: str, count: int) -> pd.DataFrame:
    return dominance_candles([50.0] * count, start)


def test_missing_of_nothing_are_the_last_90_days():
    missing = find_missing_days(days("2026-01-01", 0), LATEST)
    assert (len(missing), missing[0], missing[-1]) == (90, utc("2026-02-26"), utc("2026-05-26"))


@pytest.mark.parametrize(
    ("stored", "missing"),
    [
        (days("2026-02-26", 90), []),  # up to the 26th of May
        (days("2026-02-20", 100), []),
        (days("2026-02-26", 88), ["05-25", "05-26"]),
        (days("2026-02-26", 90).drop(index=[2, 4]), ["02-28", "03-02"]),
        (days("2026-02-28", 88), ["02-26", "02-27"]),
        (days("2025-01-01", 365 + 145).drop(index=[3, 470]), ["04-16", "05-26"]),
    ],
)
def test_missing_are_those_of_the_last_90_days(stored: pd.DataFrame, missing: list[str]):
    found = find_missing_days(stored.reset_index(drop=True), LATEST)
    assert [f"{day:%m-%d}" for day in found] == missing


def test_missing_of_a_long_gap_are_90_days():
    missing = find_missing_days(days("2025-01-01", 30), LATEST)
    assert (len(missing), missing[0]) == (90, utc("2026-02-26"))


@pytest.fixture
def clock() -> SimulatedClock:
    """Noon of yesterday, since the world of coins goes up to today's real midnight."""
    clock = SimulatedClock()
    clock.now = pd.Timestamp.now(tz="UTC").floor("D") - pd.Timedelta(hours=12)
    return clock


@pytest.fixture
def world() -> World:
    return three_coins()


@pytest.fixture
def coingecko(world: World) -> Iterator[Provider]:
    with serving(world.answer) as provider:
        yield provider


@pytest.fixture
def make_backfill(
    tmp_path: Path, clock: SimulatedClock, coingecko: Provider, notifier: Notifier
) -> Callable[[], Backfill]:
    config = dominance_config(tmp_path, {"coingecko": coingecko.url})
    return lambda: Backfill(config, DominanceStore(tmp_path), notifier, clock)


def stored_days(folder: Path, clock: SimulatedClock) -> list[int]:
    """Days before the clock's own, by their distance to it."""
    dates = DominanceStore(folder).load("1d")["date"]
    return [(clock.now.floor("D") - date) // DAY for date in dates]


def test_backfill_of_nothing_stores_90_days(
    make_backfill, clock: SimulatedClock, coingecko: Provider, tmp_path: Path, notifier: Notifier
):
    make_backfill().run()
    assert stored_days(tmp_path, clock) == list(range(90, 0, -1))
    # The current share is 60 % of three coins, and 57 % by CoinGecko.
    closes = DominanceStore(tmp_path).load("1d")["close"]
    assert closes.to_numpy() == pytest.approx(57.0)
    assert coingecko.requests[1].query["per_page"] == "30"
    [message] = notifier.drain()
    assert "90 missing days" in message


def test_backfill_adds_only_the_days_that_are_missing(
    make_backfill, clock: SimulatedClock, tmp_path: Path
):
    today = clock.now.floor("D")
    stored = dominance_candles([57.1] * 20, str((today - 20 * DAY).tz_localize(None)))
    DominanceStore(tmp_path).append(stored.drop(index=[4, 5, 19]).reset_index(drop=True), "1d")
    make_backfill().run()
    closes = DominanceStore(tmp_path).load("1d")["close"].round(6).tolist()
    assert closes == [57.0] * 70 + [57.1] * 4 + [57.0] * 2 + [57.1] * 13 + [57.0]


@pytest.mark.parametrize(
    ("stored", "difference"),
    [(55.0, "-2.00"), (56.49, "-0.51"), (56.51, None), (57.49, None), (57.51, "+0.51")],
)
def test_backfill_says_when_what_is_stored_has_another_level(
    make_backfill,
    clock: SimulatedClock,
    tmp_path: Path,
    notifier: Notifier,
    stored: float,
    difference: str | None,
):
    """CoinGecko's is 57 %; up to half a point away may be of one provider."""
    today = clock.now.floor("D")
    candles = dominance_candles([stored] * 9, str((today - 10 * DAY).tz_localize(None)))
    DominanceStore(tmp_path).append(candles, "1d")
    make_backfill().run()
    fetched, *said = notifier.drain()
    assert fetched == "Dominance of 81 of 81 missing days was fetched and stored."
    assert ["percentage points" in text for text in said] == ([True] if difference else [])
    assert difference is None or f" {difference} " in said[0]


def test_backfill_asks_nothing_where_nothing_is_missing(
    make_backfill, clock: SimulatedClock, coingecko: Provider, tmp_path: Path, notifier: Notifier
):
    today = clock.now.floor("D")
    stored = dominance_candles([55.0] * 90, str((today - 90 * DAY).tz_localize(None)))
    DominanceStore(tmp_path).append(stored, "1d")
    make_backfill().run()
    assert coingecko.requests == []
    assert notifier.drain() == []


def test_backfill_looks_once_a_day(
    make_backfill, clock: SimulatedClock, coingecko: Provider, tmp_path: Path
):
    backfill = make_backfill()
    backfill.run()
    # A day that is lost later is found the next day.
    asked = len(coingecko.requests)
    (tmp_path / "BTCD_USD-1d.feather").unlink()
    for move in ("6h", "6h", "39min"):
        clock.move(move)
        backfill.run()
    assert len(coingecko.requests) == asked
    clock.move("1min")  # 00:40: CoinGecko has the day that ended
    backfill.run()
    assert stored_days(tmp_path, clock) == list(range(90, 0, -1))


def test_backfill_that_fails_again_waits_for_longer(
    make_backfill, clock: SimulatedClock, coingecko: Provider
):
    coingecko.faults["/global"] = [reply({"error": "no"}, 404)] * 99
    backfill = make_backfill()
    asked = []
    for hour in range(12):
        backfill.run()
        if coingecko.requests:
            asked.append(hour)
            coingecko.requests.clear()
        clock.move("1h")
    assert asked == [0, 1, 3, 7]


def test_backfill_does_not_ask_again_for_a_day_that_cannot_be_made(
    make_backfill, clock: SimulatedClock, coingecko: Provider, world: World, tmp_path: Path
):
    # The midnights that end the newest day, and the one four days before it.
    world.caps["ethereum"][-2] = world.caps["ethereum"][-6] = None
    backfill = make_backfill()
    backfill.run()
    clock.move("1D")
    backfill.run()
    # The newest day might only not have been there yet, so it is asked for once more.
    assert coingecko.count("/global") == 2
    assert stored_days(tmp_path, clock)[-6:] == [8, 7, 5, 4, 3, 1]
    today = str(clock.now.floor("D").tz_localize(None))
    DominanceStore(tmp_path).append(dominance_candles([57.0], today), "1d")
    clock.move("1D")
    backfill.run()
    assert coingecko.count("/global") == 2


def test_backfill_that_fails_is_tried_again_after_an_hour(
    make_backfill,
    clock: SimulatedClock,
    coingecko: Provider,
    tmp_path: Path,
    notifier: Notifier,
):
    coingecko.faults["/coins/ethereum/market_chart"] = [reply({"error": "coin not found"}, 404)]
    backfill = make_backfill()
    backfill.run()
    assert stored_days(tmp_path, clock) == []
    asked = len(coingecko.requests)
    clock.move("59min")
    backfill.run()
    assert len(coingecko.requests) == asked
    clock.move("1min")
    backfill.run()
    assert len(stored_days(tmp_path, clock)) == 90
    # What was fetched before the failure is not fetched again.
    assert coingecko.count("/coins/bitcoin/") == 1


def make_urls(coingecko: Provider) -> dict[str, str]:
    urls = dict.fromkeys(("coinmarketcap", "coinpaprika", "coinlore"), f"{coingecko.url}/none")
    return {**urls, "coingecko": coingecko.url}


def test_feed_polls_while_it_fills_and_can_be_stopped(
    make_feed, clock: SimulatedClock, world: World, tmp_path: Path
):
    """Each call for a coin takes six minutes, and the feed is told to stop during the third."""
    world.now |= {f"coin-{number}": 1.0 for number in range(9)}
    world.caps |= {f"coin-{number}": [1.0] * 140 for number in range(9)}

    def answer(request: Request) -> Reply:
        if request.path.endswith("market_chart"):
            clock.move("6min")
            if coingecko.count("market_chart") == 3:
                feed.stop(wait=False)
        return world.answer(request)

    clock.now = utc("now")
    with serving(answer) as coingecko:
        feed = make_feed(dominance_config(tmp_path, make_urls(coingecko), backfill=True))
        feed.step()
    assert coingecko.count("market_chart") == 3
    # Before and during it, and once for the download itself.
    assert [request.path for request in coingecko.requests].count("/global") == 2 + 1


@pytest.mark.parametrize(("is_wanted", "count"), [(True, 90), (False, 0)])
def test_feed_fills_only_where_it_is_wanted(
    make_feed,
    clock: SimulatedClock,
    coingecko: Provider,
    tmp_path: Path,
    *,
    is_wanted: bool,
    count: int,
):
    make_feed(dominance_config(tmp_path, make_urls(coingecko), backfill=is_wanted)).step()
    assert len(stored_days(tmp_path, clock)) == count


def test_unforeseen_error_asks_for_missing_days_as_rarely_as_any_other(
    make_feed,
    tmp_path: Path,
    clock: SimulatedClock,
    coingecko: Provider,
    monkeypatch: pytest.MonkeyPatch,
):
    tries = []

    def fail(*_: object, **__: object) -> None:
        tries.append(clock.now)
        raise ZeroDivisionError

    monkeypatch.setattr("altseason.recorder.backfill.download_history", fail)
    feed = make_feed(dominance_config(tmp_path, make_urls(coingecko), backfill=True))
    begun = clock.now
    for _ in range(6 * 60 * 4):  # four hours
        feed.step()
        clock.sleep(10)
    # After 1 and 2 hours more, as docs/dominance.md says.
    hours = [round((time - begun) / pd.Timedelta(hours=1), 1) for time in tries]
    assert hours == [0.0, 1.0, 3.0]
    assert sum("Could not fetch missing dominance" in text for text in feed.notifier.drain()) == 0


def test_newest_day_that_was_not_there_yet_is_asked_for_once_more_by_itself(
    make_backfill, clock: SimulatedClock, world: World, tmp_path: Path
):
    cap, world.caps["ethereum"][-2] = world.caps["ethereum"][-2], None
    backfill = make_backfill()
    backfill.run()
    assert stored_days(tmp_path, clock)[-2:] == [3, 2]
    world.caps["ethereum"][-2] = cap
    # The day after it is recorded meanwhile.
    today = str(clock.now.floor("D").tz_localize(None))
    DominanceStore(tmp_path).append(dominance_candles([57.0], today), "1d")
    clock.move("1D")
    backfill.run()
    assert stored_days(tmp_path, clock)[-3:] == [3, 2, 1]
