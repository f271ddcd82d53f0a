"""The benchmarks report what they must; speed is not tested."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from benchmarks.backtest_cost import check_trades
from benchmarks.import_cost import SHAPES, Shape, measure, save
from benchmarks.placebo_calibration import calculate_effect
from benchmarks.report import compare
from benchmarks.runs import Run
from benchmarks.trades import COLUMNS

from altseason.sources.files import load_readings
from altseason.sources.rows import ImportOptions
from tests.conftest import dominance_candles

ROOT = Path(__file__).parent.parent
Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Ended]:
    """Run the bench on seven weeks of the sample market."""

    def bench(*options: str) -> Ended:
        words = ["--rounds", "1", "--timerange", "20220101-20220220", "--no-limits", *options]
        return subprocess.run(
            [sys.executable, "-m", "benchmarks.backtest_cost", "--work", str(tmp_path), *words],
            cwd=ROOT,
            env={**os.environ, "ALTSEASON_REAL_DATA": str(tmp_path / "none")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return bench


@pytest.mark.slow  # `make bench` itself fails where the trades differ
@pytest.mark.parametrize("options", [(), ("--all-on",), ("--breadth",)])
def test_strategy_and_twin_make_the_same_trades(
    bench: Callable[..., Ended], options: tuple[str, ...]
):
    ended = bench(*options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "SYNTHETIC" in ended.stdout
    assert "trades, the same in all 1 rounds" in ended.stdout
    assert "peak memory" in ended.stdout


def test_effect_of_a_synthetic_market_is_what_was_asked_for_between_open_and_closed():
    """Dominance rises for 30 days, then falls: the gate is open only in the second part."""
    closes = [50 + 0.1 * min(day, 60 - day) for day in range(60)]
    daily = dominance_candles(closes, "2021-01-01")
    dates = pd.date_range("2021-02-01", periods=24 * 28, freq="1h", tz="UTC", unit="ms")
    growth = calculate_effect(daily, dates, effect=400)
    hourly = pd.Series(growth).diff().to_numpy()[1:] * 365 * 24 * 100
    assert hourly.max() - hourly.min() == pytest.approx(400)
    assert (hourly[:24] < 0).all()
    assert (hourly[-24 * 7 :] > 0).all()
    assert growth[-1] == pytest.approx(0, abs=1e-9)
    assert not calculate_effect(daily, dates, effect=0).any()


@pytest.mark.slow  # its figures are in docs/evidence.md
def test_calibration_says_how_often_an_effect_is_found():
    words = "--markets 1 --effect-markets 1 --placebos 2 --effects 800 --processes 1".split()
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.placebo_calibration", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Without an effect, 0 of 1 p-values are at or below 0.05" in ended.stdout


def test_only_equal_trades_are_accepted():
    trades = pd.DataFrame([["ETH/USDT", 1, 2, 100.0, 101.0, 50.0, 0.5, "roi"]], columns=COLUMNS)
    cost = {"wall": 1.0, "cpu": 1.0, "memory": 1.0}
    none, same, other = trades.head(0), trades.copy(), trades.assign(close_rate=101.0000001)
    assert check_trades(Run(cost, trades), Run(cost, same)) == []
    assert "strategy alone" in check_trades(Run(cost, trades), Run(cost, other))[0]
    assert "twin alone" in check_trades(Run(cost, none), Run(cost, trades))[0]
    assert check_trades(Run(cost, none), Run(cost, none)) == ["no trades: nothing was compared"]


def test_the_limits_hold_for_the_ratio_of_the_medians():
    """One disturbed run of three does not move a median."""
    twin = [{"wall": 10.0, "cpu": 10.0, "memory": 100.0}] * 3
    strategy = [
        {"wall": 11.0, "cpu": 11.0, "memory": 105.1},
        {"wall": 10.9, "cpu": 11.2, "memory": 105.1},
        {"wall": 99.0, "cpu": 11.1, "memory": 100.0},
    ]
    wall, cpu, memory = compare(strategy, twin)
    assert wall.ratio == pytest.approx(1.10)
    assert [wall.is_within, cpu.is_within, memory.is_within] == [True, False, False]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_shape_of_an_import_is_a_row_a_minute(tmp_path: Path, shape: Shape):
    zone = "UTC" if shape.options else None
    readings = load_readings(
        save(shape, tmp_path, 90),
        ImportOptions(timezone=zone),
        pd.Timestamp("2026-06-01", tz="UTC"),
    )
    assert readings.rows["stamp"].iloc[-1] == pd.Timestamp("2022-01-01 01:29", tz="UTC")
    assert len(readings.rows) == 90
    assert readings.rows["close"].between(49, 51).all()


@pytest.mark.slow
def test_cost_of_an_import_is_measured(tmp_path: Path):
    size, growth, _ = measure(SHAPES[0], tmp_path, 100_000)
    assert size == pytest.approx(5.9, abs=0.1)
    assert growth > 1
