"""Of several who could poll one does, and the time of the last poll outlives it."""

from pathlib import Path

import pytest

from altseason.dominance.feed.claim import Claim
from tests.feed.simulation import utc

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


def test_time_of_the_last_poll_is_there_for_the_next_holder(tmp_path: Path):
    first, second = Claim(tmp_path), Claim(tmp_path)
    assert first.load_polled() is None
    first.take()
    assert first.load_polled() is None
    first.save_polled(utc("2026-05-27 11:59:59.123456"))
    first.save_polled(NOON)  # is shorter
    assert first.path.read_text() == "2026-05-27T12:00:00+00:00"
    assert second.load_polled() == NOON
    first.release()
    assert second.load_polled() == NOON


def test_time_is_saved_by_the_holder_alone(tmp_path: Path):
    claim = Claim(tmp_path)
    claim.save_polled(NOON)
    assert claim.load_polled() is None


@pytest.mark.parametrize("content", ["", "NaT", "soon", "2026-05-27 12:00", "\x00\x00"])
def test_time_that_cannot_be_read_is_not_known(tmp_path: Path, content: str):
    claim = Claim(tmp_path)
    claim.path.write_text(content)
    assert claim.load_polled() is None


def test_claim_where_there_is_no_folder_raises(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        Claim(tmp_path / "missing").take()
