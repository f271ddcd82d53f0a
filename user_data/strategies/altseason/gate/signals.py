"""The signals of one strategy object, of which no entry is left while the gate is closed.

Exits are those of the strategy without a gate: it sees its entries as it has set them, and what an
entry would have held back is held back still.
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
    """Make a step between a strategy's own take all entries away where it fails.

    Only while a bot trades, since Freqtrade would give no exit signal any more.
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
    """Takes entries away from what a strategy makes of its candles, in two steps of Freqtrade's.

    :ivar keeps_exits: whether exits go by entry signals as they were before some were taken away:
        Freqtrade takes no exit signal, and with `ignore_roi_if_entry_signal` no return on
        investment, where there is one of entry.
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

        :param add_dominance: adds the columns of dominance to candles, or refuses to.
        :param shows_columns: whether `populate_entry_trend` and `populate_exit_trend` see our
            columns: missing values in them would make `dropna` leave out candles, with their exits.
        """
        self._strategy = strategy
        self._columns = columns
        self.notifier = notifier
        self._add_dominance = add_dominance
        self.is_trading = is_trading
        self.shows_columns = shows_columns
        self.keeps_exits = True
        # When candles closed, in milliseconds, whose entry signals were taken away.
        self._taken: dict[tuple[str, str], npt.NDArray[np.int64]] = {}
        # By pair, the entry columns as the strategy has set them, until its exits are known.
        self._signals: dict[str, dict[str, pd.Series]] = {}

    @or_without_entries
    def show_gate(self, dataframe: pd.DataFrame) -> pd.DataFrame:
        """Add `alt_season` and `sma_btcd` for a class that may read them, or write into them."""
        return self._add_gate(dataframe) if self.shows_columns else dataframe

    @or_without_entries
    def add_columns(self, analyzed: pd.DataFrame) -> pd.DataFrame:
        """Add all our columns to analyzed candles, where the strategy has none of these names."""
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
        """Take away the entries at which the gate is closed, until `restore_entries`."""
        self._signals[pair] = {name: analyzed[name] for name in ENTRY_COLUMNS if name in analyzed}
        return self.close_entries(analyzed, pair)

    @or_without_entries
    def close_entries(self, analyzed: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Take away the entries at which the gate is closed, whoever has set them.

        :param analyzed: what the strategy has made of its candles, rows left out or not.
        """
        is_open = self._columns.find_open(analyzed["date"], self._strategy.timeframe)
        analyzed, taken = clear_entries(analyzed, is_open, clears_shorts=self._strategy.gate_shorts)
        closes = calculate_closes(analyzed["date"], self._strategy.timeframe)
        # Also where none were: an epoch of hyperopt may not go by those of the last one.
        for side in SIDES:
            self._taken[pair, side] = np.sort(closes[taken[side]])
        return analyzed

    @or_without_entries
    def restore_entries(self, analyzed: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Put back the entries that were held: a strategy may exit by those that it has set."""
        for column, signals in self._signals.pop(pair, {}).items():
            if signals.index.equals(analyzed.index):
                analyzed[column] = signals
        return analyzed

    @or_without_entries
    def keep_exits(self, analyzed: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Hold back exit signals where an entry signal would have done so that was taken away."""
        for side in SIDES:
            taken, column = self._taken.get((pair, side)), f"exit_{side}"
            if self.keeps_exits and taken is not None and len(taken) and column in analyzed:
                closes = calculate_closes(analyzed["date"], self._strategy.timeframe)
                analyzed[column] = clear_signals(analyzed[column], np.isin(closes, taken))
        return analyzed

    def had_signal(self, trade: Any, time: datetime) -> bool:
        """Return whether the newest candle at a time had an entry signal that was taken away."""
        taken = self._taken.get((trade.pair, "short" if trade.is_short else "long"))
        if taken is None or not self.keeps_exits:
            return False
        length = timeframe_to_msecs(self._strategy.timeframe)
        close = dt_ts(time) // length * length
        place = int(taken.searchsorted(close))
        return place < len(taken) and int(taken[place]) == close
