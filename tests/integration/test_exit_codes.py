"""What this strategy refuses ends Freqtrade with an exit code that a script can see."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from altseason_lab.emulator.market import Market
from altseason_lab.host.overlay import exchange_settings, offline_environment
from tests.integration.freqtrade_runs import Home
from tests.lab.emulator.serving import serving
from tests.warm import warm

FILE = {"strategy_name": "AltSeasonStrategy", "params": {"buy": {"dominance_threshold": 0.55}}}


@pytest.mark.parametrize(
    ("config", "file", "message"),
    [
        (
            {"altseason": {"dominance": {"max_age": 5}}},
            None,
            "altseason.dominance.max_age is not known; allowed here: ",
        ),
        (
            {"altseason": {"dominance": {"timeframe": "4h"}}},
            None,
            "altseason.dominance.timeframe: Input should be '1d' or '1h', found '4h'",
        ),
        ({"timeframe": "3d"}, None, "timeframe: expected 1d or shorter"),
        (
            {"altseason": {"risk": {"atr_trailing": True}}, "trailing_stop": True},
            None,
            "altseason.risk.atr_trailing: expected trailing_stop to be false beside it",
        ),
        ({}, FILE, "dominance_threshold: expected percent between 1 and 100"),
    ],
    ids=["unknown setting", "wrong value", "timeframe", "two stops", "parameter file"],
)
def test_backtest_that_the_strategy_refuses_ends_with_exit_code_2(
    home: Callable[[Path], Home],
    sample: Path,
    config: dict[str, Any],
    file: dict[str, Any] | None,
    message: str,
):
    run = home(sample)
    run.write_config(**config)
    if file is not None:
        (run.strategies / "AltSeasonStrategy.json").write_text(json.dumps(file))
    with serving(Market(sample)) as url:
        overlay = run.folder / "emulator.json"
        overlay.write_text(json.dumps({"exchange": exchange_settings(url)}))
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "freqtrade", "backtesting", "--datadir", str(sample)),
                *("-c", "user_data/config.json", "-c", str(overlay)),
                *("--strategy", "AltSeasonStrategy", "--timerange", "20220101-20220201"),
            ],
            cwd=run.folder,
            env={**warm(offline_environment(os.environ, url)), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    assert message in " ".join(ended.stdout.split())  # its log is wrapped
    assert "Traceback" not in ended.stdout
    assert ended.returncode == 2
