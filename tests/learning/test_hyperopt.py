"""Hyperopt varies the minimum probability in its worker processes."""

import json
from pathlib import Path

import pytest

from tests.integration.freqtrade_runs import CONFIG
from tests.learning.backtests import make_home
from tests.learning.conftest import freqai


@pytest.mark.slow
def test_hyperopt_runs_in_two_processes(sample: Path, tmp_path: Path):
    home = make_home(tmp_path, sample)
    (home.userdir / "config.json").write_text(json.dumps({**CONFIG, "freqai": freqai()}))
    words = ["--strategy", "AltSeasonFreqAI", "--timerange", "20240201-20240301", "-j", "2"]
    words += ["--spaces", "buy", "--hyperopt-loss", "OnlyProfitHyperOptLoss", "--epochs", "6"]
    output = home.run("hyperopt", *words, "--disable-param-export", "--min-trades", "1")
    assert '"probability_min":' in output
    assert output.count("Fitted ") == 1
