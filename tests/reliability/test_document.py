import subprocess
from pathlib import Path

import pytest

from reliability import faults
from reliability.document import DOCUMENT, describe, describe_soak, insert
from reliability.report import load_report, mark_change, save_part
from tests.conftest import ROOT


def test_document_has_the_figures_of_the_report():
    text = DOCUMENT.read_text()

    assert insert(text, describe(load_report())) == text


def test_report_has_every_part_with_every_scenario():
    report = load_report()
    found = {part: set(report.get(part, {}).get("scenarios", {})) for part in faults.PARTS}

    assert found == {part: set(names) for part, names in faults.PARTS.items()}
    assert "soak" in report


@pytest.mark.parametrize(
    ("begun", "ended", "marked"),
    [
        ("abc", "abc", "abc"),
        ("abc", "abc-dirty", "abc-dirty"),
        ("abc", "def", "abc-dirty"),
        ("abc-dirty", "abc-dirty", "abc-dirty"),
        ("abc-dirty", "def", "abc-dirty"),
    ],
)
def test_commit_is_that_of_the_start(begun: str, ended: str, marked: str):
    assert mark_change(begun, ended) == marked


def test_part_of_a_part_is_not_written(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as refused:
        faults.main(["--only", "growth", "--scale", "small", "--write"])
    assert refused.value.code == 2
    assert "--only" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["faults", "soak"])
@pytest.mark.parametrize(("failing", "code"), [("nothing", 0), ("the run", 2), ("document", 2)])
def test_document_is_written_also_after_a_run_that_failed(
    tmp_path: Path, target: str, failing: str, code: int
):
    name = target if failing == "the run" else failing
    python, called = tmp_path / "python", tmp_path / "called"
    python.write_text(f"#!/bin/sh\necho $2 >> {called}\ncase $2 in *.{name}) exit 1;; esac\n")
    python.chmod(0o755)
    # An install of another time is not made anew.
    words = ["make", "--old-file", ".venv/.installed", target, f"BIN={tmp_path}"]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, check=False)

    assert found.returncode == code
    modules = [f"reliability.{one}" for one in (target, "document")]
    assert called.read_text().split() == modules


def test_report_keeps_what_another_command_wrote(tmp_path: Path):
    path = tmp_path / "reliability.json"
    save_part("soak", {"days": 3}, path)
    save_part("faults", {"seed": 1}, path)
    save_part("faults", {"seed": 2}, path)

    assert load_report(path) == {"soak": {"days": 3}, "faults": {"seed": 2}}


def test_figures_are_those_of_each_part():
    scenarios = {"kills": {"what": "a kill", "tried": 7, "survived": 6, "lost": 1}}
    part = {"commit": "abc", "command": "python -m x", "seed": 1, "scenarios": scenarios}

    assert describe({"faults": part}).splitlines()[2:] == [
        "| a kill | 7 | 6 | 1 |",
        "",
        "Counted by `python -m x` at commit abc.",
    ]


def test_figures_of_a_soak_are_those_of_its_part():
    month = {
        "from": "2021-09-01 00:00",
        "to": "2021-10-01 00:00",
        "candles_compared": 2872,
        "candles_differing": 1,
        "entries_in_both": 12,
        "entries_explained": {"slot taken": 2, "not filled": 3},
        "entries_unexplained": 4,
        "entries_while_the_gate_was_closed": 0,
    }
    calls = {
        "calls": 5000,
        "hanging_providers": {"p99_ms": 0.9},
        "refusing_providers": {"p99_ms": 0.7},
        "without_feed": {"p99_ms": 0.8},
    }
    slow, fast = {"mean": 5.1}, {"mean": 4.9}
    bot = {
        "throttle_s": 5,
        "hanging_providers": {"loop_period_s": slow, "stop_loss_after_s": 2.5},
        "answering_providers": {"loop_period_s": fast, "stop_loss_after_s": 1.0},
    }
    latency = {"bot_loop_start": calls, "bot": bot}
    part = {"commit": "abc", "command": "python -m y", "month": month, "latency": latency}
    rows = [line.split(" | ")[-1].rstrip(" |") for line in describe_soak(part)[3:14]]
    counts, periods = ["1 of 2872", "12", "5", "4", "0"], ["4.9 s", "5.1 s"]
    assert rows == [*counts, "0.8 ms", "0.9 ms", "0.7 ms", *periods, "2.5 s"]
    assert describe_soak(part)[-1] == "Found by `python -m y` at commit abc."
