"""An older Freqtrade is refused in one line that names the version needed."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from altseason.host.version import (
    MAX_TESTED,
    MIN_FREQTRADE,
    check_freqtrade,
    describe_untested,
)
from tests.conftest import ROOT, STRATEGIES

NEEDED = "AltSeasonStrategy needs Freqtrade 2026.9 or newer, found 2026.6"
# A Freqtrade that has only a version, in its own process, and what imports it.
OLD = "import sys, types; old = types.ModuleType('freqtrade'); old.__version__ = '2026.6'; "
OLD += "sys.modules['freqtrade'] = old; import runpy; "
STRATEGY = f"runpy.run_path({str(STRATEGIES / 'AltSeasonStrategy.py')!r})"
COMMAND = "runpy.run_module('altseason', run_name='__main__', alter_sys=True)"


@pytest.mark.parametrize("version", ["2026.8", "2026.6", "2025.12", "docker-2026.8-dev-0123abcd"])
def test_older_version_is_refused(version: str):
    with pytest.raises(ImportError) as refused:
        check_freqtrade(version)
    assert str(refused.value) == NEEDED.replace("2026.6", version)


@pytest.mark.parametrize("version", ["2026.9", "2026.9.1", "2026.10", "2027.1-dev", "develop-ab12"])
def test_supported_version_is_not(version: str):
    check_freqtrade(version)


def test_version_is_the_one_that_the_package_depends_on():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"freqtrade>={MIN_FREQTRADE[0]}.{MIN_FREQTRADE[1]}" in project["dependencies"]


def test_version_up_to_which_it_was_tested_is_the_locked_one():
    [locked] = re.findall(
        r"^freqtrade==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE
    )
    assert locked.split(".")[:2] == [str(part) for part in MAX_TESTED]
    assert describe_untested(locked) is None
    assert describe_untested() is None


@pytest.mark.parametrize("version", ["2026.10", "2027.1-dev", "develop-ab12"])
def test_version_that_no_test_knows_is_warned_of(version: str):
    assert describe_untested(version) == (
        f"AltSeasonStrategy was tested with Freqtrade up to 2026.9. This is {version}, which may "
        "be incompatible: try it in dry-run first, and look for a newer release of the project."
    )


@pytest.mark.parametrize(
    ("script", "line"),
    [(STRATEGY, f"ImportError: {NEEDED}"), (COMMAND, f"altseason: {NEEDED}")],
)
def test_nothing_else_of_an_older_freqtrade_is_asked_before(tmp_path: Path, script: str, line: str):
    words = {**os.environ, "PYTHONPATH": str(STRATEGIES)}
    found = subprocess.run(
        [sys.executable, "-c", OLD + script],
        cwd=tmp_path,
        env=words,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 1
    assert found.stderr.splitlines()[-1] == line
    assert script == STRATEGY or found.stderr == f"{line}\n"
