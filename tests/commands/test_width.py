"""Output fits 80 columns, whatever paths it contains, and its commands can be copied."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from altseason.cli import COMMANDS, main
from altseason.output import wrap
from tests.conftest import STRATEGIES

LONG = "/home/somebody/of/a/long/name/a_folder_for_everything/freqtrade/.venv/bin/altseason"
HELPS = """
import contextlib, sys
import altseason.invocation
altseason.invocation._find_script = lambda: sys.argv[1]
from altseason.cli import COMMANDS, main
for words in [[], *([name] for name in COMMANDS), *(["dominance", x] for x in sys.argv[2:])]:
    for end in ["--help", "--no-such-option"]:
        with contextlib.suppress(SystemExit):
            main([*words, end])
"""
MODULE = "PYTHONPATH='/home/somebody/my freqtrade/user_data/strategies' python -m altseason"


def too_long(text: str) -> list[str]:
    """The lines over 80 columns that could have been broken outside a command."""
    lines = [line for line in text.splitlines() if len(line) > 80]
    kept = [line.replace(MODULE, "X").strip().removesuffix("\\").strip() for line in lines]
    return [line for line in kept if " " in line and not (line[0] == line[-1] == "`")]


@pytest.mark.parametrize("program", [LONG, MODULE], ids=["path", "module"])
def test_help_and_usage_fit_where_the_program_has_a_long_path(program: str):
    actions = ["import", "status", "download", "record", "rebuild"]
    found = subprocess.run(
        [sys.executable, "-c", HELPS, program, *actions],
        env={**os.environ, "COLUMNS": "80", "PYTHONPATH": str(STRATEGIES)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.count("usage:") == 1 + len(COMMANDS) + len(actions)
    assert too_long(found.stdout) == []
    # Lines of errors are not wrapped here, since a program reads them.
    errors = [line for line in found.stderr.splitlines() if ": error: " not in line]
    assert too_long("\n".join(errors)) == []


def test_status_without_candles_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    datadir = tmp_path / "a_folder_for_the_candles_of_all_the_exchanges_that_there_are" / "binance"
    datadir.mkdir(parents=True)
    assert main(["dominance", "status", "--datadir", str(datadir)]) == 0
    output = capsys.readouterr().out
    assert too_long(output) == []
    assert "Nothing is stored: `altseason dominance import FILE` imports a file" in output


def test_report_of_an_import_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = [f"2021-01-{day:02},{50 + day % 7 + 5 * (day == 9)}" for day in range(31, 0, -1)]
    file = tmp_path / "my_own_file_with_dominance_of_a_long_name.csv"
    file.write_text("\n".join(["date,btc_dominance", *rows]) + "\n")
    for words in ([], ["--column", "btc_dominance", "--stamp", "snapshot"]):
        assert main(["dominance", "import", str(file), "-d", str(tmp_path / "d"), *words]) == 0
        output = capsys.readouterr().out
        assert len(output.splitlines()) > 5
        assert too_long(output) == []


def read_on_terminal(words: list[str], columns: int, folder: Path) -> str:
    """The messages of a command on a terminal of some width."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "altseason", *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": str(columns), "PYTHONPATH": str(STRATEGIES)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    parts = []
    # On Linux, this error means that the other end is closed.
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert process.wait(60) == 2
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("columns", "widest"), [(200, 80), (60, 60)])
def test_messages_are_wrapped_at_words_on_a_terminal(tmp_path: Path, columns: int, widest: int):
    text = read_on_terminal(["dominance", "status"], columns, tmp_path)
    lines = text.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= widest
    assert "altseason: no configuration found: expected user_data/config.json" in " ".join(
        line.strip() for line in lines
    )
    assert all(line.startswith("  ") for line in lines[1:])


def test_messages_are_one_line_for_a_program(tmp_path: Path):
    found = subprocess.run(
        [sys.executable, "-m", "altseason", "dominance", "status"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(STRATEGIES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stderr.count("\n") == 1


def test_a_command_and_a_path_are_never_broken():
    command = "`freqtrade download-data --pairs ETH/USDT SOL/USDT --timeframes 1h 1d --days 400`"
    lines = wrap(f"  no candles are stored of ETH/USDT and SOL/USDT: {command} stores some")
    assert lines == [
        "  no candles are stored of ETH/USDT and SOL/USDT:",
        f"    {command}",
        "    stores some",
    ]
    path = "/a" * 60
    assert wrap(f"Stored in {path}") == ["Stored in", f"  {path}"]
