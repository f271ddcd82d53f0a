"""The strategy's columns agree with a naive implementation of the default rules, row by row."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from freqtrade.data.history import load_pair_history
from freqtrade.strategy import IStrategy

from altseason.dominance.store import DominanceStore
from altseason_lab.sample.model import generate_market
from altseason_lab.sample.store import save_market
from tests.conftest import dominance_candles
from tests.strategy import oracle

SETTINGS = [("level", "cross"), ("falling", "above"), ("level_and_falling", "above")]
REAL_COINS = "ADA AVAX BNB DOGE DOT ETH LINK LTC MATIC SOL XRP".split()
# Where a close equals its average to the last digit, rounding decides between < and =.
TIE = 1e-12


def compare(
    strategy: IStrategy, candles: pd.DataFrame, days: list[datetime], dominance: list[float]
) -> dict[str, int]:
    """Assert agreement on every row in every setting, and count the rows with a signal."""
    closes, volumes = candles["close"].tolist(), candles["volume"].tolist()
    row_closes = [date.to_pydatetime() + timedelta(hours=1) for date in candles["date"]]
    at_rows = oracle.indicators(closes)
    analyzed = strategy.advise_indicators(candles.copy(), {"pair": "ETH/USDT"})
    tied = [
        row.sma50 is not None
        and min(abs(close - row.sma50), abs(close - (row.sma200 or row.sma50))) < TIE * close
        for close, row in zip(closes, at_rows, strict=True)
    ]
    assert np.mean(tied) < 0.001
    counts = {"enter": 0, "exit": 0}
    for mode, trigger in SETTINGS:
        strategy.gate_mode.value, strategy.macd_trigger.value = mode, trigger
        gate = list(oracle.gate(row_closes, days, dominance, mode=mode))
        expected = oracle.signals(closes, volumes, at_rows, gate, trigger=trigger)
        expected = [
            (is_open, signal.enter, signal.exit_tag)
            for is_open, signal in zip(gate, expected, strict=True)
        ]
        found = strategy.ft_advise_signals(analyzed.copy(), {"pair": "ETH/USDT"})
        found = zip(found["alt_season"], found["enter_long"] == 1, found["exit_tag"], strict=True)
        different = [
            i
            for i, (a, b) in enumerate(zip(found, expected, strict=True))
            if a != b and not tied[i]
        ]
        assert different == []
        counts["enter"] += sum(enter for _, enter, _ in expected)
        counts["exit"] += sum(tag != "" for _, _, tag in expected)
    return counts


def store_days(folder: Path, dominance: list[float], start: str) -> None:
    DominanceStore(folder).append(dominance_candles(dominance, start), "1d")


def test_signals_agree_on_every_row_of_real_candles(
    real_data: Path, load_strategy: Callable[..., IStrategy], tmp_path: Path
):
    with (real_data / "btc_dominance_daily.csv").open() as file:
        rows = list(csv.DictReader(file))
    days = [datetime.fromisoformat(f"{row['date']}T00:00:00+00:00") for row in rows]
    dominance = [float(row["dominance"]) for row in rows]
    store_days(tmp_path, dominance, rows[0]["date"])
    strategy = load_strategy()
    total = {"enter": 0, "exit": 0}
    for coin in REAL_COINS:
        candles = load_pair_history(f"{coin}/USDT", "1h", real_data / "binance")
        for name, count in compare(strategy, candles, days, dominance).items():
            total[name] += count
    assert total["enter"] >= 1000
    assert total["exit"] >= 1000


def test_signals_agree_on_every_row_of_the_sample(
    load_strategy: Callable[..., IStrategy], tmp_path: Path
):
    save_market(generate_market(), tmp_path)
    daily = DominanceStore(tmp_path).load("1d")
    counts = compare(
        load_strategy(),
        load_pair_history("ETH/USDT", "1h", tmp_path),
        [date.to_pydatetime() for date in daily["date"]],
        daily["close"].tolist(),
    )
    assert counts["enter"] >= 100
    assert counts["exit"] >= 1000


@pytest.mark.parametrize("tag", ["below_sma50", "rsi_overbought", "macd_down"])
def test_exit_tag_is_the_first_that_is_true(load_strategy: Callable[..., IStrategy], tag: str):
    """Each reason alone, then all three: the order decides."""
    low, high = (1.0, 2.0)
    dataframe = pd.DataFrame(
        {
            "close": [low if tag == "below_sma50" else high, low],
            "sma50": [1.5, 1.5],
            "rsi": [81.0 if tag == "rsi_overbought" else 80.0, 90.0],
            "macd": [low if tag == "macd_down" else high, low],
            "macdsignal": [1.5, 1.5],
        }
    )
    exits = load_strategy().populate_exit_trend(dataframe, {"pair": "ETH/USDT"})
    assert exits["exit_tag"].tolist() == [tag, "below_sma50"]
    assert exits["exit_long"].tolist() == [1, 1]
