"""The command on the sample market, against real backtests of Freqtrade."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from altseason.cli import main
from tests.conftest import ROOT
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.stress.conftest import Found, backtests

Stress = Callable[..., Found]
PERIOD = ("--timerange", "20220205-20220220")
# Enters often enough for two weeks, and is stopped now and then.
EAGER = """
    buy_params = {"gate_mode": "off", "macd_trigger": "above"}
    stoploss = -0.02"""


def assert_same(home: Home, words: tuple[str, ...], fee: float, statistics: dict) -> None:
    """Compare a cell, with all its digits, with what a process of Freqtrade has stored."""
    with backtests(home, *words, stop_slippage=20) as found:
        # Another one first, so that what it leaves behind would show.
        found.run(50, 1)
        outcome = found.run(fee * 10_000, 0)
    trades = statistics["trades"]
    stopped = [trade for trade in trades if trade["exit_reason"] == "stop_loss"]
    assert outcome.trades == len(trades) >= 20
    assert outcome.profit == statistics["profit_total"] * 100
    assert outcome.drawdown == statistics["max_drawdown_account"] * 100
    assert outcome.stops == len(stopped) >= 1
    # What the last order sold; 20 basis points, of the 1000 USDT that it begins with, in percent.
    last = [trade["orders"][-1] for trade in stopped]
    extra = sum(order["amount"] * order["safe_price"] for order in last) * 0.002 / 1000 * 100
    assert outcome.stop_extra == pytest.approx(extra, rel=1e-9)
    assert outcome.profit_after_stops == pytest.approx(outcome.profit - extra, rel=1e-9)


def test_cell_is_the_backtest_that_freqtrade_runs_with_that_fee(home: Home):
    write_subclass(home.strategies, "Eager", EAGER)
    words = ("--strategy", "Eager", *PERIOD)
    statistics = home.backtest("--fee", "0.0015", *words)["Eager"]
    assert_same(home, words, 0.0015, statistics)


@pytest.mark.slow
@pytest.mark.parametrize("fee", [0.0, 0.00075, 0.01])
@pytest.mark.parametrize(
    "risk", [{}, {"sizing": False, "rebalancing": True}, {"protections": True}]
)
def test_every_fee_and_rule_gives_freqtrades_own_backtest(home: Home, fee: float, risk: dict):
    home.write_config(altseason={"risk": risk})
    write_subclass(home.strategies, "Eager", EAGER)
    words = ("--strategy", "Eager", "--enable-protections", *PERIOD)
    statistics = home.backtest("--fee", str(fee), *words)["Eager"]
    is_trimmed = any(len(trade["orders"]) > 2 for trade in statistics["trades"])
    assert is_trimmed == ("rebalancing" in risk)
    assert_same(home, words, fee, statistics)


def test_run_prints_the_grid_the_model_and_the_one_number_and_draws_it(
    home: Home, stress: Stress, caplog: pytest.LogCaptureFixture
):
    write_subclass(home.strategies, "Eager", EAGER)
    before = dict(os.environ)
    words = ("--fees", "0.001", "--slippage", "0", "5", "--delays", "0", "1")
    found = stress(*words, "--stop-slippage", "20", "--", "--strategy", "Eager", *PERIOD)
    assert found.code == 0, found.messages
    lines = found.output.splitlines()
    assert lines[0] == (
        "Stress test of Eager: 2022-02-05 to 2022-02-20, ETH/USDT SOL/USDT, 1h candles"
    )
    text = " ".join(found.output.split())
    for part in (
        "SYNTHETIC market",
        "An exchange emulator on this machine answered for the exchange",
        "Slippage is added to the fee",
        "The extra at stops is 20 bp, 0.2 %, of what each stop sold, computed from Freqtrade's",
        "A delay moves the entry and exit signals",
        "partial fills and your own effect on the price are not modelled",
        "Past results promise no profit",
    ):
        assert part in text
    table = lines[lines.index("") : next(i for i, line in enumerate(lines) if "Every row" in line)]
    assert max(map(len, table)) <= 80
    assert "extra" in "".join(table)
    rows = [line.split() for line in lines if line.strip()[:1].isdigit()]
    assert [row[:4] for row in rows] == [
        ["0", "0.10", "0", "0.10"],
        ["0", "0.10", "5", "0.15"],
        ["1", "0.10", "0", "0.10"],
        ["1", "0.10", "5", "0.15"],
    ]
    for row in rows:
        by_freqtrade, extra, after = map(float, row[4:7])
        assert after == pytest.approx(by_freqtrade + extra, abs=0.011)
        assert extra < 0
    assert text.endswith(", without delay, on SYNTHETIC candles.")
    (break_even,) = (line for line in lines if line.startswith("  without delay: "))
    assert break_even.split(": ")[1][1:] in text

    # Said once, though each backtest begins with it.
    said = [record.getMessage() for record in caplog.records if record.name == "Eager"]
    assert said == ["The data directory holds a SYNTHETIC market: nothing here is real."]
    assert "altseason stress: an exchange emulator on http://127.0.0.1:" in found.messages

    picture = home.userdir / "plot" / "altseason-stress-Eager.svg"
    assert "Picture: user_data/plot/altseason-stress-Eager.svg" in lines
    root = ElementTree.parse(picture).getroot()  # noqa: S314  # our own file
    assert "SYNTHETIC" in "".join(root.itertext())
    assert home.results == []
    files = {path.name for path in home.folder.rglob("*") if path.is_file()}
    assert files - {path.name for path in home.strategies.rglob("*")} == {
        "config.json",
        "altseason-stress-Eager.svg",
    }
    assert dict(os.environ) == before
    assert "exchange emulator" not in {thread.name for thread in threading.enumerate()}


def test_each_backtest_has_a_strategy_of_its_own(home: Home, write_clock: Callable[..., None]):
    write_clock(
        methods="""
    left = 3

    def confirm_trade_entry(self, **kwargs):
        self.left -= 1
        return self.left >= 0
