"""Labels, by hand-made candles."""

from typing import Any

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason.learning.labels import Barriers, label_entries

HOUR = pd.Timedelta(hours=1)
START = pd.Timestamp("2021-01-01", tz="UTC")
# Open, high, low of a candle in which nothing happens to what was bought at 100.
CALM = (100.0, 101.0, 99.0)


def candles(*rows: tuple[float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["open", "high", "low"])
    dates = pd.date_range(START, periods=len(rows), freq="1h").as_unit("ms")
    return frame.assign(date=dates)


def barriers(**changes: Any) -> Barriers:
    return Barriers(
        **{
            "stoploss": -0.05,
            "minimal_roi": {"0": 0.10},
            "fee": 0.0,
            "horizon": 3,
            "timeframe": "1h",
            **changes,
        }
    )


def label_first(*rows: tuple[float, float, float], **changes: Any) -> "pd.Series[Any]":
    """The label of an entry whose signal is in a candle before the given rows."""
    frame = candles(CALM, *rows)
    entries = pd.Series([True] + [False] * len(rows))
    return label_entries(frame, entries, barriers(**changes)).iloc[0]


@pytest.mark.parametrize(
    ("rows", "outcome", "row", "profit"),
    [
        # 111 is above 110, the price of 10 %.
        ([CALM, (100, 111, 99)], "take_profit", 2, 0.10),
        # Also in the candle of the entry.
        ([(100, 111, 99)], "take_profit", 1, 0.10),
        # The price itself is not enough: Freqtrade requires more than the ratio.
        ([CALM, (100, 110, 99), CALM, (104, 105, 103)], "time_out", 4, 0.04),
        # 95 is the stop, and reaching it is enough.
        ([CALM, (100, 101, 95)], "stop", 2, -0.05),
        ([(100, 101, 94)], "stop", 1, -0.05),
        # Both in one candle: the stop is first.
        ([CALM, (100, 120, 90)], "stop", 2, -0.05),
        # A gap through the stop: at its price while the candle reaches it, else at the open.
        ([CALM, (80, 96, 75)], "stop", 2, -0.05),
        ([CALM, (80, 90, 75)], "stop", 2, -0.20),
        # A gap over the take-profit: no price below the candle's lowest can be had.
        ([CALM, (130, 140, 120)], "take_profit", 2, 0.20),
        # Three candles are followed; of the next one only the open matters.
        ([CALM, CALM, CALM, (102, 120, 50)], "time_out", 4, 0.02),
        ([CALM, CALM, CALM, (93, 94, 92)], "time_out", 4, -0.07),
    ],
)
def test_entry_ends_at_the_first_barrier(
    rows: list[tuple[float, float, float]], outcome: str, row: int, profit: float
):
    calm = [CALM] * (4 - len(rows))
    label = label_first(*rows, *calm)
    assert label["outcome"] == outcome
    assert label["known_row"] == row
    assert label["known"] == START + (row + 1) * HOUR
    assert label["start"] == START + HOUR
    assert label["profit_ratio"] == pytest.approx(profit, abs=1e-8)


def test_fees_are_paid_on_both_sides_and_move_the_take_profit():
    # 10 % after 0.1 % on each side need 100 * 1.1 * 1.001 / 0.999 = 110.2202.
    reached = label_first((100, 110.23, 99), *[CALM] * 3, fee=0.001)
    missed = label_first((100, 110.21, 99), *[CALM] * 3, fee=0.001)
    assert (reached["outcome"], missed["outcome"]) == ("take_profit", "time_out")
    assert reached["profit_ratio"] == pytest.approx(0.10, abs=1e-8)
    # The stop is 95, whatever the fees: 95 * 0.999 / (100 * 1.001) - 1.
    stopped = label_first((100, 101, 95), *[CALM] * 3, fee=0.001)
    assert stopped["profit_ratio"] == pytest.approx(-0.05189810, abs=1e-8)


def test_profit_to_take_follows_the_table():
    table = {"0": 0.10, "120": 0.03}
    # 104 is enough from the third candle on, after 120 minutes; it opens below, so at 103.
    label = label_first(*[(100, 104, 99)] * 4, minimal_roi=table)
    assert (label["outcome"], label["known_row"]) == ("take_profit", 3)
    assert label["profit_ratio"] == pytest.approx(0.03)
    # Where the ratio begins in a candle that opens above it, at the open.
    label = label_first(CALM, CALM, (105, 106, 104), CALM, minimal_roi=table)
    assert label["profit_ratio"] == pytest.approx(0.05)


@pytest.mark.parametrize(("opening", "outcome"), [(99.0, "time_out"), (101.0, "take_profit")])
def test_exit_at_any_price_is_one_by_time_unless_it_earns(opening: float, outcome: str):
    row = (opening, 102.0, 98.0)
    label = label_first(CALM, row, CALM, CALM, minimal_roi={"60": -1})
    assert (label["outcome"], label["known_row"]) == (outcome, 2)
    assert label["profit_ratio"] == pytest.approx(opening / 100 - 1)


def test_there_is_no_label_where_the_horizon_is_not_over():
    """Even for decided entries: near the end only the quick ones are decided."""
    frame = candles(*[CALM] * 4, (100, 101, 90), CALM)
    labels = label_entries(frame, pd.Series([True] * 6), barriers())
    assert list(labels["outcome"].notna()) == [True, True, False, False, False, False]
    assert labels.loc[0, "outcome"] == "time_out"
    assert labels.loc[1, "outcome"] == "stop"
    assert labels.loc[2:].isna().all(axis=None)


def test_label_is_the_same_wherever_later_candles_end():
    rows = [CALM, (100, 103, 97), (102, 112, 101), CALM, (96, 97, 94), CALM, CALM, CALM, CALM]
    whole = candles(*rows)
    everywhere = pd.Series([True] * len(rows))
    expected = label_entries(whole, everywhere, barriers())
    for count in range(1, len(rows)):
        found = label_entries(whole.iloc[:count], everywhere.iloc[:count], barriers())
        known = found.dropna(subset=["outcome"])
        assert len(known) == max(0, count - 4)
        pd.testing.assert_frame_equal(known, expected.iloc[: len(known)], check_dtype=False)


def test_labels_stand_at_the_index_of_their_signals():
    frame = candles(*[CALM] * 8).set_axis(range(100, 108), axis="index")
    entries = pd.Series([False, True, False, True, *[False] * 4], index=frame.index)
    labels = label_entries(frame, entries, barriers())
    assert list(labels.index) == [101, 103]
    assert list(labels["known_row"]) == [5, 7]


def test_no_entries_have_no_labels():
    labels = label_entries(candles(CALM, CALM), pd.Series([False, False]), barriers())
    assert list(labels.columns) == ["start", "known", "known_row", "outcome", "profit_ratio"]
    assert labels.empty


def test_missing_candle_is_refused():
    frame = candles(*[CALM] * 8).drop(index=3)
    with pytest.raises(InputError, match="a candle every 1h"):
        label_entries(frame, pd.Series(True, index=frame.index), barriers())


@pytest.mark.parametrize(
    "wrong", [{"stoploss": 0.0}, {"stoploss": -2.0}, {"fee": 1.0}, {"fee": -0.1}, {"horizon": 0}]
)
def test_barriers_that_are_none_are_refused(wrong: dict[str, Any]):
    with pytest.raises(InputError):
        barriers(**wrong)
