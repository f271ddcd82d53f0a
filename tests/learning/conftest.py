"""AltSeasonFreqAI as Freqtrade loads it, with FreqAI behind it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from freqtrade.strategy import IStrategy

FREQAI: dict[str, Any] = {
    "enabled": True,
    "identifier": "altseason",
    "train_period_days": 1095,
    "backtest_period_days": 30,
    "live_retrain_hours": 168,
    "expiration_hours": 720,
    "purge_old_models": 2,
    "save_backtest_models": False,
    "activate_tensorboard": False,
    "data_split_parameters": {},
    "feature_parameters": {
        "include_timeframes": [],
        "include_corr_pairlist": [],
        "label_period_candles": 168,
    },
}
PAIRS = ["ETH/USDT", "BNB/USDT", "SOL/USDT", "ADA/USDT"]
Load = Callable[..., IStrategy]


def freqai(**changes: Any) -> dict[str, Any]:
    """FreqAI's section; changes of `feature_parameters` are merged into these."""
    section = deepcopy(FREQAI)
    section["feature_parameters"].update(changes.pop("feature_parameters", {}))
    return {**section, **changes}


@pytest.fixture
def load_learner(load_strategy: Load) -> Load:
    """Load AltSeasonFreqAI with any settings."""

    def load(**config: Any) -> IStrategy:
        defaults = {
            "strategy": "AltSeasonFreqAI",
            "timeframe": "1h",
            "fee": 0.001,
            "exchange": {"name": "binance", "pair_whitelist": PAIRS},
            "pairlists": [{"method": "StaticPairList"}],
            "freqai": freqai(),
        }
        return load_strategy(**{**defaults, **config})

    return load


def load_only(load: Load, **config: Any) -> Any:
    """Load a strategy whose FreqAI is not started: a bot's would download candles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("altseason.strategy.AltSeasonGate.ft_bot_start", lambda self, **_: None)
        patch.setattr("altseason.with_risk.AltSeasonRisk.ft_bot_start", lambda self, **_: None)
        return load(**config)