"""
    )
    with backtests(home, "--strategy", "Clock", *PERIOD) as found:
        outcomes = [found.run(10, 0), found.run(20, 0), found.run(10, 2)]
    assert [outcome.trades for outcome in outcomes] == [3, 3, 3]


@pytest.mark.slow
def test_break_even_earns_one_basis_point_below_and_not_at_it(home: Home, stress: Stress):
    words = ("--strategy", "AltSeasonStrategy", "--timerange", "20220101-20220401")
    found = stress("--slippage", "0", "--delays", "0", "--", *words)
    number = float(found.output.rpartition("Stops earning at ")[2].split(" %")[0])
    assert 0 < number < 2
    fees = (f"{number / 100 - 0.0001:.4f}", f"{number / 100:.4f}")
    profits = []
    for fee in fees:
        run = home.backtest("--fee", fee, *words)["AltSeasonStrategy"]
        sold = sum(
            trade["amount"] * trade["close_rate"]
            for trade in run["trades"]
            if trade["exit_reason"] in ("stop_loss", "trailing_stop_loss")
        )
        profits.append(run["profit_total_abs"] - sold * 0.001)
    assert profits[0] > 0 >= profits[1]


def test_interrupt_ends_with_130_and_leaves_everything_as_it_was(
    home: Home, stress: Stress, write_clock: Callable[..., None]
):
    write_clock(
        methods="""
    def bot_start(self, **kwargs):
        raise KeyboardInterrupt
"""
    )
    before = dict(os.environ)
    (home.folder / "old.svg").write_text("old")
    found = stress("--picture", "old.svg", "--", "--strategy", "Clock", *PERIOD)
    assert found.code == 130
    assert found.output == ""
    assert "Traceback" not in found.messages
    assert (home.folder / "old.svg").read_text() == "old"
    assert dict(os.environ) == before
    assert "exchange emulator" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.slow
def test_ctrl_c_ends_a_process_with_130_and_no_traceback(
    home: Home, write_clock: Callable[..., None], tmp_path: Path
):
    write_clock(methods='    def bot_start(self, **kwargs):\n        Path("started").touch()\n')
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = ["stress", "--offline", "-d", str(home.datadir), "--", "--strategy", "Clock"]
    process = subprocess.Popen(
        [sys.executable, "-m", "altseason", *words],
        cwd=home.folder,
        env={**os.environ, "PYTHONPATH": str(home.strategies), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (home.folder / "started").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    output, messages = process.communicate(timeout=30)
    assert process.returncode == 130, messages
    assert output == ""
    assert "Traceback" not in messages
    assert list(temporary.iterdir()) == []
    assert not (home.userdir / "plot" / "altseason-stress-Clock.svg").exists()


@pytest.mark.slow
def test_document_shows_what_its_command_prints(home: Home, capsys: pytest.CaptureFixture[str]):
    text = (ROOT / "docs" / "stress.md").read_text()
    (block,) = re.findall(r"^```console\n(.*?)^```", text, re.S | re.M)
    _, command, shown = block.split("\n", 2)
    shutil.copy(ROOT / "config.json.example", home.userdir / "config.json")
    (home.userdir / "data").mkdir()
    (home.userdir / "data" / "synthetic").symlink_to(home.datadir)
    program, *words = shlex.split(command.removeprefix("$ "))
    assert program == "altseason"
    assert main(words) == 0
    assert capsys.readouterr().out == shown
