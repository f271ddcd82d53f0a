import pandas as pd
import pytest

from altseason.dominance.candles import (
    Gap,
    aggregate_candles,
    describe_duration,
    empty_candles,
    find_gaps,
    real_candles,
    validate_candles,
)
from altseason.errors import StoredDataError
from tests.conftest import dominance_candles

LATER = pd.Timestamp("2030-01-01", tz="UTC")


def readings(*known_and_percent: tuple[str, float]) -> pd.DataFrame:
    known = pd.to_datetime([when for when, _ in known_and_percent], utc=True).as_unit("ms")
    percent = [value for _, value in known_and_percent]
    return pd.DataFrame(
        {"known": known, **dict.fromkeys(("open", "high", "low", "close"), percent)}
    )


def opens(candles: pd.DataFrame) -> list[str]:
    return [f"{date:%Y-%m-%d %H:%M}" for date in candles["date"]]


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        ("20s", "20 seconds"),
        ("119s", "119 seconds"),
        ("2min", "2 minutes"),
        ("60min", "60 minutes"),
        ("2h", "2 hours"),
        ("36h", "36 hours"),
        ("2D", "2 days"),
        ("2D 12h", "2.5 days"),
    ],
)
def test_duration_is_described_in_its_largest_unit(duration: str, text: str):
    assert describe_duration(pd.Timedelta(duration)) == text


def test_aggregate_candles_reading_at_midnight_closes_the_day_before():
    candles = aggregate_candles(
        readings(("2021-03-02 00:00", 60.0)), "1d", spacing=pd.Timedelta(days=1), now=LATER
    )
    assert opens(candles) == ["2021-03-01 00:00"]
    assert candles["date"].dt.tz is not None


def test_aggregate_candles_reading_just_after_midnight_belongs_to_the_new_day():
    candles = aggregate_candles(
        readings(("2021-03-02 00:00:01", 60.0)), "1d", spacing=pd.Timedelta(days=1), now=LATER
    )
    assert opens(candles) == ["2021-03-02 00:00"]


def test_aggregate_candles_takes_first_highest_lowest_last_and_counts():
    rows = readings(
        ("2021-03-01 00:10", 60.0),
        ("2021-03-01 00:20", 62.0),
        ("2021-03-01 00:50", 59.0),
        ("2021-03-01 01:00", 61.0),
        ("2021-03-01 01:10", 50.0),
    )
    candles = aggregate_candles(rows, "1h", spacing=pd.Timedelta(minutes=10), now=LATER)
    assert candles.iloc[0].tolist()[1:] == [60.0, 62.0, 59.0, 61.0, 4.0]
    assert opens(candles) == ["2021-03-01 00:00", "2021-03-01 01:00"]


@pytest.mark.parametrize(
    ("last_reading", "spacing", "is_kept"),
    [
        ("2021-03-01 21:00", pd.Timedelta(hours=1), True),  # exactly three hours before the end
        ("2021-03-01 20:59", pd.Timedelta(hours=1), False),
        ("2021-03-01 20:00", pd.Timedelta(hours=4), False),  # the bar that ends at 24:00 is missing
        ("2021-03-02 00:00", pd.Timedelta(hours=4), True),
        ("2021-03-01 00:05", pd.Timedelta(days=1), True),  # all that a daily source has of the day
    ],
)
def test_aggregate_candles_leaves_out_days_that_do_not_show_their_end(
    last_reading: str, spacing: pd.Timedelta, is_kept: bool
):
    candles = aggregate_candles(readings((last_reading, 60.0)), "1d", spacing=spacing, now=LATER)
    assert len(candles) == is_kept


def test_aggregate_candles_leaves_out_the_unfinished_day():
    rows = readings(("2021-03-02 00:00", 60.0), ("2021-03-03 00:00", 61.0))
    now = pd.Timestamp("2021-03-02 23:59", tz="UTC")
    candles = aggregate_candles(rows, "1d", spacing=pd.Timedelta(days=1), now=now)
    assert opens(candles) == ["2021-03-01 00:00"]


def test_find_gaps_names_first_and_last_missing_candle():
    candles = dominance_candles([50.0] * 6, "2021-03-01").drop(index=[1, 2, 4])
    assert find_gaps(candles.reset_index(drop=True), "1d") == [
        Gap(pd.Timestamp("2021-03-02", tz="UTC"), pd.Timestamp("2021-03-03", tz="UTC")),
        Gap(pd.Timestamp("2021-03-05", tz="UTC"), pd.Timestamp("2021-03-05", tz="UTC")),
    ]


def test_find_gaps_of_nothing_is_nothing():
    assert find_gaps(empty_candles(), "1d") == []


def test_real_candles_drops_filled_ones():
    candles = dominance_candles([50.0, 51.0, 52.0], "2021-03-01")
    candles.loc[1, "volume"] = 0
    assert real_candles(candles)["close"].tolist() == [50.0, 52.0]


def test_validate_candles_accepts_what_is_right():
    validate_candles(dominance_candles([1.01, 99.99], "2021-03-01"), "1d")
    validate_candles(empty_candles(), "1h")


@pytest.mark.parametrize(
    "percent", [0.0, 1.0, 0.57, 100.0, 150.0, float("nan"), float("inf"), -5.0]
)
def test_validate_candles_refuses_what_is_no_dominance(percent: float):
    with pytest.raises(StoredDataError, match="between 1 and 100 percent"):
        validate_candles(dominance_candles([50.0, percent], "2021-03-01"), "1d")


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda candles: candles.iloc[::-1], "rising order"),
        (lambda candles: pd.concat([candles, candles.tail(1)]), "each date once"),
        (lambda candles: candles.drop(columns="volume"), "expected columns"),
        (lambda candles: candles.assign(date=candles["date"].dt.tz_localize(None)), "in UTC"),
        (lambda candles: candles.assign(date=candles["date"].dt.tz_convert("Asia/Tokyo")), "UTC"),
        (lambda candles: candles.assign(date=candles["date"] + pd.Timedelta("1h")), "open times"),
    ],
)
def test_validate_candles_refuses_other_frames(break_it, message: str):
    with pytest.raises(StoredDataError, match=message):
        validate_candles(break_it(dominance_candles([50.0, 51.0, 52.0], "2021-03-01")), "1d")
