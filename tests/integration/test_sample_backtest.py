"""Backtests, hyperopt and Freqtrade's own analyses on the sample, with copied strategies only."""

import csv
import json
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from altseason.dominance.store import DominanceStore
from altseason_lab.host.overlay import exchange_settings, offline_environment
from tests.conftest import dominance_candles
from tests.integration.freqtrade_runs import Home, run_well, write_subclass

Make = Callable[[Path], Home]
PROVIDER_KEY = "a-key-of-at-least-32-characters-as-freqtrade-wants"
MODES = ("level", "falling", "level_and_falling", "off")


def test_every_gate_mode_trades_often_enough_on_the_sample(sample: Path, home: Make):
    run = home(sample)
    dominance = {
        "coinmarketcap_key": PROVIDER_KEY,
        "urls": {"coingecko": f"https://user:{PROVIDER_KEY}@example.org"},
    }
    server = dict.fromkeys(("username", "password", "jwt_secret_key", "ws_token"), PROVIDER_KEY)
    run.write_config(
        altseason={"risk": {"sizing": False}, "dominance": dominance},
        api_server={
            **server,
            "username": "x",
            "enabled": False,
            "listen_ip_address": "127.0.0.1",
            "listen_port": 8080,
        },
    )
    names = [f"Gate{number}" for number in range(len(MODES))]
    for name, mode in zip(names, MODES, strict=True):
        write_subclass(run.strategies, name, f'    buy_params = {{"gate_mode": "{mode}"}}')
    # Five months of the four years have to be enough.
    year = ("--timerange", "20220101-20220601", "--cache", "none")
    found = run.backtest(*year, "--strategy-list", *names)
    trades = {mode: found[name]["total_trades"] for name, mode in zip(names, MODES, strict=True)}
    assert min(trades.values()) >= 30
    assert trades["level_and_falling"] < min(trades["level"], trades["falling"])
    assert max(trades["level"], trades["falling"]) < trades["off"]
    # People show their results to others, and the configuration is in there.
    with zipfile.ZipFile(run.results[-1]) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert any(b'"coinmarketcap_key":"REDACTED"' in content for content in files.values())
    assert not any(PROVIDER_KEY.encode() in content for content in files.values())


@pytest.mark.slow  # in one process: tests/strategy/test_subclasses.py
def test_strategies_of_one_run_do_not_change_each_other(sample: Path, home: Make):
    """Freqtrade's parameters belong to the class, which these two share."""
    run = home(sample)
    write_subclass(run.strategies, "Loose", '    buy_params = {"gate_mode": "off"}')
    write_subclass(run.strategies, "Strict", '    buy_params = {"rsi_entry_max": 60}')
    span = ("--timerange", "20220101-20220401", "--cache", "none")
    alone = {
        name: run.backtest(*span, "--strategy", name)[name]["total_trades"]
        for name in ("Loose", "Strict")
    }
    assert alone["Loose"] > alone["Strict"] > 0
    for names in (("Loose", "Strict"), ("Strict", "Loose")):
        found = run.backtest(*span, "--strategy-list", *names)
        assert {name: found[name]["total_trades"] for name in names} == alone


def test_backtest_without_dominance_is_one_line_and_not_an_empty_result(
    sample: Path, home: Make, tmp_path: Path
):
    datadir = tmp_path / "data"
    datadir.mkdir()
    shutil.copy(sample / "ETH_USDT-1h.feather", datadir)
    run = home(datadir)
    with pytest.raises(AssertionError, match="altseason dominance import FILE") as error:
        run.run("backtesting", "--strategy", "AltSeasonStrategy")
    assert "Traceback" not in str(error.value)
    assert run.results == []


