"""Temporary folders of commands that are stopped, killed, or still run."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from altseason_lab.temporary import LOCK, temporary_folder
from tests.integration.freqtrade_runs import Home, write_subclass
from tests.lab.study.conftest import PERIOD

SECONDS = 300
SLEEP = """
    def populate_indicators(self, dataframe, metadata):
        import pathlib, time
        pathlib.Path("started").touch()
        time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary folders, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@contextmanager
def sleeping(home: Home, temporary: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a command that sleeps in its first backtest."""
    write_subclass(home.strategies, "Sleeping", SLEEP)
    options = ("--offline", "-d", str(home.datadir), "--", "--strategy", "Sleeping")
    with subprocess.Popen(
        [sys.executable, "-m", "altseason", *words, *options, "--timerange", PERIOD],
        cwd=home.folder,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + SECONDS
        while not (home.folder / "started").exists():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("study", "--processes", "1"), signal.SIGHUP),
        pytest.param(("study", "--processes", "2"), signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(("study", "--processes", "2"), signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(("stress",), signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_stopped_command_leaves_nothing(
    home: Home, temporary: Path, words: tuple[str, ...], number: int
):
    with sleeping(home, temporary, *words) as process:
        assert list(temporary.iterdir()) != []
        # A terminal that is closed may send it twice.
        process.send_signal(number)
        if number == signal.SIGHUP:
            process.send_signal(number)
        output, messages = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + number
    assert output == ""
    assert "Traceback" not in messages
    assert list(temporary.iterdir()) == []


def test_next_command_removes_what_a_killed_one_left_and_nothing_else(home: Home, temporary: Path):
    (temporary / "altseason-study-others").mkdir()
    (temporary / "altseason-study-linked").symlink_to(home.userdir)
    (home.userdir / LOCK).touch()
    kept = set(temporary.iterdir())
    with sleeping(home, temporary, "study", "--processes", "1") as process:
        [folder] = set(temporary.iterdir()) - kept
        # It runs.
        with temporary_folder("stress") as own:
            assert set(temporary.iterdir()) == {folder, own, *kept}
        process.kill()
        process.wait()
        assert set(temporary.iterdir()) == {folder, *kept}
        # On a busy machine a lock may outlive its process for a moment.
        deadline = time.monotonic() + SECONDS
        while folder.exists() and time.monotonic() < deadline:
            with temporary_folder() as own:
                left = set(temporary.iterdir()) - {own}
        assert left == kept
    assert set(temporary.iterdir()) == kept
    assert (home.userdir / "config.json").is_file()
