"""Trade altcoins by momentum, and enter only in alt season, as Bitcoin's dominance shows it."""

import altseason.host.version  # noqa: F401 - must be first: refuses an older Freqtrade

# isort: split

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import talib.abstract as ta
from freqtrade.strategy import CategoricalParameter, IntParameter

from altseason import __version__
from altseason.dominance.synthetic import mark_results
from altseason.gate.conditions import (
    Condition,
    Conditions,
    above,
    below,
    crosses_above,
    is_true,
    set_entries,
)
from altseason.gate.keeper import Gatekeeper
from altseason.gate.pairs import never_entered_because
from altseason.host.candle_files import PRECISION_COLUMNS
from altseason.host.parameters import find_parameters
from altseason.with_risk import AltSeasonRisk


class AltSeasonStrategy(AltSeasonRisk, space="buy", gate_position_adjustment=True):
    """The default rules; every number of them is a parameter, see docs/strategy.md."""

    INTERFACE_VERSION = 3
    can_short = False

    timeframe = "1h"
    startup_candle_count = 400
    process_only_new_candles = True

    minimal_roi: ClassVar = {"0": 0.10}
    stoploss = -0.05
    trailing_stop = False
    use_exit_signal = True
    # A limit stop may stay unfilled where the price falls below it.
    order_types: ClassVar = {
        "entry": "limit",
        "exit": "limit",
        "stoploss": "market",
        "stoploss_on_exchange": False,
    }

    macd_trigger = CategoricalParameter(["cross", "above"], default="cross", space="buy")
    rsi_entry_max = IntParameter(50, 90, default=70, space="buy")

    rsi_exit_min = IntParameter(60, 95, default=80, space="sell")

    # The gate adds dominance, and shades alt seasons.
    plot_config: ClassVar[dict[str, Any]] = {
        "main_plot": {"sma50": {"color": "#f5a623"}, "sma200": {"color": "#4a6fe3"}},
        "subplots": {
            "RSI": {"rsi": {"color": "#8e44ad"}},
            "MACD": {
                "macd": {"color": "#2980b9"},
                "macdsignal": {"color": "#e67e22"},
                "macdhist": {"type": "bar", "color": "#95a5a6"},
            },
        },
    }

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._entry_tag = mark_results(config, "alt_season_momentum")

    def version(self) -> str:
        """Return the version that Freqtrade shows in `/version`, FreqUI and its lists."""
        return __version__

    def populate_indicators(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Add the indicators, and dominance as it was known at each candle's close."""
        dataframe = dataframe.drop(columns=PRECISION_COLUMNS, errors="ignore")
        return self.alt_season_gate.add_dominance(self.add_indicators(dataframe))

    def add_indicators(self, dataframe: pd.DataFrame) -> pd.DataFrame:
        """Add the indicators that entries and exits depend on."""
        close = dataframe["close"]
        dataframe["sma50"] = ta.SMA(close, timeperiod=50)
        dataframe["sma200"] = ta.SMA(close, timeperiod=200)
        dataframe["rsi"] = ta.RSI(close, timeperiod=14)
        macd, signal, histogram = ta.MACD(close, fastperiod=12, slowperiod=26, signalperiod=9)
        dataframe["macd"], dataframe["macdsignal"] = macd, signal
        # Only for charts.
        dataframe["macdhist"] = histogram.astype("float32")
        return dataframe

    def populate_entry_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Enter altcoins with momentum in alt season."""
        return set_entries(
            dataframe,
            self.entry_conditions(dataframe, metadata),
            self._entry_tag,
            adds_columns=self.alt_season_gate.is_trading,
        )

    def entry_conditions(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> Conditions:
        """Return the conditions that an entry needs, by name; a subclass may add to them."""
        return {
            "is_altcoin": is_true(never_entered_because(metadata["pair"]) is None),
            "is_traded": above(dataframe["volume"], 0),
            "is_above_sma50": above(dataframe["close"], dataframe["sma50"]),
            "is_above_sma200": above(dataframe["close"], dataframe["sma200"]),
            "is_not_overbought": below(dataframe["rsi"], self.rsi_entry_max.value),
            "has_momentum": self._has_momentum(dataframe),
            "is_alt_season": is_true(dataframe["alt_season"]),
        }

    def populate_exit_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Exit for any of three reasons; the first one that holds is the tag."""
        reasons = {
            "below_sma50": dataframe["close"] < dataframe["sma50"],
            "rsi_overbought": dataframe["rsi"] > self.rsi_exit_min.value,
            "macd_down": dataframe["macd"] < dataframe["macdsignal"],
        }
        first = np.select(list(reasons.values()), range(1, len(reasons) + 1), default=0)
        # Objects, not pandas' strings, so that all rows share these few.
        tags = np.array(["", *reasons], dtype=object)[first]
        dataframe["exit_tag"] = pd.Series(tags, index=dataframe.index, dtype=object)
        dataframe["exit_long"] = (first > 0).astype("int8")
        return dataframe

    def _has_momentum(self, dataframe: pd.DataFrame) -> Condition:
        holds = crosses_above if self.macd_trigger.value == "cross" else above
        return holds(dataframe["macd"], dataframe["macdsignal"])

    def _make_gatekeeper(self, config: dict[str, Any]) -> Gatekeeper:
        own = find_parameters([AltSeasonStrategy, AltSeasonRisk])
        names = tuple(dict.fromkeys([*own, *self.alt_season_parameters]))
        return Gatekeeper(
            self,
            config,
            parameters=names,
            exclusion_reason=never_entered_because,
            may_be_off=True,
            thins_exits=True,
        )
