"""Strategies derived by users: their callbacks call ours as in Freqtrade's documentation."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from freqtrade.exceptions import OperationalException
from freqtrade.persistence import Trade
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from altseason.dominance.store import DominanceStore
from tests.conftest import dominance_candles
from tests.integration.freqtrade_runs import write_subclass
from tests.risk.traders import messages, open_trade
from tests.strategy.trading import confirm

Load = Callable[..., IStrategy]
NOW = datetime(2021, 1, 1, 2, tzinfo=UTC)
ENTRY = "pair, order_type, amount, rate, time_in_force, current_time, entry_tag, side"
STAKE = (
    "pair, current_time, current_rate, proposed_stake, min_stake, max_stake, leverage, entry_tag, "
    "side"
)
STOP = "pair, trade, current_time, current_rate, current_profit, after_fill"
ADJUST = (
    "trade, current_time, current_rate, current_profit, min_stake, max_stake, current_entry_rate, "
    "current_exit_rate, current_entry_profit, current_exit_profit"
)


def by_keyword(names: str) -> str:
    return ", ".join(f"{name}={name}" for name in names.split(", "))


def override(name: str, parameters: str, body: str) -> str:
    return f"    def {name}(self, {parameters}, **kwargs):\n        {body}\n"


CONFIRMS = {
    "by position": f"return super().confirm_trade_entry({ENTRY}, **kwargs)",
    "by keyword": f"return super().confirm_trade_entry({by_keyword(ENTRY)}, **kwargs)",
    "half and half": "return super().confirm_trade_entry(pair, order_type, amount, rate, "
    "time_in_force=time_in_force, current_time=current_time, entry_tag=entry_tag, side=side)",
    "never asks": "return True",
    "another signature": "return super().confirm_trade_entry(pair)",
    "raises": "raise KeyError(pair)",
    "says nothing": "pass",
}


@pytest.fixture
def derive(load_trader: Load, tmp_path: Path) -> Load:
    def load(body: str, **config: Any) -> IStrategy:
        write_subclass(tmp_path, "Mine", body)
        return load_trader(strategy="Mine", strategy_path=str(tmp_path), **config)

    return load


@pytest.mark.parametrize("body", CONFIRMS.values(), ids=CONFIRMS)
def test_no_way_of_confirming_opens_the_gate_without_dominance(derive: Load, body: str):
    strategy = derive(override("confirm_trade_entry", ENTRY, body))
    messages(strategy)  # of the start
    assert [confirm(strategy, NOW), confirm(strategy, NOW)] == [False, False]
    assert len(messages(strategy)) <= 1


def test_async_callback_is_no_consent(derive: Load, tmp_path: Path):
    DominanceStore(tmp_path).append(dominance_candles([50.0], "2020-12-31"), "1d")
    body = override("confirm_trade_entry", ENTRY, "return True").replace("def", "async def", 1)
    assert confirm(derive(body), NOW) is False


@pytest.mark.parametrize("way", ["by position", "by keyword", "half and half", "never asks"])
def test_entry_is_confirmed_with_fresh_dominance_whatever_the_way(
    derive: Load, tmp_path: Path, way: str
):
    DominanceStore(tmp_path).append(dominance_candles([50.0], "2020-12-31"), "1d")
    strategy = derive(override("confirm_trade_entry", ENTRY, CONFIRMS[way]))
    assert confirm(strategy, NOW) is True
    assert confirm(strategy, NOW + timedelta(days=3)) is False


@pytest.mark.parametrize("body", ["return False", "pass"])
def test_subclass_can_refuse(derive: Load, tmp_path: Path, body: str):
    """To return nothing is to refuse for Freqtrade, too."""
    DominanceStore(tmp_path).append(dominance_candles([50.0], "2020-12-31"), "1d")
    assert confirm(derive(override("confirm_trade_entry", ENTRY, body)), NOW) is False


@pytest.mark.parametrize(
    ("body", "stake"),
    [
        (f"return super().custom_stake_amount({STAKE}, **kwargs)", 200.0),
        (f"return super().custom_stake_amount({by_keyword(STAKE)}, **kwargs)", 200.0),
        ("return 123.0", 123.0),
        ("raise ValueError('x')", 0.0),
        ("return None", 0.0),
        ("return super().custom_stake_amount(pair)", 0.0),
        # Of these Freqtrade would make a trade without an amount, and one of all that is there.
        ("return float('nan')", 0.0),
        ("return float('inf')", 0.0),
    ],
)
def test_sizing_holds_in_a_subclass(derive: Load, body: str, stake: float):
    strategy = derive(override("custom_stake_amount", STAKE, body), atr=2.0)
    # 1000 x 2 % may be lost, 5 ATR of 2 are 10 % away.
    found = strategy_safe_wrapper(strategy.custom_stake_amount, default_retval=990.0)(
        pair="ETH/USDT",
        current_time=NOW,
        current_rate=100.0,
        proposed_stake=990.0,
        min_stake=10.0,
        max_stake=990.0,
        leverage=1.0,
        entry_tag=None,
        side="long",
    )
    assert found == pytest.approx(stake)


def test_stop_of_a_subclass_can_ask_ours_by_position(derive: Load):
    body = override("custom_stoploss", STOP, f"return super().custom_stoploss({STOP}, **kwargs)")
    strategy = derive(body, risk={"atr_trailing": True}, atr=1.0)
    trade = open_trade(1.0, 100.0)
    # 100 - 5 x 1 of 100.
    assert ask_for_stop(strategy, trade) == pytest.approx(0.05)


def test_stop_is_not_loosened_after_a_fill(load_trader: Load):
    strategy = load_trader(risk={"atr_trailing": True})
    assert strategy._ft_stop_uses_after_fill is False


def test_trim_of_a_subclass_can_ask_ours_by_position(derive: Load):
    call = f"return super().adjust_trade_position({ADJUST}, **kwargs)"
    body = override("adjust_trade_position", ADJUST, call)
    strategy = derive(body, risk={"rebalancing": True}, atr=1.0, close=100.0)
    trade = open_trade(20.0, 100.0)
    assert trade.orders == []  # they are loaded, as Freqtrade's are
    # It risks 5 % of 2000, which is 100, and may risk 2 % of 3000: 40 of 100 go.
    assert ask_for_trim(strategy, trade) == pytest.approx(-800.0)


def test_rule_that_is_off_does_nothing_whoever_asks(load_trader: Load):
    strategy = load_trader(use_custom_stoploss=True, position_adjustment_enable=True, atr=1.0)
    trade = open_trade(20.0, 100.0)
    assert ask_for_stop(strategy, trade) is None
    assert ask_for_trim(strategy, trade) is None


def ask_for_stop(strategy: IStrategy, trade: Trade) -> float | None:
    return strategy_safe_wrapper(strategy.custom_stoploss, supress_error=True)(
        pair=trade.pair,
        trade=trade,
        current_time=NOW,
        current_rate=100.0,
        current_profit=0.0,
        after_fill=False,
    )


def ask_for_trim(strategy: IStrategy, trade: Trade) -> float | None:
    return strategy_safe_wrapper(strategy.adjust_trade_position, default_retval=99.0)(
        trade=trade,
        current_time=NOW,
        current_rate=100.0,
        current_profit=0.0,
        min_stake=10.0,
        max_stake=900.0,
        current_entry_rate=100.0,
        current_exit_rate=100.0,
        current_entry_profit=0.0,
        current_exit_profit=0.0,
    )


@pytest.mark.parametrize("mode", ["futures", "margin"])
def test_only_spot_markets_are_traded(load_strategy: Load, mode: str):
    with pytest.raises(OperationalException, match="trades on spot markets only") as error:
        load_strategy(trading_mode=mode)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("order", [("One", "Two"), ("Two", "One")])
def test_strategies_of_one_process_have_parameters_of_their_own(
    tmp_path: Path, order: tuple[str, str]
):
    bodies = {
        "One": '    buy_params = {"gate_mode": "falling", "dominance_threshold": 48.0}\n',
        "Two": '    buy_params = {"rsi_entry_max": 61}\n    minimal_roi = {"0": 0.5}\n',
    }
    for name, body in bodies.items():
        write_subclass(tmp_path, name, body)
    loaded = {}
    for name in order:
        config = {
            "strategy": name,
            "strategy_path": str(tmp_path),
            "user_data_dir": tmp_path,
            "datadir": tmp_path,
            "runmode": "backtest",
        }
        loaded[name] = StrategyResolver.load_strategy(config)
        loaded[name].ft_bot_start()
    one, two = loaded["One"], loaded["Two"]
    assert (one.gate_mode.value, two.gate_mode.value) == ("falling", "level")
    assert (one.dominance_threshold.value, two.dominance_threshold.value) == (48.0, 55)
    assert (one.rsi_entry_max.value, two.rsi_entry_max.value) == (70, 61)
    assert (one.minimal_roi, two.minimal_roi) == ({0: 0.1}, {0: 0.5})
    one.order_types["entry"] = "market"
    assert two.order_types["entry"] == "limit"


def test_shared_settings_can_be_properties_of_a_subclass(derive: Load):
    body = """
    @property
    def minimal_roi(self):
        return {0: 0.25}

    @minimal_roi.setter
    def minimal_roi(self, value):
        pass
"""
    assert derive(body).minimal_roi == {0: 0.25}
