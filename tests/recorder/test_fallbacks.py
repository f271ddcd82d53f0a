"""When a fallback is compared with the primary, and counts in its place; values by hand."""

from pathlib import Path

from tests.providers.serving import Provider
from tests.providers.world import Market
from tests.recorder.simulation import (
    DOWN,
    FALLBACKS,
    MakePoller,
    SimulatedClock,
    calibrate,
    load_counted,
    load_lines,
    poll,
    poll_values,
    utc,
)


def test_fallbacks_are_compared_three_times_then_every_six_hours(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    poll_values(make_poller(), clock, market, "coinlore", 55.0, 55.1, 55.2, 55.3, 55.4)
    assert [server.count(f"/{name}/") for name in FALLBACKS] == [3, 3, 3]
    compared = [line for line in load_lines(tmp_path) if line["dominance"] is None][:3]
    assert [(line["provider"], line["raw"], line["offset"]) for line in compared] == [
        ("CoinMarketCap", 58.5, 1.5),
        ("CoinPaprika", 57.25, 0.25),
        ("CoinLore", 55.0, -2.0),
    ]
    # The third comparison was at 00:20; a new poller knows that.
    poller = make_poller()
    clock.now = utc("2026-05-27 06:19")
    poller.poll()
    assert server.count("/coinlore/") == 3
    clock.now = utc("2026-05-27 06:20")
    poll(poller, clock, 3)
    assert [server.count(f"/{name}/") for name in FALLBACKS] == [4, 4, 4]


def test_fallback_that_fails_is_compared_again_after_an_hour(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, server: Provider
):
    market.faults["coinpaprika"] = DOWN
    poller = make_poller()
    poll(poller, clock, 6)
    assert server.count("/coinpaprika/") == 1
    poll(poller, clock, 1)  # at 01:00
    assert server.count("/coinpaprika/") == 2
    assert server.count("/coinmarketcap/") == 3


def test_first_fallback_counts_after_half_an_hour_corrected_by_its_offset(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    poller = calibrate(make_poller, clock, market)
    market.faults["coingecko"] = DOWN
    market.percent["coinmarketcap"] = 60.0
    poll(poller, clock, 4)
    # At 01:00, half an hour after the first failure: 60 - 1.5.
    assert load_counted(tmp_path)[3:] == [("01:00", "CoinMarketCap", 58.5)]
    line = load_lines(tmp_path)[-1]
    assert (line["raw"], line["dominance"], line["offset"]) == (60.0, 58.5, 1.5)
    market.percent["coinmarketcap"] = 60.5
    poll(poller, clock, 1)
    assert load_counted(tmp_path)[4:] == [("01:10", "CoinMarketCap", 59.0)]


def test_next_fallback_counts_where_the_first_fails(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    poller = calibrate(make_poller, clock, market)
    market.faults |= {"coingecko": DOWN, "coinmarketcap": DOWN}
    market.percent["coinpaprika"] = 58.0
    poll(poller, clock, 4)
    assert load_counted(tmp_path)[3:] == [("01:00", "CoinPaprika", 57.75)]


def test_fallback_with_an_old_value_counts_once(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    poller = calibrate(make_poller, clock, market)
    market.faults["coingecko"] = DOWN
    market.renewed_at["coinmarketcap"] = utc("2026-05-27 00:55")
    poll(poller, clock, 10)  # 00:30 to 02:00
    # From 01:55 on it is more than an hour old, and the next one counts; 57.25 - 0.25.
    assert load_counted(tmp_path)[3:] == [
        ("01:00", "CoinMarketCap", 57.0),
        ("02:00", "CoinPaprika", 57.0),
    ]


def test_fallback_without_a_learned_offset_never_counts(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    poller = make_poller()
    poll(poller, clock, 2)  # two comparisons are not enough
    market.faults["coingecko"] = DOWN
    server.requests.clear()
    poll(poller, clock, 10)
    assert [time for time, _, _ in load_counted(tmp_path)] == ["00:00", "00:10"]
    assert sum(server.count(f"/{name}/") for name in FALLBACKS) == 0


def test_fallback_that_lies_too_far_off_never_counts(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    market.percent |= {"coinmarketcap": 67.5, "coinpaprika": 46.5, "coinlore": 70.0}
    poller = make_poller()
    poll(poller, clock, 3)
    market.faults["coingecko"] = DOWN
    poll(poller, clock, 10)
    assert len(load_counted(tmp_path)) == 3


def test_offset_that_was_learned_a_week_ago_does_not_count(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    poller = calibrate(make_poller, clock, market)
    market.faults["coingecko"] = DOWN
    clock.now = utc("2026-06-03 00:21")
    poll(poller, clock, 10)
    assert len(load_counted(tmp_path)) == 3


def without_timed_fallbacks(market: Market) -> None:
    market.faults |= {"coingecko": DOWN, "coinmarketcap": DOWN, "coinpaprika": DOWN}


def test_coinlore_counts_once_its_value_has_moved(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    poller = make_poller()
    poll_values(poller, clock, market, "coinlore", 55.1, 54.9, 55.0)
    without_timed_fallbacks(market)
    poll(poller, clock, 7)  # 00:30 to 01:30
    # 55 + 2; what has not moved for more than an hour is not current.
    counted = [
        ("01:00", "CoinLore", 57.0),
        ("01:10", "CoinLore", 57.0),
        ("01:20", "CoinLore", 57.0),
    ]
    assert load_counted(tmp_path)[3:] == counted
    market.percent["coinlore"] = 56.0
    poll(poller, clock, 8)  # 01:40 to 02:50, and it stands still from 01:40 on
    times = ["01:40", "01:50", "02:00", "02:10", "02:20", "02:30", "02:40"]
    assert load_counted(tmp_path)[6:] == [(time, "CoinLore", 58.0) for time in times]


def test_coinlore_s_offset_is_not_learned_while_it_stands_still(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    poller = calibrate(make_poller, clock, market)  # 1.9 less than the primary in the median
    for hour in range(60):
        market.percent["coingecko"] = 57 + hour / 20
        poll(poller, clock, 6)
    # No more than once an hour, and not at all for six hours after it was learned.
    assert server.count("/coinlore/") <= 3 + 60 - 5
    without_timed_fallbacks(market)
    before = len(load_counted(tmp_path))
    poll_values(poller, clock, market, "coinlore", 57.9, 58.0, 58.1, 58.0)
    assert [value for _, _, value in load_counted(tmp_path)[before:]] == [59.9]


def test_coinlore_does_not_count_where_the_clock_here_may_be_wrong(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    poller = calibrate(make_poller, clock, market)
    for name in ("coingecko", "coinmarketcap", "coinpaprika"):
        market.renewed_at[name] = utc("2026-05-26 22:00")  # the clock here is two hours ahead
    poll_values(poller, clock, market, "coinlore", 54.9, 54.8, 54.7, 54.6, 54.5)
    assert len(load_counted(tmp_path)) == 3


def test_return_to_the_primary_makes_no_jump(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    """All four rise by 0.1 every 10 minutes, and one fallback's level wavers by 0.05."""
    poller = make_poller()
    start = dict(market.percent)
    for step in range(20):
        market.percent = {name: value + step / 10 for name, value in start.items()}
        market.percent["coinmarketcap"] += 0.05 * (-1) ** step
        market.faults = {"coingecko": DOWN} if 5 <= step < 12 else {}
        poll(poller, clock, 1)
    counted = load_counted(tmp_path)
    assert [name for _, name, _ in counted[5:10]] == ["CoinMarketCap"] * 4 + ["CoinGecko"]
    values = {time: value for time, _, value in counted}
    true = {time: 57 + (int(time[:2]) * 60 + int(time[3:])) / 100 for time in values}
    # The offset was learned of +1.55, +1.45 and +1.55, so it is off by at most 0.1.
    assert all(abs(values[time] - true[time]) <= 0.1 + 1e-9 for time in values)


def test_restart_keeps_what_was_learned(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, server: Provider, tmp_path: Path
):
    calibrate(make_poller, clock, market)
    market.faults["coingecko"] = DOWN
    server.requests.clear()
    poll(make_poller(), clock, 4)
    assert load_counted(tmp_path)[3:] == [("01:00", "CoinMarketCap", 57.0)]
    assert [server.count(f"/{name}/") for name in FALLBACKS] == [1, 0, 0]


def test_fallback_that_is_no_percentage_after_its_offset_never_counts(
    make_poller: MakePoller, clock: SimulatedClock, market: Market, tmp_path: Path
):
    poller = calibrate(make_poller, clock, market)
    clock.move("6D")  # after which any value is believed without a confirmation
    market.faults["coingecko"] = DOWN
    # CoinMarketCap lies 1.5 above the primary, CoinPaprika 0.25.
    market.percent.update(coinmarketcap=2.5, coinpaprika=50.25)
    poll(poller, clock, 4)
    assert load_counted(tmp_path)[-1] == ("01:00", "CoinPaprika", 50.0)
