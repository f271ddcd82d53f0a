"""Ours, with entries and exits by the clock."""

from typing import ClassVar

from freqtrade.strategy import IStrategy  # Freqtrade wants to see the name

from AltSeasonStrategy import AltSeasonStrategy


class GuardedStrategy(AltSeasonStrategy):
    startup_candle_count = 0
    minimal_roi: ClassVar = {"0": 0.05}
    buy_params: ClassVar = {"gate_mode": "off"}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["date"].dt.hour == 3, "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["date"].dt.hour == 18, "exit_long"] = 1
        return dataframe


__all__ = ["GuardedStrategy", "IStrategy"]
