"""Parameters of a gated class: what is refused, parameter files, and what hyperopt tries."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from freqtrade.exceptions import OperationalException
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

from altseason.strategy import AltSeasonGate
from tests.strategy.gated import (
    OPEN_ROWS,
    PLAIN,
    define,
    signals,
)

Load = Callable[..., IStrategy]
OPENED, SHUT = datetime(2021, 1, 15, tzinfo=UTC), datetime(2021, 1, 25, tzinfo=UTC)
STALE = datetime(2021, 3, 1, tzinfo=UTC)


REFUSED = {
    "unknown mode": ('mode="falls"', "gate_mode: expected one of level, falling"),
    "no number": ('threshold="55"', "dominance_threshold: expected a number, found '55'"),
    "fraction": ("threshold=0.5", "dominance_threshold: expected percent"),
    "rounded": ("threshold=0.55", "dominance_threshold: expected a number with at most 1 decimal"),
    "no days": ("sma_days=0", "gate_sma_days: expected a number of days"),
    "no percent": ("breadth_min=101", "breadth_min: expected percent above 0 and up to 100"),
    "part of a day": ("breadth_days=1.5", "breadth_days: expected a whole number, found 1.5"),
    "no days of breadth": ("breadth_days=0", "breadth_days: expected a number of days"),
    "unknown keyword": ('mod="falling"', "expected keywords of space, mode, threshold"),
    "no flag": ('gate_shorts="yes"', "gate_shorts: expected True or False, found 'yes'"),
}


@pytest.mark.parametrize(("keywords", "reason"), REFUSED.values(), ids=REFUSED)
def test_wrong_keyword_is_refused_in_a_line_when_the_class_is_used(
    gate: Load, tmp_path: Path, keywords: str, reason: str
):
    with pytest.raises(OperationalException, match=reason) as refused:
        gate(gated=define(keywords))
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("MyGated: ")
    # One bad file stops no other strategy from being listed.
    config = {"user_data_dir": tmp_path, "strategy": "MyGated"}
    found = StrategyResolver.search_all_objects(config, enum_failed=False)
    assert {one["name"] for one in found} == {"MyGated", "Parent"}


@pytest.mark.parametrize("bases", ["AltSeasonGate, Parent", "Parent, AltSeasonGate"])
def test_constructor_that_leaves_out_freqtrade_s_is_refused(gate: Load, bases: str):
    parent = "    def __init__(self, config):\n        self.config = config\n"
    with pytest.raises(OperationalException, match=r"MyGated: .* `super\(\).__init__\(config\)`"):
        gate(PLAIN + "\n" + parent, define(bases=bases))


@pytest.mark.parametrize(
    "taken",
    ['gate_mode = "mine"', "dominance_threshold = IntParameter(1, 9, default=2, space='buy')"],
)
def test_parent_that_has_what_the_gate_needs_is_refused(gate: Load, taken: str):
    name = taken.split()[0]
    with pytest.raises(OperationalException, match=f"MyGated: expected no {name} in Parent"):
        gate(PLAIN + f"\n    {taken}\n")


def test_parameters_have_a_space_of_their_own(gate: Load):
    strategy = gate()
    names = [name for name, _ in strategy.enumerate_parameters("gate")]
    assert sorted(names) == [
        "breadth_days",
        "breadth_min",
        "dominance_threshold",
        "gate_band",
        "gate_mode",
        "gate_sma_days",
    ]
    strategy = gate(gated=define('space="buy"'))
    assert [*strategy.enumerate_parameters("gate")] == []


OLD = ("level", "falling", "level_and_falling")
ALL = (*OLD, "breadth", "breadth_and_falling")
OWN = """
    from freqtrade.strategy import CategoricalParameter

    gate_mode = CategoricalParameter(["falling", "breadth"], default="falling", space="gate")
