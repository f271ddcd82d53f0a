"""Printing when stdout or stderr is closed, full, no longer read, or cannot encode a text."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from altseason.cli import main
from tests.conftest import STRATEGIES

NAME = "a b é ☃.csv"
ROWS = "date,dominance\n2021-01-01,60.5\n2021-01-02,59.5\n"
FULL = Path("/dev/full")
EXIT_BROKEN_PIPE = 128 + 13


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An import that prints the file's name, and stores nothing."""
    monkeypatch.chdir(tmp_path)
    Path(NAME).write_text(ROWS)
    Path("user_data").mkdir()
    return ["dominance", "import", NAME, "--dry-run", "-d", "data"]


def run(words: list[str], folder: Path, line: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as a process where the shell's line has "$@"."""
    bash = shutil.which("bash") or pytest.skip("this machine has no bash")
    return subprocess.run(
        [bash, "-c", line, "bash", sys.executable, "-m", "altseason", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(STRATEGIES)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def test_closed_streams_are_written_to_in_silence_as_by_freqtrade(tmp_path: Path, words: list[str]):
    found = run(words, tmp_path, '"$@" >&-')
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")
    assert run(["dominance", "import", "missing.csv"], tmp_path, '"$@" >&- 2>&-').returncode == 2


def test_reader_that_has_gone_ends_the_process_in_silence(tmp_path: Path, words: list[str]):
    # It is gone before the first letter is written, since Python takes seconds to start.
    found = run(words, tmp_path, '"$@" | true; exit ${PIPESTATUS[0]}')
    assert (found.returncode, found.stdout, found.stderr) == (EXIT_BROKEN_PIPE, b"", b"")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has /dev/full")
def test_full_disk_is_reported_in_one_line(tmp_path: Path, words: list[str]):
    found = run(words, tmp_path, f'"$@" >{FULL}')
    [line] = found.stderr.decode().splitlines()
    assert found.returncode == 2
    assert line.startswith("altseason: ")
    assert "No space left" in line
    assert run(["dominance", "import", "missing.csv"], tmp_path, f'"$@" 2>{FULL}').returncode == 2


def stream(raw: io.RawIOBase | io.BufferedIOBase, encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, encoding=encoding, write_through=True)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("latin-1", b"a b \xe9 \\u2603.csv"), ("ascii", b"a b \\xe9 \\u2603.csv")],
)
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_letters_that_cannot_be_encoded_are_escaped(
    words: list[str], monkeypatch: pytest.MonkeyPatch, name: str, encoding: str, shown: bytes
):
    if name == "stderr":
        Path(NAME).unlink()
    raw = io.BytesIO()
    monkeypatch.setattr(sys, name, stream(raw, encoding))
    assert main(words) == (2 if name == "stderr" else 0)
    assert shown in raw.getvalue()


@pytest.mark.parametrize("command", [None, ["--help"], ["--version"], [], ["why", "--help"]])
def test_whatever_is_printed_ends_where_its_reader_has_gone(
    words: list[str], monkeypatch: pytest.MonkeyPatch, command: list[str] | None
):
    reading, writing = os.pipe()
    os.close(reading)
    with stream(os.fdopen(writing, "wb")) as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with pytest.raises(SystemExit) as ended:
            main(words if command is None else command)
        # What Python writes again when the process ends is discarded.
        pipe.flush()
    assert ended.value.code == EXIT_BROKEN_PIPE


@pytest.mark.parametrize("command", [["dominance", "import", "missing.csv"], ["--no-such-option"]])
def test_messages_end_where_their_reader_has_gone(
    words: list[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
):
    reading, writing = os.pipe()
    os.close(reading)
    with stream(os.fdopen(writing, "wb")) as pipe:
        monkeypatch.setattr(sys, "stderr", pipe)
        with pytest.raises(SystemExit) as ended:
            main(command)
    assert ended.value.code == EXIT_BROKEN_PIPE


def test_stream_that_is_none_of_the_system_is_left_as_it_is(
    words: list[str], monkeypatch: pytest.MonkeyPatch
):
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    assert main(words) == 0
    assert NAME in text.getvalue()
