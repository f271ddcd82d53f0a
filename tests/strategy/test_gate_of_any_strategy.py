"""Any strategy's entries are held back while the gate is closed; its exits do not change."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from freqtrade.exceptions import OperationalException
from freqtrade.strategy import IStrategy

from tests.strategy.gated import (
    ENTERS,
    FIRST_OPEN,
    HEAD,
    LAST_OPEN,
    NEVER_EXITS,
    OPEN_ROWS,
    PLAIN,
    define,
    rows_with,
    signals,
)

Load = Callable[..., IStrategy]
OPENED, SHUT = datetime(2021, 1, 15, tzinfo=UTC), datetime(2021, 1, 25, tzinfo=UTC)
STALE = datetime(2021, 3, 1, tzinfo=UTC)


OWN_ENTRIES = ENTERS.replace("] = 1", '] = 1\n        dataframe["enter_tag"] = "mine"')
INDEXED = ENTERS.replace("return dataframe", 'return dataframe.set_index("date", drop=False)')
FORGES = """
    def populate_indicators(self, dataframe, metadata):
        dataframe["alt_season"] = True
        dataframe["close_btcd"] = 1.5
        dataframe["date_btcd"] = dataframe["date"].iloc[-1]
        return dataframe
"""
KINDS = {
    "plain": (PLAIN, define()),
    "interface 2": (
        PLAIN.replace("IStrategy):", "IStrategy):\n    INTERFACE_VERSION = 2").replace(
            'dataframe["enter_long"] = 1',
            'dataframe["buy"] = 1\n        dataframe["buy_tag"] = "x"',
        ),
        define(),
    ),
    "bases in the wrong order": (PLAIN, define(bases="Parent, AltSeasonGate")),
    "own entries": (PLAIN, define(body=OWN_ENTRIES)),
    "of true and false": (PLAIN.replace("] = 1", "] = True"), define()),
    "of fractions": (PLAIN.replace("] = 1", "] = 1.0"), define()),
    "indexed by date": (HEAD + INDEXED + NEVER_EXITS, define()),
    "forges columns": (PLAIN + FORGES, define()),
    "adds entries in exits": (
        HEAD + ENTERS + NEVER_EXITS,
        define(body=ENTERS.replace("return", 'dataframe["alt_season"] = True\n        return')),
    ),
    "only the gate": (
        PLAIN,
        PLAIN.replace("class Parent(IStrategy)", "class MyGated(AltSeasonGate)"),
    ),
}


@pytest.mark.parametrize(("parent", "gated"), KINDS.values(), ids=KINDS)
def test_no_entry_is_left_while_the_gate_is_closed(gate: Load, parent: str, gated: str):
    entered = rows_with(signals(gate(parent, gated)), "enter_long")
    assert (entered[0], entered[-1], len(entered)) == (FIRST_OPEN, LAST_OPEN, OPEN_ROWS)


@pytest.mark.parametrize("bases", ["AltSeasonGate, Once", "Once, AltSeasonGate"])
def test_strategy_that_is_gated_already_is_gated_once(gate: Load, bases: str):
    once = define('mode="falling"').replace("MyGated", "Once")
    strategy = gate(gated=once + "\n\n" + define('mode="level"', bases=bases))
    assert strategy.gate_rule.mode == "level"
    entered = rows_with(signals(strategy), "enter_long")
    assert (entered[0], entered[-1], len(entered)) == (FIRST_OPEN, LAST_OPEN, OPEN_ROWS)


def test_keywords_set_the_rule(gate: Load):
    gated = define('mode="level_and_falling", threshold=48, band=1.5, sma_days=7')
    rule = gate(gated=gated).gate_rule
    assert (rule.mode, rule.threshold, rule.band, rule.sma_days) == (
        "level_and_falling",
        48,
        1.5,
        7,
    )
    assert {gate().gate_rule.mode} == {"level"}


def test_gate_that_is_off_takes_no_entry_away_and_needs_no_dominance(gate: Load, tmp_path: Path):
    strategy = gate(gated=define('mode="off"'))
    for file in tmp_path.glob("BTCD_USD-*"):
        file.unlink()
    assert len(rows_with(signals(strategy), "enter_long")) == 720
    # Hyperopt neither tries nor undoes it.
    assert "off" not in strategy.gate_mode.opt_range
    assert not strategy.gate_mode.optimize


def test_backtest_without_dominance_is_refused(gate: Load, tmp_path: Path):
    strategy = gate()
    (tmp_path / "BTCD_USD-1d.feather").unlink()
    with pytest.raises(OperationalException, match="no dominance is stored"):
        signals(strategy)


SHORTS = """
    can_short = False

    def populate_entry_trend(self, dataframe, metadata):
        hour = dataframe["date"].dt.hour
        dataframe["enter_long"] = hour.isin([6, 12]).astype(int)
        dataframe["enter_short"] = hour.isin([12, 18]).astype(int)
        return dataframe
