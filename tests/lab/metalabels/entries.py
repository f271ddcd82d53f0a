"""Labeled entries made by hand or drawn, and a model for them, without a market."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from altseason_lab.metalabels.folds import WalkPlan
from altseason_lab.metalabels.run import MetaLabels, Question, run_meta_labels

HORIZON = pd.Timedelta(hours=48)
FEATURES = ("told", "noise")
PLAN = WalkPlan(pd.Timestamp("2019-01-01", tz="UTC"), 10_000, 90, HORIZON)
PAIRS = ("ADA/USDT", "ETH/USDT", "SOL/USDT")


@dataclass(frozen=True)
class Fitted:
    """A logistic regression on the two features."""

    regression: LogisticRegression

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        place = list(self.regression.classes_).index("take_profit")
        return self.regression.predict_proba(rows[list(FEATURES)])[:, place]


def fit(rows: pd.DataFrame) -> Fitted:
    regression = LogisticRegression()
    regression.fit(rows[list(FEATURES)], rows["outcome"], sample_weight=rows["weight"])
    return Fitted(regression)


def probability_of(told: np.ndarray) -> np.ndarray:
    """The planted effect: how likely an entry is to be won."""
    return 1 / (1 + np.exp(0.8 - told))


def draw_entries(count: int, *, effect: float = 1.0, seed: int = 1) -> pd.DataFrame:
    """Draw entries of three pairs, one every four hours, won as the planted effect has it."""
    random = np.random.default_rng(seed)
    told = random.normal(size=count)
    is_won = random.random(count) < probability_of(effect * told)
    others = random.choice(["stop", "time_out"], count)
    date = pd.date_range("2019-01-01", periods=count, freq="4h", tz="UTC")
    outcome = np.where(is_won, "take_profit", others)
    return pd.DataFrame(
        {
            "pair": np.resize(PAIRS, count),
            "date": date,
            "start": date + pd.Timedelta(hours=1),
            "known": date + pd.to_timedelta(random.integers(2, 48, count), unit="h"),
            "outcome": outcome,
            "profit_ratio": np.where(is_won, 0.1, np.where(outcome == "stop", -0.05, 0.0)),
            "weight": 0.5,
            "told": told,
            "noise": random.normal(size=count),
        }
    )


def ask(rows: pd.DataFrame, *, shuffles: int = 19, threshold: float = 0.5) -> MetaLabels:
    """Return what is found of the model."""
    question = Question("logistic", fit, FEATURES, PLAN, threshold, shuffles, seed=1)
    return run_meta_labels(rows, question, lambda: None)
