"""Imports run downwards only; the plugin never imports the lab, and neither imports the tests."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "user_data" / "strategies"
LAB = ROOT / "lab"
FORBIDDEN = [
    (PLUGIN, {"altseason_lab", "tests", "reliability", "benchmarks", "scripts"}),
    (LAB, {"tests", "reliability", "benchmarks", "scripts"}),
]


def imported_modules(file: Path) -> Iterator[str]:
    """Yield what is imported anywhere in a file; `from a import b` may mean the module `a.b`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"a relative import in {file}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_packages(file: Path) -> Iterator[str]:
    return (module.split(".")[0] for module in imported_modules(file))


@pytest.mark.parametrize(("folder", "forbidden"), FORBIDDEN, ids=["plugin", "lab"])
def test_imports_run_downwards(folder: Path, forbidden: set[str]):
    files = list(folder.rglob("*.py"))
    assert len(files) > 40
    found = {str(file): forbidden & set(imported_packages(file)) for file in files}
    assert {file: packages for file, packages in found.items() if packages} == {}


# They are on no level, since Freqtrade or the shell enters by them.
ENTRANCES = {"__main__", "cli"}
GROUND = "the base modules"
BUILDINGS = {"altseason": PLUGIN / "altseason", "altseason_lab": LAB / "altseason_lab"}


def read_levels(building: str) -> list[list[str]]:
    """Read the levels from the document, the highest first; the last one names no folder.

    Those of the plugin come first there, then those of the lab.
    """
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.split("## What may import what")[1].split("\n## ")[0]
    lists = section.split(GROUND)
    assert len(lists) == len(BUILDINGS) + 1
    lines = re.findall(r"^\d\. (.+)$", lists[list(BUILDINGS).index(building)], re.MULTILINE)
    return [*(re.findall(r"`(\w+)`", line) for line in lines), []]


@pytest.mark.parametrize("building", BUILDINGS)
def test_every_folder_stands_on_one_floor(building: str):
    rooms = [room for level in read_levels(building) for room in level]
    package = BUILDINGS[building]
    files = {room for room in rooms if (package / f"{room}.py").is_file()}
    folders = {file.parent.name for file in package.glob("*/__init__.py")}
    assert sorted(rooms) == sorted(folders | files)


@pytest.mark.parametrize("building", BUILDINGS)
def test_no_folder_imports_from_a_floor_above(building: str):
    levels, package = read_levels(building), BUILDINGS[building]
    floor = {room: number for number, level in enumerate(levels) for room in level}
    ground = len(levels) - 1
    upwards = [
        f"{file.relative_to(package)} imports {module}"
        for file in package.rglob("*.py")
        if (room := file.relative_to(package).parts[0].removesuffix(".py")) not in ENTRANCES
        for module in imported_modules(file)
        if module.startswith(f"{building}.")
        if floor.get(module.split(".")[1], ground) < floor.get(room, ground)
        or module.split(".")[1] in ENTRANCES
    ]
    assert upwards == []
