"""The small part of `make faults`, with the seed that it has by default."""

import pytest

from reliability.faults import SCENARIOS, SEED, run_scenario


@pytest.mark.parametrize("name", SCENARIOS)
def test_feed_survives(name: str):
    tally = run_scenario(name, SEED, "small")

    assert tally.problems == []
    assert (tally.survived, tally.lost) == (tally.tried, 0)
    assert tally.tried > 0
