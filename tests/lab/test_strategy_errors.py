"""A strategy that fails: a line that names the backtest, the file and the line in it."""

import pytest

from altseason.cli import main
from altseason_lab.study.results import FOLDER
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.study.conftest import PERIOD

LINE = 10
FALLING = """
    def populate_entry_trend(self, dataframe, metadata):
        if self.gate_mode.value == "falling":
            dataframe["nothing"]
        return super().populate_entry_trend(dataframe, metadata)
"""
CONSTRUCTOR = """
    def __init__(self, config):

        config["nothing"]
"""
CALLBACK = """
    def bot_loop_start(self, current_time, **kwargs):

        raise ValueError("no loop")
"""


def run(home: Home, command: str, body: str, *words: str) -> int:
    write_subclass(home.strategies, "Mine", body)
    options = [command, "--offline", "-d", str(home.datadir), *words]
    return main([*options, "--", "--strategy", "Mine", "--timerange", PERIOD])


@pytest.mark.parametrize("processes", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_failing_cell_of_a_study_is_named_and_what_was_found_is_kept(
    home: Home, processes: str, capsys: pytest.CaptureFixture[str]
):
    words = ("--modes", "falling", "--processes", processes, "--set", "macd_trigger=above")
    assert run(home, "study", FALLING, *words) == 2
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1] == (
        "altseason: the backtest of gate_mode falling macd_trigger=above on the whitelist in "
        f"{PERIOD} failed because of an error in the strategy: "
        f"user_data/strategies/Mine.py, line {LINE}: KeyError: 'nothing'"
    )
    assert "Traceback" not in captured.err
    assert captured.out == ""
    if processes == "1":
        # Several may have begun with the one that fails.
        assert len(list((home.userdir / FOLDER).iterdir())) == 1


@pytest.mark.parametrize(
    ("command", "body", "what"),
    [
        ("study", CONSTRUCTOR, "loading Mine"),
        ("stress", CONSTRUCTOR, "loading Mine"),
        ("walk-forward", CONSTRUCTOR, "loading Mine"),
        ("study", CALLBACK, f"the backtest of gate_mode off on the whitelist in {PERIOD}"),
        (
            "stress",
            CALLBACK,
            "the backtest at 0.1 % per side with a delay of 0 on ETH/USDT, SOL/USDT in " + PERIOD,
        ),
    ],
)
def test_failing_strategy_ends_a_command_in_a_line(
    home: Home, command: str, body: str, what: str, capsys: pytest.CaptureFixture[str]
):
    assert run(home, command, body) == 2
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1].startswith(
        f"altseason: {what} failed because of an error in the strategy: "
        f"user_data/strategies/Mine.py, line {LINE}: "
    )
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_failing_callback_ends_a_walk_forward_after_its_searches(
    home: Home, capsys: pytest.CaptureFixture[str]
):
    """Hyperopt goes on, as Freqtrade does."""
    words = ("--train", "6", "--test", "3", "--embargo", "1", "--epochs", "1", "--seeds", "1")
    assert run(home, "walk-forward", CALLBACK, *words) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "the backtest on ETH/USDT, SOL/USDT in 2022-02-01 to 2022-02-06 failed because" in last
    assert f"user_data/strategies/Mine.py, line {LINE}: ValueError: no loop" in last


@pytest.mark.parametrize("command", ["study", "stress", "walk-forward"])
def test_default_strategy_that_is_not_there_is_said_to_be_the_default(
    home: Home, command: str, capsys: pytest.CaptureFixture[str]
):
    """As in a folder that has only strategies of its own."""
    (home.strategies / "AltSeasonStrategy.py").unlink()
    assert main([command, "--offline", "-d", str(home.datadir), "--", "--timerange", PERIOD]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "Impossible to load Strategy 'AltSeasonStrategy'" in last
    assert "neither the configuration nor --strategy names another; name one after `--`" in last
