"""The files that the hosting reads: nothing here runs them, so schemas and facts are checked."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from altseason.host.version import MIN_FREQTRADE
from tests.conftest import ROOT

GITHUB = ROOT / ".github"
WORKFLOW = GITHUB / "workflows" / "ci.yml"
SCHEMAS = {
    WORKFLOW: "github-workflows",
    GITHUB / "ISSUE_TEMPLATE" / "config.yml": "github-issue-config",
    GITHUB / "ISSUE_TEMPLATE" / "bug.yml": "github-issue-forms",
    GITHUB / "ISSUE_TEMPLATE" / "file.yml": "github-issue-forms",
}


def test_every_file_has_a_schema():
    assert {path for path in GITHUB.rglob("*") if path.is_file()} == set(SCHEMAS)


@pytest.mark.parametrize(("file", "schema"), SCHEMAS.items(), ids=lambda value: str(value)[-12:])
def test_file_fits_its_schema(file: Path, schema: str):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    subprocess.run([*command, str(file)], check=True, capture_output=True, timeout=60)


def test_hooks_before_a_commit_are_valid():
    command = [sys.executable, "-m", "pre_commit", "validate-config"]
    subprocess.run([*command, str(ROOT / ".pre-commit-config.yaml")], check=True, timeout=60)


def test_workflow_tests_each_python_that_is_declared_and_the_oldest_freqtrade():
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert jobs["test"]["strategy"]["matrix"]["python"] == declared
    commands = [step.get("run", "") for step in jobs["oldest-freqtrade"]["steps"]]
    year, month = MIN_FREQTRADE
    assert f'.venv/bin/pip install "freqtrade~={year}.{month}.0"' in commands


def test_workflow_runs_targets_that_there_are():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = set(re.findall(r"\bmake (?:[A-Z]+=\S+ )?([a-z-]+)", WORKFLOW.read_text()))
    assert used
    assert used <= targets
