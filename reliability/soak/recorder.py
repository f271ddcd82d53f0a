"""A strategy file for Freqtrade: AltSeasonStrategy, which also records its signals."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from altseason.gate.reader import is_trading
from altseason.recorder import feed
from AltSeasonStrategy import AltSeasonStrategy

SIGNALS = ["enter_long", "exit_long", "alt_season"]


class SoakRecorder(AltSeasonStrategy):
    """Appends to the files that `soak_candles` and `soak_entries` name in the configuration.

    A backtest writes all candles at once; a bot writes the one that has just ended.
    `soak_step_seconds` is how often the recorder checks whether something is due.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        feed.STEP_SECONDS = config.get("soak_step_seconds", feed.STEP_SECONDS)

    def populate_entry_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Enter as usual, and record what would be entered without a gate."""
        dataframe = super().populate_entry_trend(dataframe, metadata)
        open_gate = dataframe.assign(alt_season=True)
        ungated = super().populate_entry_trend(open_gate, metadata)
        return dataframe.assign(momentum=ungated["enter_long"])

    def populate_exit_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Exit as usual; Freqtrade calls this last, so the entries are there as well."""
        dataframe = super().populate_exit_trend(dataframe, metadata)
        rows = dataframe.tail(1) if is_trading(self.config) else dataframe
        said = rows[["date", *SIGNALS, "momentum"]].assign(pair=metadata["pair"])
        self._write("soak_candles", said.to_json(orient="records", lines=True, date_format="iso"))
        return dataframe

    def confirm_trade_entry(self, *, pair: str, current_time: datetime, **kwargs: Any) -> bool:
        """Decide as usual, and record it: an order that is not filled leaves no trade."""
        is_confirmed = super().confirm_trade_entry(pair=pair, current_time=current_time, **kwargs)
        entry = {"pair": pair, "time": current_time.isoformat(), "confirmed": is_confirmed}
        self._write("soak_entries", json.dumps(entry) + "\n")
        return is_confirmed

    def _write(self, name: str, lines: str) -> None:
        with Path(self.config[name]).open("a", encoding="utf-8") as file:
            file.write(lines)
