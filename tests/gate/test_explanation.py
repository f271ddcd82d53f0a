"""How a condition at a candle is printed."""

from types import SimpleNamespace

import pandas as pd
import pytest

from altseason.gate.conditions import crosses_above
from altseason.gate.explanation import EntryReport, explain
from altseason.gate.rule import GateRule
from altseason.gate.verdict import HOUR, Verdict
from tests.conftest import dominance_candles


@pytest.mark.parametrize(
    ("macd", "signal", "shown"),
    [
        ([1.0, 3.0], 2.0, "  yes  has_momentum        macd 3 crosses above macdsignal 2"),
        (
            [3.0, 3.0],
            2.0,
            "  no   has_momentum        macd 3 crosses above macdsignal 2 (was above already)",
        ),
        ([3.0, 1.0], 2.0, "  no   has_momentum        macd 1 crosses above macdsignal 2"),
    ],
)
def test_value_that_is_above_and_does_not_cross_is_explained(
    macd: list[float], signal: float, shown: str
):
    candles = dominance_candles([50.0, 50.0], "2021-01-01")
    value = pd.Series(macd, name="macd")
    limit = pd.Series([signal] * 2, name="macdsignal")
    strategy = SimpleNamespace(
        timeframe="1d",
        entry_conditions=lambda *_: {"has_momentum": crosses_above(value, limit)},
    )
    verdict = Verdict(GateRule(mode="off"), is_open=True, newest=None, max_age=HOUR, is_stale=False)
    assert shown in EntryReport(verdict, [explain(strategy, "ETH/USDT", candles)]).as_text()
