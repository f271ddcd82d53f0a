"""Connect a strategy with its model: predictions for the strategy, rows for the model.

While a bot trades, FreqAI trains in its own thread, and calls `collect_rows` there. It depends on
what the bot's thread has read last, and changes nothing.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.candle_columns import OHLCV_COLUMNS
from freqtrade.configuration import TimeRange
from freqtrade.data.converter import ohlcv_fill_up_missing_data
from freqtrade.exceptions import OperationalException
from freqtrade.exchange import timeframe_to_msecs
from freqtrade.util import dt_ts

from altseason.gate.breadth import NO_COINS, CoinPrices
from altseason.gate.conditions import Condition
from altseason.gate.rule import Dominance, GateRule, calculate_closes
from altseason.host.exchange import find_fee
from altseason.learning.configuration import LABEL, find_horizon
from altseason.learning.features import calculate_features
from altseason.learning.labels import Barriers
from altseason.learning.pool import collect_rows

# FreqAI's column: 1 if there is a prediction, else another number.
IS_PREDICTED = "do_predict"
FORCED = "force_entry"
ALERT = "predictions"
# From this multiple of the minimum probability on, an entry has the full stake of the risk rules.
FULL_STAKE_AT = 2.0


@dataclass(frozen=True)
class Market:
    """What features depend on besides the candles."""

    dominance: Dominance
    rule: GateRule
    coins: CoinPrices


class Learner:
    """The predictions for one strategy object, and the rows that its model is fitted to."""

    def __init__(self, strategy: Any, config: dict[str, Any]) -> None:
        """Set up the learner; nothing is predicted yet.

        :param strategy: has `find_rule_entries`, which takes a pair and candles, and returns where
            the rules would enter with an open gate.
        """
        self._strategy = strategy
        self._config = config
        self._market: Market | None = None
        # By pair, and by the closes of the candles with an entry: the fraction of the stake.
        self._entries: dict[str, dict[int, float]] = {}
        # The pairs without a prediction for their newest candle.
        self._lacking: set[str] = set()

    @property
    def barriers(self) -> Barriers:
        """Return where the strategy's trades end, apart from exit signals."""
        strategy = self._strategy
        return Barriers(
            strategy.stoploss,
            strategy.minimal_roi,
            find_fee(strategy, self._config),
            find_horizon(self._config),
            strategy.timeframe,
        )

    def add_predictions(self, dataframe: pd.DataFrame, pair: str) -> pd.DataFrame:
        """Add `LABEL`, the probability of the take-profit, and `IS_PREDICTED` to a pair's candles.

        While a bot trades nothing is raised, since an error would stop exits, too.
        """
        strategy = self._strategy
        dataframe[LABEL], dataframe[IS_PREDICTED] = np.nan, 0
        # As in `altseason why`, where FreqAI has nothing to train on.
        if not (strategy.alt_season_gate.is_trading or self._config.get("timerange")):
            return dataframe
        try:
            self._market = self._find_market()
            candles = dataframe[OHLCV_COLUMNS].copy()
            predicted = strategy.freqai.start(candles, {"pair": pair}, strategy)
            by_date = predicted.set_index("date").reindex(dataframe["date"])
            dataframe[IS_PREDICTED] = by_date[IS_PREDICTED].eq(1).to_numpy(dtype="int8")
            known = by_date[LABEL].where(by_date[IS_PREDICTED].eq(1))
            dataframe[LABEL] = known.to_numpy("float64")
            problem = strategy.freqai.problem
        # This is the boundary: without indicators there would be no exit signals any longer.
        except Exception as error:
            if not strategy.alt_season_gate.is_trading:
                raise
            problem = f"predicting failed with {error!r}"
        with suppress(Exception):  # exits matter more than messages
            self._report(dataframe, pair, problem)
        return dataframe

    def add_features(self, dataframe: pd.DataFrame) -> pd.DataFrame:
        """Return candles with the features, for FreqAI."""
        return dataframe.join(self._measure(dataframe))

    def collect_rows(self, pair: str, candles: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a pair to learn from: the rules' entries, with or without the gate.

        :param candles: all candles that may be known.
        """
        strategy = self._strategy
        # FreqAI joins stored candles and new ones, whose times may differ in type.
        dates = pd.to_datetime(candles["date"], utc=True).dt.as_unit("ms")
        whole = ohlcv_fill_up_missing_data(
            candles[OHLCV_COLUMNS].assign(date=dates), strategy.timeframe, pair
        )
        entries = strategy.find_rule_entries(pair, whole.copy())
        return collect_rows(pair, whole, entries, self._measure(whole), self.barriers)

    def require_likely(self, dataframe: pd.DataFrame, minimum: float) -> Condition:
        """Return the condition of a likely entry; without a prediction, the settings decide."""
        # Without a model, a bot's API returns None for all candles.
        probability = pd.to_numeric(dataframe[LABEL]).astype("float64").rename("probability")
        is_likely = probability > minimum
        if self._strategy.settings.freqai.without_model == "rules":
            is_likely |= dataframe[IS_PREDICTED] != 1
        return Condition(is_likely, probability, ">", minimum)

    def keep_entries(self, entries: pd.DataFrame, pair: str, minimum: float) -> None:
        """Keep the fraction of the stake that each entry has; 1 without a prediction."""
        fractions = (entries[LABEL] / (FULL_STAKE_AT * minimum)).clip(upper=1.0).fillna(1.0)
        closes = calculate_closes(entries["date"], self._strategy.timeframe)
        self._entries[pair] = dict(zip(closes.tolist(), fractions.tolist(), strict=True))

    def find_fraction(self, pair: str, time: datetime, tag: str | None) -> float | None:
        """Return the fraction of the stake that an entry has at a time; None without a signal.

        A forced entry has all of it.
        """
        if tag == FORCED:
            return 1.0
        length = timeframe_to_msecs(self._strategy.timeframe)
        return self._entries.get(pair, {}).get(dt_ts(time) // length * length)

    def _measure(self, candles: pd.DataFrame) -> pd.DataFrame:
        market = self._market or self._find_market()
        return calculate_features(
            candles, self._strategy.timeframe, market.dominance, market.rule, market.coins
        )

    def _find_market(self) -> Market:
        gate, rule = self._strategy.alt_season_gate, self._strategy.gate_rule
        coins = gate.coins.read() if rule.has_breadth else NO_COINS
        return Market(gate.columns.find_dominance(), rule, coins)

    def _report(self, dataframe: pd.DataFrame, pair: str, problem: str) -> None:
        """Notify once of candles without a prediction."""
        notifier = self._strategy.notifier
        is_plain = self._strategy.settings.freqai.without_model == "rules"
        instead = "entries are those of the plain rules" if is_plain else "there are no entries"
        reason = f" ({problem})" if problem else ""
        if not self._strategy.alt_season_gate.is_trading:
            # FreqAI requires a time range with an end, and predicts up to it.
            span = TimeRange.parse_timerange(self._config["timerange"])
            is_tested = dataframe["date"].between(span.startdt, span.stopdt, inclusive="left")
            tested = dataframe[is_tested]
            lacking = (tested[IS_PREDICTED] != 1).mean() if len(tested) else 0.0
            if lacking > 0:
                notifier.warn(
                    f"{lacking:.1%} of the candles of {pair} have no prediction{reason}: "
                    f"{instead} there.",
                    topic=ALERT,
                )
            return
        is_lacking = bool(len(dataframe)) and dataframe[IS_PREDICTED].iat[-1] != 1
        (self._lacking.add if is_lacking else self._lacking.discard)(pair)
        with suppress(OperationalException):  # there are no pairlists
            # A pair that a filter removes might not be analyzed again, and would stay in the set.
            self._lacking.intersection_update(self._strategy.dp.current_whitelist())
        if pair in self._lacking:
            notifier.raise_alert(
                ALERT, f"No prediction for {pair}{reason}: {instead} until there is one."
            )
        elif not self._lacking:
            notifier.clear(ALERT, "All pairs have predictions.")
