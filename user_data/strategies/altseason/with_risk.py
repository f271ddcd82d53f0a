"""Base classes for gated strategies with risk rules, or only with checks of the live account."""

import altseason.host.version  # noqa: F401 - must be first: refuses an older Freqtrade

# isort: split

from datetime import datetime
from typing import Any, ClassVar

import pandas as pd
from freqtrade.enums import RunMode
from freqtrade.persistence import Trade
from freqtrade.strategy import DecimalParameter, IntParameter

from altseason.errors import InputError
from altseason.host.callbacks import guard_stake, without_trade_copy
from altseason.risk.account import AccountWatch
from altseason.risk.manager import RiskManager
from altseason.settings import RiskSettings, validate_trading_mode
from altseason.strategy import AltSeasonGate

CALLBACKS = ("custom_stake_amount", "custom_stoploss", "adjust_trade_position")
CANDLES_PER_DAY, CANDLES_PER_WEEK = 24, 7 * 24


class AltSeasonAccount(AltSeasonGate):
    """Gate a strategy on spot markets, and check its account in live mode.

    The strategy sizes its trades itself. Where its sizing fails, nothing is entered.
    """

    alt_season_risk_settings: ClassVar[tuple[str, ...]] = ("kept_coins",)

    def __init__(self, config: dict[str, Any]) -> None:
        validate_trading_mode(config)
        super().__init__(config)
        gate = self.alt_season_gate
        self.settings, self.notifier = gate.settings, gate.notifier
        is_live = config.get("runmode") == RunMode.LIVE
        self._account = AccountWatch(self, self.settings.risk) if is_live else None
        if self._account is not None:
            gate.entry_checks.append(self._account.is_explained)
            gate.loop_checks.append(self._account.check)
        guard_stake(self, self.notifier)

    def ft_bot_start(self, **kwargs: Any) -> None:
        """Start the gate, and from now on note the orders that are sent."""
        super().ft_bot_start(**kwargs)
        if self._account is not None:
            self._account.watch_orders()


class AltSeasonRisk(AltSeasonAccount):
    """Gate a strategy as `AltSeasonGate` does, and apply `altseason.risk` of the configuration.

    Spot markets only. The strategies behind it must not define the three callbacks of these rules,
    since those would never be called. A class derived from it may override them, and call
    `super()`.
    """

    alt_season_risk_settings: ClassVar[tuple[str, ...]] = tuple(RiskSettings.model_fields)
    alt_season_parameters: ClassVar[tuple[str, ...]] = (
        "cooldown_candles",
        "stops_allowed",
        "drawdown_allowed",
    )

    cooldown_candles = IntParameter(1, 24, default=3, space="protection")
    # By default three of four positions that hit their stop, or a loss of three times their risk.
    stops_allowed = IntParameter(2, 6, default=3, space="protection")
    drawdown_allowed = DecimalParameter(0.02, 0.15, default=0.06, decimals=2, space="protection")

    def __init__(self, config: dict[str, Any]) -> None:
        _refuse_callbacks(type(self))
        super().__init__(config)
        self._risk = RiskManager(self, self.settings.risk, config, self._account)
        # With it, a trade ends when the gate closes, whatever entry signals there are.
        self.alt_season_gate.signals.keeps_exits = not self.settings.risk.regime_exit

    @property
    def protections(self) -> list[dict[str, Any]]:
        """Return Freqtrade's own protections; none unless `altseason.risk.protections` is on."""
        if not self.settings.risk.protections:
            return []
        return build_protections(
            self.cooldown_candles.value, self.stops_allowed.value, self.drawdown_allowed.value
        )

    def advise_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Return the candles with the strategy's indicators, dominance and ATR."""
        analyzed = super().advise_indicators(dataframe, metadata)
        return self._risk.add_atr(analyzed, metadata["pair"])

    def advise_entry(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Return the candles with the entries that the gate allows, and keep them for sizing."""
        analyzed = super().advise_entry(dataframe, metadata)
        if "enter_long" in analyzed:
            self._risk.keep_entries(analyzed[analyzed["enter_long"].eq(1)], metadata["pair"])
        return analyzed

    def advise_exit(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """Return the candles with exits, with `altseason.risk.regime_exit` also by the gate."""
        analyzed = super().advise_exit(dataframe, metadata)
        if not self.settings.risk.regime_exit:
            return analyzed
        columns = self.alt_season_gate.columns
        return self._risk.add_exits(analyzed, columns.find_closed(analyzed["date"], self.timeframe))

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
        """Return the stake by what the trade may lose at its stop; 0 for no trade."""
        stake = self._risk.calculate_stake(
            pair, current_time, proposed=proposed_stake, min_stake=min_stake, max_stake=max_stake
        )
        if stake.reason:
            self.notifier.warn(f"Not entering {pair}: {stake.reason}.")
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
        # Without the parameter `after_fill`: with it, Freqtrade lets a fill loosen the stop.
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
        """Sell the excess of a position over its risk where `altseason.risk.rebalancing` is on."""
        return self._risk.calculate_trim(trade, current_time, current_exit_rate, min_stake)


def build_protections(cooldown: int, stops: int, drawdown: float) -> list[dict[str, Any]]:
    """Return the list of Freqtrade's own protections; it fits 1h candles and a risk of 2 % a trade.

    https://www.freqtrade.io/en/stable/plugins/#protections

    :param cooldown: for how many candles after an exit a pair is not entered again.
    :param stops: how many stop-losses within a day, over all pairs, halt entries for half a day.
    :param drawdown: the drawdown within a week, a ratio, that halts entries for a day.
    """
    return [
        {"method": "CooldownPeriod", "stop_duration_candles": cooldown},
        {
            "method": "StoplossGuard",
            "lookback_period_candles": CANDLES_PER_DAY,
            "trade_limit": stops,
            "stop_duration_candles": CANDLES_PER_DAY // 2,
            "only_per_pair": False,
        },
        {
            # Fewer trades may just be bad luck.
            "method": "MaxDrawdown",
            "lookback_period_candles": CANDLES_PER_WEEK,
            "trade_limit": 5,
            "stop_duration_candles": CANDLES_PER_DAY,
            "max_allowed_drawdown": drawdown,
            "calculation_mode": "equity",
        },
        {
            # A pair that lost money with three or more trades of a week is halted for a day.
            "method": "LowProfitPairs",
            "lookback_period_candles": CANDLES_PER_WEEK,
            "trade_limit": 3,
            "stop_duration_candles": CANDLES_PER_DAY,
            "required_profit": 0.0,
        },
    ]


def _refuse_callbacks(cls: type[AltSeasonRisk]) -> None:
    """Refuse a class with a parent whose callbacks would silently never be called.

    :raises InputError: in one line.
    """
    behind = cls.__mro__[cls.__mro__.index(AltSeasonRisk) + 1 :]
    for parent in behind:
        for name in CALLBACKS:
            if name in vars(parent) and not parent.__module__.startswith("freqtrade."):
                raise InputError(
                    f"{cls.__name__}: expected no {name} in {parent.__name__}, since that of "
                    f"AltSeasonRisk would be called instead; derive from AltSeasonGate, or define "
                    f"it in {cls.__name__}"
                )
