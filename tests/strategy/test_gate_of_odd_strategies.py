"""Unusual strategies: the gate holds, and nothing else of them changes."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.enums import RunMode
from freqtrade.strategy import IStrategy

from tests.conftest import coin_candles
from tests.strategy.gated import (
    FIRST_OPEN,
    HEAD,
    LAST_OPEN,
    NEVER_EXITS,
    OPEN_ROWS,
    PAIR,
    PLAIN,
    define,
    rows_with,
    signals,
)

Load = Callable[..., IStrategy]
ENTERS = """
    def populate_entry_trend(self, dataframe, metadata):
        import numpy as np
        import pandas as pd
        {body}
        return dataframe
"""
TYPES = {
    "nullable": 'dataframe["enter_long"] = pd.array([1, pd.NA] * 360, dtype="Int64")',
    "boolean": 'dataframe["enter_long"] = pd.array([True, pd.NA] * 360, dtype="boolean")',
    "arrow": 'dataframe["enter_long"] = pd.array([1, None] * 360, dtype="int8[pyarrow]")',
    "categories": 'dataframe["enter_long"] = pd.Categorical([1, np.nan] * 360)',
    "objects": 'dataframe["enter_long"] = pd.Series([1, None] * 360, dtype=object)',
    "missing": 'dataframe.loc[::2, "enter_long"] = 1',
    "bytes": 'dataframe["enter_long"] = np.array([1, 0] * 360, dtype="uint8")',
}
ROWS = {
    "left out": "dataframe = dataframe.iloc[::2].copy()",
    "dropped by missing values": "dataframe.loc[::2, 'x'] = 1; dataframe = dataframe.dropna()",
    "turned round": "dataframe = dataframe.iloc[::-2].copy()",
    "twice": "dataframe = pd.concat([dataframe.iloc[::4], dataframe.iloc[::4]])",
}


def assert_every_other_is_left(entered: pd.DatetimeIndex) -> None:
    assert len(entered) == OPEN_ROWS // 2
    assert FIRST_OPEN <= entered.min() < FIRST_OPEN + pd.Timedelta(hours=4)
    assert LAST_OPEN - pd.Timedelta(hours=4) < entered.max() <= LAST_OPEN


@pytest.mark.parametrize("body", TYPES.values(), ids=TYPES)
def test_entries_of_any_type_are_taken_away(gate: Load, body: str):
    analyzed = signals(gate(HEAD + ENTERS.format(body=body) + NEVER_EXITS))
    assert_every_other_is_left(rows_with(analyzed, "enter_long"))


@pytest.mark.parametrize("body", ROWS.values(), ids=ROWS)
def test_entries_of_other_rows_than_ours_are_taken_away(gate: Load, body: str):
    body += '; dataframe["enter_long"] = 1'
    entered = rows_with(signals(gate(HEAD + ENTERS.format(body=body) + NEVER_EXITS)), "enter_long")
    assert_every_other_is_left(entered)


DROPS = (
    ENTERS.format(body='dataframe["enter_long"] = 1; dataframe = dataframe.dropna()')
    + """
    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = dataframe["enter_long"]
        return dataframe.dropna()
"""
)


@pytest.mark.parametrize("keywords", ['mode="off"', "", 'mode="falling", sma_days=25'])
def test_missing_dominance_leaves_a_strategy_its_candles(gate: Load, tmp_path: Path, keywords: str):
    strategy = gate(HEAD + DROPS, define(keywords))
    if "off" in keywords:
        for file in tmp_path.glob("BTCD_USD-*"):
            file.unlink()
    analyzed = signals(strategy)
    assert len(analyzed) == 720
    assert {"alt_season", "sma_btcd", "date_btcd", "close_btcd"} <= set(analyzed)


def test_columns_of_a_parent_stay_its_own(gate: Load):
    parent = """
    def populate_indicators(self, dataframe, metadata):
        from altseason.strategy import add_alt_season
        return add_alt_season(self, dataframe, mode="level")

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = dataframe["alt_season"].astype(int)
        return dataframe
