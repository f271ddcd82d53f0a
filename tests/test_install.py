"""The script of `make install`: with the real pip on a local index, and with a stand-in."""

import hashlib
import os
import subprocess
import sys
import tomllib
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.conftest import ROOT, STRATEGIES

Start = Callable[[Path], "subprocess.Popen[str]"]
SCRIPT = ROOT / "scripts" / "install.py"
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """
import shutil


def build_editable(folder, *_):
    shutil.copy("project-1.0-py3-none-any.whl", folder)
    return "project-1.0-py3-none-any.whl"
"""
# Notes its arguments, prints a package, waits for a file, then prints many lines and fails.
STAND_IN = """
import sys, time
from pathlib import Path

print(" ".join(sys.argv[1:]), file=Path("called.txt").open("a"))
print("Collecting alpha==1.0", flush=True)
end = time.monotonic() + 60
while not Path("go").exists() and time.monotonic() < end:
    time.sleep(0.01)
for number in range(40):
    print("line", number)
sys.exit(3)
"""


def make_wheel(folder: Path, name: str, requires: str = "") -> str:
    """Write a wheel with one module, and give its hash as a lock has it."""
    info = f"{name}-1.0.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = [
        f"{path},sha256={urlsafe_b64encode(digest(text)).rstrip(b'=').decode()},{len(text)}\n"
        for path, text in files.items()
    ]
    files[f"{info}/RECORD"] = "".join([*record, f"{info}/RECORD,,\n"])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"--hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class Index(SimpleHTTPRequestHandler):
    """A folder with the files of each package, as pip requests it."""

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    handler = partial(Index, directory=str(tmp_path / "index"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def start(tmp_path: Path, index: str) -> Start:
    """Start the script with its own environment and pip, in the folder of a project."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    settings = {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}

    def begin(pip: Path) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [python, SCRIPT, "lock.txt"],
            cwd=tmp_path,
            env={**kept, **settings, "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(pip)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return begin


@pytest.fixture
def pip(tmp_path: Path) -> Path:
    """A folder with the real pip alone."""
    spec = find_spec("pip")
    if spec is None or spec.origin is None:
        pytest.skip("this Python has no pip")
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "pip").symlink_to(Path(spec.origin).parent)
    return folder


@pytest.fixture
def hashes(tmp_path: Path) -> dict[str, str]:
    """Two wheels, one of which requires the other, and an editable project."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "backend.py").write_text(BACKEND)
    make_wheel(tmp_path, "project")
    return {
        "alpha": make_wheel(tmp_path / "index" / "alpha", "alpha", "beta"),
        "beta": make_wheel(tmp_path / "index" / "beta", "beta"),
    }


def list_installed(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("venv/lib/python*/site-packages/*.py")}


def test_everything_is_installed_and_each_step_shown(
    tmp_path: Path,
    start: Start,
    pip: Path,
    hashes: dict[str, str],
):
    lock = "".join(f"{name}==1.0 {found}\n" for name, found in hashes.items())
    (tmp_path / "lock.txt").write_text(lock)
    process = start(pip)
    shown, _ = process.communicate()
    assert process.returncode == 0, shown
    first, *steps = shown.splitlines()
    assert first.startswith("Installing Freqtrade and its packages into ")
    assert steps == ["  alpha", "  beta", "  unpacking 2 packages", "  unpacking 1 packages"]
    assert list_installed(tmp_path) == {"alpha", "beta", "project"}
    assert "Successfully installed" in (tmp_path / "venv" / "install.log").read_text()


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ("alpha==1.0 {beta}\nbeta==1.0 {beta}\n", "THESE PACKAGES DO NOT MATCH THE HASHES"),
        ("alpha==1.0\nbeta==1.0\n", "Hashes are required in --require-hashes mode"),
        # What it needs is not in the lock.
        ("alpha==1.0 {alpha}\n", "beta"),
        ("gamma==1.0 {beta}\n", "No matching distribution found for gamma==1.0"),
    ],
)
def test_what_the_lock_does_not_hold_is_refused_and_pips_reason_shown(
    tmp_path: Path,
    start: Start,
    pip: Path,
    hashes: dict[str, str],
    lock: str,
    message: str,
):
    (tmp_path / "lock.txt").write_text(lock.format(**hashes))
    process = start(pip)
    shown, _ = process.communicate()
    assert process.returncode == 1
    assert message in shown
    assert shown.endswith(f"pip failed; its complete output is in {tmp_path}/venv/install.log\n")
    # The step of the project itself is not reached.
    assert list_installed(tmp_path) == set()


def test_steps_are_shown_while_pip_works_and_the_end_of_its_words_where_it_fails(
    tmp_path: Path, start: Start
):
    (tmp_path / "stand_in" / "pip").mkdir(parents=True)
    (tmp_path / "stand_in" / "pip" / "__main__.py").write_text(STAND_IN)
    process = start(tmp_path / "stand_in")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Installing")
    # It waits for us.
    assert process.stdout.readline() == "  alpha\n"
    (tmp_path / "go").touch()
    rest, _ = process.communicate()
    assert process.returncode == 3
    assert rest.splitlines()[:-1] == [f"line {number}" for number in range(25, 40)]
    log = (tmp_path / "venv" / "install.log").read_text().splitlines()
    assert log == ["Collecting alpha==1.0", *(f"line {number}" for number in range(40))]
    [called] = (tmp_path / "called.txt").read_text().splitlines()
    assert called == ("install --disable-pip-version-check --require-hashes --requirement lock.txt")


def test_every_strategy_can_be_derived_from_in_another_folder():
    """Each is installed, checked by mypy, and sorted by ruff as one of our own modules."""
    names = sorted(file.stem for file in STRATEGIES.glob("*.py"))
    assert "AltSeasonStrategy" in names
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tools["setuptools"]["py-modules"] == names
    assert tools["mypy"]["modules"] == names
    assert set(names) <= set(tools["ruff"]["lint"]["isort"]["known-first-party"])