"""


@pytest.mark.parametrize(
    ("keywords", "body", "choices", "tries_modes", "tries_breadth"),
    [
        ("", "    pass\n", OLD, True, False),
        ('mode="off"', "    pass\n", OLD, False, False),
        # Modes that need dominance are not added to one that does not.
        ('mode="breadth", breadth_min=60', "    pass\n", OLD, False, True),
        ('mode="breadth_and_falling"', "    pass\n", ALL, True, True),
        ("", OWN, ("falling", "breadth"), True, True),
    ],
)
def test_hyperopt_tries_breadth_where_a_class_asks_for_it(
    gate: Load,
    keywords: str,
    body: str,
    choices: tuple[str, ...],
    *,
    tries_modes: bool,
    tries_breadth: bool,
):
    strategy = gate(gated=define(keywords, body))
    assert tuple(strategy.gate_mode.opt_range) == choices
    assert strategy.gate_mode.optimize is tries_modes
    tried = (strategy.breadth_min.optimize, strategy.breadth_days.optimize)
    assert tried == (tries_breadth, tries_breadth)
    assert strategy.gate_rule.breadth_min == (60 if "60" in keywords else 75)
    # Nor does one class change another one.
    assert AltSeasonGate.gate_mode.opt_range == OLD
    assert AltSeasonGate.breadth_min.optimize is False


@pytest.mark.parametrize("mode", ["breadth", "breadth_and_falling"])
def test_parameter_file_may_set_a_mode_that_hyperopt_does_not_try(
    gate: Load, tmp_path: Path, mode: str
):
    gate()
    write_parameters(tmp_path, "MyGated", gate={"gate_mode": mode, "breadth_days": 30})
    strategy = gate()
    assert (strategy.gate_rule.mode, strategy.gate_rule.breadth_days) == (mode, 30)


def write_parameters(folder: Path, name: str, **params: Any) -> None:
    content = {"strategy_name": name, "params": params}
    (folder / "strategies" / f"{name}.json").write_text(json.dumps(content))


TUNED = PLAIN + '\n    days = IntParameter(1, 60, default=20, space="buy")\n'


def test_parameter_file_of_a_parent_holds_where_there_is_no_own(gate: Load, tmp_path: Path):
    gate(TUNED)
    write_parameters(tmp_path, "Parent", buy={"days": 9}, stoploss={"stoploss": -0.33})
    strategy = gate(TUNED)
    assert (strategy.days.value, strategy.stoploss) == (9, -0.33)
    assert signals(strategy)["enter_long"].sum() == OPEN_ROWS
    write_parameters(tmp_path, "MyGated", gate={"gate_sma_days": 31})
    strategy = gate(TUNED)
    assert (strategy.days.value, strategy.gate_rule.sma_days) == (20, 31)


def test_parameter_file_of_a_parent_that_is_of_another_strategy_is_refused(
    gate: Load, tmp_path: Path
):
    gate()
    write_parameters(tmp_path, "Parent")
    file = tmp_path / "strategies" / "Parent.json"
    file.write_text(file.read_text().replace("Parent", "Other"))
    with pytest.raises(OperationalException, match="expected parameters of a parent of MyGated"):
        gate()


def test_gate_is_taken_away_by_no_parameter_file(gate: Load, tmp_path: Path):
    gate()
    write_parameters(tmp_path, "MyGated", gate={"gate_mode": "off"})
    with pytest.raises(OperationalException, match="gate_mode: expected one of level, falling"):
        gate()


def test_strategies_of_one_process_leave_each_other_s_parameters_alone(gate: Load, tmp_path: Path):
    """An ungated class in the same process and file does not open the gate of another class."""
    gated = define('mode="falling"')
    two = "\n\nclass MyOther(AltSeasonGate, Parent):\n    days_of = 1\n"
    one = gate(TUNED, gated + two)
    other = gate(TUNED, gated + two, name="MyOther")
    other.gate_mode.value, other.days.value = "off", 1
    assert (one.gate_mode.value, one.days.value) == ("falling", 20)
    third = gate(TUNED, gated + two)
    assert (third.gate_mode.value, third.days.value) == ("falling", 20)
