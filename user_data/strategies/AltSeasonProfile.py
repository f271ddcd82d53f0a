"""A profile for alt season: follow trends of many lengths, sized by volatility, behind the gate.

Long-only, on spot markets. See docs/profile.md for how it works and why, and docs/evidence.md for
its results on the years that it was designed on. Past results do not guarantee future profit.
"""

import altseason.host.version  # noqa: F401 - must be first: refuses an older Freqtrade

# isort: split

from datetime import datetime
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from freqtrade.constants import UNLIMITED_STAKE_AMOUNT
from freqtrade.exchange import timeframe_to_seconds
from freqtrade.persistence import Trade

from altseason import __version__
from altseason.dominance.candles import DAY, candle_length
from altseason.dominance.synthetic import mark_results
from altseason.errors import CandlesMissingError, SettingsError
from altseason.gate.conditions import Conditions, above, is_true, set_entries
from altseason.gate.keeper import Gatekeeper
from altseason.gate.pairs import BITCOIN, never_entered_because
from altseason.host.callbacks import without_trade_copy
from altseason.host.candle_files import PRECISION_COLUMNS
from altseason.trend import (
    add_days,
    calculate_change,
    calculate_trend,
    calculate_volatility,
    calculate_weight,
    find_daily_closes,
    find_day_ends,
)
from altseason.with_risk import AltSeasonAccount

# A trend is up where more than this share of the channels is.
MAJORITY = 0.5
SECONDS_PER_DAY = 24 * 60 * 60
# The longest channel, and eight weeks for it to go up or down. At Binance Freqtrade fetches at most
# 208 days of hourly candles.
STARTUP_DAYS = 207


