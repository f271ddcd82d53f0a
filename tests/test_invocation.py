"""Messages name command lines that work in this installation."""

import os
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import altseason
from altseason.invocation import altseason_command
from tests.conftest import STRATEGIES

SCRIPTS = Path(sys.executable).parent
TELL = "from altseason.invocation import altseason_command as c; print(c('--version'))"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A user_data with our folder in it, and a Python with Freqtrade, but without our package."""
    venv.create(tmp_path / "venv", with_pip=False)
    [theirs] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    for entry in Path(pytest.__file__).parent.parent.iterdir():
        if "altseason" not in entry.name:
            (theirs / entry.name).symlink_to(entry)
    strategies = tmp_path / "user data" / "strategies"
    strategies.mkdir(parents=True)
    shutil.copytree(STRATEGIES / "altseason", strategies / "altseason")
    return tmp_path


def test_installed_script_is_named_alone_where_it_is_on_the_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}")
    assert altseason_command("dominance status") == "altseason dominance status"
    assert altseason_command() == "altseason"


def test_installed_script_is_named_by_its_path_elsewhere(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert altseason_command("sample") == f"{SCRIPTS / 'altseason'} sample"


def test_script_of_another_installation_is_not_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    other = tmp_path / "altseason"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert altseason_command() == str(SCRIPTS / "altseason")


@pytest.mark.parametrize("command", ["sample", "sandbox", "stress", "study", "walk-forward"])
def test_command_of_the_lab_says_where_to_get_it(copied: Path, command: str):
    python = copied / "venv" / "bin" / "python"
    environment = {"PYTHONPATH": str(copied / "user data" / "strategies"), "PATH": "/usr/bin"}
    call = [str(python), "-m", "altseason", command, "--help"]
    found = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert found.stdout == ""
    [line] = found.stderr.splitlines()
    assert line.startswith(f"altseason: `altseason {command}` belongs to the project's lab")
    listed = subprocess.check_output(call[:3], env=environment, text=True)
    assert "dominance" in listed
    assert command not in listed


def test_line_works_word_by_word_in_the_layout_of_the_official_image(copied: Path):
    """Its working folder holds user_data, `python` is Freqtrade's, and compose sets PYTHONPATH."""
    (copied / "user data").rename(copied / "user_data")
    folder = copied / "user_data" / "strategies"
    environment = {
        "PATH": f"{copied / 'venv' / 'bin'}{os.pathsep}/usr/bin:/bin",
        "PYTHONPATH": str(folder),
    }

    def run(words: list[str]) -> str:
        return subprocess.check_output(words, cwd=copied, env=environment, text=True).strip()

    line = run(["python", "-c", TELL])
    assert line == "PYTHONPATH=user_data/strategies python -m altseason --version"
    assert run(["sh", "-c", line]) == f"altseason {altseason.__version__}"
    document = (STRATEGIES.parents[1] / "docs" / "operations.md").read_text()
    assert line.replace("--version", "dominance download") in document


def test_copied_folder_is_run_as_a_module_by_a_line_that_works(copied: Path):
    folder = copied / "user data" / "strategies"

    def run(line: str, **variables: str) -> str:
        path = f"{copied / 'venv' / 'bin'}{os.pathsep}/usr/bin:/bin"
        return subprocess.check_output(
            ["/bin/sh", "-c", line], cwd=copied, env={"PATH": path, **variables}, text=True
        ).strip()

    tell = f"python -c {shlex.quote(f'import sys; sys.path.append({str(folder)!r}); {TELL}')}"
    line = run(tell)
    assert line == "PYTHONPATH='user data/strategies' python -m altseason --version"
    assert run(line) == f"altseason {altseason.__version__}"
    # A PYTHONPATH that was set for one command is not set for the next.
    assert run(tell, PYTHONPATH=str(folder)) == line
    shown = run(f"COLUMNS=80 {line.replace('--version', 'why --help')}")
    assert shown.startswith("usage: PYTHONPATH='user data/strategies' python -m altseason why")
    example = shown.splitlines()[-2]
    assert example == "  PYTHONPATH='user data/strategies' python -m altseason why ETH/USDT"
    # Another Python is first on the path.
    other = copied / "other"
    other.mkdir()
    (other / "python").symlink_to("/bin/true")
    line = run(tell.replace("python", str(copied / "venv" / "bin" / "python"), 1), PATH=str(other))
    assert line.endswith(f" {copied / 'venv' / 'bin' / 'python'} -m altseason --version")
