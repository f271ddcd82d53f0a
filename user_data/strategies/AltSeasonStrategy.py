"""Momentum on altcoins, entered only in alt season: while Bitcoin's dominance says so."""

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

# Freqtrade takes this folder off the path once it has loaded us, and hands its hyperopt workers the
# path as it then is: without this they would not find the package beside this file.
if str(Path(__file__).parent) not in sys.path[1:]:
    sys.path.append(str(Path(__file__).parent))

import altseason.host.version  # noqa: F401 - before all that an older Freqtrade lacks

# isort: split

import numpy as np
import pandas as pd
import talib.abstract as ta
from freqtrade.persistence import Order, Trade
from freqtrade.strategy import CategoricalParameter, DecimalParameter, IntParameter, IStrategy

from altseason import __version__
from altseason.dominance.synthetic import is_synthetic, mark_results
from altseason.errors import InputError
from altseason.gate.charts import PLOT_CONFIG, for_charts, season_areas
from altseason.gate.columns import GateColumns
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
from altseason.gate.pairs import never_entered_because
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import DATE_COLUMN, GATING_MODES, GateRule
from altseason.gate.service import DominanceService
from altseason.host.callbacks import guard_additions, guard_entries, without_trade_copy
from altseason.host.candle_files import PRECISION_COLUMNS
from altseason.host.digest import CONFIG_KEY, calculate_digest
from altseason.host.origins import describe_rules, parameter_file
from altseason.host.parameters import (
    copy_parameters,
    find_parameters,
    take_wrong_values,
)
from altseason.host.secrets import hide_secrets
from altseason.host.version import describe_untested
from altseason.notifications import Notifier, escape_telegram_markdown
from altseason.risk.manager import RiskManager
from altseason.risk.protections import build_protections
from altseason.settings import load_settings, validate_timeframes, validate_trading_mode

if TYPE_CHECKING:
    from freqtrade.ft_types import AnnotationType


