"""The gate as a strategy's callbacks ask for it, where no error may stop an exit.

Freqtrade drops a pair's whole analysis when `populate_*` raises, exit signals included. While a bot
trades, whatever goes wrong with dominance therefore closes the gate, is told once a day, and
nothing else. In backtests an error is an error.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from altseason.dominance.candles import empty_candles
from altseason.errors import AltSeasonError
from altseason.gate.pairs import never_entered_because
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import (
    Dominance,
    GateRule,
    add_dominance,
    add_gate,
    calculate_gate,
    is_closed_by_rule,
)
from altseason.invocation import altseason_command
from altseason.notifications import Notifier
from altseason.settings import DominanceSettings
from altseason.sources.reading import Clock, read_clock

Result = TypeVar("Result")


class GateColumns:
    """Adds dominance and the gate to a strategy's candles."""

    def __init__(
        self,
        reader: DominanceReader,
        settings: DominanceSettings,
        notifier: Notifier,
        rule: Callable[[], GateRule],
        clock: Clock = read_clock,
    ) -> None:
        """Add columns by the dominance of a reader and a strategy's rule.

        :param rule: returns the rule as it is now, since hyperopt changes it, or raises.
        """
        self._reader = reader
        self._notifier = notifier
        self._rule = rule
        self._clock = clock
        nothing = empty_candles()
        self._nothing = Dominance(settings.timeframe, nothing, nothing, settings.max_age)

    def add_dominance(
        self, dataframe: pd.DataFrame, timeframe: str, *, is_required: bool
    ) -> pd.DataFrame:
        """Add the columns of `rule.add_dominance`, all missing where dominance cannot be read.

        :param is_required: whether a gate without data is refused, where no bot trades.
        :raises DominanceMissingError: if it is, and nothing is stored.
        """

        def work() -> pd.DataFrame:
            is_refused = is_required and not self._reader.is_trading
            dominance = self._reader.require() if is_refused else self._reader.read()
            return add_dominance(dataframe, dominance, timeframe)

        return self._or_closed(work, lambda: add_dominance(dataframe, self._nothing, timeframe))

    def add_gate(self, dataframe: pd.DataFrame) -> pd.DataFrame:
        """Add the columns of `rule.add_gate`; the gate is closed where dominance cannot be read."""

        def work() -> pd.DataFrame:
            rule = self._rule()
            return add_gate(dataframe, calculate_gate(self._reader.read(), rule), rule)

        return self._or_closed(
            work, lambda: dataframe.assign(sma_btcd=pd.Series(dtype="float32"), alt_season=False)
        )

    def report_coverage(self, dataframe: pd.DataFrame, pair: str, *, is_gated: bool) -> None:
        """Warn once where a pair is never entered, or the gate is closed for a part of its history.

        :param dataframe: the pair's candles with `close_btcd`.
        """
        if reason := never_entered_because(pair):
            self._notifier.warn(f"{pair} is never entered: {reason}.")
            return
        closed = dataframe["close_btcd"].isna().mean()
        if closed > 0 and is_gated:
            self._notifier.warn(
                f"Dominance is missing or stale at {closed:.1%} of the candles of {pair}, from "
                f"{dataframe['date'].iloc[0]:%Y-%m-%d} to {dataframe['date'].iloc[-1]:%Y-%m-%d}: "
                f"the gate is closed there. `{altseason_command('dominance status')}` shows what "
                f"is stored.",
                topic="coverage",
            )

    def close_entries(
        self,
        analysed: pd.DataFrame,
        dates: "pd.Series[pd.Timestamp]",
        is_open: "npt.NDArray[np.bool_]",
    ) -> pd.DataFrame:
        """Take away the entries of rows at which the gate is closed, whoever has set them.

        :param analysed: what `populate_entry_trend` has made of a strategy's candles; it may have
            left out rows.
        :param dates: the candles' open times, and `is_open` the gate at each.
        """
        if "enter_long" not in analysed:
            return analysed
        if not analysed["date"].equals(dates):
            by_date = pd.Series(is_open, index=dates)
            is_open = by_date.reindex(analysed["date"]).eq(True).to_numpy()
        is_taken = ~is_open & analysed["enter_long"].eq(1).to_numpy()
        if is_taken.any():
            analysed.loc[is_taken, "enter_long"] = 0
            if "enter_tag" in analysed:
                analysed.loc[is_taken, "enter_tag"] = ""
        return analysed

    def find_closed(self, dataframe: pd.DataFrame) -> "pd.Series[bool]":
        """Return `rule.is_closed_by_rule`; nowhere where dominance cannot be read."""
        return self._or_closed(
            lambda: is_closed_by_rule(dataframe, calculate_gate(self._reader.read(), self._rule())),
            lambda: pd.Series(False, index=dataframe.index),
        )

    def is_fresh(self, time: datetime) -> bool:
        """Return whether dominance is fresh enough at a time for an open gate, or not needed."""
        return self._or_closed(
            lambda: self._rule().mode == "off" or not self._reader.read().is_stale(time),
            lambda: False,
        )

    def is_open(self, time: datetime) -> bool:
        """Return whether the gate was open at a time, by what was known then."""

        def work() -> bool:
            rule, dominance = self._rule(), self._reader.read()
            if rule.mode == "off":
                return True
            candle = None if dominance.is_stale(time) else dominance.find_candle(time)
            if candle is None:
                return False
            return bool(calculate_gate(dominance, rule)["alt_season"].get(candle["date"], False))

        return self._or_closed(work, lambda: False)

    def _or_closed(self, work: Callable[[], Result], closed: Callable[[], Result]) -> Result:
        try:
            return work()
        # This is the boundary: Freqtrade would give no exit signal any more.
        except Exception as error:
            if not self._reader.is_trading:
                raise
            notify_closed(self._notifier, error, self._clock())
            return closed()


def notify_closed(notifier: Notifier, error: Exception, now: datetime) -> None:
    """Notify once a day of an error that closes the gate; whatever happens here is suppressed."""
    # A failure to notify may stop no exit.
    with suppress(Exception):
        kind = type(error).__name__
        is_ours = isinstance(error, AltSeasonError)
        reason = error if is_ours else f"reading dominance failed with {kind} ({error})"
        # Nothing says when it is over: one pair's success does not mean the others'.
        notifier.remind(
            f"dominance {kind}",
            f"The gate is closed: {reason}. Exits go on; there are no entries until this is fixed.",
            now,
        )
