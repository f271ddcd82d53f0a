"""The chandelier stop by itself, and as Freqtrade moves a trade's stop by it."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper
from hypothesis import given
from hypothesis import strategies as st

from altseason.risk.manager import RiskManager
from altseason.risk.sizing import calculate_chandelier
from altseason.settings import load_settings
from tests.risk.traders import FixedStrategy, make_trade, open_trade, show_candle

Load = Callable[..., IStrategy]
NOW = datetime(2021, 1, 1, 2, tzinfo=UTC)
TRAILING = {"atr_trailing": True}
anything = st.floats(allow_nan=True, allow_infinity=True)


def move(strategy: IStrategy, trade: Trade, rate: float) -> float:
    """Move the price, as Freqtrade's loop does, and return the trade's stop."""
    trade.adjust_min_max_rates(rate, rate)
    strategy.ft_stoploss_adjust(rate, trade, NOW, trade.calc_profit_ratio(rate), 0)
    return trade.stop_loss


@pytest.mark.parametrize(
    ("highest", "atr", "multiple", "stop"),
    [
        (110.0, 1.0, 5.0, 105.0),  # 110 - 5 x 1
        (110.0, 2.0, 3.0, 104.0),  # 110 - 3 x 2
        (0.5, 0.03125, 4.0, 0.375),  # a coin may cost less than 1
        (110.0, 22.0, 5.0, None),  # 110 - 110: at zero
        (110.0, 30.0, 5.0, None),  # below zero
        (110.0, 0.0, 5.0, None),
        (110.0, -1.0, 5.0, None),
        (math.nan, 1.0, 5.0, None),
        (110.0, math.nan, 5.0, None),
        (math.inf, 1.0, 5.0, None),
        (110.0, math.inf, 5.0, None),
    ],
)
def test_chandelier_hangs_so_many_atr_below_the_highest_price(
    highest: float, atr: float, multiple: float, stop: float | None
):
    assert calculate_chandelier(highest, atr, multiple) == stop


@given(anything, anything, anything)
def test_chandelier_is_a_price_or_nothing(highest: float, atr: float, multiple: float):
    stop = calculate_chandelier(highest, atr, multiple)
    assert stop is None or 0 < stop < math.inf


def test_default_is_a_fixed_stop_for_which_freqtrade_asks_nothing(load_trader: Load):
    strategy = load_trader()
    assert strategy.use_custom_stoploss is False
    assert strategy.position_adjustment_enable is False
    trade = open_trade(1.0, 100.0)
    assert [move(strategy, trade, rate) for rate in (100.0, 109.0, 96.0)] == [95.0, 95.0, 95.0]


def test_freqtrade_s_own_trailing_works_by_its_own_keys(load_trader: Load):
    strategy = load_trader(
        trailing_stop=True, trailing_stop_positive=0.02, trailing_stop_positive_offset=0.03
    )
    trade = open_trade(1.0, 100.0)
    # 5 % below the highest price, and 2 % once the profit is above 3 %: 104 x 0.98.
    assert move(strategy, trade, 101.0) == pytest.approx(95.95)
    assert move(strategy, trade, 104.0) == pytest.approx(101.92)


def test_atr_trailing_follows_the_highest_price_and_never_loosens(load_trader: Load):
    strategy = load_trader(atr=1.0, risk=TRAILING)
    trade = open_trade(1.0, 100.0)
    # 5 ATR below 100 is where the fixed stop is.
    assert move(strategy, trade, 100.0) == pytest.approx(95.0)
    assert move(strategy, trade, 106.0) == pytest.approx(101.0)
    assert move(strategy, trade, 103.0) == pytest.approx(101.0)
    # Volatility triples: 106 - 15 = 91 would be looser.
    show_candle(strategy, atr=3.0, close=103.0)
    assert move(strategy, trade, 104.0) == pytest.approx(101.0)
    # And calms down: 106 - 2.5.
    show_candle(strategy, atr=0.5, close=104.0)
    assert move(strategy, trade, 104.0) == pytest.approx(103.5)


def test_trade_is_not_copied_for_the_rules_that_are_asked_in_every_candle(load_trader: Load):
    strategy = load_trader(atr=1.0, risk={"atr_trailing": True, "rebalancing": True})
    trade = open_trade(1.0, 100.0)
    trade.adjust_min_max_rates(108.0, 108.0)
    trade.__deepcopy__ = lambda memo: pytest.fail("it was copied")
    # 108 - 5 = 103, of 108.
    assert strategy_safe_wrapper(strategy.custom_stoploss, supress_error=True)(
        pair=trade.pair,
        trade=trade,
        current_time=NOW,
        current_rate=108.0,
        current_profit=0.08,
        after_fill=False,
    ) == pytest.approx(5 / 108)
    # A budget of 20, and a risk of 108 x 5 %.
    assert (
        strategy_safe_wrapper(strategy.adjust_trade_position, default_retval=-1.0)(
            trade=trade,
            current_time=NOW,
            current_rate=108.0,
            current_profit=0.08,
            min_stake=10.0,
            max_stake=900.0,
            current_entry_rate=108.0,
            current_exit_rate=108.0,
            current_entry_profit=0.08,
            current_exit_profit=0.08,
        )
        is None
    )


def test_atr_trailing_counts_a_price_that_the_trade_has_not_seen_yet(load_trader: Load):
    strategy = load_trader(atr=1.0, risk=TRAILING)
    trade = open_trade(1.0, 100.0)
    # Asked by itself, before Freqtrade has written the rate down: 5 ATR below 110, from 110.
    found = strategy._risk.calculate_stop(trade, datetime.now(UTC), 110.0)
    assert found == pytest.approx(5 / 110)


def test_atr_trailing_that_the_price_has_passed_stops_at_the_price(load_trader: Load):
    strategy = load_trader(atr=1.0, risk=TRAILING)
    trade = open_trade(1.0, 100.0)
    move(strategy, trade, 108.0)
    show_candle(strategy, atr=0.2, close=104.0)
    # 108 - 1 = 107 is above 104: as near as it gets, 0.01 % below.
    assert move(strategy, trade, 104.0) == pytest.approx(103.9896)


@pytest.mark.parametrize("atr", [math.nan, 0.0, -1.0, 50.0])
def test_atr_trailing_without_a_usable_atr_leaves_the_fixed_stop(load_trader: Load, atr: float):
    strategy = load_trader(atr=atr, risk=TRAILING)
    assert move(strategy, open_trade(1.0, 100.0), 109.0) == pytest.approx(95.0)


@given(st.lists(st.tuples(st.floats(50, 200), anything), min_size=1, max_size=20))
def test_atr_trailing_never_lowers_a_stop_whatever_prices_and_volatility_do(
    path: list[tuple[float, float]],
):
    """The stop as Freqtrade keeps it, moved by what the manager returns."""
    settings = load_settings({"altseason": {"risk": TRAILING}}).risk
    trade = make_trade(1.0, 100.0)
    trade.adjust_stop_loss(100.0, -0.05, initial=True)
    for price, atr in path:
        before = trade.stop_loss
        trade.adjust_min_max_rates(price, price)
        manager = RiskManager(FixedStrategy(atr, price), settings, {"trailing_stop": False})
        stop = manager.calculate_stop(trade, NOW, price)
        if stop is not None:
            assert stop > 0
            trade.adjust_stop_loss(price, stop)
        assert trade.stop_loss >= before >= 95.0
