"""Freqtrade's command lines, as its own parser reads them, and what is added to them."""

import json
from pathlib import Path
from typing import Any

import pytest
from freqtrade.commands.optimize_commands import setup_optimize_configuration
from freqtrade.configuration import Configuration
from freqtrade.enums import RunMode

from altseason_lab.host.command import (
    additional_arguments,
    build_overlay,
    parse_command,
    read_backtesting_configuration,
)

URL = "http://127.0.0.1:40000"


def write(path: Path, content: dict[str, Any]) -> str:
    path.write_text(json.dumps(content))
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "asks"),
    [
        ("backtesting -s X", True),
        ("list-pairs", True),
        ("test-pairlist", True),
        ("show-config", True),
        ("", False),
        ("--version", False),
        ("backtesting --version", False),
        ("new-config -c new.json", False),
        ("list-exchanges", False),
        ("create-userdir --userdir new", False),
    ],
)
def test_only_a_command_with_a_configuration_asks_an_exchange(arguments: str, asks: bool) -> None:
    assert parse_command(arguments.split()).asks_exchange is asks


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("list-pairs -c a.json -c b.json -d data", ["--config", "overlay.json"]),
        ("list-pairs --config=a.json -d data", ["--config", "overlay.json"]),
        (
            "list-pairs",
            [
                *("--config", "user_data/config.json"),
                *("--config", "overlay.json"),
                *("--datadir", "the/datadir"),
            ],
        ),
        (
            "download-data -c a.json --exchange kraken --pairs A B",
            [
                *("--config", "overlay.json"),
                *("--datadir", "the/datadir"),
                *("--exchange", "binance"),
            ],
        ),
        ("test-pairlist -c a.json", ["--config", "overlay.json"]),
    ],
)
def test_additional_arguments_bring_in_the_overlay_and_keep_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, expected: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user_data").mkdir()
    (tmp_path / "user_data" / "config.json").write_text("{}")
    command = parse_command(arguments.split())
    config = {"datadir": Path("the/datadir")}
    assert additional_arguments(command, config, Path("overlay.json")) == expected


def test_overlay_without_configuration_files_keeps_what_freqtrade_starts_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user_data" / "data" / "binance").mkdir(parents=True)
    pairs = tmp_path / "user_data" / "data" / "binance" / "pairs.json"
    pairs.write_text('["SOL/USDT", "ETH/USDT"]')
    command = parse_command(["download-data", "--exchange", "binance"])
    plain = Configuration(command.options, RunMode.UTIL_EXCHANGE).get_config()
    overlay = write(tmp_path / "overlay.json", build_overlay(command, plain, URL))
    rehearsed = Configuration(
        {**command.options, "config": [overlay]}, RunMode.UTIL_EXCHANGE
    ).get_config()
    assert rehearsed["pairs"] == plain["pairs"] == ["ETH/USDT", "SOL/USDT"]
    kept = ("stake_currency", "dry_run", "datadir", "trading_mode")
    assert [rehearsed[name] for name in kept] == [plain[name] for name in kept]


def test_backtesting_configuration_is_freqtrades_own_and_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {
        "stake_currency": "USDT",
        "stake_amount": 10,
        "exchange": {"name": "kraken", "pair_whitelist": ["ETH/USDT"]},
        "pairlists": [{"method": "StaticPairList"}],
    }
    (tmp_path / "user_data").mkdir()
    write(tmp_path / "user_data" / "config.json", settings)
    before = sorted(tmp_path.rglob("*"))
    command = parse_command(["backtesting", "--timerange", "20220101-20220201"])
    config = read_backtesting_configuration(command)
    assert sorted(tmp_path.rglob("*")) == before
    plain = setup_optimize_configuration(command.options, RunMode.BACKTEST)
    assert config["datadir"] == plain["datadir"]
    same = ("runmode", "timerange", "stake_amount", "dry_run_wallet", "trading_mode", "pairlists")
    assert [config[name] for name in same] == [plain[name] for name in same]
