"""A reading that jumps counts only once another one confirms it; values by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from altseason.dominance.candles import candle_length
from altseason.dominance.store import DominanceStore
from altseason.notifications import Notifier
from altseason.recorder.poller import Poller
from tests.conftest import dominance_candles
from tests.providers.world import Market
from tests.recorder.simulation import SimulatedClock, load_counted, load_lines, utc
from tests.recorder.test_poller import (  # noqa: F401 - fixtures
    DOWN,
    learn,
    make_poller,
    notifier,
    poll,
)

Make = Callable[[], Poller]


def read(poller: Poller, clock: SimulatedClock, market: Market, *values: float) -> None:
    for value in values:
        market.percent["coingecko"] = value
        poll(poller, clock, 1)


@pytest.fixture
def without_fallbacks(market: Market) -> None:
    market.faults.update(dict.fromkeys(("coinmarketcap", "coinpaprika", "coinlore"), DOWN))


@pytest.mark.usefixtures("without_fallbacks")
def test_one_reading_that_jumps_never_counts(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
    notifier: Notifier,  # noqa: F811 - the fixture
):
    read(make_poller(), clock, market, 58.0, 5.8, 58.1)
    assert [value for _, _, value in load_counted(tmp_path)] == [58.0, 58.1]
    # It is kept in the log all the same.
    assert [line["raw"] for line in load_lines(tmp_path)] == [58.0, 5.8, 58.1]
    begun, ended = [text for text in notifier.drain() if "jump" in text]
    assert "58.00 % to 5.80 %" in begun
    assert "58.10 %" in ended


@pytest.mark.usefixtures("without_fallbacks")
def test_jump_that_the_next_reading_confirms_counts_from_it_on(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
    notifier: Notifier,  # noqa: F811 - the fixture
):
    read(make_poller(), clock, market, 58.0, 53.0, 52.5, 52.4)
    assert load_counted(tmp_path) == [
        ("00:00", "CoinGecko", 58.0),
        ("00:20", "CoinGecko", 52.5),
        ("00:30", "CoinGecko", 52.4),
    ]
    assert len([text for text in notifier.drain() if "jump" in text]) == 2


@pytest.mark.usefixtures("without_fallbacks")
def test_same_value_said_again_confirms_nothing(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
):
    poller = make_poller()
    read(poller, clock, market, 58.0)
    market.renewed_at["coingecko"] = clock.now
    read(poller, clock, market, 5.8, 5.8, 5.8)
    assert [value for _, _, value in load_counted(tmp_path)] == [58.0]


def test_jump_of_a_fallback_without_time_is_confirmed_by_another_value(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
):
    market.faults["coinmarketcap"] = market.faults["coinpaprika"] = DOWN
    poller = make_poller()
    for value in (55.0, 55.1, 55.0):
        market.percent["coinlore"] = value
        poll(poller, clock, 1)
    market.faults["coingecko"] = DOWN
    poll(poller, clock, 3)
    # CoinGecko's 57 lies 2 higher. The same value again may be of the same time.
    for value in (55.1, 50.0, 50.0, 50.2):
        market.percent["coinlore"] = value
        poll(poller, clock, 1)
    counted = [(provider, value) for _, provider, value in load_counted(tmp_path)]
    assert counted[-2:] == [("CoinLore", pytest.approx(57.1)), ("CoinLore", pytest.approx(52.2))]


@pytest.mark.usefixtures("without_fallbacks")
def test_restart_between_a_jump_and_its_confirmation_only_delays_it(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
):
    read(make_poller(), clock, market, 58.0, 53.0)
    read(make_poller(), clock, market, 53.0, 53.1)
    assert [value for _, _, value in load_counted(tmp_path)] == [58.0, 53.1]


@pytest.mark.usefixtures("without_fallbacks")
@pytest.mark.parametrize(
    ("gap", "value", "counts"),
    [
        ("10min", 56.0, True),  # 2 points, and half a point for each hour
        ("10min", 55.8, False),
        ("4h", 54.0, True),
        ("4h", 53.8, False),
        # Ten points at the most, however long it is.
        ("16h", 48.0, True),
        ("16h", 47.8, False),
        ("2D", 48.0, True),
        ("2D", 47.8, False),
        ("6D", 47.8, False),
        # What is older than a week says nothing.
        ("8D", 40.0, True),
    ],
)
def test_longer_gap_allows_more(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
    gap: str,
    value: float,
    counts: bool,
):
    poller = make_poller()
    market.percent["coingecko"] = 58.0
    poller.poll()
    clock.move(gap)
    read(poller, clock, market, value)
    found = [value for _, _, value in load_counted(tmp_path)]
    assert found == ([58.0, value] if counts else [58.0])


def test_calibrated_fallback_confirms_a_jump_at_once(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
):
    poller = learn(make_poller, clock, market)
    # CoinMarketCap reads 1.5 more than CoinGecko's 57: this is 54.9 by CoinGecko's measure.
    market.percent["coinmarketcap"] = 56.4
    read(poller, clock, market, 53.0)
    assert load_counted(tmp_path)[-1] == ("00:30", "CoinGecko", 53.0)


def test_calibrated_fallback_that_did_not_jump_confirms_nothing(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
):
    poller = learn(make_poller, clock, market)
    read(poller, clock, market, 5.8, 57.0)
    assert [value for _, _, value in load_counted(tmp_path)] == [57.0] * 4
    # Nor was anything learned from it.
    offsets = [line["offset"] for line in load_lines(tmp_path) if line["offset"] is not None]
    assert max(map(abs, offsets)) < 3


def test_fallback_that_jumps_does_not_count_either(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
):
    poller = learn(make_poller, clock, market)
    market.faults["coingecko"] = DOWN
    poll(poller, clock, 3)
    market.percent["coinmarketcap"] = 9.0
    poll(poller, clock, 1)
    assert [provider for _, provider, _ in load_counted(tmp_path)][-1] == "CoinPaprika"


def store(folder: Path, timeframe: str, close: float, end: str, count: int = 90) -> None:
    """Store candles of one value, the last of which ends at a time."""
    begin = utc(end) - count * candle_length(timeframe)
    candles = dominance_candles([close] * count, str(begin.tz_localize(None)), timeframe)
    DominanceStore(folder).append(candles, timeframe)


@pytest.mark.usefixtures("without_fallbacks")
@pytest.mark.parametrize(
    ("timeframe", "end", "value", "counts"),
    [
        ("1d", "2026-05-27 00:00", 5.8, False),
        # Another provider's level may lie some points off.
        ("1d", "2026-05-27 00:00", 48.0, True),
        ("1d", "2026-05-27 00:00", 47.9, False),
        ("1h", "2026-05-26 20:00", 68.1, False),
        ("1d", "2026-05-21 00:00", 5.8, False),
        # Older than a week, and of a time to come.
        ("1d", "2026-05-19 00:00", 5.8, True),
        ("1d", "2026-09-01 00:00", 5.8, True),
    ],
)
def test_first_reading_is_compared_with_the_newest_candle(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
    notifier: Notifier,  # noqa: F811 - the fixture
    timeframe: str,
    end: str,
    value: float,
    counts: bool,
):
    store(tmp_path, timeframe, 58.0, end)
    read(make_poller(), clock, market, value, 58.1)
    found = [value for _, _, value in load_counted(tmp_path)]
    if counts:
        assert found[0] == value
    else:
        assert found == [58.1]
        begun, ended = [text for text in notifier.drain() if "jump" in text]
        assert f"from 58.00 % to {value:.2f} %" in begun
        assert "58.10 %" in ended


@pytest.mark.usefixtures("without_fallbacks")
def test_first_reading_far_from_the_candles_counts_once_it_is_confirmed(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
):
    store(tmp_path, "1d", 58.0, "2026-05-27 00:00")
    read(make_poller(), clock, market, 42.0, 42.1, 42.2)
    assert [value for _, _, value in load_counted(tmp_path)] == [42.1, 42.2]


@pytest.mark.usefixtures("without_fallbacks")
def test_reading_after_a_pause_of_days_is_compared_with_what_was_stored_meanwhile(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
):
    poller = make_poller()
    read(poller, clock, market, 58.0)
    clock.move("4D")
    store(tmp_path, "1d", 46.0, "2026-05-31 00:00", count=3)
    read(poller, clock, market, 44.0)
    assert [value for _, _, value in load_counted(tmp_path)] == [58.0, 44.0]


@pytest.mark.usefixtures("without_fallbacks")
def test_damaged_candles_do_not_keep_the_first_reading_from_counting(
    make_poller: Make,  # noqa: F811 - the fixture
    clock: SimulatedClock,
    market: Market,
    tmp_path: Path,
):
    (tmp_path / "BTCD_USD-1d.feather").write_bytes(b"garbage")
    store(tmp_path, "1h", 58.0, "2026-05-26 20:00")
    read(make_poller(), clock, market, 5.8, 58.0)
    assert [value for _, _, value in load_counted(tmp_path)] == [58.0]
