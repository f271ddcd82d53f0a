"""What makes a provider's reading plausible: its size, and its time."""

import pandas as pd
import pytest

from altseason.sources.errors import NotCurrentError, ResponseError
from altseason.sources.reading import build_reading

NOW = pd.Timestamp("2026-05-27 12:00", tz="UTC")


@pytest.mark.parametrize("dominance", [1.0, 100.0])
def test_bounds_of_dominance_are_refused(dominance: float):
    with pytest.raises(ResponseError, match="between 1 and 100 percent"):
        build_reading("X", dominance, None, now=NOW)


@pytest.mark.parametrize(
    ("offset", "is_current"), [(-60, True), (5, True), (-61, False), (6, False)]
)
def test_value_is_current_up_to_an_hour_ago_and_five_minutes_ahead(offset: int, is_current: bool):
    time_of_value = NOW + pd.Timedelta(minutes=offset)
    if is_current:
        assert build_reading("X", 50.0, time_of_value, now=NOW).time == time_of_value
    else:
        with pytest.raises(NotCurrentError):
            build_reading("X", 50.0, time_of_value, now=NOW)
