"""The gate's columns for a strategy that decides by itself what they mean."""

import logging
from contextlib import suppress
from typing import Any

import pandas as pd

from altseason.gate.columns import GateColumns
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import GateRule
from altseason.host.secrets import hide_secrets
from altseason.notifications import Notifier
from altseason.recorder.feed import start_feed
from altseason.settings import load_settings

logger = logging.getLogger(__name__)


class PlainGate:
    """Adds dominance and a rule's gate to candles; where a bot trades, has dominance recorded."""

    def __init__(self, config: dict[str, Any], rule: GateRule) -> None:
        """Read dominance as the configuration says.

        :raises SettingsError: where our section of it is wrong.
        """
        hide_secrets(config)
        settings = load_settings(config).dominance
        self._rule = rule
        reader = DominanceReader(config, settings)
        notifier = Notifier(logger)
        self._columns = GateColumns(reader, settings, notifier, self._find_rule)
        if reader.is_trading and settings.record:
            try:
                start_feed(config)
            except Exception as error:  # exits must go on, whatever it is
                with suppress(Exception):
                    notifier.warn(f"Dominance is not recorded: {error!r}.")

    def add(self, dataframe: pd.DataFrame, timeframe: str) -> pd.DataFrame:
        """Add the columns of `altseason.strategy.add_alt_season` to candles of a timeframe."""
        is_required = self._rule.mode != "off"
        dataframe = self._columns.add_dominance(dataframe, timeframe, is_required=is_required)
        is_open = self._columns.find_open(dataframe["date"], timeframe)
        return self._columns.add_gate(dataframe, timeframe, is_open)

    def _find_rule(self) -> GateRule:
        return self._rule
