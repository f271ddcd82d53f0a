"""The bench reports what it has to; how fast anything is, is not tested."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from benchmarks.report import compare

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


def test_only_equal_trades_are_accepted(tmp_path: Path, bench: Callable[..., Ended]):
    """Both halves in one, since the second needs what takes the first half a minute to make."""
    ended = bench()
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "SYNTHETIC" in ended.stdout
    assert "trades, the same in all 1 rounds" in ended.stdout
    assert "peak memory" in ended.stdout

    file = tmp_path / "signals" / "ETH_USDT.feather"
    signals = pd.read_feather(file)
    entry = signals.index[signals["enter_long"] == 1][-1]
    signals.loc[entry, "enter_long"] = 0
    signals.to_feather(file)
    ended = bench("--keep")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "trades of the strategy alone" in ended.stdout


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
