"""The bench reports what it has to; how fast anything is, is not tested."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from benchmarks.backtest_cost import check_trades
from benchmarks.import_cost import SHAPES, Shape, measure, save
from benchmarks.report import compare
from benchmarks.runs import Run
from benchmarks.trades import COLUMNS

from altseason.sources.files import load_readings
from altseason.sources.rows import ImportOptions

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


def test_only_equal_trades_are_accepted():
    trades = pd.DataFrame([["ETH/USDT", 1, 2, 100.0, 101.0, 50.0, 0.5, "roi"]], columns=COLUMNS)
    cost = {"wall": 1.0, "cpu": 1.0, "memory": 1.0}
    none, same, other = trades.head(0), trades.copy(), trades.assign(close_rate=101.0000001)
    assert check_trades(Run(cost, trades), Run(cost, same)) == []
    assert "strategy alone" in check_trades(Run(cost, trades), Run(cost, other))[0]
    assert "twin alone" in check_trades(Run(cost, none), Run(cost, trades))[0]
    assert check_trades(Run(cost, none), Run(cost, none)) == ["no trades: nothing was compared"]


def test_the_limits_hold_for_the_ratio_of_the_medians():
    """One run in three is disturbed: it moves no median."""
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
