"""The gate and the risk rules for a strategy that knows nothing of either, by hand."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from freqtrade.exceptions import OperationalException
from freqtrade.strategy import IStrategy

from tests.conftest import coin_candles
from tests.strategy.gated import (
    FIRST_OPEN,
    LAST_OPEN,
    OPENED,
    PLAIN,
    Load,
    define,
    rows_with,
    signals,
)

IMPORT = "from altseason.with_risk import AltSeasonRisk\n\n\n"
TIGHT = PLAIN.replace("stoploss = -0.99", "stoploss = -0.001")
STOPS = """
    def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        return -0.02
"""


def with_risk(keywords: str = "", body: str = "    pass\n") -> str:
    return IMPORT + define(keywords, body, bases="AltSeasonRisk, Parent")


def risk(**settings: Any) -> dict[str, Any]:
    return {"dominance": {"record": False}, "risk": settings}


def ask_stake(strategy: IStrategy, time: datetime = OPENED) -> float:
    strategy.wallets = SimpleNamespace(get_total_stake_amount=lambda: 1000.0)
    return strategy.custom_stake_amount(
        pair="ETH/USDT",
        current_time=time,
        current_rate=100.0,
        proposed_stake=250.0,
        min_stake=1.0,
        max_stake=1000.0,
        leverage=1.0,
        entry_tag=None,
        side="long",
    )


def wilder(ranges: list[float]) -> float:
    """The mean of the first 14, then smoothed by one fourteenth."""
    mean = sum(ranges[:14]) / 14
    for value in ranges[14:]:
        mean = (13 * mean + value) / 14
    return mean


def find_volatility(time: datetime) -> float:
    """ATR(14) / close of the candle that closes at a time."""
    candles = coin_candles(24 * 30, start="2021-01-03")
    known = candles[candles["date"] < time - timedelta(minutes=59)]
    rows = list(known[["high", "low", "close"]].itertuples(index=False))
    ranges = [
        max(row.high - row.low, abs(row.high - before.close), abs(row.low - before.close))
        for before, row in pairwise(rows)
    ]
    return wilder(ranges) / rows[-1].close


def test_stake_of_any_strategy_goes_by_what_it_may_lose(gate: Load):
    strategy = gate(PLAIN, with_risk(), altseason=risk())
    signals(strategy)
    # A stop at 99 %, and 2 % of 1000 to lose.
    assert ask_stake(strategy) == pytest.approx(20 / 0.99)
    strategy = gate(TIGHT, with_risk(), altseason=risk(atr_multiple=100))
    signals(strategy)
    assert ask_stake(strategy) == pytest.approx(20 / (100 * find_volatility(OPENED)), rel=1e-6)


def test_sizing_may_be_off(gate: Load):
    strategy = gate(PLAIN, with_risk(), altseason=risk(sizing=False))
    signals(strategy)
    assert ask_stake(strategy) == 250.0


def test_candles_that_have_no_range_are_not_entered(gate: Load):
    narrow = PLAIN.replace("return dataframe\n", 'return dataframe[["date", "close"]]\n', 1)
    strategy = gate(narrow, with_risk(), altseason=risk())
    strategy.dp = SimpleNamespace(
        get_analyzed_dataframe=lambda pair, timeframe: (coin_candles(1), None),
        send_msg=lambda *arguments, **words: None,
    )
    assert len(rows_with(signals(strategy), "enter_long")) > 0
    assert ask_stake(strategy) == 0.0


def test_gate_that_closes_ends_trades_where_that_is_wanted(gate: Load):
    analyzed = signals(gate(PLAIN, with_risk(), altseason=risk(regime_exit=True)))
    is_closed = (analyzed.index < FIRST_OPEN) | (analyzed.index > LAST_OPEN)
    assert rows_with(analyzed, "exit_long").equals(analyzed.index[is_closed])
    assert set(analyzed.loc[is_closed, "exit_tag"]) == {"gate_closed"}
    assert rows_with(signals(gate(PLAIN, with_risk(), altseason=risk())), "exit_long").empty


def test_exits_of_the_strategy_keep_their_reasons(gate: Load):
    exits = PLAIN.replace(
        'dataframe["exit_long"] = 0', 'dataframe[["exit_long", "exit_tag"]] = (1, "mine")'
    )
    analyzed = signals(gate(exits, with_risk(), altseason=risk(regime_exit=True)))
    assert set(analyzed["exit_tag"]) == {"mine"}


@pytest.mark.parametrize("name", ["custom_stake_amount", "custom_stoploss"])
def test_parent_whose_callbacks_would_not_be_asked_is_refused(gate: Load, name: str):
    parent = PLAIN + STOPS.replace("custom_stoploss", name)
    with pytest.raises(OperationalException, match=f"expected no {name} in Parent"):
        gate(parent, with_risk())


def test_callback_of_the_class_itself_is_asked(gate: Load):
    strategy = gate(PLAIN, with_risk(body=STOPS))
    assert strategy.custom_stoploss("ETH/USDT", None, datetime.now(UTC), 1.0, 0.0) == -0.02


def test_wrong_value_of_a_protection_is_refused(gate: Load, tmp_path: Path):
    folder = tmp_path / "strategies"
    folder.mkdir()
    content = {"strategy_name": "MyGated", "params": {"protection": {"cooldown_candles": "3"}}}
    (folder / "MyGated.json").write_text(json.dumps(content))
    with pytest.raises(OperationalException, match="cooldown_candles"):
        gate(PLAIN, with_risk())


def test_protections_are_there_where_they_are_wanted(gate: Load):
    strategy = gate(PLAIN, with_risk(), altseason=risk(protections=True))
    assert [one["stop_duration_candles"] for one in strategy.protections[:1]] == [3]
    assert gate(PLAIN, with_risk(), altseason=risk()).protections == []
