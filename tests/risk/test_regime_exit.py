"""The exit `gate_closed`: by fresh dominance and the rule, never for lack of data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.strategy import IStrategy

from altseason.dominance.store import DominanceStore
from tests.conftest import dominance_candles

Load = Callable[..., IStrategy]
ON = {"dominance": {"record": False}, "risk": {"regime_exit": True}}


def rising_candles(days: int) -> pd.DataFrame:
    """Candles without any other exit: the MACD of a parabola is above its signal line."""
    rows = 24 * days
    close = pd.Series(range(rows), dtype="float64") ** 2 / 1e4 + 100
    # Small falls keep the RSI below its limit.
    close += [(-1.5, 0, 1.5)[row % 3] for row in range(rows)]
    dates = pd.date_range("2021-01-01", periods=rows, freq="1h", tz="UTC").as_unit("ms")
    return pd.DataFrame({"date": dates, "close": close, "volume": 1.0}).assign(
        open=close, high=close + 1, low=close - 1
    )


def sold_days(strategy: IStrategy, days: int) -> list[int]:
    """The days of January, by the last row's close, on which the gate's exit is the reason."""
    candles = strategy.advise_indicators(rising_candles(days), {"pair": "ETH/USDT"})
    # No other reason may hide that of the gate, which comes last.
    candles[["sma50", "rsi", "macdsignal"]] = 0.0
    candles["macd"] = 1.0
    found = strategy.ft_advise_signals(candles, {"pair": "ETH/USDT"}).iloc[23::24]
    assert set(found["exit_tag"]) <= {"", "gate_closed"}
    assert found["exit_tag"].eq("gate_closed").equals(found["exit_long"].eq(1))
    return found.loc[found["exit_long"] == 1, "date"].dt.day.tolist()


def store(folder: Path, closes: list[float | None]) -> None:
    """Store a close a day from 2021-01-01 on; a day with None is missing."""
    candles = dominance_candles([close or 50.0 for close in closes], "2021-01-01")
    is_there = [close is not None for close in closes]
    DominanceStore(folder).append(candles[is_there].reset_index(drop=True), "1d")


@pytest.mark.parametrize(
    ("closes", "parameters", "days"),
    [
        # A day's close is known in the last row of that day.
        ([54.0, 55.0, 56.0, 54.0], {}, [2, 3]),
        ([54.0, 55.0, 56.9, 57.0, 56.0, 54.0], {"gate_band": 2}, [4, 5]),
        ([60.0, 60.0], {"gate_mode": "off"}, []),
        # The mean of the last 5 days is there from the 5th on: 62 and 63 are above it, 58 is not.
        ([60.0, 60.0, 60.0, 60.0, 62.0, 63.0, 58.0], {
            "gate_mode": "falling", "gate_sma_days": 5, "dominance_threshold": 50}, [5, 6]),
        # "level" closes without a mean.
        ([54.0, 56.0], {"gate_mode": "level_and_falling"}, [2]),
    ],
)  # fmt: skip
def test_position_is_sold_while_fresh_dominance_closes_the_gate(
    load_strategy: Load,
    tmp_path: Path,
    closes: list[float | None],
    parameters: dict[str, Any],
    days: list[int],
):
    store(tmp_path, closes)
    strategy = load_strategy(parameters, altseason=ON)
    assert sold_days(strategy, len(closes)) == days


@pytest.mark.parametrize(
    ("closes", "parameters", "days"),
    [
        # Stale from noon of the 3rd on: nothing is sold until the 60 is known.
        ([54.0, None, None, None, 60.0], {}, [5]),
        ([54.0, None, None, None, 54.0], {}, []),
        # Once dominance is stale, nothing is sold any longer.
        ([56.0, None, None, None, 54.0], {}, [1, 2]),
        # Inside the band after a gap the gate is closed, but not by the rule.
        ([54.0, None, None, None, 56.0, 57.0], {"gate_band": 2}, [6]),
        # Without a mean nothing is known.
        ([60.0, 61.0, 62.0], {"gate_mode": "falling"}, []),
    ],
)
def test_position_is_not_sold_because_dominance_is_stale_or_missing(
    load_strategy: Load,
    tmp_path: Path,
    closes: list[float | None],
    parameters: dict[str, Any],
    days: list[int],
):
    store(tmp_path, closes)
    strategy = load_strategy(parameters, altseason=ON)
    assert sold_days(strategy, len(closes)) == days


def test_position_is_not_sold_without_any_dominance(load_strategy: Load):
    assert sold_days(load_strategy(altseason=ON, runmode="dry_run"), 5) == []


def test_gate_sells_nothing_by_default(load_strategy: Load, tmp_path: Path):
    store(tmp_path, [60.0] * 5)
    assert sold_days(load_strategy(), 5) == []