class AltSeasonStrategy(IStrategy):
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

    # "off" too can be chosen, by hand alone: an optimizer shall not take the gate away.
    gate_mode = CategoricalParameter(GATING_MODES, default="level", space="buy")
    dominance_threshold = DecimalParameter(40, 70, default=55, decimals=1, space="buy")
    gate_band = DecimalParameter(0, 5, default=0, decimals=1, space="buy")
    gate_sma_days = IntParameter(5, 60, default=20, space="buy")
    macd_trigger = CategoricalParameter(["cross", "above"], default="cross", space="buy")
    rsi_entry_max = IntParameter(50, 90, default=70, space="buy")

    rsi_exit_min = IntParameter(60, 95, default=80, space="sell")

    cooldown_candles = IntParameter(1, 24, default=3, space="protection")
    # Three of four positions that end at their stops, and three times the risk of one.
    stops_allowed = IntParameter(2, 6, default=3, space="protection")
    drawdown_allowed = DecimalParameter(0.02, 0.15, default=0.06, decimals=2, space="protection")

    plot_config: ClassVar = PLOT_CONFIG

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        copy_parameters(self)
        hide_secrets(config)
        validate_trading_mode(config)
        self.settings = load_settings(config)
        validate_timeframes(self.settings, config.get("timeframe") or self.timeframe)
        self._dominance = DominanceReader(config, self.settings.dominance)
        self._entry_tag = mark_results(config, "alt_season_momentum")
        config[CONFIG_KEY] = calculate_digest(type(self), self._dominance.files)
        self._risk = RiskManager(self, self.settings.risk, config)
        self._live: DominanceService | None = None
        self.notifier = Notifier(logging.getLogger(type(self).__module__), self._send)
        self._wrong_values = ""
        self._gate = GateColumns(
            self._dominance, self.settings.dominance, self.notifier, self._find_rule
        )
        self._refuse_values(take_wrong_values(self, find_parameters([AltSeasonStrategy])))
        guard_entries(self, self._may_enter)
        guard_additions(self, self._gate.is_open)

    def version(self) -> str:
        """Return the version that Freqtrade shows in `/version`, FreqUI and its lists."""
        return __version__

    @property
    def gate_rule(self) -> GateRule:
        """The gate by the parameters as they are now; hyperopt changes them with every epoch."""
        return GateRule(
            mode=self.gate_mode.value,
            threshold=self.dominance_threshold.value,
            band=self.gate_band.value,
            sma_days=self.gate_sma_days.value,
        )

    @property
    def protections(self) -> list[dict[str, Any]]:
        """Freqtrade's own protections, where they are wanted."""
        if not self.settings.risk.protections:
            return []
        return build_protections(
            self.cooldown_candles.value, self.stops_allowed.value, self.drawdown_allowed.value
        )

    def ft_bot_start(self, **kwargs: Any) -> None:
        """Start, and refuse parameters that make no rule; they are loaded after `bot_start`."""
        super().ft_bot_start(**kwargs)
        try:
            _ = self.gate_rule
        except InputError as error:
            self._refuse_values([str(error)])

    def bot_start(self, **kwargs: Any) -> None:
        """Warn about synthetic candles; in dry-run and live, start recording dominance."""
        if is_synthetic(Path(self.config["datadir"])):
            self.notifier.warn("The data directory holds a SYNTHETIC market: nothing here is real.")
        self._risk.start()
        if self._dominance.is_trading:
            if untested := describe_untested():
                self.notifier.warn(untested)
            introduce = partial(describe_rules, self)
            self._live = DominanceService(self.config, self._dominance, self.notifier, introduce)
            # On the object, so that it holds beside a subclass's own; and not in backtests, where
            # Freqtrade would deep-copy the trade for it.
            inherited: Callable[..., None] = self.order_filled
            self.order_filled: Callable[..., None] = partial(self._keep_dominance, inherited)

    def bot_loop_start(self, current_time: datetime, **kwargs: Any) -> None:
        """Look after orders that were lost, and tell on Telegram what has become of the gate."""
        self._risk.check_account(current_time)
        if self._live is not None:
            self._live.report(self._find_rule, current_time)

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
        is_gated = not self._gate_is_off()
        dataframe = self._gate.add_dominance(dataframe, self.timeframe, is_required=is_gated)
        self._gate.report_coverage(dataframe, metadata["pair"], is_gated=is_gated)
        return dataframe

    def advise_entry(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Return the candles with entries, of which none is left where the gate is closed.

        Here, and not in `populate_entry_trend`, so that it holds for what a subclass adds there.
        Reads the parameters, so once per epoch.
        """
        if DATE_COLUMN not in dataframe:  # `populate_indicators` of a subclass alone
            is_gated = not self._gate_is_off()
            dataframe = self._gate.add_dominance(dataframe, self.timeframe, is_required=is_gated)
        dataframe = self._gate.add_gate(dataframe)
        dates, is_open = dataframe["date"], dataframe["alt_season"].to_numpy(copy=True)
        analysed = super().advise_entry(dataframe, metadata)
        return self._gate.close_entries(analysed, dates, is_open)

    def populate_entry_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Enter altcoins on momentum in alt season."""
        conditions = self.entry_conditions(dataframe, metadata)
        if self._dominance.is_trading:
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
            reasons["gate_closed"] = self._gate.find_closed(dataframe)
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
        analysed = super().analyze_ticker(dataframe, metadata)
        try:
            return for_charts(analysed, self.gate_rule)
        # This is the boundary: exits matter more than charts.
        except Exception as error:
            # Nor may a failure to notify stop them.
            with suppress(Exception):
                self.notifier.warn(
                    f"Charts show every exit signal: {type(error).__name__} ({error}).", "charts"
                )
            return analysed

    def plot_annotations(
        self,
        pair: str,
        start_date: datetime,
        end_date: datetime,
        dataframe: pd.DataFrame,
        **kwargs: Any,
    ) -> "list[AnnotationType]":
        """Shade the alt seasons in FreqUI."""
        return season_areas(dataframe, self.timeframe)

    def _has_momentum(self, dataframe: pd.DataFrame) -> Condition:
        holds = crosses_above if self.macd_trigger.value == "cross" else above
        return holds(dataframe["macd"], dataframe["macdsignal"])

    def _may_enter(self, pair: str, rate: float, current_time: datetime) -> bool:
        """Refuse an entry by dominance that has become stale, or of coins that nothing explains."""
        is_fresh = self._gate.is_fresh(current_time)
        return is_fresh and self._risk.is_explained(pair, rate, current_time)

    def _keep_dominance(
        self, order_filled: Callable[..., None], *, trade: Trade, order: Order, **kwargs: Any
    ) -> None:
        """Keep with the trade which dominance it was entered by; then do what a subclass does."""
        is_first = order.ft_order_side == trade.entry_side and trade.nr_of_successful_entries == 1
        if self._live is not None and is_first:
            try:
                facts = self._live.describe_entry(self._find_rule(), order.order_date_utc)
                for name, value in facts.items():
                    trade.set_custom_data(name, value)
            # What a subclass does matters more.
            except Exception as error:
                with suppress(Exception):
                    self.notifier.warn(
                        f"Could not keep dominance with a trade: {error!r}.", "dominance of a trade"
                    )
        order_filled(trade=trade, order=order, **kwargs)

    def _send(self, message: str) -> None:
        self.dp.send_msg(escape_telegram_markdown(message), always_send=True)

    def _find_rule(self) -> GateRule:
        """Return the rule by which the gate goes now.

        :raises InputError: where a parameter has a value that makes none.
        """
        if self._wrong_values:
            raise InputError(self._wrong_values)
        return self.gate_rule

    def _refuse_values(self, wrong: list[str]) -> None:
        """Refuse wrong values of parameters; a bot goes on, with a closed gate and its exits.

        :raises InputError: where nobody trades.
        """
        if not wrong:
            return
        self._wrong_values = f"{parameter_file(self)}: {'; '.join(wrong)}"
        if not self._dominance.is_trading:
            raise InputError(self._wrong_values)

    def _gate_is_off(self) -> bool:
        # While hyperopt varies the mode, its value here is only the first one.
        return not self.gate_mode.can_optimize() and self.gate_mode.value == "off"
