"""Freqtrade takes a failing callback for consent; a guarded one refuses."""

import inspect
import math
from collections.abc import Callable

import pytest
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from altseason.host.callbacks import is_initialized, without_trade_copy
from tests.risk.asking import ask_stake
from tests.risk.traders import messages, open_trade, show_candle

Load = Callable[..., IStrategy]


def test_sizing_that_fails_stakes_nothing_and_is_reported_once(load_trader: Load):
    strategy = load_trader()
    # Without ATR, as if they were the candles of another strategy.
    for close in (100.0, 101.0):
        show_candle(strategy, close=close)
        assert ask_stake(strategy) == 0.0
    del strategy._risk
    assert ask_stake(strategy) == 0.0
    [message] = messages(strategy)
    assert "Refusing entries: sizing failed with KeyError" in message


def test_sizing_that_fails_again_is_reported_again(load_trader: Load):
    strategy = load_trader()
    working = strategy._risk
    for _ in range(2):
        del strategy._risk
        assert [ask_stake(strategy), ask_stake(strategy)] == [0.0, 0.0]
        strategy._risk = working
        assert ask_stake(strategy) > 0
    assert len(messages(strategy)) == 2


def test_sizing_that_fails_stakes_nothing_even_where_telling_fails(load_trader: Load):
    strategy = load_trader()
    del strategy._risk, strategy.dp
    assert ask_stake(strategy) == 0.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -1.0])
@pytest.mark.parametrize("column", ["atr", "close"])
def test_candle_that_is_broken_is_a_reason_and_no_error(
    load_trader: Load, column: str, value: float
):
    strategy = load_trader(**{column: value})
    assert ask_stake(strategy) == 0.0
    assert messages(strategy) == []


def test_pair_without_candles_is_not_entered(load_trader: Load):
    assert ask_stake(load_trader(), pair="ADA/USDT") == 0.0


def test_refusal_stays_one_where_a_subclass_has_no_telling(load_trader: Load):
    strategy = load_trader()
    assert ask_stake(strategy) > 0
    strategy.notifier.raise_alert = None
    assert ask_stake(strategy) > 0
    del strategy._risk
    assert ask_stake(strategy) == 0.0


def test_trade_is_copied_for_all_callbacks_but_freqtrade_s_own(database: None):
    """Freqtrade recognizes its own by their qualified name."""
    trade = open_trade(1.0, 100.0)

    def callback(trade: Trade) -> Trade:
        return trade

    assert strategy_safe_wrapper(callback)(trade=trade) is not trade
    assert strategy_safe_wrapper(without_trade_copy(callback))(trade=trade) is trade


def test_callbacks_are_called_by_the_words_that_the_guards_read():
    entry, adjustment, order = (
        inspect.signature(callback).parameters
        for callback in (
            IStrategy.confirm_trade_entry,
            IStrategy.adjust_trade_position,
            IStrategy.adjust_order_price,
        )
    )
    assert {"pair", "rate", "current_time"} <= set(entry)
    assert "current_time" in adjustment
    assert {"is_entry", "current_order_rate", "current_time"} <= set(order)
    assert {"current_order_rate", "current_time"} <= set(
        inspect.signature(IStrategy.adjust_entry_price).parameters
    )


def test_strategy_is_initialized_once_freqtrade_s_own_init_has_run(load_strategy: Load):
    strategy = load_strategy()
    assert is_initialized(strategy)
    assert not is_initialized(object.__new__(type(strategy)))
