"""What a stress test refuses: one line that says what to do, and no file."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest
from freqtrade.data.history import load_pair_history

from altseason.cli import main
from altseason.host.configuration import quiet_freqtrade
from tests.integration.freqtrade_runs import Home
from tests.lab.emulator.candle_files import make_candles, store_candles
from tests.lab.stress.conftest import Found

Stress = Callable[..., Found]
PERIOD = ("--timerange", "20220201-20220208")
EMULATOR = "altseason stress: an exchange emulator on "
SMALL = ("--slippage", "0", "--delays", "0", "--")


@pytest.fixture
def refuse(home: Home, stress: Stress) -> Callable[..., str]:
    """Run the command; gives the line with which it ends."""

    def run(*words: str) -> str:
        (home.folder / "old.html").write_text("old")
        found = stress("--picture", "old.html", *words)
        assert found.code == 2
        assert found.output == ""
        assert "Traceback" not in found.messages
        assert (home.folder / "old.html").read_text() == "old"
        assert list((home.userdir / "plot").glob("*")) == []
        (last,) = (line for line in found.messages.splitlines() if not line.startswith(EMULATOR))
        assert last.startswith("altseason: ")
        return last

    return run


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--fees", "-0.1", "expected a ratio from 0 to below 1"),
        ("--fees", "nan", "found 'nan'"),
        ("--fees", "1", "such as 0.001 for 0.1 %, found '1'"),
        ("--slippage", "inf", "expected basis points from 0 to 1000"),
        ("--stop-slippage", "-3", "expected basis points from 0 to 1000"),
        ("--delays", "1.5", "expected a whole number of candles from 0 to 100, found '1.5'"),
        ("--delays", "1000000", "found '1000000'"),
    ],
)
def test_bad_number_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, value: str, expected: str
):
    with pytest.raises(SystemExit) as stopped:
        main(["stress", f"{option}={value}", "--", "--strategy", "Clock"])
    assert stopped.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"argument {option}: " in last
    assert expected in last


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--", "--fee", "0.002"], "use `altseason stress --fees 0.002 -- ...`"),
        (["--", "--strategy-list", "A", "B"], "expected one strategy, found --strategy-list A B"),
        (["--", "freqtrade", "backtesting"], "found `freqtrade` in place of an option"),
        (["--", "-c", "-"], "found `-c -`"),
        (["--", "--datadir", "nowhere"], "nowhere: expected a folder with candle files"),
        (["--", "-c", "missing.json"], 'Config file "missing.json" not found'),
        (["--", "-c", "broken.json"], "broken.json, line 1: expected JSON, found"),
        (["--", "-c", "empty.json"], "empty.json: expected a section 'exchange', found none"),
        (
            ["--", "-c", "text.json"],
            "max_open_trades: expected a whole number or a number, found a string",
        ),
        (["--", "-c", "array.json"], "array.json: expected a configuration as in config.json.ex"),
        (["--", "-c", "coins.json"], "exchange: expected an object, found an array"),
        (["--", "--dry-run-wallet", "0"], "dry_run_wallet: expected more than 0, found 0"),
        (["--", "-c", "rich.json"], "expected USDT alone, found BTC, ETH, too; name one amount"),
        (["--", "-c", "list.json"], "expected one strategy in the configuration"),
        (["--", "-c", "futures.json"], "expected trading mode spot, found futures"),
        (["--fees", "0.95", "--slippage", "600"], "found 101.00% together"),
        (["--fees", "0.001", "0.1"], "--fees 0.1 is 10 % per side; for 0.1 % use --fees 0.001, or"),
        (["--picture", "a.svg"], "expected a file name that ends in .html, found a.svg"),
        (["--picture", "nowhere/a.html"], "found no folder nowhere; create it first"),
        (["--", "--strategy", "Nobody"], "Impossible to load Strategy 'Nobody'"),
        pytest.param(
            ["--", "--timerange", "sometime"],
            'Incorrect syntax for timerange "sometime"',
            marks=pytest.mark.slow,
        ),
        (["--", "--timerange", "20300101-20300201"], "expected 1h candles of ETH/USDT, SOL/USDT"),
        (["--", "-p", "XRP/USDT"], "expected candles of a pair of the whitelist (XRP/USDT)"),
    ],
)
def test_bad_input_is_one_line(
    home: Home, refuse: Callable[..., str], words: list[str], expected: str
):
    good = json.loads((home.userdir / "config.json").read_text())
    for name, text in {
        "broken.json": '{"exchange": ',
        "empty.json": "{}",
        "text.json": json.dumps({**good, "max_open_trades": "much"}),
        "array.json": "[1]",
        "coins.json": json.dumps({**good, "exchange": ["binance"]}),
        "rich.json": json.dumps({**good, "dry_run_wallet": {"USDT": 1000, "ETH": 1, "BTC": 0.1}}),
        "list.json": json.dumps({**good, "strategy_list": ["A", "B"]}),
        "futures.json": json.dumps({**good, "trading_mode": "futures", "margin_mode": "isolated"}),
    }.items():
        (home.folder / name).write_text(text)
    assert expected in refuse(*words)
    assert not (home.folder / "nowhere").exists()


def test_schema_of_freqtrade_is_not_printed(home: Home):
    """As a process, since Freqtrade logs to a handler that tests do not have."""
    home.write_config(max_open_trades="much")
    words = [sys.executable, "-m", "altseason", "stress", "--", "-d", str(home.datadir)]
    found = subprocess.run(words, cwd=home.folder, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (2, "")
    [line] = found.stderr.splitlines()
    assert line.startswith("altseason: ")
    assert "max_open_trades: expected a whole number or a number, found a string" in line


def test_options_of_freqtrade_before_the_dashes_are_told_where_they_belong(
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit) as stopped:
        main(["stress", "--timerange", "20220201-20220208"])
    assert stopped.value.code == 2
    usage, *_, last = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: altseason stress [OPTIONS] --")
    meant = "altseason stress -- --timerange 20220201-20220208"
    assert f"--timerange; put Freqtrade's own options after `--`: `{meant}`" in last


def test_broken_candle_file_is_told_without_a_stack(home: Home, caplog: pytest.LogCaptureFixture):
    folder = home.folder / "data"
    shutil.copytree(home.datadir, folder)
    candles = folder / "ETH_USDT-1h.feather"
    candles.write_bytes(candles.read_bytes()[:100_000])
    with quiet_freqtrade():
        assert load_pair_history("ETH/USDT", "1h", folder).empty
    assert f"Error loading data from {candles}" in caplog.text
    assert "Traceback" not in caplog.text


def test_gate_without_dominance_is_one_line(home: Home, refuse: Callable[..., str]):
    folder = home.folder / "data"
    folder.mkdir()
    shutil.copy(home.datadir / "ETH_USDT-1h.feather", folder)
    line = refuse(*SMALL, "--datadir", str(folder), *PERIOD)
    assert "the gate is on, but no dominance is stored" in line
    assert "altseason dominance import FILE" in line


def test_folder_without_candles_is_one_line(home: Home, refuse: Callable[..., str]):
    (home.folder / "data").mkdir()
    line = refuse(*SMALL, "--datadir", "data")
    assert "data: expected candle files (feather), found none" in line
    assert "altseason sample" in line


def test_too_few_candles_are_one_line(
    home: Home, refuse: Callable[..., str], write_clock: Callable[..., None]
):
    store_candles(home.folder / "data", "ETH/USDT", make_candles(300))
    write_clock(methods="    startup_candle_count = 400")
    line = refuse(*SMALL, "--datadir", "data", "--strategy", "Clock")
    assert "with 400 more before" in line
    assert "freqtrade download-data" in line


def test_backtests_without_trades_are_one_line(
    home: Home, refuse: Callable[..., str], write_clock: Callable[..., None]
):
    write_clock(enters=25)
    line = refuse(*SMALL, "--strategy", "Clock", *PERIOD)
    assert "expected trades of Clock from 2022-02-01 to 2022-02-08, found none at any cost" in line


def test_exchange_that_does_not_answer_is_one_line(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    # Nobody listens there.
    settings = {
        "name": "binance",
        "pair_whitelist": ["ETH/USDT"],
        "enable_ws": False,
        "ccxt_config": {"aiohttp_proxy": "http://127.0.0.1:9"},
    }
    home.write_config(exchange=settings)
    assert main(["stress", "-d", str(home.datadir), "--", *PERIOD]) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert captured.err.splitlines()[-1] == (
        "altseason: expected the markets of binance, found no exchange that responds; connect "
        "to a network, or `altseason stress --offline`"
    )


def test_missing_candles_are_refused_before_any_folder_is_made(
    home: Home, capsys: pytest.CaptureFixture[str]
):
    before = sorted(home.folder.rglob("*"))
    assert main(["stress", "--", *PERIOD]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "user_data/data/binance: expected a folder with candle files, found no folder" in line
    assert sorted(home.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--help"], "usage: altseason stress [OPTIONS] -- [OPTIONS OF freqtrade backtesting]"),
        (["--", "--help"], "usage: freqtrade backtesting"),
    ],
)
def test_help_is_that_of_whom_it_asks(
    capsys: pytest.CaptureFixture[str], words: list[str], expected: str
):
    with pytest.raises(SystemExit) as stopped:
        main(["stress", *words])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(expected)
