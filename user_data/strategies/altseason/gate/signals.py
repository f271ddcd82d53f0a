"""Take away a strategy's entry signals while the gate is closed.

Exits stay those of the strategy without a gate: it sees its entries as it has set them, and where
Freqtrade would ignore an exit because of an entry signal, it still does.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import wraps
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.exchange import timeframe_to_msecs
from freqtrade.util import dt_ts

from altseason.gate.columns import (
    ENTRY_COLUMNS,
    SIDES,
    GateColumns,
    clear_entries,
    clear_signals,
)
from altseason.gate.rule import SUFFIX, calculate_closes
from altseason.notifications import Notifier


def or_without_entries(step: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """Make a step of the gate take all entries away if it fails while a bot trades.

    Otherwise there would be no exit signals either. In backtests the error is raised.
    """

    @wraps(step)
    def run(gate: Any, dataframe: pd.DataFrame, *arguments: Any) -> pd.DataFrame:
        try:
            return step(gate, dataframe, *arguments)
        except Exception as error:
            if not gate.is_trading:
                raise
            with suppress(Exception):
                text = f"No entries: the gate failed with {error!r}."
                gate.notifier.raise_alert("entries", text)
            return dataframe.assign(**{name: 0 for name in ENTRY_COLUMNS if name in dataframe})

    return run


class GatedSignals:
    """Take entry signals away in the two steps in which Freqtrade asks a strategy for signals.

    :ivar keeps_exits: whether exits depend on the entry signals as they were before some were taken
        away: where there is one, Freqtrade ignores exit signals, and `minimal_roi` with
        `ignore_roi_if_entry_signal`.
    """

    def __init__(
        self,
        strategy: Any,
        columns: GateColumns,
        notifier: Notifier,
        *,
        add_dominance: Callable[[pd.DataFrame], pd.DataFrame],
        is_trading: bool,
        shows_columns: bool,
    ) -> None:
        """Gate the signals of a strategy.

        :param add_dominance: adds the columns of dominance to candles, or raises.
        :param shows_columns: whether `populate_entry_trend` and `populate_exit_trend` see our
            columns, whose missing values would make a `dropna` there drop candles and their exits.
        """
        self._strategy = strategy
        self._columns = columns
        self.notifier = notifier
        self._add_dominance = add_dominance
        self.is_trading = is_trading
        self.shows_columns = shows_columns
        self.keeps_exits = True
        # The closes, in milliseconds, of the candles whose entry signals were taken away.
        self._taken: dict[tuple[str, str], npt.NDArray[np.int64]] = {}
        # The entry columns by pair, as the strategy has set them, until it has set its exits.
        self._signals: dict[str, dict[str, pd.Series]] = {}

    @or_without_entries
    def show_gate(self, dataframe: pd.DataFrame) -> pd.DataFrame:
        """Add `alt_season` and `sma_btcd` for a class that may read them."""
        return self._add_gate(dataframe) if self.shows_columns else dataframe

    @or_without_entries
    def add_columns(self, analyzed: pd.DataFrame) -> pd.DataFrame:
        """Add our columns to analyzed candles that lack them."""
        if self.shows_columns:
            return analyzed
        added = self._add_gate(self.add_missing(analyzed[["date"]]))
        missing = added.columns.difference(analyzed.columns, sort=False)
        return analyzed.assign(**{str(name): added[name] for name in missing})

    def add_missing(self, dataframe: pd.DataFrame) -> pd.DataFrame:
        """Add the columns of dominance to candles that lack them."""
        if {f"date_{SUFFIX}", f"close_{SUFFIX}"} <= set(dataframe):
            return dataframe
        return self._add_dominance(dataframe)

    def _add_gate(self, dataframe: pd.DataFrame) -> pd.DataFrame:
        timeframe = self._strategy.timeframe
        is_open = self._columns.find_open(dataframe["date"], timeframe)
        return self._columns.add_gate(dataframe, timeframe, is_open)

    @or_without_entries
    def hold_entries(self, analyzed: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Take away the entries at which the gate is closed; `restore_entries` puts them back."""
        self._signals[pair] = {name: analyzed[name] for name in ENTRY_COLUMNS if name in analyzed}
        return self.close_entries(analyzed, pair)

    @or_without_entries
    def close_entries(self, analyzed: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Take away the entries at which the gate is closed, and remember them.

        :param analyzed: the strategy's analyzed candles, of which it may have dropped some.
        """
        is_open = self._columns.find_open(analyzed["date"], self._strategy.timeframe)
        analyzed, taken = clear_entries(analyzed, is_open, clears_shorts=self._strategy.gate_shorts)
        closes = calculate_closes(analyzed["date"], self._strategy.timeframe)
        # Also if there are none: those of hyperopt's last epoch must not stay.
        for side in SIDES:
            self._taken[pair, side] = np.sort(closes[taken[side]])
        return analyzed

    @or_without_entries
    def restore_entries(self, analyzed: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Put back the entries that were taken away, since a strategy may exit by its entries."""
        for column, signals in self._signals.pop(pair, {}).items():
            if signals.index.equals(analyzed.index):
                analyzed[column] = signals
        return analyzed

    @or_without_entries
    def keep_exits(self, analyzed: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Take away exit signals that Freqtrade would have ignored for an entry signal."""
        for side in SIDES:
            taken, column = self._taken.get((pair, side)), f"exit_{side}"
            if self.keeps_exits and taken is not None and len(taken) and column in analyzed:
                closes = calculate_closes(analyzed["date"], self._strategy.timeframe)
                analyzed[column] = clear_signals(analyzed[column], np.isin(closes, taken))
        return analyzed

    def had_signal(self, trade: Any, time: datetime) -> bool:
        """Return whether an entry signal of the newest candle at a time was taken away."""
        taken = self._taken.get((trade.pair, "short" if trade.is_short else "long"))
        if taken is None or not self.keeps_exits:
            return False
        length = timeframe_to_msecs(self._strategy.timeframe)
        close = dt_ts(time) // length * length
        place = int(taken.searchsorted(close))
        return place < len(taken) and int(taken[place]) == close