"""


@pytest.mark.parametrize(
    ("keywords", "shorts"),
    # Thirty days; the gate is open on ten. A row with both loses both, else the short would enter.
    [("", 30 + 10), ("gate_shorts=True", 10 + 10)],
)
def test_shorts_are_left_alone_unless_they_are_gated(gate: Load, keywords: str, shorts: int):
    analyzed = signals(gate(HEAD + SHORTS + NEVER_EXITS, define(keywords)))
    assert len(rows_with(analyzed, "enter_long")) == 20
    assert len(rows_with(analyzed, "enter_short")) == shorts
    both = rows_with(analyzed, "enter_short").intersection(rows_with(analyzed, "enter_long"))
    assert len(both) == 10


EXITS = """
    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = dataframe["date"].dt.hour.isin([6, 12]).astype(int)
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = dataframe["date"].dt.hour.isin([12, 18]).astype(int)
        return dataframe
"""


def exits_that_freqtrade_takes(analyzed: pd.DataFrame) -> int:
    """Count them by Freqtrade's rule: an exit signal beside an entry signal is ignored."""
    return int((analyzed["exit_long"].eq(1) & ~analyzed["enter_long"].eq(1)).sum())


def test_exits_are_the_same_whatever_the_gate_says(gate: Load):
    open_always = signals(gate(HEAD + EXITS, define('mode="off"')))
    gated = signals(gate(HEAD + EXITS))
    assert exits_that_freqtrade_takes(open_always) == 30
    assert exits_that_freqtrade_takes(gated) == 30
    assert len(rows_with(gated, "enter_long")) == 20


def test_exits_forget_what_an_earlier_epoch_took_away(gate: Load):
    """Hyperopt changes the strategy's parameters, and those of the gate."""
    parent = HEAD + EXITS.replace("[6, 12]", "[self.hour.value]").replace("[12, 18]", "[12]")
    hour = '\n    hour = IntParameter(0, 23, default=12, space="buy")\n'
    strategy = gate(parent + hour)
    assert exits_that_freqtrade_takes(signals(strategy)) == 0
    strategy.hour.value, strategy.dominance_threshold.value = 6, 70
    assert exits_that_freqtrade_takes(signals(strategy)) == 30


def test_return_on_investment_waits_where_an_entry_signal_was_taken_away(gate: Load):
    parent = HEAD.replace('{"0": 10.0}', '{"0": 0.01}\n    ignore_roi_if_entry_signal = True')
    entries = EXITS.split("    def populate_exit_trend")[0].replace("[6, 12]", "[6]")
    strategy = gate(parent + entries + NEVER_EXITS)
    signals(strategy)
    trade = SimpleNamespace(pair="ETH/USDT", is_short=False)
    asked = []

    def should_exit(trade: Any, rate: float, time: datetime, *, enter: bool, **words: Any) -> list:
        asked.append(enter)
        return []

    # The gate's own wrapper around a stand-in for the callback.
    wrapped = strategy.should_exit
    for hour in (6, 7, 8):
        wrapped.func(
            should_exit,
            *wrapped.args[1:],
            trade,
            100.0,
            datetime(2021, 1, 25, hour, 30, tzinfo=UTC),
            enter=False,
            exit_=False,
        )
    # The candle of 6:00 is the newest from 7:00 to 8:00.
    assert asked == [False, True, False]
