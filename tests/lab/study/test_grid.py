"""The cells of a study, counted by hand."""

from argparse import ArgumentTypeError

import pytest

from altseason_lab.study.grid import Cell, Scope, build_cells, parse_setting

SCOPE = Scope("20210101-", ())
SETTINGS = {"gate_sma_days": (10, 20), "macd_trigger": ("above",)}


def test_settings_are_combined_without_what_a_gate_does_not_read():
    cells = build_cells(["level", "falling"], [SCOPE.window], [()], SETTINGS)
    above = ("macd_trigger", "above")
    assert cells == [
        Cell(SCOPE, "off", settings=(above,)),
        Cell(SCOPE, "level", settings=(above,)),
        Cell(SCOPE, "falling", settings=(("gate_sma_days", 10), above)),
        Cell(SCOPE, "falling", settings=(("gate_sma_days", 20), above)),
    ]
    assert cells[2].name == "falling gate_sma_days=10 macd_trigger=above"
    assert [cell.ungated for cell in cells] == [cells[0]] * 4


def test_each_cell_is_there_once():
    cells = build_cells(["falling", "off", "falling"], ["", ""], [(), ()])
    assert cells == [Cell(Scope("", ()), "off"), Cell(Scope("", ()), "falling")]


def test_order_of_settings_makes_no_other_cell():
    turned = dict(reversed(SETTINGS.items()))
    cells = build_cells(["falling"], [SCOPE.window], [()], SETTINGS)
    assert build_cells(["falling"], [SCOPE.window], [()], turned) == cells


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("days=10,20,10", (10, 20)),
        ("share=0.5", (0.5,)),
        ("days=10.0,1e1", (10,)),
        ("is_on=true,False", (True, False)),
        ("trigger=cross", ("cross",)),
    ],
)
def test_values_are_read_as_what_they_look_like(text: str, values: tuple):
    found = parse_setting(text)
    assert found == (text.split("=")[0], values)
    assert [type(value) for value in found[1]] == [type(value) for value in values]


@pytest.mark.parametrize("text", ["days", "days=", "=1", "days=1,", "two words=1", ""])
def test_what_is_no_setting_is_refused(text: str):
    with pytest.raises(ArgumentTypeError, match="expected a parameter and its values"):
        parse_setting(text)


def test_mode_has_an_option_of_its_own():
    with pytest.raises(ArgumentTypeError, match="which --modes has"):
        parse_setting("gate_mode=level")
