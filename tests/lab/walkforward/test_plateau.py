"""The middle of the best epochs, by epochs written by hand."""

from typing import Any

from altseason_lab.host.hyperopt import MAX_LOSS, Dimension, Epoch
from altseason_lab.walkforward.plateau import find_middle, find_plateau

DIMENSIONS = {
    "days": Dimension("days", "buy", 1, 100),
    "mode": Dimension("mode", "buy", choices=("a", "b", "c")),
}


def epoch(loss: float, trades: int = 5, **parameters: Any) -> Epoch:
    return Epoch(1, loss, parameters, trades, 0.0, ())


def test_plateau_is_the_best_tenth_of_different_sets_that_traded():
    epochs = [epoch(float(-number), days=number) for number in range(100)]
    plateau = find_plateau(epochs)
    assert [one.parameters["days"] for one in plateau] == list(range(99, 89, -1))
    # The same sets of another seed, and such as have not traded, change nothing.
    more = [*epochs, *epochs, *(epoch(MAX_LOSS, days=1000 + number) for number in range(50))]
    assert find_plateau(more) == plateau
    assert find_plateau([*more, epoch(-1000.0, trades=0, days=7)]) == plateau


def test_small_plateau_has_five_epochs_where_there_are_as_many():
    assert len(find_plateau([epoch(1.0, days=number) for number in range(20)])) == 5
    assert len(find_plateau([epoch(1.0, days=number) for number in range(3)])) == 3
    assert find_plateau([epoch(MAX_LOSS, trades=0, days=1)]) == []


def test_middle_is_the_median_of_numbers_and_the_most_frequent_choice():
    days_and_modes = [(90, "a"), (10, "b"), (20, "b"), (30, "c"), (25, "a")]
    plateau = [
        epoch(float(at), days=days, mode=mode) for at, (days, mode) in enumerate(days_and_modes)
    ]
    # The peak is 90. Of a and b, twice each, a is of the best epoch.
    assert find_middle(plateau, DIMENSIONS) == {"days": 25, "mode": "a"}
    # Of an even number the lower of the two in the middle, which hyperopt has tried.
    assert find_middle(plateau[:4], DIMENSIONS) == {"days": 20, "mode": "b"}
    assert find_middle([], DIMENSIONS) == {}
