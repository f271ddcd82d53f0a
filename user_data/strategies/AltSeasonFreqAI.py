"""The default rules with a model that takes only those entries that are likely to succeed.

Meta-labeling with FreqAI: the rules propose an entry, and the model estimates how likely it is to
reach the take-profit before the stop-loss and before time is up. See docs/freqai.md, also for what
is not promised.
"""

import altseason.host.version  # noqa: F401 - must be first: refuses an older Freqtrade

# isort: split

from datetime import datetime
from typing import Any, ClassVar

import pandas as pd
from freqtrade.enums import RunMode
from freqtrade.strategy import DecimalParameter

from altseason.gate.conditions import Conditions, all_hold
from altseason.learning.configuration import LABEL, identify, is_enabled, set_defaults, validate
from altseason.learning.learner import Learner
from AltSeasonStrategy import AltSeasonStrategy


class AltSeasonFreqAI(AltSeasonStrategy):
    """Enter by the rules where the model finds a take-profit likely; exit by the rules alone."""

    alt_season_parameters: ClassVar = (*AltSeasonStrategy.alt_season_parameters, "probability_min")

    # With a take-profit of 10 %, a stop-loss of 5 % and a fee of 0.1 %, entries break even at 34 %.
    probability_min = DecimalParameter(0.15, 0.75, default=0.35, decimals=2, space="buy")

    plot_config: ClassVar = {
        **AltSeasonStrategy.plot_config,
        "subplots": {
            **AltSeasonStrategy.plot_config["subplots"],
            "Probability of the take-profit": {LABEL: {"color": "#16a085"}},
        },
    }

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.learner = Learner(self, config)
        if is_enabled(config):
            set_defaults(config)
        if config.get("freqai_backtest_live_models"):
            # Freqtrade looks for the models before it starts the strategy.
            self._identify()

    def ft_bot_start(self, **kwargs: Any) -> None:
        """Refuse settings that FreqAI would misread, then start."""
        self._identify()
        validate(self.config, self, is_trading=self.alt_season_gate.is_trading)
        super().ft_bot_start(**kwargs)

    def populate_indicators(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Add the indicators, dominance, and the model's predictions."""
        dataframe = super().populate_indicators(dataframe, metadata)
        return self.learner.add_predictions(dataframe, metadata["pair"])

    def feature_engineering_standard(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any], **kwargs: Any
    ) -> pd.DataFrame:
        """Add the features; called by FreqAI."""
        return self.learner.add_features(dataframe)

    def set_freqai_targets(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any], **kwargs: Any
    ) -> pd.DataFrame:
        """Name the label; called by FreqAI. Its values are made for all pairs at once."""
        dataframe[LABEL] = 0.0
        return dataframe

    def find_rule_entries(self, pair: str, candles: pd.DataFrame) -> "pd.Series[bool]":
        """Return where the rules would enter with an open gate; the model learns from these."""
        candles = self.add_indicators(candles)
        candles["alt_season"] = True
        return all_hold(super().entry_conditions(candles, {"pair": pair}), candles.index)

    def entry_conditions(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> Conditions:
        """Return the conditions that an entry needs: those of the rules, and a likely success."""
        return {
            **super().entry_conditions(dataframe, metadata),
            "is_likely": self.learner.require_likely(dataframe, self.probability_min.value),
        }

    def populate_entry_trend(
        self, dataframe: pd.DataFrame, metadata: dict[str, Any]
    ) -> pd.DataFrame:
        """Enter where all conditions hold, and keep the probability of each entry for its stake."""
        dataframe = super().populate_entry_trend(dataframe, metadata)
        entries = dataframe[dataframe["enter_long"] == 1]
        self.learner.keep_entries(entries, metadata["pair"], self.probability_min.value)
        return dataframe

    def custom_stake_amount(
        self,
        pair: str,
        current_time: datetime,
        current_rate: float,
        proposed_stake: float,
        min_stake: float | None,
        max_stake: float,
        leverage: float = 1.0,
        entry_tag: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> float:
        """Return the stake of the risk rules, or the fraction of it that the probability allows."""
        limits = (proposed_stake, min_stake, max_stake)
        whole = super().custom_stake_amount(
            pair, current_time, current_rate, *limits, leverage, entry_tag, *args, **kwargs
        )
        fraction = self.learner.find_fraction(pair, current_time, entry_tag)
        stake = whole * (fraction or 0.0)
        if whole and not (stake > 0 and stake >= (min_stake or 0.0)):
            reason = "there is no signal" if fraction is None else "its stake is too small"
            self.notifier.warn(f"Not entering {pair}: {reason}.")
            return 0.0
        return stake

    def _identify(self) -> None:
        """Name FreqAI's models by the values of the parameters.

        Freqtrade would load these only after FreqAI.
        """
        if is_enabled(self.config):
            self.ft_load_hyper_params(self.config.get("runmode") == RunMode.HYPEROPT)
            identify(self.config, self)
