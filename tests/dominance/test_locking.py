"""Locks between processes, with the calls of POSIX, of Windows, and where there are none."""

import multiprocessing
from pathlib import Path

import pytest

from altseason.dominance.locking import BRIEF_TIMEOUT, locked
from altseason.errors import BusyError


def _is_busy(path: Path, shared: bool) -> bool:
    try:
        with path.open("rb") as file, locked(file, 0.01, shared=shared):
            return False
    except BusyError:
        return True


@pytest.mark.parametrize(
    ("held", "wanted", "busy"),
    [(False, False, True), (False, True, True), (True, False, True), (True, True, False)],
)
def test_lock_is_shared_only_by_those_who_share_it(
    tmp_path: Path, held: bool, wanted: bool, busy: bool
):
    path = tmp_path / "file"
    path.write_bytes(b"x")
    with multiprocessing.get_context("fork").Pool(1) as pool, path.open("rb") as file:
        with locked(file, BRIEF_TIMEOUT, shared=held):
            assert pool.apply(_is_busy, (path, wanted)) is busy
        assert pool.apply(_is_busy, (path, False)) is False


def test_lock_of_windows_keeps_the_position_and_the_content(tmp_path: Path, windows: None):
    path = tmp_path / "file"
    with path.open("ab+", buffering=0) as file:
        file.write(b"content")
        file.seek(3)
        with locked(file, BRIEF_TIMEOUT):
            assert file.read() == b"tent"
            assert _is_busy(path, False)
            assert path.read_bytes() == b"content"
    assert not _is_busy(path, False)
    assert path.read_bytes() == b"content"


def test_without_locks_a_file_is_used_all_the_same(tmp_path: Path, no_locks: None):
    path = tmp_path / "file"
    with path.open("w") as file, locked(file, BRIEF_TIMEOUT):
        assert not _is_busy(path, False)
