"""Momentum on altcoins, entered only in alt season: while Bitcoin's dominance says so."""

import altseason.host.version  # noqa: F401 - before all that an older Freqtrade lacks

# isort: split

from datetime import datetime
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import talib.abstract as ta
from freqtrade.persistence import Trade
from freqtrade.strategy import CategoricalParameter, DecimalParameter, IntParameter

from altseason import __version__
from altseason.dominance.synthetic import mark_results
from altseason.gate.charts import thin_exits
from altseason.gate.conditions import (
    Condition,
    Conditions,
    above,
    add_conditions,
    all_hold,
    below,
    crosses_above,
    is_true,
)
from altseason.gate.keeper import Gatekeeper
from altseason.gate.pairs import never_entered_because
from altseason.host.callbacks import guard_stake, without_trade_copy
from altseason.host.candle_files import PRECISION_COLUMNS
from altseason.host.parameters import find_parameters
from altseason.risk.manager import RiskManager
from altseason.risk.protections import build_protections
from altseason.settings import validate_trading_mode
from altseason.strategy import AltSeasonGate


class AltSeasonStrategy(AltSeasonGate, space="buy", gate_position_adjustment=True):
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
    # A stop at a limit may be left behind by a price that goes on falling.
    order_types: ClassVar = {
        "entry": "limit",
        "exit": "limit",
        "stoploss": "market",
        "stoploss_on_exchange": False,
    }

    macd_trigger = CategoricalParameter(["cross", "above"], default="cross", space="buy")
    rsi_entry_max = IntParameter(50, 90, default=70, space="buy")

    rsi_exit_min = IntParameter(60, 95, default=80, space="sell")

    cooldown_candles = IntParameter(1, 24, default=3, space="protection")
    # Three of four positions that end at their stops, and three times the risk of one.
    stops_allowed = IntParameter(2, 6, default=3, space="protection")
    drawdown_allowed = DecimalParameter(0.02, 0.15, default=0.06, decimals=2, space="protection")

    # The gate adds dominance, and shades alt seasons.
    plot_config: ClassVar = {
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
        validate_trading_mode(config)
        super().__init__(config)
        gate = self.alt_season_gate
        self.settings, self.notifier = gate.settings, gate.notifier
        self._entry_tag = mark_results(config, "alt_season_momentum")
        self._risk = RiskManager(self, self.settings.risk, config)
        gate.entry_checks.append(self._risk.is_explained)
        gate.loop_checks.append(self._risk.check_account)
        # By the gate trades are to end, whatever is entered.
        gate.signals.keeps_exits = not self.settings.risk.regime_exit
        guard_stake(self, self.notifier)

    def version(self) -> str:
        """Return the version that Freqtrade shows in `/version`, FreqUI and its lists."""
        return __version__

    @property
    def protections(self) -> list[dict[str, Any]]:
        """Return Freqtrade's own protections, where they are wanted."""
        if not self.settings.risk.protections:
            return []
        return build_protections(
            self.cooldown_candles.value, self.stops_allowed.value, self.drawdown_allowed.value
        )

    def ft_bot_start(self, **kwargs: Any) -> None:
        """Start the gate, and note the orders that are sent, before the first of them."""
        super().ft_bot_start(**kwargs)
        self._risk.start()

    def populate_indicators(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Add the indicators, and dominance as it was known at each candle's close."""
        dataframe = dataframe.drop(columns=PRECISION_COLUMNS, errors="ignore")
        close = dataframe["close"]
        dataframe["sma50"] = ta.SMA(close, timeperiod=50)
        dataframe["sma200"] = ta.SMA(close, timeperiod=200)
        dataframe["rsi"] = ta.RSI(close, timeperiod=14)
        macd, signal, histogram = ta.MACD(close, fastperiod=12, slowperiod=26, signalperiod=9)
        dataframe["macd"], dataframe["macdsignal"] = macd, signal
        # For charts alone.
        dataframe["macdhist"] = histogram.astype("float32")
        dataframe = self._risk.add_atr(dataframe, metadata["pair"])
        return self.alt_season_gate.add_dominance(dataframe)

    def populate_entry_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Enter altcoins on momentum in alt season."""
        conditions = self.entry_conditions(dataframe, metadata)
        if self.alt_season_gate.is_trading:
            dataframe = add_conditions(dataframe, conditions)
        enters = all_hold(conditions, dataframe.index)
        dataframe["enter_long"] = enters.astype("int8")
        dataframe.loc[enters, "enter_tag"] = self._entry_tag
        self._risk.keep_entries(dataframe[enters], metadata["pair"])
        return dataframe

    def entry_conditions(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> Conditions:
        """Return what an entry needs, all of it, by name; a subclass may add to it."""
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
        """Exit on the first reason that holds; by the gate only where that is wanted."""
        reasons = {
            "below_sma50": dataframe["close"] < dataframe["sma50"],
            "rsi_overbought": dataframe["rsi"] > self.rsi_exit_min.value,
            "macd_down": dataframe["macd"] < dataframe["macdsignal"],
        }
        if self.settings.risk.regime_exit:
            reasons["gate_closed"] = self.alt_season_gate.columns.find_closed(
                dataframe["date"], self.timeframe
            )
        first = np.select(list(reasons.values()), range(1, len(reasons) + 1), default=0)
        # Objects, not pandas' strings: most rows have a tag, and share the few that there are.
        tags = np.array(["", *reasons], dtype=object)[first]
        dataframe["exit_tag"] = pd.Series(tags, index=dataframe.index, dtype=object)
        dataframe["exit_long"] = (first > 0).astype("int8")
        return dataframe

    def custom_stake_amount(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_stake: float,
        min_stake: float | None,
        max_stake: float,
        *args: Any,
        **kwargs: Any,
    ) -> float:
        """Return what the trade may cost by what it may lose at its stop; 0 for no trade."""
        stake = self._risk.calculate_stake(
            pair, current_time, proposed=proposed_stake, min_stake=min_stake, max_stake=max_stake
        )
        if stake.reason:
            self.notifier.warn(f"{pair} is not entered: {stake.reason}.")
        return stake.amount

    @without_trade_copy
    def custom_stoploss(
        self,
        pair: str,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        *args: Any,
        **kwargs: Any,
    ) -> float | None:
        """Trail by ATR where `altseason.risk.atr_trailing` is on."""
        # No parameter `after_fill`: Freqtrade lets a stop that names it be loosened after a fill.
        return self._risk.calculate_stop(trade, current_time, current_rate)

    @without_trade_copy
    def adjust_trade_position(
        self,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        min_stake: float | None,
        max_stake: float,
        current_entry_rate: float,
        current_exit_rate: float,
        *args: Any,
        **kwargs: Any,
    ) -> float | None:
        """Trim what has outgrown its risk where `altseason.risk.rebalancing` is on."""
        return self._risk.calculate_trim(trade, current_time, current_exit_rate, min_stake)

    def analyze_ticker(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Return the candles as Freqtrade does for a bot and for FreqUI, made fit for charts.

        Backtests and hyperopt never come here, and a bot acts by the newest row alone.
        """
        analyzed = super().analyze_ticker(dataframe, metadata)
        try:
            return thin_exits(analyzed)
        except Exception as error:  # exits matter more than charts
            self.alt_season_gate.warn_of_charts(error)
            return analyzed

    def _has_momentum(self, dataframe: pd.DataFrame) -> Condition:
        holds = crosses_above if self.macd_trigger.value == "cross" else above
        return holds(dataframe["macd"], dataframe["macdsignal"])

    def _make_gatekeeper(self, config: dict[str, Any]) -> Gatekeeper:
        names = tuple(find_parameters([AltSeasonStrategy]))
        return Gatekeeper(
            self,
            config,
            by_hand={"gate_mode": ("off",)},
            parameters=names,
            exclusion_reason=never_entered_because,
        )
