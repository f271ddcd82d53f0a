"""Folders in which Freqtrade runs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import STRATEGIES
from tests.integration.freqtrade_runs import Home


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
