"""Futures behind the gate: shorts are held back where that is wanted, and left alone elsewhere."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from altseason.dominance.store import DominanceStore
from altseason_lab.emulator.live import LiveMarket, plan_shift, stored_span
from altseason_lab.emulator.market import Market
from altseason_lab.host.overlay import offline_environment
from tests.conftest import dominance_candles
from tests.integration.freqtrade_runs import Home, read_statistics, run_well
from tests.integration.futures import futures_config, serving_futures, write_futures
from tests.integration.test_gated_strategies import Gate, entered_at, write_gated
from tests.lab.sandbox.bots import Api
from tests.warm import warm

Make = Callable[[Path], Home]
HEAD = """
from freqtrade.strategy import IStrategy


class Parent(IStrategy):
    timeframe = "1h"
    stoploss = -0.9
    minimal_roi = {"0": 0.04}
    startup_candle_count = 30
    can_short = True

    def populate_indicators(self, dataframe, metadata):
        dataframe["mean"] = dataframe["close"].rolling(20).mean()
        return dataframe
"""
# Long below the mean, short above it, and out again on the other side.
BOTH_WAYS = """
    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] < dataframe["mean"] * 0.99, "enter_long"] = 1
        dataframe.loc[dataframe["close"] > dataframe["mean"] * 1.01, "enter_short"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] > dataframe["mean"], "exit_long"] = 1
        dataframe.loc[dataframe["close"] < dataframe["mean"], "exit_short"] = 1
        return dataframe
"""
ALWAYS_SHORT = """
    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_short"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""


def backtest(run: Home, *names: str) -> dict[str, Any]:
    with serving_futures(Market(run.datadir)) as url:
        run.write_config(**futures_config(url, "ETH/USDT:USDT"))
        words = [sys.executable, "-m", "freqtrade", "backtesting", "-c", "user_data/config.json"]
        words += ["--datadir", str(run.datadir), "--timerange", "20210901-20220201"]
        words += ["--cache", "none", "--strategy-list", *names]
        run_well(words, run.folder, offline_environment(os.environ, url))
    return read_statistics(run.results[-1])


def test_shorts_of_a_backtest_are_gated_only_where_that_is_wanted(
    home: Make, sample: Path, tmp_path: Path
):
    data = tmp_path / "data"
    write_futures(sample, data, "ETH")
    for name in ("ETH_USDT-1h.feather", "BTCD_USD-1d.feather"):
        shutil.copy(sample / name, data)
    run = home(data)
    (run.strategies / "Parent.py").write_text(HEAD + BOTH_WAYS)
    write_gated(run, "Longs", 'mode="falling"')
    write_gated(run, "Both", 'mode="falling", gate_shorts=True')
    found = backtest(run, "Parent", "Longs", "Both")
    gate = Gate(data)
    closed = {}
    for name, statistics in found.items():
        shorts = [trade for trade in statistics["trades"] if trade["is_short"]]
        longs = [trade for trade in statistics["trades"] if not trade["is_short"]]
        assert min(len(shorts), len(longs)) > 5
        closed[name] = [
            sum(not gate.is_open(moment, "falling") for moment in entered_at(trades))
            for trades in (longs, shorts)
        ]
    assert min(closed["Parent"]) > 0
    assert closed["Longs"][0] == 0
    assert closed["Longs"][1] >= closed["Parent"][1]
    assert closed["Both"] == [0, 0]


@contextmanager
def trading(run: Home, api: Api, url: str) -> Iterator[subprocess.Popen[str]]:
    """Run a bot until the end of the block; it has to end by itself then, and without an error."""
    words = [sys.executable, "-m", "freqtrade", "trade", "-c", "user_data/config.json"]
    words += ["--datadir", str(run.datadir), "--strategy", "MyGated", "--db-url", "sqlite://"]
    process = subprocess.Popen(
        words,
        cwd=run.folder,
        env=warm(offline_environment(os.environ, url)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=60)
    assert "Traceback" not in messages, messages[-5000:]


def wait_until(api: Api, is_true: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        # A reload ends the API for a moment, and then the bot is not running yet.
        with suppress(requests.ConnectionError):
            if api.get("show_config")["state"] == "running" and is_true():
                return
        assert time.monotonic() < deadline
        time.sleep(0.2)


def reload_with(run: Home, api: Api, threshold: float) -> None:
    """Reload the bot with another threshold, and wait until its candles are analyzed by it."""
    parameters = {"gate": {"dominance_threshold": threshold}}
    content = {"strategy_name": "MyGated", "params": parameters}
    (run.strategies / "MyGated.json").write_text(json.dumps(content))
    api.post("reload_config")
    wait_until(api, lambda: newest(api).get("alt_season") == (threshold > 60))


def newest(api: Api) -> dict[str, Any]:
    """The newest row that the bot has analyzed."""
    asked = {"pair": "BNB/USDT:USDT", "timeframe": "1h", "limit": 1}
    found = api.get("pair_candles", **asked)
    return dict(zip(found["columns"], found["data"][-1], strict=True)) if found["data"] else {}


def check_that_no_short_is_entered(api: Api) -> None:
    assert newest(api)["enter_short"] == 0
    with pytest.raises(AssertionError, match="Failed to enter position"):
        api.post("forceenter", pair="BNB/USDT:USDT", side="short")
    assert api.get("status") == []


@pytest.mark.slow
def test_reloads_of_a_bot_keep_the_gate_of_its_shorts(home: Make, sample: Path, tmp_path: Path):
    data = tmp_path / "data"
    today = pd.Timestamp.now("UTC").floor("D")
    # Dominance is about 60 %, and does not stand still.
    candles = dominance_candles([60.0, 60.1] * 30, f"{today - 60 * pd.Timedelta('1D'):%Y-%m-%d}")
    DominanceStore(data).append(candles, "1d")
    run, api, market = home(data), Api(), Market(sample)
    (run.strategies / "Parent.py").write_text(HEAD + ALWAYS_SHORT)
    write_gated(run, "MyGated", "gate_shorts=True")
    now = int(time.time() * 1000)
    live = LiveMarket(market, plan_shift(*stored_span(market, market.symbols.values()), now))
    with serving_futures(live, lambda: int(time.time() * 1000)) as url:
        run.write_config(
            **futures_config(url, "ETH/USDT:USDT", "BNB/USDT:USDT", is_live=True),
            altseason={"dominance": {"record": False, "backfill": False}},
            api_server=api.section,
            force_entry_enable=True,
            initial_state="running",
            max_open_trades=2,
            stake_amount=100,
        )
        with trading(run, api, url) as process:
            api.wait_until_running(process)
            wait_until(api, lambda: newest(api).get("alt_season") is False)
            check_that_no_short_is_entered(api)
            reload_with(run, api, 65.0)
            wait_until(api, lambda: len(api.get("status")) == 2)
            assert {trade["is_short"] for trade in api.get("status")} == {True}
            reload_with(run, api, 55.0)
            for trade in api.get("status"):
                api.post("forceexit", tradeid=str(trade["trade_id"]))
            wait_until(api, lambda: api.get("status") == [])
            check_that_no_short_is_entered(api)
