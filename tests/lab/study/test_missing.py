"""Pairs that are named and cannot be traded, and windows without dominance."""

import json
import shutil

import pandas as pd
import pytest

from altseason.cli import main
from altseason_lab.host.repeated import open_exchange
from altseason_lab.study.cell import CellRunner
from altseason_lab.study.grid import Calendar, Cell, Scope, Shift
from tests.integration.freqtrade_runs import Home
from tests.lab.study.conftest import PERIOD, configured


def end_dominance(home: Home, end: str) -> Home:
    """Return a copy of a home in which dominance ends before a day."""
    home = Home(home.folder, shutil.copytree(home.datadir, home.folder / "synthetic"))
    for path in home.datadir.glob("BTCD_USD-*"):
        candles = pd.read_feather(path)
        candles[candles["date"] < end].reset_index(drop=True).to_feather(path)
    return home


def test_half_a_window_without_dominance_is_named_in_text_json_and_page(
    home: Home, capsys: pytest.CaptureFixture[str]
):
    """It ends on the 8th and is fresh until noon of the 9th: at 131 of 335 closes it is stale."""
    home = end_dominance(home, "2022-02-08")
    assert study(home, "--json", "--report", "page.html") == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["missing_dominance_share"] for one in found["cells"]] == [
        0,
        pytest.approx(0.4, abs=0.01),
    ]
    [line] = found["warnings"]
    assert line.startswith("Dominance was missing or stale at 40% of the window: the gate was clos")
    assert found["stored_dominance"][1] == "2022-02-07"
    assert f"stored: {found['stored_dominance'][0]} to 2022-02-07." in line
    page = (home.folder / "page.html").read_text(encoding="utf-8")
    assert "Dominance was missing or stale at 40% of the window:</strong>" in page
    assert study(home) == 0
    assert "Dominance was missing or stale at 40% of the window" in capsys.readouterr().out


def test_window_without_any_dominance_is_not_judged(home: Home, capsys: pytest.CaptureFixture[str]):
    home = end_dominance(home, "2022-01-25")
    assert study(home, "--placebos", "19", "--report", "page.html", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    first, last = found["stored_dominance"]
    assert found["differences"] == []
    [test] = found["placebo_tests"]
    assert (test["dates_mattered"], test["kinds"]) == (None, [])
    assert test["obstacle"] == "no dominance in the window"
    assert study(home, "--placebos", "19") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "The comparison with no gate cannot be judged: no dominance in this window; " in text
    assert f"stored: {first} to {last}." in text
    assert "The placebo test cannot be judged: no dominance in the window, so no placebo" in text


def test_placebo_of_an_empty_window_is_closed_and_no_error(home: Home):
    """Dominance is stored, but not in the days that are shifted."""
    home = end_dominance(home, "2022-01-25")
    calendar = Calendar(pd.Timestamp("2022-02-01", tz="UTC"), 14)
    with (
        configured(home, "--strategy", "AltSeasonStrategy") as config,
        open_exchange(config, "study") as exchange,
    ):
        cell = Cell(Scope(PERIOD, ("ETH/USDT",)), "falling", Shift(calendar, 3))
        assert CellRunner(config, exchange).run(cell).open_share == 0


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
