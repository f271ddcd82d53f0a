"""A strategy that does nothing, to measure Freqtrade itself with AltSeasonStrategy's signals."""

from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.strategy import IStrategy


class BareTwin(IStrategy):
    """Reads its signals from files; timeframe, ROI etc. come from the configuration."""

    INTERFACE_VERSION = 3

    @property
    def protections(self) -> list[dict[str, Any]]:
        """Return Freqtrade's own protections, as configured."""
        protections: list[dict[str, Any]] = self.config["bench_protections"]
        return protections

    def populate_indicators(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Add nothing."""
        return dataframe

    def populate_entry_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Enter where AltSeasonStrategy did."""
        dataframe["enter_long"] = self._read_signal("enter_long", dataframe, metadata["pair"])
        return dataframe

    def populate_exit_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Exit where AltSeasonStrategy did."""
        dataframe["exit_long"] = self._read_signal("exit_long", dataframe, metadata["pair"])
        return dataframe

    def _read_signal(self, name: str, dataframe: pd.DataFrame, pair: str) -> pd.Series:
        file = Path(self.config["bench_signals"]) / f"{pair.replace('/', '_')}.feather"
        signals = pd.read_feather(file, columns=["date", name])
        if not pd.Index(signals["date"]).equals(pd.Index(dataframe["date"])):
            raise ValueError(f"{file}: expected the dates of the candles of {pair}, found others")
        return signals[name].set_axis(dataframe.index)
