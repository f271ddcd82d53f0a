"""Users' own strategies behind the gate, in real backtests, hyperopt and Freqtrade's analyses."""

import csv
import json
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from altseason_lab.host.overlay import exchange_settings, offline_environment
from tests.integration.freqtrade_runs import Home, run_well
from tests.strategy.gated import define

Make = Callable[[Path], Home]
SPAN = ("--timerange", "20210901-20220201")
# Enters often, exits by itself, and knows nothing of dominance.
PARENT = """
from freqtrade.strategy import IntParameter, IStrategy


class Parent(IStrategy):
    timeframe = "1h"
    stoploss = -0.05
    minimal_roi = {"0": 0.04}
    startup_candle_count = 30
    days = IntParameter(2, 20, default=5, space="buy", optimize=False)

    def populate_indicators(self, dataframe, metadata):
        dataframe["mean"] = dataframe["close"].rolling(20).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] < dataframe["mean"], "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] > dataframe["mean"] * 1.01, "exit_long"] = 1
        return dataframe
"""
IMPORTS = "from altseason.strategy import AltSeasonGate\nfrom Parent import Parent\n\n\n"


@pytest.fixture
def run(sample: Path, home: Make) -> Home:
    run = home(sample)
    (run.strategies / "Parent.py").write_text(PARENT)
    return run


def write_gated(run: Home, name: str, keywords: str = "", **words: Any) -> None:
    text = IMPORTS + define(keywords, **words).replace("class MyGated", f"class {name}")
    (run.strategies / f"{name}.py").write_text(text)


class Gate:
    """What was known of dominance at a time, read from the stored candles and nothing else."""

    def __init__(self, datadir: Path) -> None:
        stored = pd.read_feather(datadir / "BTCD_USD-1d.feather")
        self.ends = [date.to_pydatetime() + timedelta(days=1) for date in stored["date"]]
        self.closes = [float(close) for close in stored["close"]]

    def is_open(self, time: datetime, mode: str) -> bool:
        known = self.closes[: bisect_right(self.ends, time)]
        mean = sum(known[-20:]) / 20
        return known[-1] < (55 if mode == "level" else mean)


def entered_at(trades: list[dict[str, Any]]) -> list[datetime]:
    return [datetime.fromtimestamp(trade["open_timestamp"] / 1000, tz=UTC) for trade in trades]


def test_no_trade_of_a_gated_strategy_was_entered_while_the_gate_was_closed(
    run: Home, sample: Path
):
    rules = {"Level": "level", "Falling": "falling"}
    for name, mode in rules.items():
        write_gated(run, name, f'mode="{mode}"')
    write_gated(run, "Always", 'mode="off"')
    # One that cannot be used stops no other.
    write_gated(run, "Broken", 'mode="typo"')
    names = ["Parent", "Always", *rules]
    found = run.backtest(*SPAN, "--cache", "none", "--strategy-list", *names)
    gate = Gate(sample)
    every = entered_at(found["Parent"]["trades"])
    assert len(every) > 300
    assert entered_at(found["Always"]["trades"]) == every
    for name, mode in rules.items():
        times = entered_at(found[name]["trades"])
        assert 20 < len(times) < len(every)
        assert [time for time in times if not gate.is_open(time, mode)] == []
        assert [time for time in every if not gate.is_open(time, mode)] != []


def test_hyperopt_with_two_workers_varies_the_gate_of_any_strategy(
    bare_python: Path, emulator: str, sample: Path, run: Home
):
    run.write_config(exchange={**exchange_settings(emulator), "pair_whitelist": ["ETH/USDT"]})
    write_gated(run, "MyGated")
    words = [str(bare_python), "-m", "freqtrade", "hyperopt", "--strategy", "MyGated"]
    words += ["--datadir", str(sample), "--timerange", "20210601-20210801", "-j", "2", "-e", "6"]
    words += ["--spaces", "gate", "--random-state", "7", "--min-trades", "1"]
    words += ["--hyperopt-loss", "SharpeHyperOptLossDaily", "--print-all"]
    environment = offline_environment({"PYTHONDONTWRITEBYTECODE": "1"}, emulator)
    run_well(words, run.folder, environment)
    (results,) = (run.userdir / "hyperopt_results").glob("*.fthypt")
    epochs = [json.loads(line) for line in results.read_text().splitlines()]
    assert all("gate_mode" in epoch["params_details"]["gate"] for epoch in epochs)
    assert len({epoch["results_metrics"]["total_trades"] for epoch in epochs}) >= 2
    # It is kept for the class that was optimized.
    kept = json.loads((run.strategies / "MyGated.json").read_text())
    assert kept["strategy_name"] == "MyGated"
    assert set(kept["params"]["gate"]) >= {"gate_mode", "dominance_threshold"}


def test_analyses_find_no_bias_in_a_gated_strategy(run: Home):
    write_gated(run, "MyGated", 'mode="falling"')
    run.run(
        "lookahead-analysis",
        *("--strategy", "MyGated", "--timerange", "20210601-20210715"),
        *("--minimum-trade-amount", "20", "--targeted-trade-amount", "22"),
        *("--lookahead-analysis-exportfilename", "lookahead.csv"),
    )
    with (run.folder / "lookahead.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert int(row["total_signals"]) >= 20
    assert (row["has_bias"], row["biased_indicators"]) == ("False", "")
    output = run.run(
        "recursive-analysis", "--strategy", "MyGated", "--timerange", "20210601-20210701"
    )
    assert "No lookahead bias on indicators found." in output
