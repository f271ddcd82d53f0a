"""Real Freqtrade commands, each a process of its own, on the emulator."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.data.btanalysis import load_backtest_stats

from altseason.cli import main
from tests.lab.emulator.candle_files import load_candles, make_candles, store_candles

Start = Callable[..., subprocess.Popen[str]]
# What a strategy sees of the world, in a file.
LOOK_AROUND = """
    def bot_start(self, **kwargs):
        import json, pathlib, requests
        try:
            outside = requests.get("https://example.org", timeout=5).status_code
        except requests.exceptions.ProxyError:
            outside = "refused"
        exchange = self.config["exchange"]
        seen = {
            "outside": outside,
            "exchange": exchange["name"],
            "key": exchange.get("key"),
            "datadir": str(self.config["datadir"]),
        }
        pathlib.Path("seen.json").write_text(json.dumps(seen))
"""


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a process; gives its exit code, its output and its messages."""
    output, messages = process.communicate(timeout=120)
    return process.returncode, output, messages


def test_list_pairs_reads_the_folder_of_the_users_own_exchange(
    home: Path,
    write_config: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    store_candles(home / "user_data/data/kraken", "ADA/EUR", make_candles(50))
    store_candles(home / "user_data/data/binance", "SOL/USDT", make_candles(50))
    exchange = {"name": "kraken", "key": "real", "secret": "real", "pair_whitelist": []}
    config = write_config("kraken.json", exchange=exchange)
    monkeypatch.setenv("FREQTRADE__EXCHANGE__NAME", "kraken")
    monkeypatch.setenv("FREQTRADE__EXCHANGE__KEY", "real")
    code = main(["sandbox", "--", "freqtrade", "list-pairs", "--print-json", "-c", config])
    output, messages = capfd.readouterr()
    assert (code, json.loads(output)) == (0, ["ADA/EUR"]), messages
    first = messages.splitlines()[0]
    assert "exchange emulator on http://127.0.0.1:" in first
    assert Path(first.rpartition(" serves candles from ")[2]).resolve() == (
        home / "user_data/data/kraken"
    )


@pytest.mark.usefixtures("home")
def test_list_markets_needs_no_configuration(
    write_candles: Callable[[str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    write_candles("data")
    freqtrade = ["freqtrade", "list-markets", "--exchange", "kraken", "-1"]
    code = main(["sandbox", "-d", "data", "--", *freqtrade])
    output, messages = capfd.readouterr()
    assert (code, output.split()) == (0, ["ETH/USDT", "SOL/USDT"]), messages


def test_download_data_copies_the_candles_of_another_folder(
    home: Path, start: Start, write_candles: Callable[[str], Path]
) -> None:
    source = write_candles("source")
    code, _, messages = finish(
        start(
            *("--datadir", "source", "--"),
            *("freqtrade", "download-data", "--datadir", "target", "--timeframes", "1h"),
            *("--pairs", "ETH/USDT", "SOL/USDT", "--timerange", "20210101-20210201"),
        )
    )
    assert code == 0, messages
    for pair in ("ETH/USDT", "SOL/USDT"):
        pd.testing.assert_frame_equal(
            load_candles(home / "target", pair), load_candles(source, pair)
        )
    assert not list((home / "user_data" / "data").iterdir())


def test_backtesting_uses_the_default_configuration_and_reaches_nothing_else(
    home: Path,
    start: Start,
    write_config: Callable[..., str],
    write_candles: Callable[[str], Path],
    write_strategy: Callable[[str], None],
) -> None:
    exchange = {"name": "kraken", "key": "real", "pair_whitelist": ["ETH/USDT", "SOL/USDT"]}
    write_config(exchange=exchange)
    datadir = write_candles("user_data/data/kraken")
    (datadir / "SYNTHETIC.txt").touch()
    write_strategy(LOOK_AROUND)
    words = ["--", "freqtrade", "backtesting", "--strategy", "ClockStrategy", "--cache", "none"]
    code, _, messages = finish(start(*words))
    assert code == 0, messages
    assert "serves SYNTHETIC candles from" in messages.splitlines()[0]
    seen = json.loads((home / "seen.json").read_text())
    assert Path(seen.pop("datadir")).resolve() == datadir
    # Freqtrade empties the key of its first choice, and leaves the others as they are.
    assert seen == {"outside": "refused", "exchange": "binance", "key": seen["key"]}
    assert not seen["key"]
    statistics = load_backtest_stats(home / "user_data" / "backtest_results")
    result = statistics["strategy"]["ClockStrategy"]
    # One a day and pair, from 1 to 17 January.
    assert result["total_trades"] == 34
    assert result["backtest_end"] == "2021-01-17 15:00:00"


@pytest.mark.usefixtures("home")
def test_the_exit_code_of_freqtrade_gets_through(
    write_config: Callable[..., str],
    write_candles: Callable[[str], Path],
    capfd: pytest.CaptureFixture[str],
) -> None:
    write_config()
    write_candles("user_data/data/binance")
    words = ["--", "freqtrade", "backtesting", "--strategy", "NoSuchStrategy"]
    assert main(["sandbox", *words]) == 2
    messages = capfd.readouterr().err
    assert "NoSuchStrategy" in messages
    assert "Traceback" not in messages
