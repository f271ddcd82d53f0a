"""What a gate went by, against dominance that was written by hand."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.strategy import IStrategy

from altseason.dominance.store import DominanceStore
from altseason_lab.study.cell import DailyLines, find_daily_lines, find_missing_share
from tests.conftest import dominance_candles

START = pd.Timestamp("2021-01-03", tz="UTC")
HOURS = pd.Series(pd.date_range(START, periods=24 * 6 + 5, freq="1h"))


@pytest.fixture
def load(load_strategy: Callable[..., IStrategy], tmp_path: Path) -> Callable[..., IStrategy]:
    """Load the strategy on eight days of dominance, from two days before the candles on."""
    closes = [56.0, 54.0, 53.0, 55.0, 52.0, 51.0, 50.0, 57.0]
    DominanceStore(tmp_path).append(dominance_candles(closes, "2021-01-01"), "1d")
    return load_strategy


def test_level_goes_by_dominance_as_known_at_each_days_end_and_by_its_threshold(load):
    strategy = load({"gate_mode": "level", "dominance_threshold": 54.5})
    # At the close of a day's last candle that day's dominance has just ended; the last day's last
    # candle closes at 05:00 and knows the day before.
    assert find_daily_lines(strategy, HOURS, "1h") == DailyLines(
        START.date(),
        {
            "BTC.D %": (53.0, 55.0, 52.0, 51.0, 50.0, 57.0, 57.0),
            "opens below %": (54.5,) * 7,
        },
    )


def test_falling_goes_by_its_mean_and_a_band_shows(load):
    strategy = load({"gate_mode": "level_and_falling", "gate_sma_days": 3, "gate_band": 1.5})
    values = find_daily_lines(strategy, HOURS, "1h").values
    assert list(values) == ["BTC.D %", "opens below %", "closes from %", "mean %"]
    assert values["closes from %"] == (56.5,) * 7
    means = [163 / 3, 54, 160 / 3, 158 / 3, 51, 158 / 3, 158 / 3]
    assert values["mean %"] == pytest.approx(means, abs=1e-4)


def test_day_without_candles_is_unknown(load):
    hours = HOURS[HOURS.dt.day != 5]
    values = find_daily_lines(load({"gate_mode": "level"}), hours, "1h").values
    assert values["BTC.D %"] == (53.0, 55.0, None, 51.0, 50.0, 57.0, 57.0)


def test_candles_without_dominance_to_decide_by_are_counted(
    load_strategy: Callable[..., IStrategy], tmp_path: Path
):
    """Two days known until the 3rd, and fresh for 36 hours: at 36 of 149 closes."""
    DominanceStore(tmp_path).append(dominance_candles([56.0, 54.0], "2021-01-01"), "1d")
    for parameters, share in (
        ({"gate_mode": "level"}, 113 / 149),
        ({"gate_mode": "falling", "gate_sma_days": 2}, 113 / 149),
        ({"gate_mode": "falling", "gate_sma_days": 3}, 1.0),
        ({"gate_mode": "off"}, 0.0),
    ):
        strategy = load_strategy(parameters)
        dominance = strategy.alt_season_gate.columns.find_dominance()
        found = find_missing_share(dominance, strategy.gate_rule, HOURS, "1h")
        assert found == pytest.approx(share), parameters