"""
    analyzed = signals(gate(HEAD + parent + NEVER_EXITS, define('mode="off"')))
    assert len(rows_with(analyzed, "enter_long")) == OPEN_ROWS


EXITS_BY_ENTRIES = """
    def populate_entry_trend(self, dataframe, metadata):
        hour = dataframe["date"].dt.hour
        dataframe["enter_long"] = hour.isin([6]).astype(int)
        dataframe["enter_short"] = hour.isin([18]).astype(int)
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = dataframe["enter_short"].eq(1).astype(int)
        dataframe["exit_short"] = dataframe["enter_long"].eq(1).astype(int)
        return dataframe
"""


@pytest.mark.parametrize("keywords", ["", "gate_shorts=True"])
def test_exits_that_a_strategy_makes_of_its_entries_stay(gate: Load, keywords: str):
    analyzed = signals(gate(HEAD + EXITS_BY_ENTRIES, define(keywords)))
    assert len(rows_with(analyzed, "enter_long")) == 10
    assert len(rows_with(analyzed, "exit_short")) == 30
    assert len(rows_with(analyzed, "exit_long")) == 30


def test_entries_that_a_strategy_sets_with_its_exits_are_taken_away(gate: Load):
    exits = """
    def populate_entry_trend(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe
"""
    assert len(rows_with(signals(gate(HEAD + exits)), "enter_long")) == OPEN_ROWS


def test_exits_of_an_epoch_do_not_depend_on_the_one_before(gate: Load):
    parent = """
    enters = IntParameter(0, 1, default=1, space="buy")

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = self.enters.value
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = 1
        return dataframe
"""
    strategy = gate(HEAD + parent)
    assert len(rows_with(signals(strategy), "exit_long")) == OPEN_ROWS
    strategy.enters.value = 0
    assert len(rows_with(signals(strategy), "exit_long")) == 720


def test_parameters_may_hold_what_cannot_be_copied(gate: Load):
    parent = """
    kinds = {"SMA": 1, "EMA": 2}
    kind = CategoricalParameter(kinds.keys(), default="SMA", space="buy")
    model_params = {"lock": __import__("threading").Lock()}
"""
    strategy = gate(PLAIN.replace("IntParameter", "CategoricalParameter") + parent)
    assert strategy.kind.value == "SMA"
    assert len(rows_with(signals(strategy), "enter_long")) == OPEN_ROWS


def test_timeframe_may_be_of_the_configuration(gate: Load):
    without = PLAIN.replace('    timeframe = "1h"\n', "")
    assert isinstance(gate(without), IStrategy)
    strategy = gate(without, timeframe="1h")
    assert len(rows_with(signals(strategy), "enter_long")) == OPEN_ROWS


@pytest.mark.parametrize(
    "drawn",
    [
        "plot_config = None",
        'plot_config = {"subplots": ["rsi"]}',
        "plot_config = property(lambda self: None)",
    ],
)
def test_charts_that_freqtrade_would_not_draw_either_stop_no_strategy(gate: Load, drawn: str):
    strategy = gate(PLAIN + f"\n    {drawn}\n")
    assert len(rows_with(signals(strategy), "enter_long")) == OPEN_ROWS


STEPS = (
    *("columns.GateColumns.add_dominance", "columns.GateColumns.report_coverage"),
    *("columns.GateColumns.find_open", "columns.GateColumns.add_gate"),
    *("signals.clear_entries", "signals.clear_signals", "signals.calculate_closes"),
)


@pytest.mark.parametrize("body", ["    pass\n", EXITS_BY_ENTRIES], ids=["parent's", "own"])
@pytest.mark.parametrize("step", STEPS)
def test_failure_of_any_kind_while_a_bot_trades_stops_entries_and_no_exit(
    gate: Load, monkeypatch: pytest.MonkeyPatch, step: str, body: str
):
    strategy = gate(HEAD + EXITS_BY_ENTRIES, define(body=body), runmode=RunMode.DRY_RUN)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(step)

    monkeypatch.setattr(f"altseason.gate.{step}", fail)
    analyzed = strategy.analyze_ticker(coin_candles(24 * 30, start="2021-01-03"), PAIR)
    analyzed = analyzed.set_index("date")
    assert len(rows_with(analyzed, "exit_long")) == 30
    entered = rows_with(analyzed, "enter_long")
    assert [date for date in entered if not FIRST_OPEN <= date <= LAST_OPEN] == []
