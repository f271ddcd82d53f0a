"""The gate as columns of a strategy's candles, where no error may stop an exit.

When `populate_*` raises, Freqtrade drops a pair's whole analysis, exit signals included. So while a
bot trades, any error with dominance closes the gate, is notified once a day, and does nothing else.
In backtests errors are raised.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.util import dt_ts

from altseason.dominance.candles import empty_candles
from altseason.errors import AltSeasonError
from altseason.gate.breadth import NO_COINS, CoinPrices, calculate_breadth
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import (
    SUFFIX,
    Dominance,
    GateRule,
    add_breadth,
    add_dominance,
    calculate_closes,
    find_closed,
    find_mean,
    find_open,
)
from altseason.host.secrets import hide_secrets
from altseason.invocation import altseason_command
from altseason.notifications import Notifier
from altseason.recorder.feed import start_feed
from altseason.settings import DominanceSettings, load_settings
from altseason.sources.reading import Clock, read_clock

logger = logging.getLogger(__name__)

Mask = npt.NDArray[np.bool_]
SIDES = ("long", "short")
ENTRY_COLUMNS = ("enter_long", "enter_short")
Result = TypeVar("Result")


class GateColumns:
    """Add dominance and the gate to a strategy's candles."""

    def __init__(
        self,
        reader: DominanceReader,
        settings: DominanceSettings,
        notifier: Notifier,
        rule: Callable[[], GateRule],
        clock: Clock = read_clock,
        coins: Callable[[], CoinPrices] = lambda: NO_COINS,
    ) -> None:
        """Set up the columns of a strategy.

        :param rule: returns the current rule, which hyperopt changes, or raises.
        :param coins: returns the prices that breadth is counted from; called if the rule has it.
        """
        self._reader = reader
        self._notifier = notifier
        self._rule = rule
        self._clock = clock
        self._coins = coins
        self._last: Dominance | None = None
        nothing = empty_candles()
        self._nothing = Dominance(settings.timeframe, nothing, nothing, settings.max_age)

    def read_from(self, reader: DominanceReader) -> None:
        """Use the dominance of another reader from now on, as a placebo test does."""
        self._reader, self._last = reader, None

    def add_dominance(
        self, dataframe: pd.DataFrame, timeframe: str, *, is_required: bool
    ) -> pd.DataFrame:
        """Add the columns of `rule.add_dominance`, all missing if dominance cannot be read.

        :param is_required: whether to refuse a gate without data, unless a bot trades.
        :raises DominanceMissingError: if it is required, nothing is stored, and no bot trades.
        """

        def work() -> pd.DataFrame:
            is_refused = is_required and not self._reader.is_trading
            dominance = self._reader.require() if is_refused else self._reader.read()
            self._last = dominance
            return add_dominance(dataframe, dominance, timeframe)

        return self._or_closed(work, lambda: add_dominance(dataframe, self._nothing, timeframe))

    def find_open(self, dates: "pd.Series[pd.Timestamp]", timeframe: str) -> Mask:
        """Return where the gate is open; nowhere if dominance cannot be read.

        It depends only on the candles' times, not on what a strategy has written into its columns.

        :param dates: the open times of a strategy's candles.
        """
        return self._or_closed(
            lambda: self._find_open(calculate_closes(dates, timeframe)),
            lambda: np.full(len(dates), False),
        )

    def find_dominance(self) -> Dominance:
        """Return the dominance that the gate uses; empty if it cannot be read."""
        return self._or_closed(self._recall, lambda: self._nothing)

    def add_gate(self, dataframe: pd.DataFrame, timeframe: str, is_open: Mask) -> pd.DataFrame:
        """Add `alt_season` (bool), and for charts `sma_btcd` (percent) and breadth, if any."""
        dates = dataframe["date"]
        dataframe[f"sma_{SUFFIX}"] = self._or_closed(
            lambda: find_mean(self._recall(), self._rule(), calculate_closes(dates, timeframe)),
            lambda: np.full(len(dates), np.nan, dtype="float32"),
        )
        dataframe["alt_season"] = is_open
        return self._or_closed(lambda: self._add_breadth(dataframe, timeframe), lambda: dataframe)

    def _add_breadth(self, dataframe: pd.DataFrame, timeframe: str) -> pd.DataFrame:
        rule = self._rule()
        if not rule.has_breadth:
            return dataframe
        breadth = calculate_breadth(self._coins(), rule.breadth_days)
        closes = calculate_closes(dataframe["date"], timeframe)
        # `altseason why --live` needs it; over years of a backtest it would only take memory.
        with_source = self._reader.is_trading
        return add_breadth(dataframe, breadth, closes, with_source=with_source)

    def report_coverage(self, dataframe: pd.DataFrame, pair: str) -> None:
        """Warn once if the gate is closed for a part of a pair's history for lack of dominance.

        :param dataframe: the pair's candles with `close_btcd`.
        """
        closed = dataframe[f"close_{SUFFIX}"].isna().mean()
        if closed > 0:
            self._notifier.warn(
                f"Dominance is missing or stale at {closed:.1%} of the candles of {pair}, from "
                f"{dataframe['date'].iloc[0]:%Y-%m-%d} to {dataframe['date'].iloc[-1]:%Y-%m-%d}: "
                f"the gate is closed there. {self._describe_stored()}"
                f"`{altseason_command('dominance status')}` shows what is stored.",
                topic="coverage",
            )

    def _describe_stored(self) -> str:
        """Return from when to when dominance is stored, as a sentence; empty if there is none."""
        dates = self.find_dominance().candles["date"]
        if dates.empty:
            return ""
        return f"Dominance is stored from {dates.iloc[0]:%Y-%m-%d} to {dates.iloc[-1]:%Y-%m-%d}. "

    def report_breadth(self, dataframe: pd.DataFrame, pair: str, timeframe: str) -> None:
        """Warn once if breadth is unknown, or counts fewer coins, for a part of the history."""
        closes = calculate_closes(dataframe["date"], timeframe)
        facts = self._or_closed(lambda: self._describe_breadth(closes), lambda: "")
        if facts:
            start, end = dataframe["date"].iloc[0], dataframe["date"].iloc[-1]
            self._notifier.warn(
                f"{facts} of {pair}, from {start:%Y-%m-%d} to {end:%Y-%m-%d}.", topic="breadth"
            )

    def _describe_breadth(self, closes: "npt.NDArray[np.int64]") -> str:
        """Return the beginning of a sentence on what breadth lacks; empty if it is complete."""
        rule, coins = self._rule(), self._coins()
        if not rule.has_breadth:
            return ""
        breadth = calculate_breadth(coins, rule.breadth_days)
        positions = breadth.find_known(closes)
        counted = breadth.measured[positions[positions >= 0]]
        unknown = float((positions < 0).mean())
        watched = len(coins.watched)
        if not unknown and counted.min() == watched:
            return ""
        if len(counted) and counted.min() == watched:
            range_ = "all"
        else:
            range_ = f"{counted.min()} to {counted.max()}" if len(counted) else "none"
            range_ += ", as the others have too little history"
        return (
            f"Of {watched} coins watched, breadth over {rule.breadth_days} days counts {range_}; "
            f"it is unknown, and the gate closed, at {unknown:.1%} of the candles"
        )

    def find_closed(self, dates: "pd.Series[pd.Timestamp]", timeframe: str) -> Mask:
        """Return where data closed the gate, see `rule.find_closed`; nowhere on an error."""

        def work() -> Mask:
            rule, closes = self._rule(), calculate_closes(dates, timeframe)
            return find_closed(self._recall(), rule, closes, self._find_coins(rule))

        return self._or_closed(work, lambda: np.full(len(dates), False))

    def is_open(self, time: datetime) -> bool:
        """Return whether the gate was open at a time, by what was known then."""
        return self._or_closed(
            lambda: bool(self._find_open(np.array([dt_ts(time)]))[0]),
            lambda: False,
        )

    def _find_open(self, times: "npt.NDArray[np.int64]") -> Mask:
        return self.find_open_by(self._recall(), times)

    def find_open_by(self, dominance: Dominance, times: "npt.NDArray[np.int64]") -> Mask:
        """Return whether the gate would be open at each time by another dominance, as in a study.

        :param times: in milliseconds.
        """
        rule = self._rule()
        return find_open(dominance, rule, times, self._find_coins(rule))

    def _recall(self) -> Dominance:
        """Return the dominance; in a backtest, where nothing changes, what was read last."""
        if self._reader.is_trading or self._last is None:
            self._last = self._reader.read()
        return self._last

    def _find_coins(self, rule: GateRule) -> CoinPrices:
        return self._coins() if rule.has_breadth else NO_COINS

    def _or_closed(self, work: Callable[[], Result], closed: Callable[[], Result]) -> Result:
        try:
            return work()
        # This is the boundary: with an error there would be no exit signals any longer.
        except Exception as error:
            if not self._reader.is_trading:
                raise
            notify_closed(self._notifier, error, self._clock())
            return closed()


