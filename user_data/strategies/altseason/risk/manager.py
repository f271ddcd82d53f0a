"""Apply the risk rules: look up the candle that had closed at a time, and calculate with it."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import talib.abstract as ta
from freqtrade.enums import RunMode
from freqtrade.exchange import timeframe_to_msecs
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy, stoploss_from_absolute
from freqtrade.util import dt_ts

from altseason.errors import SettingsError
from altseason.gate.rule import calculate_closes
from altseason.host.parameters import parameters_of_file
from altseason.risk.account import AccountWatch
from altseason.risk.sizing import (
    Stake,
    calculate_chandelier,
    calculate_excess,
    calculate_stake,
    calculate_stop_distance,
)
from altseason.settings import SECTION, RiskSettings

# A name that no subclass would choose for a column of its own.
ATR_COLUMN = "altseason_atr"
ATR_PERIOD = 14
# The exit tag of a trade that ends because the gate has closed.
GATE_CLOSED = "gate_closed"
MIN_STOP_DISTANCE = 0.0001


@dataclass(frozen=True)
class CandleLookup:
    """ATR and close of a pair's candles, by the time at which each closed.

    Not in a frame, since slicing a frame takes longer than the calculation itself, which two rules
    need in every candle of an open trade. The seven digits of a float32 are enough for a distance.

    :param ends: when each candle ends, in milliseconds, ascending.
    :param length: the length of a candle, in milliseconds.
    """

    ends: npt.NDArray[np.int64]
    atr: npt.NDArray[np.float32]
    close: npt.NDArray[np.float32]
    length: int

    @classmethod
    def from_candles(
        cls, dataframe: pd.DataFrame, atr_column: str, timeframe: str
    ) -> "CandleLookup":
        """Return the lookup of a strategy's candles, or of some rows of them."""
        return cls(
            calculate_closes(dataframe["date"], timeframe),
            dataframe[atr_column].to_numpy("float32"),
            dataframe["close"].to_numpy("float32"),
            timeframe_to_msecs(timeframe),
        )

    def closed_at(self, time: datetime) -> tuple[float, float] | None:
        """Return ATR and close of the candle that had just closed at a time; None if it is missing.

        An older candle is not returned, since another one might have closed since.
        """
        now = dt_ts(time)
        row = int(self.ends.searchsorted(now, side="right")) - 1
        if row < 0 or now - self.ends[row] >= self.length:
            return None
        return float(self.atr[row]), float(self.close[row])


