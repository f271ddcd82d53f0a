"""AltSeasonProfile in real Freqtrade, on the sample: backtest, analyses, and a dry run."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from tests.integration.freqtrade_runs import Home
from tests.integration.test_running_bot import rehearsed, rules, wait_for
from tests.lab.sandbox.bots import Api
from tests.strategy.trend_rule import find_shares, find_volatility

Make = Callable[[Path], Home]
PROFILE = ("--strategy", "AltSeasonProfile")
# Two hundred days after the sample's first candle.
SPAN = ("--timerange", "20211001-20220401", "--cache", "none")


def load_days(datadir: Path, coin: str) -> dict[datetime, float]:
    """Closes by the midnight that ends the day."""
    hours = get_datahandler(datadir, "feather").ohlcv_load(f"{coin}/USDT", "1h", CandleType.SPOT)
    ends = [date.to_pydatetime() + timedelta(hours=1) for date in hours["date"]]
    by_hour = dict(zip(ends, hours["close"].tolist(), strict=True))
    return {end: close for end, close in by_hour.items() if end.hour == 0}


def find_trends(datadir: Path, coin: str) -> dict[datetime, float]:
    days = load_days(datadir, coin)
    return dict(zip(days, find_shares(list(days.values())), strict=True))


def load_open_midnights(datadir: Path) -> set[datetime]:
    """The midnights at which the dominance of the day before is below its mean of twenty days."""
    days = get_datahandler(datadir, "feather").ohlcv_load("BTCD/USD", "1d", CandleType.SPOT)
    closes = days["close"].tolist()
    return {
        days["date"][number].to_pydatetime() + timedelta(days=1)
        for number in range(19, len(days))
        if closes[number] < sum(closes[number - 19 : number + 1]) / 20
    }


def times(trade: dict[str, Any]) -> tuple[datetime, datetime]:
    opened, closed = (pd.Timestamp(trade[name]) for name in ("open_date", "close_date"))
    return opened.to_pydatetime(), closed.to_pydatetime()


def test_trades_of_a_backtest_are_those_of_the_rule(sample: Path, home: Make):
    found = home(sample).backtest(*PROFILE, *SPAN)["AltSeasonProfile"]["trades"]
    bitcoin, opened = find_trends(sample, "BTC"), load_open_midnights(sample)
    assert len(found) >= 8
    for trade in found:
        coin = trade["pair"].partition("/")[0]
        trends, days = find_trends(sample, coin), load_days(sample, coin)
        entered, left = times(trade)
        before = next(iter(find_before(found, trade)), datetime(2021, 10, 1, tzinfo=entered.tzinfo))
        # The first midnight since the trade before at which an entry is allowed.
        allowed = [
            midnight
            for midnight in trends
            if before < midnight <= entered
            and trends[midnight] >= 4 / 7
            and bitcoin[midnight] >= 4 / 7
            and midnight in opened
        ]
        assert allowed == [entered]
        # Until the first midnight at which no channel is up, or the end.
        over = [midnight for midnight in trends if midnight > entered and trends[midnight] == 0]
        if trade["exit_reason"] == "no_channel_up":
            assert left == over[0]
        else:
            assert trade["exit_reason"] in ("force_exit", "stop_loss")
            assert left <= over[0]
        check_orders(trade, trends, days, bitcoin, opened)
    check_first_stake(found[0], sample)


def find_before(found: list[dict[str, Any]], trade: dict[str, Any]) -> list[datetime]:
    """When the coin's trade before this one ended."""
    earlier = [other for other in found if other["pair"] == trade["pair"]]
    ends = [times(other)[1] for other in earlier if other["open_date"] < trade["open_date"]]
    return sorted(ends, reverse=True)[:1]


def check_orders(
    trade: dict[str, Any],
    trends: dict[datetime, float],
    days: dict[datetime, float],
    bitcoin: dict[datetime, float],
    opened: set[datetime],
) -> None:
    """All at midnight; bought more only where an entry would be allowed, but for its own trend."""
    orders = trade["orders"]
    amounts = [0.0]
    for order in orders:
        time = pd.Timestamp(order["order_filled_timestamp"], unit="ms", tz="UTC").to_pydatetime()
        if trade["exit_reason"] == "no_channel_up" or order is not orders[-1]:
            assert time in days
        if order["ft_is_entry"]:
            assert bitcoin[time] >= 4 / 7
            assert time in opened
        change = order["amount"] if order["ft_is_entry"] else -order["amount"]
        amounts.append(amounts[-1] + change)
        if amounts[-2] and order is not orders[-1]:
            assert abs(change) > 0.2 * amounts[-2] * 0.999
            assert trends[time] > 0
    assert amounts[-1] == pytest.approx(0, abs=1e-3 * max(amounts))


def check_first_stake(trade: dict[str, Any], datadir: Path) -> None:
    """A quarter of the wallet of 1000, of which Freqtrade uses 99 percent."""
    coin = trade["pair"].partition("/")[0]
    entered = times(trade)[0]
    days = load_days(datadir, coin)
    closes = [close for midnight, close in days.items() if midnight <= entered]
    weight = find_shares(closes)[-1] * min(1, 0.25 / find_volatility(closes))
    first = trade["orders"][0]
    assert first["amount"] * first["safe_price"] == pytest.approx(247.5 * weight, rel=0.01)


def test_lookahead_analysis_finds_no_bias(sample: Path, home: Make):
    run = home(sample)
    run.run(
        "lookahead-analysis",
        *PROFILE,
        *("--timerange", "20211001-20220401"),
        *("--minimum-trade-amount", "5", "--targeted-trade-amount", "6"),
        *("--lookahead-analysis-exportfilename", "lookahead.csv"),
    )
    with (run.folder / "lookahead.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert int(row["total_signals"]) >= 5
    assert (row["has_bias"], row["biased_indicators"]) == ("False", "")


def test_recursive_analysis_finds_no_difference(sample: Path, home: Make):
    output = home(sample).run("recursive-analysis", *PROFILE, "--timerange", "20220601-20220701")
    header = next(line for line in output.splitlines() if "(from strategy)" in line)
    column = next(i for i, name in enumerate(header.split("┃")) if "(from strategy)" in name)
    assert "No lookahead bias on indicators found." in output
    rows = [line.split("│") for line in output.splitlines() if line.startswith("│")]
    differences = {row[1].strip(): row[column].strip() for row in rows}
    # A row is an indicator that differs for some number of startup candles: by the strategy's own,
    # for which a dash stands for the same to the last bit, none does.
    assert set(differences.values()) <= {"-", "0.000%", "-0.000%"}, differences


def test_dry_run_knows_trends_and_reports_its_rule(sample: Path, home: Make):
    run = home(sample)
    api = Api()
    run.write_config(api_server=api.section, initial_state="running")
    with rehearsed(run, sample, api, "AltSeasonProfile"):
        assert api.get("show_config")["position_adjustment_enable"] is True
        (rule,) = rules(run)
        wait_for(lambda: "trend" in find_newest(api))
        newest = find_newest(api)
    assert "dominance below its 20-day SMA" in rule
    assert newest["trend"] * 7 == pytest.approx(round(newest["trend"] * 7))
    assert newest["bitcoin_trend"] is not None
    assert newest["weight"] is not None
    assert "Traceback" not in (run.folder / "log.txt").read_text()


def find_newest(api: Api) -> dict[str, Any]:
    newest = api.get("pair_candles", pair="ETH/USDT", timeframe="1h", limit=1)
    return dict(zip(newest["columns"], newest["data"][-1], strict=True)) if newest["data"] else {}
