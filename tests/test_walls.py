"""What may import what: the plugin never the lab, neither of them the tests."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "user_data" / "strategies"
LAB = ROOT / "lab"
FORBIDDEN = [
    (PLUGIN, {"altseason_lab", "tests", "benchmarks", "scripts"}),
    (LAB, {"tests", "benchmarks", "scripts"}),
]


def imported_packages(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize(("folder", "forbidden"), FORBIDDEN, ids=["plugin", "lab"])
def test_imports_run_downwards(folder: Path, forbidden: set[str]):
    files = list(folder.rglob("*.py"))
    assert len(files) > 40
    found = {str(file): forbidden & set(imported_packages(file)) for file in files}
    assert {file: packages for file, packages in found.items() if packages} == {}
