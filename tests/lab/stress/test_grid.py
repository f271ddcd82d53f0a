"""The numbers of the command line, and the grid that they make."""

from argparse import ArgumentTypeError

import pytest

from altseason_lab.host.stops import as_ratio
from altseason_lab.stress.grid import (
    CostScenario,
    build_grid,
    parse_delay,
    parse_fee,
    parse_slippage,
)


@pytest.mark.parametrize(
    ("fee", "slippage", "cost", "ratio"),
    [
        (0.001, 0, 10, 0.001),
        (0.001, 5, 15, 0.0015),
        (0.00075, 2.5, 10, 0.001),
        (0.0, 0.1, 0.1, 0.00001),
        (0.0007, 3, 10, 0.001),
        (0.003, 0, 30, 0.003),
    ],
)
def test_cost_is_fee_and_slippage_together(fee, slippage, cost, ratio):
    scenario = CostScenario(fee, slippage, 0)
    assert scenario.cost == cost
    # To the bit what a person types for --fee.
    assert as_ratio(scenario.cost) == ratio


def test_grid_has_each_combination_once_in_ascending_order():
    assert build_grid([0.002, 0.001, 0.002], [5, 0], [1, 0]) == [
        CostScenario(0.001, 0, 0),
        CostScenario(0.001, 5, 0),
        CostScenario(0.002, 0, 0),
        CostScenario(0.002, 5, 0),
        CostScenario(0.001, 0, 1),
        CostScenario(0.001, 5, 1),
        CostScenario(0.002, 0, 1),
        CostScenario(0.002, 5, 1),
    ]


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_fee, "0", 0.0),
        (parse_fee, "1e-3", 0.001),
        (parse_fee, "0.999", 0.999),
        (parse_slippage, "2.5", 2.5),
        (parse_slippage, "1000", 1000.0),
        (parse_delay, "0", 0),
        (parse_delay, "100", 100),
    ],
)
def test_number_is_read(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "texts"),
    [
        (parse_fee, ["-0.001", "nan", "inf", "-inf", "1", "25", "0,001", "0.1%", "", "abc"]),
        (parse_slippage, ["-1", "nan", "inf", "1000.1", "10bp", "", "1e999"]),
        (parse_delay, ["-1", "1.5", "nan", "101", "1e1", "", "0000000101", "1" * 5000, "one", "²"]),
    ],
)
def test_number_is_refused_with_what_was_expected_and_found(parse, texts):
    for text in texts:
        with pytest.raises(ArgumentTypeError) as error:
            parse(text)
        assert str(error.value).startswith("expected ")
        assert f"found {text!r}" in str(error.value)
