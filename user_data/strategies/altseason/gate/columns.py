"""The gate as a strategy's callbacks ask for it, where no error may stop an exit.

Freqtrade drops a pair's whole analysis when `populate_*` raises, exit signals included. While a bot
trades, whatever goes wrong with dominance therefore closes the gate, is told once, and nothing
else. In backtests an error is an error.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import pandas as pd

from altseason.dominance.candles import empty_candles
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

Result = TypeVar("Result")


class GateColumns:
    """Adds dominance and the gate to a strategy's candles."""

    def __init__(
        self, reader: DominanceReader, settings: DominanceSettings, notifier: Notifier
    ) -> None:
        self._reader = reader
        self._notifier = notifier
        nothing = empty_candles()
        self._nothing = Dominance(settings.timeframe, nothing, nothing, settings.max_age)

    def add_dominance(
        self, dataframe: pd.DataFrame, timeframe: str, *, is_required: bool
    ) -> pd.DataFrame:
        """Add the columns of `gate.add_dominance`, all missing where dominance cannot be read.

        :param is_required: whether a gate without data is refused, where no bot trades.
        :raises DominanceMissingError: if it is, and nothing is stored.
        """

        def work() -> pd.DataFrame:
            is_refused = is_required and not self._reader.is_trading
            dominance = self._reader.require() if is_refused else self._reader.read()
            return add_dominance(dataframe, dominance, timeframe)

        return self._or_closed(work, lambda: add_dominance(dataframe, self._nothing, timeframe))

    def add_gate(self, dataframe: pd.DataFrame, rule: GateRule) -> pd.DataFrame:
        """Add the columns of `gate.add_gate`; the gate is closed where dominance cannot be read."""

        def work() -> pd.DataFrame:
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

    def find_closed(self, dataframe: pd.DataFrame, rule: GateRule) -> "pd.Series[bool]":
        """Return `gate.is_closed_by_rule`; nowhere where dominance cannot be read."""
        return self._or_closed(
            lambda: is_closed_by_rule(dataframe, calculate_gate(self._reader.read(), rule)),
            lambda: pd.Series(False, index=dataframe.index),
        )

    def is_stale(self, time: datetime) -> bool:
        """Return whether dominance is too old at a time for the gate to be open."""
        return self._or_closed(lambda: self._reader.read().is_stale(time), lambda: True)

    def _or_closed(self, work: Callable[[], Result], closed: Callable[[], Result]) -> Result:
        try:
            return work()
        # This is the boundary: Freqtrade would give no exit signal any more.
        except Exception as error:
            if not self._reader.is_trading:
                raise
            # Nor may a failure to notify do so.
            with suppress(Exception):
                self._notifier.raise_alert(
                    f"dominance {type(error).__name__}",
                    f"The gate is closed: reading dominance failed with {type(error).__name__} "
                    f"({error}). Exits go on; there are no entries until this is fixed.",
                )
            return closed()
