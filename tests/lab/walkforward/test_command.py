"""The command as a person runs it: what it prints, refuses, and leaves behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from altseason.cli import main
from altseason.dominance.synthetic import SYNTHETIC_MARKER
from tests.integration.freqtrade_runs import Home
from tests.lab.walkforward.conftest import COLD, WORDS, write_strategy

SMALL = ("--train", "6", "--test", "3", "--embargo", "1", "--epochs", "2", "--seeds", "1")
PERIOD = ("--timerange", "20220310-20220321")
SECONDS_TO_START = 120
SECONDS_TO_END = 30
# Hyperopt computes indicators before its first epoch.
SLEEP = """
    def populate_indicators(self, dataframe, metadata):
        import pathlib, time
        pathlib.Path("started").touch()
        time.sleep(120)
"""
FAIL = """
    def populate_indicators(self, dataframe, metadata):
        raise ValueError("no such indicator")
"""


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary folders, empty."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def read_files(home: Home) -> dict[Path, bytes]:
    """All files of the user directory, but what Python compiles."""
    files = home.userdir.rglob("*")
    return {file: file.read_bytes() for file in files if file.is_file() and file.suffix != ".pyc"}


def words(home: Home, *further: str) -> list[str]:
    return ["walk-forward", "--offline", "-d", str(home.datadir), *SMALL, *further]


def test_window_without_trades_keeps_the_strategys_own_and_only_the_ledger_is_written(
    home: Home, write_clock, temporary: Path, capsys: pytest.CaptureFixture[str]
):
    """Of a strategy without a gate, too; it enters at an hour that no day has."""
    write_clock(enters=25)
    # Nothing marks these as synthetic.
    home = Home(home.folder, shutil.copytree(home.datadir, home.folder / "data"))
    (home.datadir / SYNTHETIC_MARKER).unlink()
    parameters = {"strategy_name": "Clock", "params": {"stoploss": {"stoploss": -0.5}}}
    (home.strategies / "Clock.json").write_text(json.dumps(parameters))
    before = read_files(home)
    spaces = ("--spaces", "stoploss", "--json", "--", "--strategy", "Clock", *PERIOD)
    assert main(words(home, *spaces)) == 0
    report = json.loads(capsys.readouterr().out)
    [window] = report["windows"]
    assert window["parameters"] == {}
    assert (window["epochs"], window["epochs_that_traded"]) == (2, 0)
    assert window["train"]["start"] == "2022-03-10T00:00:00+00:00"
    assert window["test"]["end"] == "2022-03-20T00:00:00+00:00"
    assert report["out_of_sample"]["tuned"] == report["out_of_sample"]["untuned"]
    assert report["parameters"] == [
        {
            "name": "stoploss",
            "space": "stoploss",
            "low": -0.35,
            "high": -0.02,
            "choices": [],
            "untuned": None,
            "values": [None],
            "spread": None,
        }
    ]
    # Two epochs, and the wallet.
    assert report["trials"] == {"new": 3, "total": 3}
    ledger = home.userdir / "altseason_trials.jsonl"
    assert read_files(home) == {**before, ledger: ledger.read_bytes()}
    assert list(temporary.iterdir()) == []


def test_failing_hyperopt_ends_it_with_its_last_error(
    home: Home, temporary: Path, capsys: pytest.CaptureFixture[str]
):
    write_strategy(home, FAIL)
    assert main(words(home, "--", *WORDS, *PERIOD)) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(
        "altseason: freqtrade hyperopt failed in window 1 (2022-03-10 to 2022-03-15), seed 1: "
        "user_data/strategies/Falling.py, line 10: "
    )
    assert "no such indicator" in last
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_interrupted_it_ends_its_searches_and_leaves_nothing(
    home: Home, temporary: Path, number: int, code: int
):
    write_strategy(home, SLEEP)
    call = [sys.executable, "-m", "altseason", *words(home, "--", *WORDS, *PERIOD)]
    process = subprocess.Popen(
        call,
        cwd=home.folder,
        env={**COLD, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + SECONDS_TO_START
    while not (home.folder / "started").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running = psutil.Process(process.pid).children(recursive=True)
    assert running
    assert len(list(temporary.iterdir())) == 2
    os.kill(process.pid, number)
    output, messages = process.communicate(timeout=SECONDS_TO_END)
    assert process.returncode == code, messages
    assert output == ""
    assert "Traceback" not in messages
    assert not psutil.wait_procs(running, timeout=0.5)[1]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--train", "0", "expected a whole number from 1, found '0'"),
        ("--test", "1.5", "expected a whole number from 1, found '1.5'"),
        ("--embargo", "-1", "expected a whole number from 0, found '-1'"),
        ("--epochs", "0", "expected a whole number from 1"),
        ("--seeds", "0", "expected a whole number from 1 to 1000000, found '0'"),
        ("--processes", "0", "invalid choice"),
    ],
)
def test_wrong_options_are_refused(
    option: str, value: str, expected: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as stopped:
        main(["walk-forward", f"{option}={value}"])
    assert stopped.value.code == 2
    assert expected in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("further", "expected"),
    [
        (("--spaces", "buy", "enter", "--", *WORDS), "found enter"),
        (("--loss", "Nothing", "--", *WORDS), "Impossible to load HyperoptLoss 'Nothing'"),
        (
            ("--train", "9", "--", *WORDS, *PERIOD),
            "test), found 11 from 2022-03-10, after the startup candles, to 2022-03-21; lower",
        ),
        # The sample begins with 2021; 400 hours are 16 days and 16 hours.
        (("--", *WORDS, "--timerange", "-20210120"), "found 2 from 2021-01-18"),
    ],
)
def test_bad_input_is_one_line(
    home: Home,
    temporary: Path,
    further: tuple[str, ...],
    expected: str,
    capsys: pytest.CaptureFixture[str],
):
    write_strategy(home)
    assert main(words(home, *further)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    _, last = captured.err.splitlines()
    assert last.startswith("altseason: ")
    assert expected in last
    assert list(temporary.iterdir()) == []
