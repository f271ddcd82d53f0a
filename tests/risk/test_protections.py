"""The protections, as Freqtrade's own manager validates and applies them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from freqtrade.persistence import PairLocks, Trade
from freqtrade.plugins.protectionmanager import ProtectionManager
from freqtrade.strategy import IStrategy
from hypothesis import given, settings
from hypothesis import strategies as st

from altseason.with_risk import build_protections
from tests.risk.traders import PAIR, open_trade

Load = Callable[..., IStrategy]
ON = {"risk": {"protections": True}}
NOW = datetime(2022, 2, 8, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
# When it closed, in hours before now; why; and its profit, in USDT of 1000, of a stake of 100.
Closed = tuple[float, str, float]


def test_protections_are_off_by_default(load_strategy: Load):
    assert load_strategy().protections == []


def test_protections_are_freqtrade_s_four_with_the_parameters_values(load_strategy: Load):
    strategy = load_strategy({"cooldown_candles": 7}, altseason=ON, stake_currency="USDT")
    ProtectionManager.validate_protections(strategy.protections)
    manager = ProtectionManager(strategy.config, strategy.protections)
    assert manager.name_list == ["CooldownPeriod", "StoplossGuard", "MaxDrawdown", "LowProfitPairs"]
    described = [text for names in manager.short_desc() for text in names.values()]
    assert "7 candles" in described[0]
    assert "3 stoplosses" in described[1]
    assert "0.06" in described[2]


@pytest.fixture
def lock(load_strategy: Load, database: None) -> Iterator[Callable[..., dict[str, float]]]:
    """Close trades, and return what is locked after the last one, in hours."""
    strategy = load_strategy(altseason=ON, stake_currency="USDT")
    manager = ProtectionManager(strategy.config, strategy.protections)
    PairLocks.use_db, PairLocks.timeframe = True, "1h"

    def close(trades: Sequence[Closed], pairs: Sequence[str] = (PAIR,)) -> dict[str, float]:
        for number, (hours, reason, profit) in enumerate(trades):
            trade = open_trade(1.0, 100.0)
            trade.pair = pairs[number % len(pairs)]
            trade.close_date = NOW - hours * HOUR
            trade.exit_reason, trade.is_open = reason, False
            trade.close_profit_abs, trade.close_profit = profit, profit / 100
        Trade.commit()
        manager.stop_per_pair(PAIR, NOW, starting_balance=1000.0)
        manager.global_stop(NOW, starting_balance=1000.0)
        return {
            str(lock.reason).split(",")[0]: (lock.lock_end_time - NOW.replace(tzinfo=None)) / HOUR
            for lock in PairLocks.get_all_locks()
        }

    yield close
    PairLocks.reset_locks()


def test_cooldown_leaves_a_pair_alone_after_any_exit(lock: Callable[..., dict[str, float]]):
    # It closed at 12:24, and the three candles after that one end at 16:00.
    assert lock([(0.1, "roi", 10.0)]) == {"Cooldown period for for 3 candles.": 3.5}


@pytest.mark.parametrize(
    ("trades", "is_locked"),
    [
        ([(23, "stop_loss", -5.0), (12, "stoploss_on_exchange", -5.0), (5, "stop_loss", -5.0)], 1),
        ([(23, "stop_loss", -5.0), (12, "trailing_stop_loss", -1.0), (5, "stop_loss", -5.0)], 1),
        ([(25, "stop_loss", -5.0), (12, "stop_loss", -5.0), (5, "stop_loss", -5.0)], 0),
        ([(23, "macd_down", -5.0), (12, "stop_loss", -5.0), (5, "stop_loss", -5.0)], 0),
        # A stop that has moved up, into profit.
        ([(23, "trailing_stop_loss", 5.0), (12, "stop_loss", -5.0), (5, "stop_loss", -5.0)], 0),
    ],
)
def test_three_stops_of_a_day_halt_all_pairs(
    lock: Callable[..., dict[str, float]], trades: list[Closed], is_locked: bool
):
    found = lock(trades, pairs=["ETH/USDT", "SOL/USDT", "ADA/USDT"])
    assert ("3 stoplosses in 1440 min" in found) is bool(is_locked)


def test_three_stops_halt_for_half_a_day(lock: Callable[..., dict[str, float]]):
    """From the last one, at 07:30, to the end of the candle in which 12 hours have passed."""
    stops = [(hours, "stop_loss", -5.0) for hours in (23, 12, 5)]
    found = lock(stops, pairs=["ETH/USDT", "SOL/USDT", "ADA/USDT"])
    assert found["3 stoplosses in 1440 min"] == 7.5


@pytest.mark.parametrize(("hours", "is_locked"), [(167, True), (169, False)])
def test_week_has_168_hours(lock: Callable[..., dict[str, float]], hours: float, is_locked: bool):
    lost = [(hours, "macd_down", -3.0), (40, "macd_down", 1.0), (30, "macd_down", 1.0)]
    assert any("< 0.0 in" in reason for reason in lock(lost)) is is_locked


@pytest.mark.parametrize(
    ("profits", "is_locked"),
    [
        ([10.0, -13.0, -13.0, -13.0, -23.0], True),  # 62 of 1010 is 6.1 %
        ([10.0, -13.0, -13.0, -13.0, -21.0], False),  # 60 of 1010 is 5.9 %
        ([-20.0, -20.0, -20.0, -20.0], False),  # no more than four trades
    ],
)
def test_loss_of_three_times_the_risk_of_a_trade_within_a_week_halts_all_pairs(
    lock: Callable[..., dict[str, float]], profits: list[float], is_locked: bool
):
    days = [(24.0 * (6 - number), "macd_down", profit) for number, profit in enumerate(profits)]
    found = lock(days, pairs=["ETH/USDT", "SOL/USDT", "ADA/USDT", "BNB/USDT"])
    assert any("passed 0.06" in reason for reason in found) is is_locked


@pytest.mark.parametrize(
    ("profits", "is_locked"),
    [([-3.0, 1.0, 1.0], True), ([-3.0, 1.0, 3.0], False), ([-3.0, -3.0], False)],
)
def test_pair_that_lost_over_three_trades_of_a_week_pauses(
    lock: Callable[..., dict[str, float]], profits: list[float], is_locked: bool
):
    days = [(24.0 * (3 - number), "macd_down", profit) for number, profit in enumerate(profits)]
    found = lock([*days])
    assert any("< 0.0 in" in reason for reason in found) is is_locked


# Their own limit is 200 ms, which is little on a busy machine.
@settings(deadline=None)
@pytest.mark.parametrize("timeframe", ["5m", "1h", "1d"])
@given(st.integers(1, 24), st.integers(2, 6), st.floats(0.02, 0.15))
def test_protections_are_valid_over_the_whole_space(
    timeframe: str, cooldown: int, stops: int, drawdown: float
):
    protections = build_protections(cooldown, stops, drawdown)
    config = {"timeframe": timeframe, "stake_currency": "USDT"}
    assert len(ProtectionManager(config, protections).name_list) == 4
