"""What a strategy has to say, each thing once."""

import logging
from typing import Any

import pandas as pd
from freqtrade.strategy import IStrategy

from altseason.gate.pairs import never_entered_because
from altseason.invocation import altseason_command
from altseason.live import as_markdown


class Telling:
    """Says things once: in the strategy's log, and what a person must know on Telegram, too."""

    def __init__(self, strategy: IStrategy) -> None:
        self._strategy: Any = strategy
        self._logger = logging.getLogger(type(strategy).__module__)
        self._told: set[str] = set()

    def warn(self, message: str, about: str = "") -> bool:
        """Say it in the log, unless it was said before; tell whether it is new.

        :param about: what counts as the same, where the message itself differs each time.
        """
        is_new = (about or message) not in self._told
        if is_new:
            self._told.add(about or message)
            self._logger.warning(message)
        return is_new

    def alert(self, message: str, about: str = "") -> None:
        """Say it on Telegram as well."""
        if self.warn(message, about):
            self._strategy.dp.send_msg(as_markdown(message), always_send=True)

    def forget(self, about: str) -> None:
        """Say it again when it comes again, since it is over."""
        self._told.discard(about)

    def recover(self, about: str, message: str) -> None:
        """Say that it is over, where it was said that it had begun."""
        if about in self._told:
            self._told.discard(about)
            self.alert(message)
            self._told.discard(message)

    def warn_of(self, dataframe: pd.DataFrame, pair: str, *, is_gated: bool) -> None:
        """Say why a pair is never entered, and how much of its history the gate is closed for.

        :param dataframe: the pair's candles with `close_btcd`.
        """
        if reason := never_entered_because(pair):
            self.warn(f"{pair} is never entered: {reason}.")
            return
        closed = dataframe["close_btcd"].isna().mean()
        if closed > 0 and is_gated:
            self.warn(
                f"Dominance is missing or stale at {closed:.1%} of the candles of {pair}, from "
                f"{dataframe['date'].iloc[0]:%Y-%m-%d} to {dataframe['date'].iloc[-1]:%Y-%m-%d}: "
                f"the gate is closed there. `{altseason_command('dominance status')}` shows what "
                f"is stored.",
                about="coverage",
            )
