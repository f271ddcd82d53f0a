"""How far a fallback lies from the primary, by hand."""

import pandas as pd
import pytest

from altseason.recorder.log import Reading
from altseason.recorder.offsets import Offsets
from tests.recorder.simulation import utc

NOON = utc("2026-05-27 12:00")


def compared(
    offset: float,
    hours_ago: float = 0,
    provider: str = "CoinPaprika",
    raw: float = 50.0,
    *,
    has_time: bool = True,
) -> Reading:
    known = (NOON - pd.Timedelta(hours=hours_ago)).to_pydatetime()
    return Reading(
        known=known,
        time=known if has_time else None,
        provider=provider,
        raw=raw,
        dominance=None,
        offset=offset,
    )


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ([], None),
        ([1.0, 1.0], None),
        ([1.0, 3.0, 1.5], 1.5),
        ([1.0, 9.0, 1.5, 2.0], 1.75),
        # The nine last ones are 2 to 10.
        ([-99.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0], 6.0),
        ([10.0, 10.0, 10.0], 10.0),
        ([-10.0, -10.0, -10.0], -10.0),
        ([10.1, 10.1, 10.1], None),
        ([-10.1, -10.1, 0.0], None),
    ],
)
def test_offset_is_the_median_of_the_last_ones(offsets: list[float], expected: float | None):
    assert Offsets(map(compared, offsets)).find("CoinPaprika", NOON) == expected


def test_offset_is_not_made_of_what_is_older_than_a_week():
    week = 7 * 24
    offsets = Offsets(
        [compared(5.0, week + 0.1), compared(1.0, week), compared(1.2), compared(1.4)]
    )
    assert offsets.find("CoinPaprika", NOON) == 1.2
    assert offsets.find("CoinPaprika", NOON + pd.Timedelta(hours=1)) is None


def test_offset_is_learned_of_comparisons_with_that_fallback_alone():
    counted = compared(1.0).model_copy(update={"dominance": 49.0})
    primary = compared(1.0).model_copy(update={"dominance": 50.0, "offset": None})
    others = [compared(3.0, provider="CoinLore")] * 3
    offsets = Offsets([counted, primary, *others, compared(1.0), compared(1.0)])
    assert offsets.find("CoinPaprika", NOON) is None
    assert offsets.find("CoinLore", NOON) == 3.0
    offsets.add(compared(1.0))
    assert offsets.find("CoinPaprika", NOON) == 1.0


def test_offset_is_not_learned_of_a_value_without_time_that_stands_still():
    offsets = Offsets()
    said = [
        (50.0, -2.0, True),
        (50.5, -1.9, True),
        (51.0, -2.0, True),
        (51.0, -4.0, False),
        (51.0, -5.0, False),
        (54.0, -2.1, True),
    ]
    for raw, offset, is_new in said:
        reading = compared(offset, provider="CoinLore", raw=raw, has_time=False)
        assert offsets.add(reading) is is_new
    assert offsets.find("CoinLore", NOON) == -2.0
    # The time of a value shows that it is current, so it may stand still.
    assert offsets.add(compared(1.0))
    assert offsets.add(compared(1.0))


def test_comparison_is_due_at_once_until_it_is_learned_and_then_every_six_hours():
    offsets = Offsets([compared(1.0, 2), compared(1.0, 1)])
    assert offsets.next_comparison("CoinPaprika", NOON) == NOON
    offsets.add(compared(1.0))
    assert offsets.next_comparison("CoinPaprika", NOON) == utc("2026-05-27 18:00")
    assert offsets.next_comparison("CoinLore", NOON) == NOON
