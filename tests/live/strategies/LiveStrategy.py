"""A strategy that enters by the clock, and is stopped on the exchange."""

from typing import ClassVar

from freqtrade.strategy import IStrategy


class LiveStrategy(IStrategy):
    timeframe = "1h"
    startup_candle_count = 0
    minimal_roi: ClassVar = {"0": 0.05}
    stoploss = -0.05
    order_types: ClassVar = {
        "entry": "limit",
        "exit": "limit",
        "emergency_exit": "market",
        "stoploss": "limit",
        "stoploss_on_exchange": True,
        "stoploss_on_exchange_interval": 60,
    }

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["date"].dt.hour == 3, "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["date"].dt.hour == 18, "exit_long"] = 1
        return dataframe
