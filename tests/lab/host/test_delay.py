"""Signals that come later: on a frame by hand, and in real backtests."""

import json
from collections.abc import Callable

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from altseason_lab.host.delay import delay_signals
from tests.integration.freqtrade_runs import Home
from tests.lab.conftest import backtests

PERIOD = ("--timerange", "20220201-20220208")
# Writes down when it enters and leaves.
WATCHED = """
    def confirm_trade_entry(self, *, pair, current_time, **kwargs):
        with Path("entries.txt").open("a") as file:
            print(current_time.hour, file=file)
        return True

    def confirm_trade_exit(self, *, pair, exit_reason, current_time, **kwargs):
        with Path("exits.txt").open("a") as file:
            print(current_time.hour, exit_reason, file=file)
        return True
"""


def test_signals_and_tags_move_and_nothing_else_does():
    frame = pd.DataFrame(
        {
            "close": [1.0, 2.0, 3.0, 4.0, 5.0],
            "enter_long": [1, 0, 1, 0, 1],
            "enter_tag": ["first", "", "second", "", "third"],
            "exit_long": [float("nan"), 1.0, float("nan"), float("nan"), 1.0],
            "exit_tag": ["", "down", "", "", "down"],
            "enter_short": [0, 0, 0, 1, 0],
            "exit_short": [0, 0, 0, 0, 1],
        }
    )
    before = frame.copy()
    expected = pd.DataFrame(
        {
            "close": [1.0, 2.0, 3.0, 4.0, 5.0],
            "enter_long": [0, 0, 1, 0, 1],
            "enter_tag": ["", "", "first", "", "second"],
            "exit_long": [0.0, 0.0, float("nan"), 1.0, float("nan")],
            "exit_tag": ["", "", "", "down", ""],
            "enter_short": [0, 0, 0, 0, 0],
            "exit_short": [0, 0, 0, 0, 0],
        }
    )
    tags = {"enter_tag": object, "exit_tag": object}
    assert_frame_equal(delay_signals(frame, 2), expected.astype(tags))
    assert_frame_equal(frame, before)


def test_delay_longer_than_the_frame_leaves_no_signal():
    frame = pd.DataFrame({"enter_long": [1, 1], "enter_tag": ["a", "b"]})
    delayed = delay_signals(frame, 3)
    assert delayed["enter_long"].tolist() == [0, 0]
    assert delayed["enter_tag"].tolist() == ["", ""]


@pytest.mark.parametrize("delay", [0, 2])
def test_entries_and_exits_of_a_backtest_come_so_many_candles_later(
    home: Home, write_clock: Callable[..., None], delay: int
):
    write_clock(enters=6, leaves=18, methods=WATCHED)
    with backtests(home, "--strategy", "Clock", *PERIOD) as found:
        result = found.run(10, delay)
    # Freqtrade trades the candle of 6:00 at its end, at 7:00.
    entries = (home.folder / "entries.txt").read_text().split()
    assert entries == [str(7 + delay)] * result.trades
    exits = (home.folder / "exits.txt").read_text().splitlines()
    assert set(exits) == {f"{19 + delay} exit_signal"}
    assert result.trades == 14


def test_delayed_backtest_is_that_of_a_strategy_that_is_later_itself(
    home: Home, write_clock: Callable[..., None]
):
    write_clock("Clock", enters=6, leaves=18)
    write_clock("LateClock", enters=9, leaves=21)
    with backtests(home, "--strategy", "Clock", *PERIOD) as found:
        delayed, plain = found.run(10, 3), found.run(10, 0)
    with backtests(home, "--strategy", "LateClock", *PERIOD) as found:
        later = found.run(10, 0)
    assert delayed == later
    assert delayed != plain


@pytest.mark.slow
def test_delay_works_with_a_subclass_and_its_parameter_file(home: Home):
    body = """
from AltSeasonStrategy import AltSeasonStrategy
from freqtrade.strategy import IStrategy


class {name}(AltSeasonStrategy):
    def populate_exit_trend(self, dataframe, metadata):
        dataframe = super().populate_exit_trend(dataframe, metadata)
        return dataframe
"""
    late = """
    def ft_advise_signals(self, dataframe, metadata):
        dataframe = super().ft_advise_signals(dataframe, metadata)
        for column in ("enter_long", "exit_long"):
            moved = [0] + dataframe[column].tolist()[:-1]
            dataframe[column] = moved
        for column in ("enter_tag", "exit_tag"):
            dataframe[column] = [""] + dataframe[column].tolist()[:-1]
        return dataframe
"""
    parameters = {
        "buy": {"gate_mode": "off", "macd_trigger": "above"},
        "stoploss": {"stoploss": -0.02},
    }
    for name, methods in (("Mine", ""), ("Late", late)):
        (home.strategies / f"{name}.py").write_text(body.format(name=name) + methods)
        text = json.dumps({"strategy_name": name, "params": parameters})
        (home.strategies / f"{name}.json").write_text(text)
    month = ("--timerange", "20220201-20220301")
    with backtests(home, "--strategy", "Mine", *month) as found:
        delayed = found.run(10, 1)
    statistics = home.backtest("--strategy", "Late", "--fee", "0.001", *month)["Late"]
    assert delayed.trades == statistics["total_trades"] >= 20
    assert delayed.profit == statistics["profit_total"] * 100
    assert delayed.stops == [trade["exit_reason"] for trade in statistics["trades"]].count(
        "stop_loss"
    )
