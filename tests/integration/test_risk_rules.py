"""The risk rules in real backtests and a hyperopt, checked against the candles by hand."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.integration.freqtrade_runs import Home, write_subclass

Make = Callable[[Path], Home]
PERIOD, HOUR = 14, pd.Timedelta(hours=1)
# A gate that closes often, so that now and then it is the first to sell.
RESTLESS = """
    buy_params = {"gate_mode": "falling", "gate_sma_days": 5, "macd_trigger": "above"}"""
EAGER = """    buy_params = {"gate_mode": "off", "macd_trigger": "above"}"""


def calculate_volatility(candles: pd.DataFrame) -> "dict[pd.Timestamp, float]":
    """ATR(14) / close by the close of each candle, by Wilder's own recipe."""
    # Freqtrade fills a gap with candles that stand still at the last close.
    candles = candles.set_index("date")[["high", "low", "close"]].asfreq("1h")
    candles["close"] = candles["close"].ffill()
    candles = candles.apply(lambda column: column.fillna(candles["close"]))
    rows = list(candles.itertuples(index=False))
    ranges = [
        max(row.high - row.low, abs(row.high - before.close), abs(row.low - before.close))
        for before, row in pairwise(rows)
    ]
    average = sum(ranges[:PERIOD]) / PERIOD
    found = {}
    ends = candles.index + HOUR
    for end, row, span in zip(ends[1 + PERIOD :], rows[1 + PERIOD :], ranges[PERIOD:], strict=True):
        average = (average * (PERIOD - 1) + span) / PERIOD
        found[end] = average / row.close
    return found


@pytest.fixture(scope="module")
def volatility(sample: Path) -> "dict[str, dict[pd.Timestamp, float]]":
    return {
        f"{coin}/USDT": calculate_volatility(pd.read_feather(sample / f"{coin}_USDT-1h.feather"))
        for coin in ("ETH", "BNB", "SOL", "ADA")
    }


def at(milliseconds: int) -> pd.Timestamp:
    return pd.Timestamp(milliseconds, unit="ms", tz="UTC")


def with_equity(trades: list[dict[str, Any]]) -> "list[tuple[dict[str, Any], float]]":
    """Each trade with the equity at its begin: 99 % of all there is; one trade at a time."""
    found, wallet = [], 1000.0
    for trade in trades:
        found.append((trade, 0.99 * wallet))
        wallet += trade["profit_abs"]
    return found


def test_stakes_and_losses_of_a_backtest_are_by_the_rule(
    sample: Path, home: Make, volatility: dict[str, dict[pd.Timestamp, float]]
):
    run = home(sample)
    run.write_config(max_open_trades=1, altseason={})
    write_subclass(run.strategies, "Eager", EAGER)
    found = run.backtest("--strategy", "Eager", "--timerange", "20220101-20220401")
    trades = found["Eager"]["trades"]
    assert len(trades) >= 50
    assert len({round(trade["stake_amount"]) for trade in trades}) >= 10
    stopped = [trade for trade in trades if trade["exit_reason"] == "stop_loss"]
    assert len(stopped) >= 1
    for trade, equity in with_equity(trades):
        atr = volatility[trade["pair"]][at(trade["open_timestamp"])]
        expected = min(equity, equity * 0.02 / max(0.05, 5 * atr))
        assert trade["stake_amount"] == pytest.approx(expected, rel=1e-3)
    for trade, equity in with_equity(trades):
        fees = 0.002 * trade["stake_amount"]
        assert trade["profit_abs"] >= -0.02 * equity - fees - 0.01


def find_locks(statistics: dict[str, Any]) -> set[str]:
    """Return which protections have acted, by the words of their reasons."""
    words = ("Cooldown period", "stoplosses in", "passed 0.06", "< 0.0 in 168 candles")
    reasons = [lock["reason"] for lock in statistics["locks"]]
    return {word for word in words if any(word in reason for reason in reasons)}


def test_all_rules_at_once_in_a_backtest(
    sample: Path, home: Make, volatility: dict[str, dict[pd.Timestamp, float]]
):
    run = home(sample)
    rules = ("atr_trailing", "regime_exit", "rebalancing", "protections")
    # Unsized, each trade is larger than its budget from the first candle on.
    risk = {"sizing": False, **dict.fromkeys(rules, True)}
    run.write_config(max_open_trades=1, altseason={"risk": risk})
    period = ("--timerange", "20220101-20220601", "--enable-protections")
    write_subclass(run.strategies, "Restless", RESTLESS)
    statistics = run.backtest("--strategy", "Restless", *period)["Restless"]
    trades = statistics["trades"]
    assert "gate_closed" in {trade["exit_reason"] for trade in trades}
    assert any(trade["stop_loss_abs"] > trade["initial_stop_loss_abs"] for trade in trades)
    assert all(trade["stop_loss_abs"] >= trade["initial_stop_loss_abs"] for trade in trades)
    assert {"Cooldown period", "< 0.0 in 168 candles"} <= find_locks(statistics)
    trimmed = [(trade, equity) for trade, equity in with_equity(trades) if len(trade["orders"]) > 2]
    assert len(trimmed) >= 10
    for trade, equity in trimmed:
        entry, trim = trade["orders"][:2]
        atr = volatility[trade["pair"]][at(trim["order_filled_timestamp"])]
        left = (entry["amount"] - trim["amount"]) * trim["safe_price"]
        assert left * max(0.05, 5 * atr) == pytest.approx(0.02 * equity, rel=1e-3)
        assert [order["ft_is_entry"] for order in trade["orders"][1:]].count(True) == 0


@pytest.mark.slow
def test_each_protection_acts_in_a_backtest(sample: Path, home: Make):
    """By the default values, on positions so large and stops so near that there is need of it."""
    run = home(sample)
    run.write_config(stoploss=-0.02, altseason={"risk": {"sizing": False, "protections": True}})
    write_subclass(run.strategies, "Eager", EAGER)
    period = ("--timerange", "20220101-20220601", "--enable-protections")
    statistics = run.backtest("--strategy", "Eager", *period)["Eager"]
    assert len(find_locks(statistics)) == 4


@pytest.mark.slow
def test_hyperopt_varies_roi_stops_and_protections(sample: Path, home: Make):
    run = home(sample)
    run.write_config(altseason={"risk": {"protections": True}})
    run.run(
        "hyperopt",
        *("--strategy", "AltSeasonStrategy", "--spaces", "roi", "stoploss", "trailing"),
        *("protection", "--enable-protections", "-e", "2", "-j", "1", "--min-trades", "1"),
        *("--timerange", "20220101-20220201", "--random-state", "7"),
        *("--hyperopt-loss", "SharpeHyperOptLossDaily", "--print-all"),
    )
    (results,) = (run.userdir / "hyperopt_results").glob("*.fthypt")
    epochs = [json.loads(line) for line in results.read_text().splitlines()]
    assert len(epochs) == 2
    for epoch in epochs:
        details = epoch["params_details"]
        assert {"roi", "stoploss", "trailing", "protection"} <= set(details)
        assert set(details["protection"]) == {
            "cooldown_candles",
            "stops_allowed",
            "drawdown_allowed",
        }
    assert len({epoch["params_dict"]["cooldown_candles"] for epoch in epochs}) == 2
