"""A FreqAI strategy behind the gate: it is trained as without, and its entries are held back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.integration.freqtrade_runs import Home
from tests.integration.test_gated_strategies import Gate, entered_at, write_gated

Make = Callable[[Path], Home]
# The least that FreqAI takes for a model. For any of them it imports a class of XGBoost, which is
# large and not needed here.
MODEL = """
import sys
from types import ModuleType

callback = ModuleType("xgboost.callback")
callback.TrainingCallback = type("TrainingCallback", (), {"EvalsLog": dict})
sys.modules.setdefault("xgboost", ModuleType("xgboost"))
sys.modules.setdefault("xgboost.callback", callback)

from freqtrade.freqai.base_models.BaseRegressionModel import BaseRegressionModel
from sklearn.linear_model import LinearRegression


class Line(BaseRegressionModel):
    def fit(self, data_dictionary, dk, **kwargs):
        return LinearRegression().fit(
            data_dictionary["train_features"], data_dictionary["train_labels"]
        )
"""
PARENT = """
from freqtrade.strategy import IStrategy


class Parent(IStrategy):
    timeframe = "1h"
    stoploss = -0.05
    minimal_roi = {"0": 0.04}
    startup_candle_count = 20
    can_short = False

    def feature_engineering_expand_all(self, dataframe, period, metadata, **kwargs):
        dataframe["%-mean-period"] = dataframe["close"] / dataframe["close"].rolling(period).mean()
        return dataframe

    def feature_engineering_expand_basic(self, dataframe, metadata, **kwargs):
        dataframe["%-change"] = dataframe["close"].pct_change()
        return dataframe

    def feature_engineering_standard(self, dataframe, metadata, **kwargs):
        dataframe["%-hour"] = dataframe["date"].dt.hour
        return dataframe

    def set_freqai_targets(self, dataframe, metadata, **kwargs):
        dataframe["&-rise"] = dataframe["close"].shift(-6) / dataframe["close"] - 1
        return dataframe

    def populate_indicators(self, dataframe, metadata):
        return self.freqai.start(dataframe, metadata, self)

    def populate_entry_trend(self, dataframe, metadata):
        rises = (dataframe["do_predict"] == 1) & (dataframe["&-rise"] > 0)
        dataframe.loc[rises, "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["&-rise"] < 0, "exit_long"] = 1
        return dataframe
"""
FREQAI: dict[str, Any] = {
    "enabled": True,
    "activate_tensorboard": False,
    "train_period_days": 10,
    "backtest_period_days": 10,
    "save_backtest_models": False,
    "feature_parameters": {
        "include_timeframes": ["1h"],
        "include_corr_pairlist": [],
        "label_period_candles": 6,
        "include_shifted_candles": 1,
        "indicator_periods_candles": [10],
    },
    "data_split_parameters": {"test_size": 0.2},
    "model_training_parameters": {},
}


def backtest(run: Home, name: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the statistics of a strategy, and what was predicted for ETH."""
    run.write_config(freqai={**FREQAI, "identifier": name})
    words = ("--strategy", name, "--freqaimodel", "Line", "--pairs", "ETH/USDT", "BNB/USDT")
    found = run.backtest(*words, "--timerange", "20211001-20211130", "--cache", "none")
    predicted = run.userdir / "models" / name / "backtesting_predictions"
    files = sorted(predicted.glob("*eth*.feather"))
    assert len(files) == 6
    return found[name], pd.concat([pd.read_feather(file) for file in files], ignore_index=True)


@pytest.mark.slow
def test_freqai_predicts_the_same_and_enters_only_while_the_gate_is_open(home: Make, sample: Path):
    run = home(sample)
    (run.strategies / "Parent.py").write_text(PARENT)
    write_gated(run, "MyGated", 'mode="falling"')
    models = run.userdir / "freqaimodels"
    models.mkdir(exist_ok=True)
    (models / "Line.py").write_text(MODEL)
    plain, predicted = backtest(run, "Parent")
    gated, predicted_behind_gate = backtest(run, "MyGated")
    pd.testing.assert_frame_equal(predicted, predicted_behind_gate)
    gate = Gate(sample)
    every, held = entered_at(plain["trades"]), entered_at(gated["trades"])
    assert 10 < len(held) < len(every)
    assert [time for time in held if not gate.is_open(time, "falling")] == []
    assert [time for time in every if not gate.is_open(time, "falling")] != []
