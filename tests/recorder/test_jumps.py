"""A reading that jumps counts only once another one confirms it; values by hand."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from altseason.dominance.candles import candle_length
from altseason.dominance.store import DominanceStore
from altseason.notifications import Notifier
from altseason.recorder.poller import Poller
from tests.conftest import dominance_candles
from tests.providers.world import Market
from tests.recorder.simulation import (
    DOWN,
    MakePoller,
    SimulatedClock,
    calibrate,
    load_counted,
    load_lines,
    poll,
    poll_values,
    utc,
)

alone = pytest.mark.usefixtures("without_fallbacks")


@dataclass
class Recorder:
    """Pollers on one folder, and what they have recorded there."""

    make_poller: MakePoller
    clock: SimulatedClock
    market: Market
    notifier: Notifier
    folder: Path
    poller: Poller | None = None

    def read(self, *values: float, provider: str = "coingecko") -> list[float]:
        """Poll once for each value of a provider; return all values that have counted so far."""
        self.poller = self.poller or self.make_poller()
        poll_values(self.poller, self.clock, self.market, provider, *values)
        return [value for _, _, value in load_counted(self.folder)]

    def calibrate(self) -> None:
        self.poller = calibrate(self.make_poller, self.clock, self.market)

    def restart(self) -> None:
        self.poller = None

    def fail(self, *providers: str, polls: int = 0) -> None:
        self.market.faults.update(dict.fromkeys(providers, DOWN))
        if self.poller is not None:
            poll(self.poller, self.clock, polls)

    def messages(self) -> list[str]:
        return [text for text in self.notifier.drain() if "jump" in text]

    def store(self, timeframe: str, close: float, end: str, count: int = 90) -> None:
        """Store candles of one value, the last of which ends at a time."""
        begin = utc(end) - count * candle_length(timeframe)
        candles = dominance_candles([close] * count, str(begin.tz_localize(None)), timeframe)
        DominanceStore(self.folder).append(candles, timeframe)


@pytest.fixture
def recorder(
    make_poller: MakePoller,
    clock: SimulatedClock,
    market: Market,
    notifier: Notifier,
    tmp_path: Path,
) -> Recorder:
    return Recorder(make_poller, clock, market, notifier, tmp_path)


@alone
def test_one_reading_that_jumps_never_counts(recorder: Recorder):
    assert recorder.read(58.0, 5.8, 58.1) == [58.0, 58.1]
    # It is kept in the log all the same.
    assert [line["raw"] for line in load_lines(recorder.folder)] == [58.0, 5.8, 58.1]
    begun, ended = recorder.messages()
    assert "58.00 % to 5.80 %" in begun
    assert "58.10 %" in ended


@alone
def test_jump_that_the_next_reading_confirms_counts_from_it_on(recorder: Recorder):
    recorder.read(58.0, 53.0, 52.5, 52.4)
    assert load_counted(recorder.folder) == [
        ("00:00", "CoinGecko", 58.0),
        ("00:20", "CoinGecko", 52.5),
        ("00:30", "CoinGecko", 52.4),
    ]
    assert len(recorder.messages()) == 2


@alone
def test_repeated_value_confirms_nothing_and_is_logged_once(recorder: Recorder):
    recorder.read(58.0)
    recorder.market.renewed_at["coingecko"] = recorder.clock.now
    assert recorder.read(5.8, 5.8, 5.8) == [58.0]
    recorder.restart()
    assert recorder.read(5.8) == [58.0]
    assert [line["raw"] for line in load_lines(recorder.folder)] == [58.0, 5.8]


def test_jump_of_a_fallback_without_time_is_confirmed_by_another_value(recorder: Recorder):
    recorder.fail("coinmarketcap", "coinpaprika")
    recorder.read(55.0, 55.1, 55.0, provider="coinlore")
    recorder.fail("coingecko", polls=3)
    # CoinGecko's 57 lies 2 higher. The same value again may be of the same time.
    recorder.read(55.1, 50.0, 50.0, 50.2, provider="coinlore")
    counted = [(provider, value) for _, provider, value in load_counted(recorder.folder)]
    assert counted[-2:] == [("CoinLore", pytest.approx(57.1)), ("CoinLore", pytest.approx(52.2))]
    assert [line["raw"] for line in load_lines(recorder.folder)][-3:] == [55.1, 50.0, 50.2]


@alone
def test_restart_between_a_jump_and_its_confirmation_only_delays_it(recorder: Recorder):
    recorder.read(58.0, 53.0)
    recorder.restart()
    assert recorder.read(53.0, 53.1) == [58.0, 53.1]


@alone
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
def test_longer_gap_allows_more(recorder: Recorder, gap: str, value: float, *, counts: bool):
    recorder.read(58.0)
    recorder.clock.now = utc("2026-05-27 00:00")
    recorder.clock.move(gap)
    assert recorder.read(value) == ([58.0, value] if counts else [58.0])


def test_calibrated_fallback_confirms_a_jump_at_once(recorder: Recorder):
    recorder.calibrate()
    # CoinMarketCap reads 1.5 more than CoinGecko's 57: this is 54.9 by CoinGecko's measure.
    recorder.market.percent["coinmarketcap"] = 56.4
    recorder.read(53.0)
    assert load_counted(recorder.folder)[-1] == ("00:30", "CoinGecko", 53.0)


def test_calibrated_fallback_that_did_not_jump_confirms_nothing(recorder: Recorder):
    recorder.calibrate()
    assert recorder.read(5.8, 57.0) == [57.0] * 4
    # Nor was anything learned from it.
    lines = load_lines(recorder.folder)
    assert max(abs(line["offset"]) for line in lines if line["offset"] is not None) < 3


def test_fallback_that_jumps_does_not_count_either(recorder: Recorder):
    recorder.calibrate()
    recorder.fail("coingecko", polls=3)
    recorder.read(9.0, provider="coinmarketcap")
    assert [provider for _, provider, _ in load_counted(recorder.folder)][-1] == "CoinPaprika"


def test_fallback_that_goes_on_jumping_is_reported_once(recorder: Recorder):
    """The next fallback counts meanwhile, and does not confirm it."""
    recorder.calibrate()
    recorder.fail("coingecko", polls=3)
    recorder.read(9.0, 9.1, 9.2, provider="coinmarketcap")
    assert [name for _, name, _ in load_counted(recorder.folder)][-3:] == ["CoinPaprika"] * 3
    [message] = recorder.messages()
    assert "to 7.50 % at CoinMarketCap" in message
    recorder.read(58.5, provider="coinmarketcap")
    [message] = recorder.messages()
    assert message == "Dominance did not jump: CoinMarketCap reads 57.00 %."


def test_jump_of_a_fallback_is_over_when_the_primary_reads_the_level_of_before(recorder: Recorder):
    recorder.calibrate()
    recorder.fail("coingecko", polls=3)
    recorder.read(9.0, 9.1, provider="coinmarketcap")
    recorder.market.faults.clear()
    recorder.read(57.1, 57.1)
    jumped, over = recorder.messages()
    assert "to 7.50 % at CoinMarketCap" in jumped
    assert over == "Dominance did not jump: CoinGecko reads 57.10 %."


@alone
@pytest.mark.parametrize(
    ("timeframe", "end", "value", "counts"),
    [
        ("1d", "2026-05-27 00:00", 5.8, False),
        # Another provider's level may lie some points off.
        ("1d", "2026-05-27 00:00", 48.0, True),
        ("1d", "2026-05-27 00:00", 47.9, False),
        ("1h", "2026-05-26 20:00", 68.1, False),
        ("1d", "2026-05-21 00:00", 5.8, False),
        # Older than a week, and of the future.
        ("1d", "2026-05-19 00:00", 5.8, True),
        ("1d", "2026-09-01 00:00", 5.8, True),
    ],
)
def test_first_reading_is_compared_with_the_newest_candle(
    recorder: Recorder, timeframe: str, end: str, value: float, *, counts: bool
):
    recorder.store(timeframe, 58.0, end)
    found = recorder.read(value, 58.1)
    if counts:
        assert found[0] == value
    else:
        assert found == [58.1]
        begun, ended = recorder.messages()
        assert f"from 58.00 % to {value:.2f} %" in begun
        assert "58.10 %" in ended


@alone
def test_first_reading_far_from_the_candles_counts_once_it_is_confirmed(recorder: Recorder):
    recorder.store("1d", 58.0, "2026-05-27 00:00")
    assert recorder.read(42.0, 42.1, 42.2) == [42.1, 42.2]


@alone
def test_reading_after_a_pause_of_days_is_compared_with_what_was_stored_meanwhile(
    recorder: Recorder,
):
    recorder.read(58.0)
    recorder.clock.move("4D")
    recorder.store("1d", 46.0, "2026-05-31 00:00", count=3)
    assert recorder.read(44.0) == [58.0, 44.0]


@alone
def test_damaged_candles_do_not_keep_the_first_reading_from_counting(recorder: Recorder):
    (recorder.folder / "BTCD_USD-1d.feather").write_bytes(b"garbage")
    recorder.store("1h", 58.0, "2026-05-26 20:00")
    assert recorder.read(5.8, 58.0) == [58.0]
