"""Backtest, lookahead-analysis and hyperopt with breadth, on the sample's days."""

import csv
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from altseason_lab.emulator.market import Market
from altseason_lab.host.overlay import exchange_settings, offline_environment
from tests.integration.freqtrade_runs import Home, run_well, write_subclass
from tests.lab.emulator.serving import serving

Make = Callable[[Path], Home]
COINS = ("ETH", "BNB", "SOL", "ADA")
PAIRS = [f"{coin}/USDT" for coin in COINS]
DAYS = 30
VALUES = f'"breadth_days": {DAYS}, "macd_trigger": "above"'
COUNTS = f'    buy_params = {{"gate_mode": "breadth", {VALUES}}}'
UNGATED = f'    buy_params = {{"gate_mode": "off", {VALUES}}}'
SPAN = ("--timerange", "20220101-20220601", "--cache", "none")


@pytest.fixture
def datadir(sample: Path, tmp_path: Path) -> Path:
    """Candles of the sample market by hour and by day, and no dominance."""
    folder = tmp_path / "synthetic"
    shutil.copytree(sample, folder, ignore=shutil.ignore_patterns("BTCD_*"))
    handler = get_datahandler(folder, "feather")
    for coin in (*COINS, "BTC"):
        hours = handler.ohlcv_load(f"{coin}/USDT", "1h", CandleType.SPOT)
        days = hours.resample("1D", on="date").agg(
            {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        )
        handler.ohlcv_store(f"{coin}/USDT", "1d", days.reset_index(), CandleType.SPOT)
    return folder


def find_open_days(datadir: Path) -> set[datetime]:
    """The midnights from which on three of four coins have beaten Bitcoin, from the hours alone."""
    handler = get_datahandler(datadir, "feather")
    closes: dict[str, dict[datetime, float]] = {}
    for coin in (*COINS, "BTC"):
        hours = handler.ohlcv_load(f"{coin}/USDT", "1h", CandleType.SPOT)
        ends = [date.to_pydatetime() + timedelta(hours=1) for date in hours["date"]]
        closes[coin] = dict(zip(ends, hours["close"].tolist(), strict=True))
    opened = set()
    for midnight in (end for end in closes["BTC"] if end.hour == 0):
        before = midnight - timedelta(days=DAYS)
        if before in closes["BTC"]:
            growth = {coin: closes[coin][midnight] / closes[coin][before] for coin in closes}
            if sum(growth[coin] > growth["BTC"] for coin in COINS) >= 3:
                opened.add(midnight)
    return opened


def test_no_trade_of_a_backtest_is_entered_while_breadth_is_too_low(datadir: Path, home: Make):
    run = home(datadir)
    write_subclass(run.strategies, "Counts", COUNTS)
    write_subclass(run.strategies, "Ungated", UNGATED)
    found = run.backtest(*SPAN, "--strategy-list", "Counts", "Ungated")
    opened = find_open_days(datadir)

    def count(name: str) -> tuple[int, int]:
        dates = [pd.Timestamp(trade["open_date"]).floor("D") for trade in found[name]["trades"]]
        is_open = [date.to_pydatetime() in opened for date in dates]
        return sum(is_open), len(is_open) - sum(is_open)

    assert count("Counts")[1] == 0
    assert count("Counts")[0] >= 20
    assert min(count("Ungated")) >= 20


def test_backtest_without_daily_candles_is_one_line_with_the_command(sample: Path, home: Make):
    run = home(sample)
    write_subclass(run.strategies, "Counts", COUNTS)
    with pytest.raises(AssertionError, match="freqtrade download-data --pairs BTC/USDT") as error:
        run.run("backtesting", "--strategy", "Counts", *SPAN)
    assert "Traceback" not in str(error.value)
    assert run.results == []


def test_lookahead_analysis_finds_no_bias(datadir: Path, home: Make):
    """With coins of the settings: it runs each pair alone, and so the whitelist is another one."""
    run = home(datadir)
    write_subclass(run.strategies, "Counts", COUNTS)
    section = {"risk": {"sizing": False}, "breadth": {"coins": [*COINS]}}
    run.write_config(altseason=section)
    run.run(
        "lookahead-analysis",
        *("--strategy", "Counts", "--timerange", "20220101-20220401"),
        *("--minimum-trade-amount", "10", "--targeted-trade-amount", "12"),
        *("--lookahead-analysis-exportfilename", "lookahead.csv"),
    )
    with (run.folder / "lookahead.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert int(row["total_signals"]) >= 10
    assert (row["has_bias"], row["biased_indicators"]) == ("False", "")


def test_hyperopt_with_two_workers_varies_breadth(bare_python: Path, datadir: Path, home: Make):
    run = home(datadir)
    write_subclass(
        run.strategies,
        "OnlyBreadth",
        """
    gate_mode = CategoricalParameter(
        ["breadth", "level"], default="breadth", space="buy", optimize=False)
    dominance_threshold = DecimalParameter(40, 70, default=55, space="buy", optimize=False)
    gate_band = DecimalParameter(0, 5, default=0, space="buy", optimize=False)
    gate_sma_days = IntParameter(5, 60, default=20, space="buy", optimize=False)
    macd_trigger = CategoricalParameter(["cross", "above"], space="buy", optimize=False)
    rsi_entry_max = IntParameter(50, 90, default=70, space="buy", optimize=False)""",
    )
    with serving(Market(datadir)) as url:
        run.write_config(exchange={**exchange_settings(url), "pair_whitelist": PAIRS})
        words = [str(bare_python), "-m", "freqtrade", "hyperopt", "--strategy", "OnlyBreadth"]
        words += ["--datadir", str(datadir), "--timerange", "20210601-20210901", "-j", "2"]
        words += ["-e", "6", "--spaces", "buy", "--random-state", "7", "--min-trades", "1"]
        words += ["--hyperopt-loss", "SharpeHyperOptLossDaily", "--print-all"]
        run_well(words, run.folder, offline_environment({"PYTHONDONTWRITEBYTECODE": "1"}, url))
    (results,) = (run.userdir / "hyperopt_results").glob("*.fthypt")
    epochs = [json.loads(line) for line in results.read_text().splitlines()]
    assert set(epochs[0]["params_dict"]) == {"breadth_min", "breadth_days"}
    assert len({epoch["results_metrics"]["total_trades"] for epoch in epochs}) >= 2
