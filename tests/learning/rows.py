"""Entries whose outcome is drawn from a known probability."""

import numpy as np
import pandas as pd

FEATURES = [f"%-{name}" for name in "abcdefgh"]
HOUR = pd.Timedelta(hours=1)


def draw_features(count: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    # On scales as different as those of returns and percentages.
    scales = 10.0 ** np.arange(-3, 5)
    return pd.DataFrame(random.normal(0, scales, (count, 8)), columns=FEATURES)


def planted(features: pd.DataFrame) -> "np.ndarray":
    """The probability of a take-profit: two features matter, six do not."""
    effect = 0.9 * features["%-a"] / 1e-3 - 0.6 * features["%-d"]
    return np.asarray(1 / (1 + np.exp(-(effect - 0.8))))


def draw_rows(count: int, *, seed: int = 1, has_effect: bool = True) -> pd.DataFrame:
    """Rows of four pairs, one per hour, whose labels are known after an hour and do not overlap."""
    features, random = draw_features(count, seed), np.random.default_rng(seed + 1000)
    probability = planted(features)
    if not has_effect:
        probability = random.permutation(probability)
    is_taken = random.random(count) < probability
    others = np.where(random.random(count) < 0.6, "stop", "time_out")
    date = pd.Series(pd.date_range("2021-01-01", periods=count, freq="2h", tz="UTC", unit="ms"))
    return features.assign(
        pair=np.array(["A/USDT", "B/USDT", "C/USDT", "D/USDT"])[np.arange(count) % 4],
        date=date,
        start=date + HOUR,
        known=date + 2 * HOUR,
        weight=1.0,
        outcome=np.where(is_taken, "take_profit", others),
    )