class AltSeasonProfile(AltSeasonAccount, mode="falling"):
    """Follow the trends of altcoins while Bitcoin's trend is up and its dominance falls.

    It decides once a day, at midnight UTC, by daily closes, in any timeframe.
    """

    INTERFACE_VERSION = 3
    can_short = False

    timeframe = "1h"
    process_only_new_candles = True
    position_adjustment_enable = True

    # Only the channels end a trade, so that a trend can run.
    minimal_roi: ClassVar[dict[str, float]] = {}
    # Only a crash gets here before the channels: it takes four days' moves of a coin with an annual
    # volatility of 120 %, on which at most a fifth of a trade's share of the wallet is spent.
    stoploss = -0.25
    trailing_stop = False
    use_exit_signal = True
    order_types: ClassVar = {
        "entry": "limit",
        "exit": "limit",
        "stoploss": "market",
        "stoploss_on_exchange": False,
    }

    # The gate adds dominance, and shades alt seasons.
    plot_config: ClassVar = {
        "main_plot": {},
        "subplots": {
            "Trend": {"trend": {"color": "#4a6fe3"}, "bitcoin_trend": {"color": "#f5a623"}},
            "Invested": {"weight": {"color": "#8e44ad"}},
        },
    }

    def __init__(self, config: dict[str, Any]) -> None:
        if config.get("stake_currency") in BITCOIN:
            raise SettingsError(
                "stake_currency: expected a currency other than Bitcoin, whose price is needed, "
                f"found {config['stake_currency']}; choose another, such as USDT"
            )
        super().__init__(config)
        timeframe = config.get("timeframe") or self.timeframe
        self.startup_candle_count = STARTUP_DAYS * (DAY // candle_length(timeframe))
        self._entry_tag = mark_results(config, "most_channels_up")

    def version(self) -> str:
        """Return the version that Freqtrade shows in `/version`, FreqUI and its lists."""
        return __version__

    def informative_pairs(self) -> list[tuple[str, str]]:
        """Return Bitcoin's pair, whose candles a bot needs besides those of the whitelist."""
        return [(self._bitcoin, self.timeframe)]

    def populate_indicators(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Add trends and volatility as they were known at each candle's close."""
        dataframe = dataframe.drop(columns=PRECISION_COLUMNS, errors="ignore")
        closes = find_daily_closes(dataframe, self.timeframe)
        days = {
            "trend": calculate_trend(closes),
            "volatility": calculate_volatility(closes),
            "bitcoin_trend": calculate_trend(self._find_bitcoin_closes()),
        }
        dataframe = add_days(dataframe, days, self.timeframe)
        columns = (dataframe["trend"], dataframe["volatility"])
        dataframe["weight"] = [calculate_weight(*row) for row in zip(*columns, strict=True)]
        return self.alt_season_gate.add_dominance(dataframe)

    def populate_entry_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Enter altcoins whose trend is up."""
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
            "is_day_end": is_true(find_day_ends(dataframe, self.timeframe)),
            "is_uptrend": above(dataframe["trend"], MAJORITY),
            "is_bitcoin_uptrend": above(dataframe["bitcoin_trend"], MAJORITY),
            "has_volatility": above(dataframe["weight"], 0),
            "is_alt_season": is_true(dataframe["alt_season"]),
        }

    def populate_exit_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Exit when no channel is up any longer, whether the gate is open or closed."""
        is_over = dataframe["trend"] == 0
        dataframe["exit_long"] = is_over.astype("int8")
        tags = np.where(is_over, "no_channel_up", "").astype(object)
        dataframe["exit_tag"] = pd.Series(tags, index=dataframe.index, dtype=object)
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
        """Return Freqtrade's stake times the weight of trend and volatility; 0 for no trade."""
        candle = self._find_candle(pair, current_time)
        stake = 0.0 if candle is None else proposed_stake * float(candle["weight"])
        if min_stake is not None and 0 < stake < min_stake:
            # Freqtrade would raise the stake.
            self.notifier.warn(f"Not entering {pair}: the stake is below the exchange's minimum.")
            return 0.0
        return min(stake, max_stake) if stake > 0 else 0.0

    @without_trade_copy
    def adjust_trade_position(
        self,
        trade: Trade,
        current_time: datetime,
        current_rate: float,
        current_profit: float,
        min_stake: float | None,
        max_stake: float,
        *args: Any,
        **kwargs: Any,
    ) -> float | None:
        """Resize a position once a day; let it grow only while it could be entered."""
        # Called in every candle of a trade, so without pandas unless a day has just ended.
        if current_time.timestamp() % SECONDS_PER_DAY >= timeframe_to_seconds(self.timeframe):
            return None
        day = self._find_candle(trade.pair, current_time)
        if day is None or trade.has_open_orders:
            return None
        # By the day's close, not by the current rate, so that it is resized only once.
        value = trade.amount * float(day["close"])
        change = calculate_change(value, self._find_slot() * float(day["weight"]), min_stake)
        if not change or (change > 0 and not self._may_grow(day, current_time)):
            return None
        if self._account is not None and not self._account.is_complete(trade):
            return None
        return min(change, max_stake) if change > 0 else change / value * trade.stake_amount

    @property
    def _bitcoin(self) -> str:
        # Freqtrade reads properties of a loaded strategy, and our commands may lack this setting.
        return f"BTC/{self.config.get('stake_currency') or 'USDT'}"

    # Not a property, since Freqtrade reads properties before the strategy has a wallet.
    def _find_slot(self) -> float:
        """Return the most that one trade may cost, in stake currency; 0 if none may be opened."""
        stake = self.config["stake_amount"]
        if stake != UNLIMITED_STAKE_AMOUNT:
            return float(stake)
        if not self.config["max_open_trades"]:
            return 0.0
        return float(self.wallets.get_total_stake_amount() / self.config["max_open_trades"])

    def _may_grow(self, day: "pd.Series[Any]", time: datetime) -> bool:
        # The gate guards no callback that is decorated with `without_trade_copy`.
        is_open = self.alt_season_gate.columns.is_open(time)
        return bool(is_open and day["bitcoin_trend"] > MAJORITY)

    def _find_bitcoin_closes(self) -> "pd.Series[float]":
        """Return Bitcoin's daily closes; none, with a warning, where a bot has no candles of it.

        :raises CandlesMissingError: if there are none, and no bot trades.
        """
        candles = self.dp.get_pair_dataframe(self._bitcoin, self.timeframe)
        if not candles.empty:
            return find_daily_closes(candles, self.timeframe)
        if not self.alt_season_gate.is_trading:
            raise CandlesMissingError(
                f"{self.config['datadir']}: expected {self.timeframe} candles of {self._bitcoin}, "
                f"by whose trend entries are decided, found none; `freqtrade download-data --pairs "
                f"{self._bitcoin} --timeframes {self.timeframe}` stores them"
            )
        self.notifier.warn(f"No entries: there are no candles of {self._bitcoin}.")
        return pd.Series(dtype="float64", index=pd.DatetimeIndex([], tz="UTC"))

    def _find_candle(self, pair: str, time: datetime) -> "pd.Series[Any] | None":
        """Return the candle that had just closed at a time; None if it is missing."""
        candles, _ = self.dp.get_analyzed_dataframe(pair, self.timeframe)
        if candles.empty:
            return None
        length = candle_length(self.timeframe)
        age = pd.Timestamp(time) - (candles["date"].iat[-1] + length)
        return candles.iloc[-1] if pd.Timedelta(0) <= age < length else None

    def _make_gatekeeper(self, config: dict[str, Any]) -> Gatekeeper:
        return Gatekeeper(
            self,
            config,
            parameters=self.alt_season_parameters,
            exclusion_reason=never_entered_because,
            may_be_off=True,
            thins_exits=True,
        )
