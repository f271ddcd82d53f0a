"""Fixtures of the tests of sources: files read in pieces, and CoinGecko on the loopback."""

from collections.abc import Iterator

import pytest

from altseason.sources import cells, text
from tests.providers.serving import Provider, serving
from tests.providers.world import World, three_coins


@pytest.fixture(params=["whole", "pieces"])
def whole_or_in_pieces(request: pytest.FixtureRequest) -> Iterator[None]:
    """Read every file also in pieces of a few characters, and columns in pieces of three cells."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "pieces":
            patch.setattr(cells, "PIECE", 3)
            patch.setattr(text, "PIECE", 20)
        yield


@pytest.fixture
def world() -> World:
    return three_coins(3)


@pytest.fixture
def coingecko(world: World) -> Iterator[Provider]:
    with serving(world.answer) as provider:
        yield provider
