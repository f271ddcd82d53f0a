"""The ledger of trials: nothing counted twice, and nothing changed unnoticed."""

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest

from altseason.dominance import locking
from altseason.errors import InputError
from altseason_lab.ledger import Ledger, Trial

ONE, TWO, THREE = (
    Trial(key, "study", "Any", "falling", "2021, 4 pairs", 365, 0.05) for key in ("1", "2", "3")
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "altseason_trials.jsonl"


def test_trial_is_counted_once_however_often_it_is_run(path: Path):
    assert Ledger(path).read() == []
    assert Ledger(path).append([ONE, TWO, ONE]) == 2
    assert Ledger(path).append([TWO, THREE]) == 1
    assert Ledger(path).append([ONE]) == 0
    assert Ledger(path).read() == [ONE, TWO, THREE]


def test_each_line_has_the_hash_of_the_one_before(path: Path):
    Ledger(path).append([ONE, TWO])
    Ledger(path).append([THREE])
    lines = path.read_bytes().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3]
    found = [json.loads(line)["previous"] for line in lines]
    assert found == ["0" * 64, *(sha256(line).hexdigest() for line in lines[:2])]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (lambda lines: [lines[0].replace(b"0.05", b"0.5"), *lines[1:]], 2),
        (lambda lines: [lines[0], lines[2]], 2),
        (lambda lines: [lines[1], lines[2]], 1),
        (lambda lines: [lines[1], lines[0], lines[2]], 1),
        (lambda lines: [*lines, lines[2]], 4),
        (lambda lines: [*lines, b"{}"], 4),
        (lambda lines: [lines[0], b"\xff\x00", lines[2]], 2),
    ],
)
def test_changed_ledger_is_refused_and_left_alone(path: Path, change, number: int):
    Ledger(path).append([ONE, TWO, THREE])
    path.write_bytes(b"".join(line + b"\n" for line in change(path.read_bytes().splitlines())))
    before = path.read_bytes()
    for act in (Ledger(path).read, lambda: Ledger(path).append([ONE])):
        with pytest.raises(InputError, match=f"line {number} does not follow"):
            act()
    assert path.read_bytes() == before


def test_lines_are_in_the_file_before_another_process_may_add_to_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Else both would follow the same line, and the ledger would be refused from then on."""
    seen = []

    def unlock(descriptor: int) -> None:
        seen.append(path.read_bytes().count(b"\n"))
        locking_unlock(descriptor)

    locking_unlock = locking.unlock
    monkeypatch.setattr(locking, "unlock", unlock)
    Ledger(path).append([ONE])
    Ledger(path).append([TWO, THREE])
    assert seen == [1, 3]


def test_line_that_was_not_written_to_its_end_is_left_out(
    path: Path, capsys: pytest.CaptureFixture[str]
):
    Ledger(path).append([ONE, TWO])
    path.write_bytes(path.read_bytes()[:-20])
    assert Ledger(path).read() == [ONE]
    assert Ledger(path).append([TWO]) == 1
    assert "its last line was not written to the end" in capsys.readouterr().err
    assert Ledger(path).read() == [ONE, TWO]


@pytest.mark.parametrize("content", [b"\0" * 100, b"my notes", b"{}"])
def test_another_file_is_refused_and_left_alone(path: Path, content: bytes):
    path.write_bytes(content)
    with pytest.raises(InputError, match="line 1 does not follow"):
        Ledger(path).append([ONE])
    assert path.read_bytes() == content


def test_trial_without_a_sharpe_ratio_is_counted(path: Path):
    unknown = Trial("4", "stress", "Any", "", "", 0, None)
    Ledger(path).append([unknown])
    assert Ledger(path).read() == [unknown]


def test_folder_that_cannot_be_written_is_one_line(tmp_path: Path):
    with pytest.raises(InputError, match="cannot write the ledger: Is a directory"):
        Ledger(tmp_path).append([ONE])
    with pytest.raises(InputError, match="cannot read the ledger: Is a directory"):
        Ledger(tmp_path).read()


def test_sharpe_ratio_that_is_no_number_is_a_changed_line(path: Path):
    Ledger(path).append([ONE])
    path.write_text(path.read_text().replace("0.05", "NaN"))
    with pytest.raises(InputError, match="line 1 does not follow"):
        Ledger(path).read()


def test_pipe_in_the_place_of_the_ledger_is_refused(path: Path):
    os.mkfifo(path)
    with pytest.raises(InputError, match="expected a file"):
        Ledger(path).read()


def test_ledger_is_validated_before_there_is_anything_to_add(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    ledger = Ledger(path)
    ledger.validate()
    assert not path.exists()
    ledger.append([ONE, TWO])
    before = path.read_bytes()
    ledger.validate()
    assert path.read_bytes() == before
    path.write_bytes(before.replace(b"study", b"mine", 1))
    with pytest.raises(InputError, match="line 2 does not follow"):
        ledger.validate()
    path.unlink()
    # Root may write to any folder.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="cannot write the ledger; expected a folder that can be"):
        ledger.validate()
