"""Results of synthetic candles are marked wherever Freqtrade and FreqUI show them."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from freqtrade.data.btanalysis import get_backtest_resultlist

from tests.conftest import STRATEGIES
from tests.integration.freqtrade_runs import CONFIG, Home, run_well

SPAN = ("--timerange", "20220101-20220301")
OURS = ("--strategy", "AltSeasonStrategy", *SPAN)
NOTE = "SYNTHETIC candles, drawn at random: no market's result"
TAG = "SYNTHETIC_alt_season_momentum"


def list_notes(home: Home) -> list[str]:
    """What FreqUI shows under Load results, newest first."""
    return [str(entry["notes"]) for entry in get_backtest_resultlist(home.results[0].parent)]


def test_result_is_marked_where_it_is_listed_and_shown(home: Callable[[Path], Home], sample: Path):
    run = home(sample)
    stats = run.backtest(*OURS)["AltSeasonStrategy"]
    assert {trade["enter_tag"] for trade in stats["trades"]} == {TAG}
    shown = run.run("backtesting-show")
    assert TAG in shown
    run.backtest(*OURS, "--cache", "none", "--notes", "a note of mine")
    assert list_notes(run) == [f"{NOTE}. a note of mine", NOTE]


def test_result_on_other_candles_is_not_marked(home: Callable[[Path], Home], sample: Path):
    run = home(sample)
    other = run.folder / "mine"
    other.mkdir()
    for file in sample.glob("*.feather"):
        (other / file.name).symlink_to(file)
    stats = Home(run.folder, other).backtest(*OURS)["AltSeasonStrategy"]
    assert {trade["enter_tag"] for trade in stats["trades"]} == {"alt_season_momentum"}
    assert list_notes(run) == [""]


@pytest.mark.parametrize("words", [["--strategy-list", "ClockStrategy", "AltSeasonStrategy"]])
def test_sandbox_marks_each_strategys_result_and_ends_with_a_line_that_says_so(
    home: Callable[[Path], Home], sample: Path, words: list[str]
):
    run = home(sample)
    clock = STRATEGIES.parents[1] / "tests" / "lab" / "sandbox" / "clock_strategy.txt"
    (run.strategies / "ClockStrategy.py").write_text(clock.read_text())
    command = [sys.executable, "-m", "altseason", "sandbox", "--", "freqtrade", "backtesting"]
    output = run_well([*command, *words, *SPAN, "-d", str(sample)], run.folder, dict(os.environ))
    assert output.splitlines()[-1] == f"altseason sandbox: {NOTE}."
    assert list_notes(run) == [NOTE, NOTE]
    assert CONFIG["stake_currency"] in output
