"""What the rules know of the past, and nothing of what came after."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from altseason.risk.known import KnownCandles

MIDNIGHT = datetime(2022, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "found"),
    [
        (-1, None),
        (59, None),  # the first candle is not over
        (60, (1.0, 100.0)),  # it is known at its end
        (119, (1.0, 100.0)),
        (120, (2.0, 101.0)),
        (179, (2.0, 101.0)),
        (180, None),  # the candle that ends now is not here
        (239, None),
        (240, (3.0, 102.0)),
        (299, (3.0, 102.0)),
        (300, None),
    ],
)
def test_candle_that_had_just_closed(minutes: int, found: tuple[float, float] | None):
    hours = [0, 1, 3]
    dates = pd.DatetimeIndex([MIDNIGHT + timedelta(hours=hour) for hour in hours])
    columns = {"date": dates, "atr": [1.0, 2.0, 3.0], "close": [100.0, 101.0, 102.0]}
    candles = KnownCandles.read(pd.DataFrame(columns), "atr", "1h")
    assert candles.at(MIDNIGHT + timedelta(minutes=minutes)) == found
