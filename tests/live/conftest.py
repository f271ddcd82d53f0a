"""The candles of the world in which the bots of these tests live."""

from pathlib import Path

import pytest

from tests.live.world import store_world


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A data directory with the candles of the world."""
    return store_world(tmp_path / "stored")
