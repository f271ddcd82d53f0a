"""The risk rules beside a strategy: they look up what was known, and ask the arithmetic."""

import math
from datetime import datetime
from typing import Any

import pandas as pd
import talib.abstract as ta
from freqtrade.enums import RunMode
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy, stoploss_from_absolute

from altseason.errors import SettingsError
from altseason.host.parameters import parameters_of_file
from altseason.risk.account import AccountWatch
from altseason.risk.holdings import is_all_there
from altseason.risk.known import KnownCandles
from altseason.risk.sizing import (
    Stake,
    calculate_chandelier,
    calculate_excess,
    calculate_stake,
    calculate_stop_distance,
)
from altseason.settings import SECTION, RiskSettings

# No name that a strategy derived from ours would take for a column of its own.
ATR_COLUMN = "altseason_atr"
ATR_PERIOD = 14
MIN_STOP_DISTANCE = 0.0001


class RiskManager:
    """What a strategy's callbacks ask; switches on what Freqtrade calls only where it is wanted.

    :raises SettingsError: where two trailing stops are chosen, or hyperopt would try both, or
        the configuration forbids Freqtrade to ask for what is chosen.
    """

    def __init__(self, strategy: IStrategy, settings: RiskSettings, config: dict[str, Any]) -> None:
        self._strategy = strategy
        self._settings = settings
        self._known: dict[str, KnownCandles] = {}
        is_live = config.get("runmode") == RunMode.LIVE
        self._account = AccountWatch(strategy, settings) if is_live else None
        if settings.atr_trailing:
            if _has_trailing_stop(strategy, config):
                raise SettingsError(
                    f"{SECTION}.risk.atr_trailing: expected trailing_stop to be false beside it, "
                    f"found true; choose one of the two"
                )
            if _varies_trailing_stop(config):
                raise SettingsError(
                    f"{SECTION}.risk.atr_trailing: expected --spaces without trailing beside it, "
                    f"found {' '.join(config['spaces'])}; name the spaces to vary, or set it false"
                )
            _switch_on(strategy, "use_custom_stoploss", config, wanted_by="atr_trailing")
        if settings.rebalancing:
            _switch_on(strategy, "position_adjustment_enable", config, wanted_by="rebalancing")

    def add_atr(self, dataframe: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Add ATR, which the rules read later, to a pair's candles; nothing where none does."""
        if self._settings.needs_atr:
            dataframe[ATR_COLUMN] = ta.ATR(dataframe, timeperiod=ATR_PERIOD)
        if self._asks_in_every_candle:
            self._keep(dataframe, pair)
        return dataframe

    def keep_entries(self, entries: pd.DataFrame, pair: str) -> None:
        """Keep what sizing will ask of the candles that give an entry signal."""
        if self._settings.needs_atr and not self._asks_in_every_candle:
            self._keep(entries, pair)

    def calculate_stake(
        self,
        pair: str,
        time: datetime,
        *,
        proposed: float,
        min_stake: float | None,
        max_stake: float,
    ) -> Stake:
        """Return the stake for an entry at a time; the proposed one where sizing is off."""
        if not self._settings.sizing:
            return Stake(proposed)
        return calculate_stake(
            self._strategy.wallets.get_total_stake_amount(),
            self._find_distance(pair, time),
            self._settings.risk_factor,
            proposed=proposed,
            min_stake=min_stake,
            max_stake=max_stake,
        )

    def calculate_stop(self, trade: Trade, time: datetime, current_rate: float) -> float | None:
        """Return the chandelier stop as a ratio below the rate; None where it is off or unknown.

        Freqtrade asks for it also where only the configuration says `use_custom_stoploss`.
        """
        if not self._settings.atr_trailing:
            return None
        atr, _ = self._find_latest(trade.pair, time)
        highest = max(trade.max_rate or trade.open_rate, current_rate)
        stop = calculate_chandelier(highest, atr, self._settings.atr_multiple)
        if stop is None:
            return None
        # Freqtrade takes 0, a stop that the price has passed already, for no stop.
        return max(float(stoploss_from_absolute(stop, current_rate)), MIN_STOP_DISTANCE)

    def calculate_trim(
        self, trade: Trade, time: datetime, current_rate: float, min_stake: float | None
    ) -> float | None:
        """Return the part of a trade's stake to sell, negative as in Freqtrade; None for none.

        Freqtrade asks for it also where only the configuration says `position_adjustment_enable`.

        :param min_stake: the smallest order; neither what is sold nor what is left may be smaller.
        """
        if not self._settings.rebalancing or trade.has_open_orders:
            return None
        value = trade.amount * current_rate
        part = calculate_excess(
            value,
            self._strategy.wallets.get_total_stake_amount(),
            self._find_distance(trade.pair, time),
            self._settings.risk_factor,
        )
        smallest = min(part, 1 - part) * value
        if not part or smallest < (min_stake or 0):
            return None
        if self._account is not None:
            if self._account.has_unanswered(trade):
                return None
            if not is_all_there(trade, self._strategy.wallets):
                return None
        return -part * trade.stake_amount

    def check_account(self, now: datetime) -> None:
        """Live, compare the account with what Freqtrade knows; see `AccountWatch.check`."""
        if self._account is not None:
            self._account.check(now)

    def start(self) -> None:
        """Live, note the orders that Freqtrade sends, before the first of them."""
        if self._account is not None:
            self._account.watch_orders()

    def is_explained(self, pair: str, rate: float, now: datetime) -> bool:
        """Return whether a coin may be entered; live, only where trades explain all of it."""
        return self._account is None or self._account.is_explained(pair, rate, now)

    @property
    def _asks_in_every_candle(self) -> bool:
        return self._settings.atr_trailing or self._settings.rebalancing

    def _keep(self, dataframe: pd.DataFrame, pair: str) -> None:
        self._known[pair] = KnownCandles.read(dataframe, ATR_COLUMN, self._strategy.timeframe)

    def _find_distance(self, pair: str, time: datetime) -> float:
        atr, close = self._find_latest(pair, time)
        volatility = atr / close if close > 0 else math.nan
        return calculate_stop_distance(
            self._strategy.stoploss, volatility, self._settings.atr_multiple
        )

    def _find_latest(self, pair: str, time: datetime) -> tuple[float, float]:
        """Return ATR and close of the newest candle that had closed at a time, NaN without one."""
        known = self._known[pair].at(time) if pair in self._known else None
        if known is not None:
            return known
        # As in a hyperopt's workers, which get candles that were prepared elsewhere.
        candles, _ = self._strategy.dp.get_analyzed_dataframe(pair, self._strategy.timeframe)
        if candles.empty:
            return math.nan, math.nan
        return float(candles[ATR_COLUMN].iat[-1]), float(candles["close"].iat[-1])


def _switch_on(
    strategy: IStrategy, attribute: str, config: dict[str, Any], *, wanted_by: str
) -> None:
    # Freqtrade would let the configuration win, and silently never ask.
    if config.get(attribute, True) is not True:
        raise SettingsError(
            f"{SECTION}.risk.{wanted_by}: expected {attribute} to be left out or true beside it, "
            f"found {config[attribute]!r}"
        )
    setattr(strategy, attribute, True)


def _has_trailing_stop(strategy: IStrategy, config: dict[str, Any]) -> bool:
    """Look where Freqtrade does: the config, then the parameter file, then the class."""
    if "trailing_stop" in config:
        return bool(config["trailing_stop"])
    chosen = parameters_of_file(strategy, "trailing")
    return bool(chosen.get("trailing_stop", strategy.trailing_stop))


def _varies_trailing_stop(config: dict[str, Any]) -> bool:
    # As freqtrade.optimize.hyperopt_tools has it, which is not there without hyperopt's packages.
    is_hyperopt = config.get("runmode") == RunMode.HYPEROPT
    return is_hyperopt and not {"trailing", "all"}.isdisjoint(config.get("spaces") or [])
