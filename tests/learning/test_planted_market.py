"""Markets with and without a planted effect, from candles to probabilities."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from altseason.gate.rule import Dominance, GateRule
from altseason.learning.features import calculate_features
from altseason.learning.labels import Barriers
from altseason.learning.model import PooledModel, fit_pooled
from altseason.learning.pool import collect_rows, pool_rows
from tests.conftest import dominance_candles
from tests.learning.test_model import auc_interval, calibration_error

HOURS, PAIRS = 26_000, [f"{letter}/USDT" for letter in "ABCDEFGHIJKL"]
EFFECT = 0.0008
# Labels of one pair share no time: each is known before the next entry.
EVERY, HORIZON = 60, 48
BARRIERS = Barriers(-0.03, {"0": 0.03}, 0.001, HORIZON, "1h")
START = "2021-01-01"


def draw_days(random: np.random.Generator) -> pd.DataFrame:
    """Dominance that wanders around 55 percent."""
    closes = [55.0]
    for _ in range(HOURS // 24 + 60):
        closes.append(55 + 0.98 * (closes[-1] - 55) + random.normal(0, 0.5))
    return dominance_candles(closes, "2020-11-15")


def draw_candles(random: np.random.Generator, drift: np.ndarray) -> pd.DataFrame:
    """A coin that moves by one percent an hour, with an average drift."""
    steps = random.normal(0, 0.01, HOURS) + drift
    close = 100 * np.exp(np.cumsum(steps))
    before = np.concatenate([[100.0], close[:-1]])
    return pd.DataFrame(
        {
            "date": pd.date_range(START, periods=HOURS, freq="1h", tz="UTC", unit="ms"),
            "open": before,
            "high": np.maximum(before, close) * 1.002,
            "low": np.minimum(before, close) * 0.998,
            "close": close,
            "volume": random.uniform(1, 100, HOURS),
        }
    )


def draw_market(effect: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of all pairs, the earlier two thirds of them and the later third.

    :param effect: by how much an hour coins rise for each point that dominance fell in a week.
    """
    random = np.random.default_rng(seed)
    days = draw_days(random)
    dominance, rule = Dominance("1d", days, days, pd.Timedelta(hours=36)), GateRule()
    dates = pd.date_range(START, periods=HOURS, freq="1h", tz="UTC", unit="ms")
    known = days.set_index(days["date"] + pd.Timedelta(days=1))["close"]
    slope = (known - known.shift(7)).reindex(dates.floor("D")).to_numpy()
    parts = []
    for number, pair in enumerate(PAIRS):
        candles = draw_candles(random, -effect * slope)
        entries = pd.Series(np.arange(HOURS) % EVERY == 5 * number, index=candles.index)
        features = calculate_features(candles, "1h", dominance, rule)
        parts.append(collect_rows(pair, candles, entries, features, BARRIERS))
    rows = pool_rows(parts)
    cut = rows["date"].iloc[len(rows) * 2 // 3]
    return rows[rows["known"] <= cut], rows[rows["date"] >= cut]


def evaluate(model: PooledModel, later: pd.DataFrame) -> tuple[float, float, np.ndarray]:
    """The AUC, half of its interval, and the outcomes.

    Pairs share the days of dominance, so rows are worth their uniqueness.
    """
    happened = (later["outcome"] == "take_profit").to_numpy()
    found = model.predict_proba(later)["take_profit"]
    auc = float(roc_auc_score(happened, found))
    worth = later["weight"].mean()
    counts = [max(2, int(count * worth)) for count in (happened.sum(), (~happened).sum())]
    return auc, auc_interval(0.5, *counts), happened


def test_planted_effect_of_dominance_is_found():
    earlier, later = draw_market(EFFECT, seed=4)
    model = fit_pooled(earlier)
    auc, half, happened = evaluate(model, later)
    planted = roc_auc_score(happened, -later["%-dominance_slope"])
    assert planted > 0.6
    assert auc > 0.5 + half
    assert auc > planted - half / 2
    found = model.predict_proba(later)["take_profit"].to_numpy()
    assert calibration_error(found, happened) < 0.05


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_nothing_is_found_where_nothing_was_planted(seed: int):
    earlier, later = draw_market(0.0, seed=seed)
    auc, half, _ = evaluate(fit_pooled(earlier), later)
    assert abs(auc - 0.5) < half


def test_nothing_is_found_where_labels_are_shuffled():
    earlier, later = draw_market(EFFECT, seed=4)
    random = np.random.default_rng(1)
    shuffled = earlier.assign(outcome=random.permutation(earlier["outcome"].to_numpy()))
    auc, half, _ = evaluate(fit_pooled(shuffled), later)
    assert abs(auc - 0.5) < half
