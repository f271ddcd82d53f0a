"""The protections, as Freqtrade's own manager takes them."""

from collections.abc import Callable

import pytest
from freqtrade.plugins.protectionmanager import ProtectionManager
from freqtrade.strategy import IStrategy
from hypothesis import given
from hypothesis import strategies as st

from altseason.risk.protections import build_protections

Load = Callable[..., IStrategy]
ON = {"risk": {"protections": True}}


def test_protections_are_off_by_default(load_strategy: Load):
    assert load_strategy().protections == []


def test_protections_are_freqtrade_s_four_with_the_parameters_values(load_strategy: Load):
    strategy = load_strategy({"cooldown_candles": 7}, altseason=ON, stake_currency="USDT")
    ProtectionManager.validate_protections(strategy.protections)
    manager = ProtectionManager(strategy.config, strategy.protections)
    assert manager.name_list == ["CooldownPeriod", "StoplossGuard", "MaxDrawdown", "LowProfitPairs"]
    described = [text for names in manager.short_desc() for text in names.values()]
    assert "7 candles" in described[0]
    assert "4 stoplosses" in described[1]
    assert "0.15" in described[2]


@pytest.mark.parametrize("timeframe", ["5m", "1h", "1d"])
@given(st.integers(1, 24), st.integers(2, 8), st.floats(0.05, 0.3))
def test_protections_are_valid_over_the_whole_space(
    timeframe: str, cooldown: int, stops: int, drawdown: float
):
    protections = build_protections(cooldown, stops, drawdown)
    config = {"timeframe": timeframe, "stake_currency": "USDT"}
    assert len(ProtectionManager(config, protections).name_list) == 4
