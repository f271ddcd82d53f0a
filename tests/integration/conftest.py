"""Folders in which Freqtrade runs."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from altseason_lab.emulator.market import Market
from tests.conftest import STRATEGIES
from tests.integration.freqtrade_runs import Home
from tests.lab.emulator.serving import serving


@pytest.fixture
def home(tmp_path: Path) -> Callable[[Path], Home]:
    """A foreign user_data into which the strategies folder was copied, and nothing else."""

    def make(datadir: Path) -> Home:
        shutil.copytree(
            STRATEGIES,
            tmp_path / "user_data" / "strategies",
            ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "*.json"),
        )
        return Home(tmp_path, datadir)

    return make


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has Freqtrade, and in which this project is not installed."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    installed = [path for path in sys.path if path.endswith("site-packages")]
    # The folders named in a .pth are searched, their own .pth files (our install) are not read.
    (site_packages / "freqtrade.pth").write_text("\n".join(installed))
    python = folder / "bin" / "python"
    code = "import freqtrade, importlib.util as u; print(u.find_spec('altseason'))"
    assert subprocess.check_output([python, "-c", code], text=True, cwd=folder) == "None\n"
    return python


@pytest.fixture
def emulator(sample: Path) -> Iterator[str]:
    with serving(Market(sample)) as url:
        yield url
