"""Stored results: what is read is what was written, or nothing."""

import os
from pathlib import Path

import pytest

from altseason.errors import InputError
from altseason_lab.study.results import Found, Message, ResultStore
from tests.lab.study.results import RESULT

FOUND = Found(RESULT, (Message("Eager", 30, "nothing here is real"),))


def test_result_is_read_as_it_was_written(tmp_path: Path):
    stored = ResultStore(tmp_path / "results").save("a", FOUND)
    loaded = ResultStore(tmp_path / "results").load("a")
    assert loaded == stored == FOUND
    # A later placebo is made for this time, and stands in the name of its own result.
    assert repr(loaded) == repr(FOUND)
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["a.json"]


def test_nothing_is_stored_under_another_name(tmp_path: Path):
    store = ResultStore(tmp_path)
    store.save("a", FOUND)
    assert store.load("b") is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"result": {}, "messages": []}'])
def test_damaged_results_are_as_none_and_told_once(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
):
    store = ResultStore(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_bytes(content)
        assert store.load(name) is None
    told = capsys.readouterr().err
    assert told.count("expected the result of a backtest") == 1
    assert "a.json" in told
    store.save("a", FOUND)
    assert store.load("a") == FOUND


def test_folder_that_cannot_be_written_is_refused_and_what_is_in_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """As of a disk that is mounted to be read only; root may write to any folder."""
    store = ResultStore(tmp_path)
    store.save("a", FOUND)
    store.refuse_unwritable()
    assert len(list(tmp_path.iterdir())) == 1

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(Path, "touch", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert store.load("a") == FOUND
    store.remove_oldest(kept=0)
    assert capsys.readouterr().err == ""
    with pytest.raises(InputError, match="cannot store results: Read-only file system"):
        store.refuse_unwritable()


def test_file_in_the_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: cannot store results: File exists"):
        ResultStore(tmp_path / "file").refuse_unwritable()


def test_a_part_of_a_file_never_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As at the end of a full disk, or of the process."""

    def write(path: Path, content: bytes) -> None:
        os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 10)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(InputError, match=r"cannot store a result: No space left"):
        ResultStore(tmp_path).save("a", FOUND)
    assert list(tmp_path.iterdir()) == []


def test_results_that_were_not_used_for_longest_are_removed(tmp_path: Path):
    store = ResultStore(tmp_path)
    for age, name in enumerate("abcd"):
        store.save(name, FOUND)
        os.utime(tmp_path / f"{name}.json", (1e9 - age, 1e9 - age))
    store.load("d")
    store.remove_oldest(kept=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "d.json"]
