"""The gate of one strategy object, which Freqtrade's calls to a gated strategy lead to."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from freqtrade.enums import CandleType
from freqtrade.strategy.parameters import BaseParameter

from altseason.dominance.synthetic import is_synthetic, mark_results
from altseason.errors import InputError
from altseason.evidence import EvidenceWatch
from altseason.gate.charts import add_lines, season_areas, thin_exits
from altseason.gate.coins import CoinReader
from altseason.gate.columns import GateColumns
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import BREADTH_MODES, GateRule
from altseason.gate.service import DominanceService
from altseason.gate.signals import GatedSignals, or_without_entries
from altseason.host.callbacks import (
    guard_entries,
    guard_orders,
    keep_entry_signals,
    run_after_fills,
    run_in_each_loop,
)
from altseason.host.digest import CONFIG_KEY, calculate_digest
from altseason.host.origins import describe_rules
from altseason.host.parameters import (
    copy_parameters,
    move_section,
    parameter_file,
    take_wrong_values,
)
from altseason.host.secrets import hide_secrets
from altseason.host.version import describe_untested
from altseason.notifications import Notifier, escape_telegram_markdown
from altseason.settings import load_settings, validate_timeframes

# The parameters of the gate, and the fields of `GateRule` that they set, in their order.
PARAMETERS = {
    "gate_mode": "mode",
    "dominance_threshold": "threshold",
    "gate_band": "band",
    "gate_sma_days": "sma_days",
    "breadth_min": "breadth_min",
    "breadth_days": "breadth_days",
}
# A parameter file may have their values in this section, whatever their space is.
SECTION = "gate"
EntryCheck = Callable[[str, float, datetime], bool]


def _describe_rule_error(name: str, value: Any) -> str:
    """Return why a parameter's number makes no valid rule; empty if it does, or is no number."""
    if name not in PARAMETERS or name == "gate_mode" or not isinstance(value, int | float):
        return ""
    try:
        values: dict[str, Any] = {PARAMETERS[name]: value}
        replace(GateRule(), **values)
    except InputError as error:
        return str(error)
    return ""


