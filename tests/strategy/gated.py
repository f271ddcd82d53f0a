"""Small strategies as users write them, each in its own file, and their gated classes."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.strategy import IStrategy

from tests.conftest import coin_candles

Load = Callable[..., IStrategy]
PAIR = {"pair": "ETH/USDT"}
OPEN, CLOSED = 50.0, 60.0
# By day from 2021-01-02 on. The first open day is the 11th, the first closed one the 21st; both are
# known at their ends, and a row sees at its close what was known then.
DOMINANCE = [CLOSED] * 9 + [OPEN] * 10 + [CLOSED] * 11
FIRST_OPEN = pd.Timestamp("2021-01-11 23:00", tz="UTC")
LAST_OPEN = pd.Timestamp("2021-01-21 22:00", tz="UTC")
OPEN_ROWS = 240
# Times at which the gate is open, closed by the rule, and closed because dominance is stale.
OPENED, SHUT = datetime(2021, 1, 15, tzinfo=UTC), datetime(2021, 1, 25, tzinfo=UTC)
STALE = datetime(2021, 3, 1, tzinfo=UTC)

HEAD = """
from freqtrade.strategy import IStrategy, IntParameter


class Parent(IStrategy):
    timeframe = "1h"
    stoploss = -0.99
    minimal_roi = {"0": 10.0}

    def populate_indicators(self, dataframe, metadata):
        return dataframe
"""
ENTERS = """
    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe
"""
NEVER_EXITS = """
    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = 0
        return dataframe
"""
PLAIN = HEAD + ENTERS + NEVER_EXITS


def write_strategies(folder: Path, parent: str, gated: str) -> None:
    """Write `Parent.py` and `MyGated.py` into a folder, and forget the parent of another test."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Parent.py").write_text(parent)
    imports = "from altseason.strategy import AltSeasonGate\nfrom Parent import Parent\n\n\n"
    (folder / "MyGated.py").write_text(imports + gated)
    sys.modules.pop("Parent", None)


def define(
    keywords: str = "", body: str = "    pass\n", bases: str = "AltSeasonGate, Parent"
) -> str:
    """Return the definition of a gated class."""
    return f"class MyGated({bases}{', ' if keywords else ''}{keywords}):\n{body}"


def signals(strategy: IStrategy, pair: dict[str, Any] = PAIR) -> pd.DataFrame:
    """Return thirty days of analyzed candles, by date."""
    candles = coin_candles(24 * 30, start="2021-01-03")
    dataframe = strategy.advise_indicators(candles, pair)
    return strategy.ft_advise_signals(dataframe, pair).set_index("date")


def rows_with(dataframe: pd.DataFrame, column: str) -> pd.DatetimeIndex:
    """Return the dates of the rows in which a signal is set."""
    return dataframe.index[dataframe[column].eq(1)]