class PlainGate:
    """The columns for a strategy that is not gated, see `altseason.strategy.add_alt_season`.

    While a bot trades, it also has dominance recorded.
    """

    def __init__(self, config: dict[str, Any], rule: GateRule) -> None:
        """Set up the columns of one rule.

        :raises SettingsError: if our section of the configuration is wrong.
        """
        hide_secrets(config)
        settings = load_settings(config).dominance
        self._rule = rule
        reader = DominanceReader(config, settings)
        notifier = Notifier(logger)
        self._columns = GateColumns(reader, settings, notifier, lambda: rule)
        if reader.is_trading and settings.record:
            try:
                start_feed(config)
            except Exception as error:  # exits must go on, whatever it is
                with suppress(Exception):
                    notifier.warn(f"Dominance is not recorded: {error!r}.")

    def add(self, dataframe: pd.DataFrame, timeframe: str) -> pd.DataFrame:
        """Add the columns to candles of a timeframe."""
        is_required = self._rule.mode != "off"
        dataframe = self._columns.add_dominance(dataframe, timeframe, is_required=is_required)
        is_open = self._columns.find_open(dataframe["date"], timeframe)
        return self._columns.add_gate(dataframe, timeframe, is_open)


def clear_entries(
    analyzed: pd.DataFrame, is_open: Mask, *, clears_shorts: bool
) -> tuple[pd.DataFrame, dict[str, Mask]]:
    """Take away the entries of rows at which the gate is closed, whatever their type.

    :param analyzed: candles with entries.
    :param is_open: whether the gate is open at each.
    :param clears_shorts: whether short entries are taken away, too. A row with both loses both in
        any case, since Freqtrade enters neither, but would enter the one that is left.
    :return: the candles, and by side the rows from which an entry was taken away.
    """
    enters = {
        side: analyzed[f"enter_{side}"].eq(1).fillna(False).to_numpy(dtype=bool)
        if f"enter_{side}" in analyzed
        else np.full(len(analyzed), False)
        for side in SIDES
    }
    is_held_back = enters["long"] | enters["short"] if clears_shorts else enters["long"]
    is_taken = is_held_back & ~is_open
    for name in {*ENTRY_COLUMNS} & set(analyzed) if is_taken.any() else ():
        analyzed[name] = clear_signals(analyzed[name], is_taken)
    return analyzed, {side: is_taken & is_entry for side, is_entry in enters.items()}


def clear_signals(signals: "pd.Series[Any]", rows: Mask) -> "pd.Series[Any]":
    """Return signals of any type without those of some rows."""
    if not isinstance(signals.dtype, np.dtype):  # an extension type, which might not take a 0
        signals = signals.astype(object)
    return signals.mask(rows, False if signals.dtype == bool else 0)


def notify_closed(notifier: Notifier, error: Exception, now: datetime) -> None:
    """Notify once a day of an error that closes the gate; never raises."""
    # A failure to notify must not stop exits.
    with suppress(Exception):
        kind = type(error).__name__
        is_ours = isinstance(error, AltSeasonError)
        reason = error if is_ours else f"reading dominance failed with {kind} ({error})"
        # Not an alert to be cleared: that one pair succeeds says nothing about the others.
        notifier.remind(
            f"dominance {kind}",
            f"The gate is closed: {reason}. Exits continue; no entries until this is fixed.",
            now,
        )