class RiskManager:
    """Calculate what a strategy's callbacks return, and enable those that the settings need.

    :raises SettingsError: if two trailing stops are chosen, hyperopt would try both, or the
        configuration keeps Freqtrade from calling a callback that is needed.
    """

    def __init__(
        self,
        strategy: IStrategy,
        settings: RiskSettings,
        config: dict[str, Any],
        account: AccountWatch | None = None,
    ) -> None:
        self._strategy = strategy
        self._settings = settings
        self._candles: dict[str, CandleLookup] = {}
        self._account = account
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
        """Add the ATR to a pair's candles if a rule needs it, and they have the prices for it."""
        if not self._settings.needs_atr or not {"high", "low", "close"}.issubset(dataframe):
            return dataframe
        dataframe[ATR_COLUMN] = ta.ATR(dataframe, timeperiod=ATR_PERIOD)
        if self._is_called_in_every_candle:
            self._keep(dataframe, pair)
        return dataframe

    def keep_entries(self, entries: pd.DataFrame, pair: str) -> None:
        """Keep the candles with an entry signal, for sizing."""
        is_needed = self._settings.needs_atr and not self._is_called_in_every_candle
        if is_needed and ATR_COLUMN in entries:
            self._keep(entries, pair)

    def add_exits(self, dataframe: pd.DataFrame, is_closed: npt.NDArray[np.bool_]) -> pd.DataFrame:
        """Add exits where the gate is closed, with their own tag where there is no other exit."""
        if "exit_long" not in dataframe:
            dataframe["exit_long"] = 0
        if "exit_tag" not in dataframe:
            dataframe["exit_tag"] = None
        is_new = is_closed & dataframe["exit_long"].ne(1)
        dataframe.loc[is_new, "exit_long"] = 1
        dataframe.loc[is_new, "exit_tag"] = GATE_CLOSED
        return dataframe

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
            self._calculate_distance(pair, time),
            self._settings.risk_factor,
            proposed=proposed,
            min_stake=min_stake,
            max_stake=max_stake,
        )

    def calculate_stop(self, trade: Trade, time: datetime, current_rate: float) -> float | None:
        """Return the chandelier stop as a ratio below the rate; None where it is off or unknown.

        Freqtrade also calls this where only the configuration sets `use_custom_stoploss`.
        """
        if not self._settings.atr_trailing:
            return None
        atr, _ = self._find_closed(trade.pair, time)
        highest = max(trade.max_rate or trade.open_rate, current_rate)
        stop = calculate_chandelier(highest, atr, self._settings.atr_multiple)
        if stop is None:
            return None
        # Freqtrade takes 0, a stop that the price has already passed, for no stop.
        return max(float(stoploss_from_absolute(stop, current_rate)), MIN_STOP_DISTANCE)

    def calculate_trim(
        self, trade: Trade, time: datetime, current_rate: float, min_stake: float | None
    ) -> float | None:
        """Return how much of a trade's stake to sell, negative as in Freqtrade; None for none.

        Freqtrade also calls this where only the configuration sets `position_adjustment_enable`.

        :param min_stake: the smallest order; neither the sale nor the remainder may be smaller.
        """
        if not self._settings.rebalancing or trade.has_open_orders:
            return None
        value = trade.amount * current_rate
        fraction = calculate_excess(
            value,
            self._strategy.wallets.get_total_stake_amount(),
            self._calculate_distance(trade.pair, time),
            self._settings.risk_factor,
        )
        smallest = min(fraction, 1 - fraction) * value
        if not fraction or smallest < (min_stake or 0):
            return None
        if self._account is not None and not self._account.is_complete(trade):
            return None
        return -fraction * trade.stake_amount

    @property
    def _is_called_in_every_candle(self) -> bool:
        return self._settings.atr_trailing or self._settings.rebalancing

    def _keep(self, dataframe: pd.DataFrame, pair: str) -> None:
        self._candles[pair] = CandleLookup.from_candles(
            dataframe, ATR_COLUMN, self._strategy.timeframe
        )

    def _calculate_distance(self, pair: str, time: datetime) -> float:
        atr, close = self._find_closed(pair, time)
        volatility = atr / close if close > 0 else math.nan
        return calculate_stop_distance(
            self._strategy.stoploss, volatility, self._settings.atr_multiple
        )

    def _find_closed(self, pair: str, time: datetime) -> tuple[float, float]:
        """Return ATR and close of the newest candle that had closed at a time, NaN without one."""
        found = self._candles[pair].closed_at(time) if pair in self._candles else None
        if found is not None:
            return found
        # In hyperopt's workers, for example, which get candles that another process has prepared.
        candles, _ = self._strategy.dp.get_analyzed_dataframe(pair, self._strategy.timeframe)
        if candles.empty:
            return math.nan, math.nan
        return float(candles[ATR_COLUMN].iat[-1]), float(candles["close"].iat[-1])


def _switch_on(
    strategy: IStrategy, attribute: str, config: dict[str, Any], *, wanted_by: str
) -> None:
    # The configuration takes precedence, and Freqtrade would silently never call the callback.
    if config.get(attribute, True) is not True:
        raise SettingsError(
            f"{SECTION}.risk.{wanted_by}: expected {attribute} to be left out or true beside it, "
            f"found {config[attribute]!r}"
        )
    setattr(strategy, attribute, True)


def _has_trailing_stop(strategy: IStrategy, config: dict[str, Any]) -> bool:
    """Return whether Freqtrade trails a stop: by the config, the parameter file or the class."""
    if "trailing_stop" in config:
        return bool(config["trailing_stop"])
    chosen = parameters_of_file(strategy, "trailing")
    return bool(chosen.get("trailing_stop", strategy.trailing_stop))


def _varies_trailing_stop(config: dict[str, Any]) -> bool:
    # As in freqtrade.optimize.hyperopt_tools, which needs hyperopt's packages.
    is_hyperopt = config.get("runmode") == RunMode.HYPEROPT
    return is_hyperopt and not {"trailing", "all"}.isdisjoint(config.get("spaces") or [])
