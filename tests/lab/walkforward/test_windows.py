"""Windows, by days counted by hand."""

from datetime import UTC, datetime

import pytest
from freqtrade.configuration import TimeRange

from altseason.errors import InputError
from altseason_lab.walkforward.windows import Span, WindowPlan, build_windows


def day(month: int, number: int, hour: int = 0) -> datetime:
    return datetime(2022, month, number, hour, tzinfo=UTC)


# From the afternoon of the last day of January; the first whole day is the 1st of February.
WHOLE = Span(day(1, 31, 15), day(3, 4, 6))


def test_rolling_windows_move_by_a_test_part_and_keep_the_embargo_free():
    windows = build_windows(WindowPlan(10, 5, 2, is_anchored=False), WHOLE)
    assert [(one.train.start, one.train.end) for one in windows] == [
        (day(2, 1), day(2, 11)),
        (day(2, 6), day(2, 16)),
        (day(2, 11), day(2, 21)),
    ]
    # The fourth would end on the 5th of March.
    assert [(one.test.start, one.test.end) for one in windows] == [
        (day(2, 13), day(2, 18)),
        (day(2, 18), day(2, 23)),
        (day(2, 23), day(2, 28)),
    ]
    assert [one.number for one in windows] == [1, 2, 3]


def test_anchored_windows_all_begin_with_the_first_day():
    windows = build_windows(WindowPlan(10, 5, 2, is_anchored=True), WHOLE)
    rolling = build_windows(WindowPlan(10, 5, 2, is_anchored=False), WHOLE)
    assert {one.train.start for one in windows} == {day(2, 1)}
    assert [one.train.end for one in windows] == [one.train.end for one in rolling]
    assert [one.test for one in windows] == [one.test for one in rolling]


def test_time_range_for_freqtrade_ends_before_the_candle_that_opens_at_the_end():
    """Freqtrade takes the candle at the end of a time range, too."""
    found = TimeRange.parse_timerange(Span(day(2, 1), day(2, 11)).timerange)
    assert found.startdt == day(2, 1)
    assert day(2, 10, 23) < found.stopdt < day(2, 11)


def test_a_test_part_may_end_with_the_last_candle():
    assert (
        len(build_windows(WindowPlan(20, 8, 0, is_anchored=False), Span(day(2, 1), day(3, 1)))) == 1
    )


def test_too_few_candles_for_one_window_are_refused_with_both_numbers():
    plan = WindowPlan(20, 10, 2, is_anchored=False)
    with pytest.raises(InputError, match=r"at least 32 days .* found 31 from 2022-02-01"):
        build_windows(plan, WHOLE)
