"""How far parameters move, by values written by hand."""

import pytest

from altseason_lab.host.hyperopt import Dimension
from altseason_lab.walkforward.stability import Stability

NUMBER = Dimension("days", "buy", 10, 60)
CHOICE = Dimension("mode", "buy", choices=("a", "b", "c"))


@pytest.mark.parametrize(
    ("dimension", "values", "expected"),
    [
        (NUMBER, (20, 45, 30), 0.5),
        (NUMBER, (20, 20), 0.0),
        (NUMBER, (10, 60), 1.0),
        # A window that kept the strategy's own says nothing about it.
        (NUMBER, (20, None, 30), 0.2),
        (NUMBER, (20, None), None),
        (CHOICE, ("a", "b", "a", "a"), 0.25),
        (CHOICE, ("a", "a"), 0.0),
        (Dimension("on", "trailing", choices=(True,)), (True, True), 0.0),
        (Dimension("fixed", "buy", 3, 3), (3, 3), 0.0),
    ],
)
def test_spread_is_of_the_range_or_of_the_windows(dimension, values, expected):
    assert Stability(dimension, values).spread == expected
