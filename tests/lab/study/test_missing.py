"""Pairs that are named and cannot be traded."""

import json
import shutil

import pandas as pd
import pytest

from altseason.cli import main
from tests.integration.freqtrade_runs import Home
from tests.lab.study.conftest import PERIOD


def study(home: Home, *words: str) -> int:
    options = ["study", "--offline", "-d", str(home.datadir), "--processes", "1", *words]
    return main([*options, "--modes", "falling", "--windows", PERIOD])


def test_pairs_without_a_candle_are_named_with_their_window(
    home: Home, capsys: pytest.CaptureFixture[str]
):
    """One that the exchange does not know, and one that was delisted the day before."""
    home = Home(home.folder, shutil.copytree(home.datadir, home.folder / "synthetic"))
    home.write_config(
        exchange={
            "name": "binance",
            "pair_whitelist": ["ETH/USDT", "SOL/USDT", "NO/USDT", "BNB/.*", "ADA/USDT"],
            "pair_blacklist": ["ADA/USDT"],
        }
    )
    path = home.datadir / "SOL_USDT-1h.feather"
    candles = pd.read_feather(path)
    candles[candles["date"] < "2022-01-31"].reset_index(drop=True).to_feather(path)
    assert study(home, "--json") == 0
    [off, falling] = json.loads(capsys.readouterr().out)["cells"]
    assert off["missing_pairs"] == falling["missing_pairs"] == ["SOL/USDT", "NO/USDT"]
    assert off["pairs"] == ["ETH/USDT", "BNB/USDT"]
    assert study(home) == 0
    text = capsys.readouterr().out
    assert text.count("No candles of SOL/USDT, NO/USDT: neither traded nor held.") == 1


def test_group_of_which_no_pair_is_known_is_refused(home: Home, capsys: pytest.CaptureFixture[str]):
    assert study(home, "--groups", "NO/USDT,XRP/USDT") == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "altseason: expected pairs of binance, found none among NO/USDT, XRP/USDT"


def test_stress_test_names_them_too(home: Home, capsys: pytest.CaptureFixture[str]):
    words = ["stress", "--offline", "-d", str(home.datadir), "--slippage", "0", "--delays", "0"]
    pairs = ("--pairs", "ETH/USDT", "NO/USDT", "SOL/USDT")
    assert main([*words, "--", *pairs, "--timerange", PERIOD]) == 0
    text = capsys.readouterr().out
    assert "ETH/USDT SOL/USDT,\n1h candles" in text
    assert "No candles of NO/USDT: neither traded nor held." in text
