"""docs/reliability.json: what was tried, and with which commit."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reliability.tally import Tally

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "docs" / "reliability.json"
DIRTY = "-dirty"
CHANGES = ("status", "--porcelain", "--", ".", ":!docs/reliability.json", ":!README.md")


def find_commit() -> str:
    """Return the commit's short hash, with a mark if files other than the results are changed.

    A run has the commit of its start, see `mark_change`.
    """

    def git(*arguments: str) -> str:
        return subprocess.check_output(["git", *arguments], cwd=ROOT, text=True).strip()

    return git("rev-parse", "--short", "HEAD") + (DIRTY if git(*CHANGES) else "")


def mark_change(begun: str, ended: str) -> str:
    """Return the commit at which a run began, marked if it ended at another one."""
    return begun if begun == ended else begun.removesuffix(DIRTY) + DIRTY


def load_report(path: Path = REPORT) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def save_part(name: str, part: dict[str, Any], path: Path = REPORT) -> None:
    """Write a command's part into the report, leaving the other parts as they are."""
    report = {**load_report(path), name: part}
    path.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n")


def describe_scenarios(scenarios: Mapping[str, tuple[str, Tally]]) -> dict[str, Any]:
    """Return a description and the counts of each scenario."""
    return {
        name: {
            "what": what,
            "tried": tally.tried,
            "survived": tally.survived,
            "lost": tally.lost,
        }
        for name, (what, tally) in scenarios.items()
    }
