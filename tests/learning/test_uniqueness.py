"""Uniqueness, by labels whose overlaps are counted by hand."""

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason.learning.pool import calculate_uniqueness


def times(*hours: float) -> "pd.Series[pd.Timestamp]":
    return pd.Series(pd.to_datetime([hour * 3600 for hour in hours], unit="s", utc=True))


def test_label_that_overlaps_none_is_unique():
    assert list(calculate_uniqueness(times(0, 2, 10), times(2, 5, 11))) == [1, 1, 1]


def test_labels_of_the_same_time_share_it():
    assert list(calculate_uniqueness(times(3, 3), times(9, 9))) == [0.5, 0.5]


def test_uniqueness_is_the_mean_over_the_time_for_which_a_label_is_open():
    # Hours 0-1: the first alone; 1-3: both; 3-6: the second with the third; 6-7: the third.
    found = calculate_uniqueness(times(0, 1, 3), times(3, 6, 7))
    first, second, third = (1 + 2 / 2) / 3, (2 / 2 + 3 / 2) / 5, (3 / 2 + 1) / 4
    assert list(found) == pytest.approx([first, second, third])


def test_order_does_not_matter():
    starts, ends = times(0, 1, 3, 3.5), times(3, 6, 7, 4)
    found = calculate_uniqueness(starts, ends)
    other = calculate_uniqueness(starts.iloc[::-1], ends.iloc[::-1])
    assert list(other[::-1]) == pytest.approx(list(found))


def test_no_labels_have_no_weights():
    assert len(calculate_uniqueness(times(), times())) == 0


@pytest.mark.parametrize("known", [0.0, -1.0])
def test_label_that_is_known_before_it_starts_is_refused(known: float):
    with pytest.raises(InputError, match="later than it starts"):
        calculate_uniqueness(times(0), times(known))
