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

import pytest

from altseason.cli import main
from altseason.dominance.store import DominanceStore
from altseason.dominance.synthetic import SYNTHETIC_MARKER
from altseason_lab.ledger import Ledger
from tests.conftest import ROOT, dominance_candles
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.conftest import EAGER, PERIOD
from tests.lab.stress.conftest import Found

Stress = Callable[..., Found]


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
        "An exchange emulator on this machine stood in for the exchange",
        "Slippage is added to the fee",
        "Stop slippage is 20 bp, 0.2 %, of what each stop sold, computed from Freqtrade's trades",
        "A delay moves the entry and exit signals",
        "partial fills and market impact are not modeled",
        "Past results do not guarantee future profit",
    ):
        assert part in text
    table = lines[lines.index("") : next(i for i, line in enumerate(lines) if "Every row" in line)]
    assert max(map(len, table)) <= 80
    assert "stop" in "".join(table)
    rows = [line.split() for line in lines if line.strip()[:1].isdigit()]
    assert [row[:4] for row in rows] == [
        ["0", "0.10", "0", "0.10"],
        ["0", "0.10", "5", "0.15"],
        ["1", "0.10", "0", "0.10"],
        ["1", "0.10", "5", "0.15"],
    ]
    for row in rows:
        by_freqtrade, stops, after = map(float, row[4:7])
        assert after == pytest.approx(by_freqtrade + stops, abs=0.011)
        assert stops < 0
    assert text.endswith(", without delay, on SYNTHETIC candles.")
    (break_even,) = (line for line in lines if line.startswith("  without delay: "))
    assert break_even.split(": ")[1][1:] in text

    # Said once, though each backtest begins with it.
    said = [record.getMessage() for record in caplog.records if record.name == "Eager"]
    assert said == ["The data directory holds a SYNTHETIC market: nothing here is real."]
    assert "altseason stress: an exchange emulator on http://127.0.0.1:" in found.messages

    chart = home.userdir / "plot" / "altseason-stress-Eager.html"
    assert "Chart: user_data/plot/altseason-stress-Eager.html" in lines
    assert "SYNTHETIC" in chart.read_text(encoding="utf-8")
    assert home.results == []
    files = {path.name for path in home.folder.rglob("*") if path.is_file()}
    assert files - {path.name for path in home.strategies.rglob("*")} == {
        "config.json",
        "altseason-stress-Eager.html",
    }
    assert dict(os.environ) == before
    assert "exchange emulator" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.slow
def test_break_even_earns_one_basis_point_below_and_not_at_it(home: Home, stress: Stress):
    words = ("--strategy", "AltSeasonStrategy", "--timerange", "20220101-20220401")
    found = stress("--slippage", "0", "--delays", "0", "--", *words)
    number = float(found.output.rpartition("Breaks even at ")[2].split(" %")[0])
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


def test_without_plotly_everything_else_is_there(
    home: Home, stress: Stress, monkeypatch: pytest.MonkeyPatch
):
    write_subclass(home.strategies, "Eager", EAGER)
    words = ("--slippage", "0", "--delays", "0", "--", "--strategy", "Eager", *PERIOD)
    with_chart = stress(*words)
    monkeypatch.setattr("altseason_lab.commands.stress.has_plotly", lambda: False)
    (home.userdir / "plot" / "altseason-stress-Eager.html").unlink()
    without = stress(*words)
    assert without.code == with_chart.code == 0
    assert list((home.userdir / "plot").iterdir()) == []
    [(drawn, missing)] = [
        pair
        for pair in zip(with_chart.output.splitlines(), without.output.splitlines(), strict=True)
        if pair[0] != pair[1]
    ]
    assert drawn.startswith("Chart: ")
    assert missing == "No chart: it needs plotly (`pip install plotly`)."


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
    (home.folder / "old.html").write_text("old")
    found = stress("--picture", "old.html", "--", "--strategy", "Clock", *PERIOD)
    assert found.code == 130
    assert found.output == ""
    assert "Traceback" not in found.messages
    assert (home.folder / "old.html").read_text() == "old"
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
    assert not (home.userdir / "plot" / "altseason-stress-Clock.html").exists()


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


def test_stress_test_on_real_candles_is_one_trial_however_often_it_is_run(
    home: Home, tmp_path: Path
):
    """The sample's, without the mark that says so: for a stress test they are real."""
    datadir = tmp_path / "candles"
    shutil.copytree(home.datadir, datadir)
    (datadir / SYNTHETIC_MARKER).unlink()
    write_subclass(home.strategies, "Eager", EAGER)
    words = ["stress", "--offline", "-d", str(datadir), "--fees", "0.001", "--delays", "0"]
    for slippage in ("0", "5"):
        assert main([*words, "--slippage", slippage, "--", "--strategy", "Eager", *PERIOD]) == 0
        # What is recorded later makes no other trial of it.
        DominanceStore(datadir).append(dominance_candles([50.0], "2026-01-01"), "1d")
    [trial] = Ledger(home.userdir / "altseason_trials.jsonl").read()
    assert (trial.command, trial.strategy, trial.sharpe) == ("stress", "Eager", None)
    assert trial.scope == "2022-02-05 to 2022-02-20, ETH/USDT SOL/USDT"