def test_new_dominance_and_changed_code_are_never_answered_from_the_cache(
    sample: Path, emulator: str, home: Make, tmp_path: Path
):
    datadir = tmp_path / "data"
    shutil.copytree(sample, datadir)
    run = home(datadir)
    # One emulator for all runs: its address is in the config, which the cache looks at.
    run.write_config(exchange={**exchange_settings(emulator), "pair_whitelist": ["ETH/USDT"]})
    write_subclass(run.strategies, "Derived", "    pass")
    words = [sys.executable, "-m", "freqtrade", "backtesting", "--strategy", "Derived"]
    words += ["--datadir", str(datadir), "--timerange", "20210601-20210701", "--cache", "day"]

    def is_new_result() -> bool:
        before = len(run.results)
        run_well(words, run.folder, offline_environment(os.environ, emulator))
        return len(run.results) > before

    assert is_new_result()
    assert not is_new_result()

    DominanceStore(datadir).append(dominance_candles([50.0], "2026-01-01"), "1d")
    assert is_new_result()

    with (run.strategies / "altseason" / "gate" / "charts.py").open("a") as file:
        file.write("# changed\n")
    assert is_new_result()

    with (run.strategies / "AltSeasonStrategy.py").open("a") as file:
        file.write("# changed\n")
    assert is_new_result()


def test_lookahead_analysis_finds_no_bias(sample: Path, home: Make):
    run = home(sample)
    run.run(
        "lookahead-analysis",
        *("--strategy", "AltSeasonStrategy", "--timerange", "20210601-20210715"),
        *("--minimum-trade-amount", "20", "--targeted-trade-amount", "22"),
        *("--lookahead-analysis-exportfilename", "lookahead.csv"),
    )
    with (run.folder / "lookahead.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert int(row["total_signals"]) >= 20
    assert (row["has_bias"], row["biased_entry_signals"], row["biased_exit_signals"]) == (
        "False",
        "0",
        "0",
    )
    assert row["biased_indicators"] == ""


def test_recursive_analysis_finds_no_difference(sample: Path, home: Make):
    output = home(sample).run(
        "recursive-analysis",
        *("--strategy", "AltSeasonStrategy", "--timerange", "20210601-20210701"),
    )
    header = next(line for line in output.splitlines() if "(from strategy)" in line)
    column = next(i for i, name in enumerate(header.split("┃")) if "(from strategy)" in name)
    assert "No lookahead bias on indicators found." in output
    rows = [line.split("│") for line in output.splitlines() if line.startswith("│")]
    differences = {row[1].strip(): row[column].strip() for row in rows}
    assert {"sma50", "sma200", "rsi", "macd"} <= set(differences)
    # A dash stands for a value that is the same to the last bit; the row is there for the other
    # numbers of startup candles.
    found = [
        float(difference.rstrip("%")) for difference in differences.values() if difference != "-"
    ]
    assert found
    assert max(map(abs, found)) <= 0.1, differences


def test_hyperopt_with_two_workers_varies_the_gate(
    bare_python: Path, emulator: str, sample: Path, home: Make
):
    """With nothing but the gate's mode to vary, different results come from the gate."""
    run = home(sample)
    run.write_config(exchange={**exchange_settings(emulator), "pair_whitelist": ["ETH/USDT"]})
    write_subclass(
        run.strategies,
        "OnlyGateMode",
        """
    dominance_threshold = DecimalParameter(40, 70, default=55, space="buy", optimize=False)
    gate_band = DecimalParameter(0, 5, default=0, space="buy", optimize=False)
    gate_sma_days = IntParameter(5, 60, default=20, space="buy", optimize=False)
    macd_trigger = CategoricalParameter(["cross", "above"], space="buy", optimize=False)
    rsi_entry_max = IntParameter(50, 90, default=70, space="buy", optimize=False)""",
    )
    words = [str(bare_python), "-m", "freqtrade", "hyperopt", "--strategy", "OnlyGateMode"]
    words += ["--datadir", str(sample), "--timerange", "20210601-20210801", "-j", "2", "-e", "6"]
    words += ["--spaces", "buy", "--random-state", "7", "--min-trades", "1"]
    words += ["--hyperopt-loss", "SharpeHyperOptLossDaily", "--print-all"]
    environment = offline_environment({"PYTHONDONTWRITEBYTECODE": "1"}, emulator)
    output = run_well(words, run.folder, environment)
    assert not re.search("analyze-per-epoch", output)
    (results,) = (run.userdir / "hyperopt_results").glob("*.fthypt")
    epochs = [json.loads(line) for line in results.read_text().splitlines()]
    by_mode = {
        epoch["params_dict"]["gate_mode"]: epoch["results_metrics"]["total_trades"]
        for epoch in epochs
    }
    assert len(by_mode) >= 2
    assert len(set(by_mode.values())) >= 2
