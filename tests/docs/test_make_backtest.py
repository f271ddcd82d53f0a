"""`make backtest` on a user's own candles: what it needs, and which commands it names next."""

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / "scripts" / "backtest.py"


@pytest.fixture
def script() -> ModuleType:
    spec = spec_from_file_location("make_backtest", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_candles_without_dominance_are_asked_for_it_before_anything_runs(tmp_path: Path):
    (tmp_path / "ETH_USDT-1h.feather").touch()
    environment = {**os.environ, "DATADIR": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr.startswith(f"DATADIR: expected candles of BTCD/USD in {tmp_path}, found ")
    assert "DOMINANCE=my_dominance.csv" in found.stderr


@pytest.mark.parametrize(
    ("is_sample", "timerange", "expected"),
    [
        (True, "", "      --timerange 20220101-20220301"),
        (True, "20210101-20210201", "      --timerange 20210101-20210201"),
        (False, "20210101-20210201", "      --timerange 20210101-20210201"),
        (False, "", None),
    ],
)
def test_next_command_is_about_the_candles_and_days_of_this_one(
    script: ModuleType, tmp_path: Path, is_sample: bool, timerange: str, expected: str | None
):
    data = script.SAMPLE if is_sample else tmp_path
    lines = script.next_steps(str(tmp_path / "mine.json"), data, timerange)
    [stress] = [line for line in lines if "altseason stress" in line]
    assert f"-c {os.path.relpath(tmp_path / 'mine.json')} -d {os.path.relpath(data)}" in stress
    assert [line for line in lines if "--timerange" in line] == ([expected] if expected else [])
    assert stress.endswith("\\") is (expected is not None)


def test_model_of_own_candles_needs_to_know_what_is_tested(tmp_path: Path):
    (tmp_path / "BTCD_USD-1d.feather").touch()
    environment = {**os.environ, "DATADIR": str(tmp_path), "TIMERANGE": ""}
    words = [sys.executable, str(SCRIPT), "--freqai"]
    found = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr.startswith("TIMERANGE: expected the time to test, with its end, such as ")