class Gatekeeper:
    """Hold back a strategy's entries while the gate is closed, and have dominance recorded.

    While a bot trades, any error in it closes the gate and is notified once, but stops no exit. In
    backtests errors are raised.

    :ivar entry_checks: called with pair, rate and time before an entry that the gate lets pass.
    :ivar loop_checks: called with the time in each loop of a bot.
    :ivar signals: the signals of the strategy.
    """

    def __init__(
        self,
        strategy: Any,
        config: dict[str, Any],
        *,
        parameters: tuple[str, ...] = (),
        exclusion_reason: Callable[[str], str | None] | None = None,
        shows_columns: bool = True,
        may_be_off: bool = False,
        thins_exits: bool = False,
    ) -> None:
        """Set up the gate of a strategy.

        :param parameters: names of further parameters whose values are checked.
        :param exclusion_reason: returns why the strategy never enters a pair; None if it may.
        :param shows_columns: see `GatedSignals`.
        :param may_be_off: whether a parameter file may switch the gate off.
        :param thins_exits: whether charts show only the first of consecutive exit signals.
        :raises AltSeasonError: in one line, for invalid settings and parameters.
        """
        self._strategy = strategy
        self._config = config
        self._exclusion_reason = exclusion_reason
        self._thins_exits = thins_exits
        self.entry_checks: list[EntryCheck] = []
        self.loop_checks: list[Callable[[datetime], None]] = []
        self._service: DominanceService | None = None
        self._wrong_values = ""
        hide_secrets(config)
        copy_parameters(strategy)
        self.settings = load_settings(config)
        # Freqtrade loads a strategy without a timeframe, but refuses to run it.
        if timeframe := config.get("timeframe") or getattr(strategy, "timeframe", None):
            validate_timeframes(self.settings, timeframe)
        self._build(shows_columns=shows_columns)
        mark_results(config, "")
        files = [*self.files, parameter_file(strategy)]
        config[CONFIG_KEY] = calculate_digest(type(strategy), files)
        move_section(strategy, SECTION, PARAMETERS)
        allowed = {"gate_mode": (*BREADTH_MODES, *(("off",) if may_be_off else ()))}
        names = (*PARAMETERS, *parameters)
        self._refuse_values(take_wrong_values(strategy, names, allowed, _describe_rule_error))
        guard_entries(strategy, self.notifier, self._may_enter)

    def _build(self, *, shows_columns: bool) -> None:
        strategy, config = self._strategy, self._config
        self.notifier = Notifier(logging.getLogger(type(strategy).__module__), self._send)
        self._reader = DominanceReader(config, self.settings.dominance)
        self.coins = CoinReader(strategy, config, self.settings.breadth)
        self.columns = GateColumns(
            self._reader,
            self.settings.dominance,
            self.notifier,
            self._find_rule,
            coins=self.coins.read,
        )
        self.signals = GatedSignals(
            strategy,
            self.columns,
            self.notifier,
            add_dominance=self.add_dominance,
            is_trading=self.is_trading,
            shows_columns=shows_columns,
        )

    @property
    def files(self) -> list[Path]:
        """Return the files that the gate can depend on, whether they exist or not."""
        return [*self._reader.files, *self.coins.files]

    @property
    def is_trading(self) -> bool:
        """Return whether a bot trades, in dry-run or live mode."""
        return self._reader.is_trading

    @property
    def is_off(self) -> bool:
        """Return whether the gate is always open, in every epoch of hyperopt."""
        return self._modes == ("off",)

    @property
    def needs_dominance(self) -> bool:
        """Return whether the gate reads dominance, if only in some epochs of hyperopt."""
        return any(GateRule(mode).reads_dominance for mode in self._modes)

    @property
    def needs_breadth(self) -> bool:
        """Return whether the gate counts coins, if only in some epochs of hyperopt."""
        return any(mode in BREADTH_MODES for mode in self._modes)

    @property
    def _modes(self) -> tuple[str, ...]:
        mode = self._strategy.gate_mode
        # While hyperopt varies the mode, the value here is only the first one.
        return tuple(mode.opt_range) if mode.can_optimize() else (mode.value,)

    def require_parameters(self) -> None:
        """Refuse a strategy whose constructor has put a plain value in a parameter's place.

        :raises InputError: in every run mode, as for a class that does so.
        """
        for name in PARAMETERS:
            value = getattr(self._strategy, name)
            if not isinstance(value, BaseParameter):
                raise InputError(
                    f"{type(self._strategy).__name__}: {name}: expected a parameter, found "
                    f"{value!r}; write `self.{name}.value = {value!r}` instead"
                )

    def start(self) -> None:
        """Guard the strategy's callbacks, and have dominance recorded if a bot trades.

        Called once the parameters are loaded.

        :raises InputError: if they make no valid rule, and no bot trades.
        """
        strategy = self._strategy
        try:
            _ = strategy.gate_rule
        except InputError as error:
            self._refuse_values([str(error)])
        # Again, since a subclass's constructor may have set its own callback after ours.
        guard_entries(strategy, self.notifier, self._may_enter)
        guard_orders(
            strategy,
            self.notifier,
            may_add=self._may_add,
            may_replace=self._may_replace,
        )
        if getattr(strategy, "ignore_roi_if_entry_signal", False):
            keep_entry_signals(strategy, self.signals.had_signal)
        if is_synthetic(Path(self._config["datadir"])):
            self.notifier.warn("The data directory holds a SYNTHETIC market: nothing here is real.")
        if self.is_trading:
            self._start_trading()

    def _start_trading(self) -> None:
        if untested := describe_untested():
            self.notifier.warn(untested)
        introduce = partial(describe_rules, self._strategy)
        self._service = DominanceService(
            self._config, self._reader, self.notifier, introduce, self.coins.read
        )
        if card := self.settings.evidence_card:
            path = Path(self._config["user_data_dir"]) / card
            watch = EvidenceWatch(path, self._strategy, self.notifier, self._find_rule)
            self.loop_checks.append(watch.check)
        run_after_fills(self._strategy, self._keep_dominance)
        run_in_each_loop(self._strategy, self._check)

    def add_dominance(self, dataframe: pd.DataFrame) -> pd.DataFrame:
        """Add `date_btcd` and `close_btcd` (percent), as they were known at each candle's close.

        :raises DominanceMissingError: if the gate needs dominance, nothing is stored, and no bot
            trades.
        """
        timeframe = self._strategy.timeframe
        return self.columns.add_dominance(dataframe, timeframe, is_required=self.needs_dominance)

    @or_without_entries
    def complete(self, dataframe: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Add dominance to a pair's indicators if they lack it, and warn where it is missing."""
        completed = self.signals.add_missing(
            dataframe if self.signals.shows_columns else dataframe[["date"]]
        )
        if reason := self._exclusion_reason and self._exclusion_reason(pair):
            self.notifier.warn(f"{pair} is never entered: {reason}.")
        elif self.needs_dominance:
            self.columns.report_coverage(completed, pair)
        if self.needs_breadth:
            if not self.is_trading:
                self.coins.require()
            self.columns.report_breadth(dataframe, pair, self._strategy.timeframe)
        return completed if self.signals.shows_columns else dataframe

    def find_informative_pairs(self) -> list[tuple[str, str, CandleType]]:
        """Return the candles that Freqtrade has to fetch for the gate."""
        try:
            return self.coins.find_informative_pairs() if self.needs_breadth else []
        except Exception as error:  # the bot would exit, and abandon open trades
            with suppress(Exception):
                text = f"Could not request daily candles of coins: {error!r}."
                self.notifier.warn(text, "informative pairs")
            return []

    def prepare_charts(self, analyzed: pd.DataFrame) -> pd.DataFrame:
        """Add what FreqUI draws of dominance and the gate, and thin the marks of exits."""
        for prepare in (self._add_lines, *((thin_exits,) if self._thins_exits else ())):
            try:
                analyzed = prepare(analyzed)
            except Exception as error:  # exits matter more than charts
                with suppress(Exception):  # nor may a failure to notify stop them
                    text = f"Charts are incomplete: {type(error).__name__} ({error})."
                    self.notifier.warn(text, "charts")
        return analyzed

    def _add_lines(self, analyzed: pd.DataFrame) -> pd.DataFrame:
        return add_lines(analyzed, self._strategy.gate_rule)

    def find_areas(self, dataframe: pd.DataFrame) -> list[dict[str, Any]]:
        """Return the alt seasons that FreqUI shades; none if the candles lack their column."""
        if "alt_season" not in dataframe:
            return []
        return season_areas(dataframe, self._strategy.timeframe)

    def _may_enter(self, pair: str, rate: float, time: datetime, side: str) -> bool:
        if self._is_gated(side == "short") and not self.columns.is_open(time):
            self.notifier.warn(
                f"Not entering {pair}: the gate is closed. Forced entries are refused, too.",
                "closed at an entry",
            )
            return False
        return all(check(pair, rate, time) for check in self.entry_checks)

    def _may_add(self, trade: Any, time: datetime) -> bool:
        if not (self._strategy.gate_position_adjustment and self._is_gated(trade.is_short)):
            return True
        return self.columns.is_open(time)

    def _may_replace(self, trade: Any, time: datetime) -> bool:
        """Return whether an entry order may be replaced; the first one of a trade is an entry."""
        if trade.nr_of_successful_entries and not self._strategy.gate_position_adjustment:
            return True
        return not self._is_gated(trade.is_short) or self.columns.is_open(time)

    def _is_gated(self, is_short: bool) -> bool:
        return self._strategy.gate_shorts or not is_short

    def _check(self, now: datetime) -> None:
        """Run the checks of a bot's loop; one that fails does not stop the strategy's callback."""
        for check in (*self.loop_checks, self._report):
            try:
                check(now)
                self.notifier.clear(repr(check))
            except Exception as error:
                with suppress(Exception):
                    text = f"A check in the bot's loop failed with {error!r}. Trading continues."
                    self.notifier.raise_alert(repr(check), text)

    def _report(self, now: datetime) -> None:
        if self._service is not None:
            self._service.report(self._find_rule, now)

    def _keep_dominance(self, trade: Any, order: Any) -> None:
        """Store with a trade the dominance at its entry."""
        is_first = order.ft_order_side == trade.entry_side and trade.nr_of_successful_entries == 1
        if self._service is None or not is_first:
            return
        try:
            facts = self._service.describe_entry(self._find_rule(), order.order_date_utc)
            for name, value in facts.items():
                trade.set_custom_data(name, value)
        except Exception as error:  # the strategy's own callback matters more
            with suppress(Exception):
                text = f"Could not store dominance with a trade: {error!r}."
                self.notifier.warn(text, "dominance of a trade")

    def _send(self, message: str) -> None:
        self._strategy.dp.send_msg(escape_telegram_markdown(message), always_send=True)

    def _find_rule(self) -> GateRule:
        """Return the current rule of the gate.

        :raises InputError: if a parameter has a wrong value.
        """
        if self._wrong_values:
            raise InputError(self._wrong_values)
        rule: GateRule = self._strategy.gate_rule
        return rule

    def _refuse_values(self, wrong: list[str]) -> None:
        """Refuse wrong values of parameters. A bot keeps running with a closed gate, for its exits.

        :raises InputError: if no bot trades.
        """
        if not wrong:
            return
        self._wrong_values = f"{parameter_file(self._strategy)}: {'; '.join(wrong)}"
        if not self.is_trading:
            raise InputError(self._wrong_values)
