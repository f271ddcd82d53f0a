"""One of several processes polls, and the time of its last poll outlives it."""

from pathlib import Path

import pytest

from altseason.recorder.claim import Claim
from tests.recorder.simulation import utc

NOON = utc("2026-05-27 12:00")


def test_claim_is_taken_by_one_and_free_again_after_it(tmp_path: Path):
    first, second = Claim(tmp_path), Claim(tmp_path)
    assert first.take()
    assert first.take()
    assert not second.take()
    first.release()
    first.release()
    assert second.take()
    assert not first.take()
    second.release()


def test_poll_time_is_there_for_the_next_holder(tmp_path: Path):
    first, second = Claim(tmp_path), Claim(tmp_path)
    assert first.load_poll_time() is None
    first.take()
    assert first.load_poll_time() is None
    first.save_poll_time(utc("2026-05-27 11:59:59.123456"))
    first.save_poll_time(NOON)  # is shorter
    assert first.path.read_text() == "2026-05-27T12:00:00+00:00"
    assert second.load_poll_time() == NOON
    first.release()
    assert second.load_poll_time() == NOON


def test_poll_time_is_saved_by_the_holder_alone(tmp_path: Path):
    claim = Claim(tmp_path)
    claim.save_poll_time(NOON)
    assert claim.load_poll_time() is None


@pytest.mark.parametrize("content", ["", "NaT", "soon", "2026-05-27T12:00:00", "\x00\x00"])
def test_poll_time_that_cannot_be_read_is_not_known(tmp_path: Path, content: str):
    claim = Claim(tmp_path)
    claim.path.write_text(content)
    assert claim.load_poll_time() is None


@pytest.mark.parametrize("second", ["2026-05-27T13:00:00+00:00", "NaT", "soon", "\x00\x00"])
def test_second_time_of_an_earlier_version_is_passed_over(tmp_path: Path, second: str):
    claim = Claim(tmp_path)
    claim.path.write_text(f"2026-05-27T12:00:00+00:00 {second}")
    assert claim.load_poll_time() == NOON
    claim.take()
    claim.save_poll_time(NOON)
    assert claim.path.read_text() == "2026-05-27T12:00:00+00:00"
    claim.release()


def test_claim_where_there_is_no_folder_raises(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        Claim(tmp_path / "missing").take()


def test_claim_is_not_written_to_what_a_link_leads_to(tmp_path: Path):
    (tmp_path / "wallet").write_text("precious")
    claim = Claim(tmp_path)
    claim.path.symlink_to("wallet")
    with pytest.raises(OSError, match="found a link"):
        claim.take()
    claim.save_poll_time(NOON)
    assert (tmp_path / "wallet").read_text() == "precious"


def test_claim_on_windows_is_one_process_s_and_read_by_others(tmp_path: Path, windows: None):
    first, second = Claim(tmp_path), Claim(tmp_path)
    assert [first.take(), second.take()] == [True, False]
    first.save_poll_time(utc("2026-05-27 11:59:59.123456"))
    first.save_poll_time(NOON)
    assert second.load_poll_time() == NOON
    assert first.path.stat().st_size == len("2026-05-27T12:00:00+00:00")


def test_claim_without_file_locks_is_refused(tmp_path: Path, no_locks: None):
    with pytest.raises(OSError, match="no file locks"):
        Claim(tmp_path).take()
    assert list(tmp_path.iterdir()) == []
