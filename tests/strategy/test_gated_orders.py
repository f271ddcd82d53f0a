"""The checks before an order of a gated strategy: an entry, an addition, a replacement."""

from collections.abc import Callable

import pytest
from freqtrade.strategy import IStrategy

from tests.strategy.gated import OPENED, PLAIN, SHUT, STALE, define
from tests.strategy.trading import ADJUSTS, MOVES_ORDERS, adjust, confirm, replace

Load = Callable[..., IStrategy]


CONFIRM = """
    def confirm_trade_entry(self, pair, order_type, amount, rate, time_in_force, current_time,
                            entry_tag, side, **kwargs):
        {body}
"""
BY_POSITION = (
    "return super().confirm_trade_entry(pair, order_type, amount, rate, time_in_force, "
    "current_time, entry_tag, side)"
)


@pytest.mark.parametrize("body", ["return True", BY_POSITION])
@pytest.mark.parametrize("bases", ["AltSeasonGate, Parent", "Parent, AltSeasonGate"])
def test_full_gate_is_asked_before_an_entry(gate: Load, body: str, bases: str):
    strategy = gate(PLAIN + CONFIRM.format(body=body), define(bases=bases))
    assert [confirm(strategy, time) for time in (OPENED, SHUT, STALE)] == [True, False, False]


@pytest.mark.parametrize(
    ("keywords", "answers"), [("", [True] * 3), ("gate_shorts=True", [True, False, False])]
)
def test_gate_is_asked_before_a_short_only_where_shorts_are_gated(
    gate: Load, keywords: str, answers: list[bool]
):
    strategy = gate(gated=define(keywords))
    assert [confirm(strategy, time, "short") for time in (OPENED, SHUT, STALE)] == answers


def test_check_of_a_strategy_that_fails_refuses(gate: Load):
    strategy = gate(PLAIN + CONFIRM.format(body="raise KeyError(pair)"))
    assert confirm(strategy, OPENED) is False


def test_callback_that_a_constructor_sets_last_is_guarded(gate: Load):
    parent = """
    def __init__(self, config):
        super().__init__(config)
        self.confirm_trade_entry = lambda *args, **kwargs: True
"""
    strategy = gate(PLAIN + parent, define(bases="Parent, AltSeasonGate"))
    assert [confirm(strategy, time) for time in (OPENED, SHUT)] == [True, False]


GUARDED = [("", [20.0] * 3), ("gate_position_adjustment=True", [20.0, None, None])]


@pytest.mark.parametrize(("keywords", "answers"), GUARDED)
def test_position_grows_while_closed_unless_that_is_gated(
    gate: Load, keywords: str, answers: list[float | None]
):
    strategy = gate(PLAIN + ADJUSTS.format(answer=20.0), define(keywords))
    assert [adjust(strategy, time)[0] for time in (OPENED, SHUT, STALE)] == answers


@pytest.mark.parametrize(
    ("entries", "keywords", "prices"),
    [
        (0, "", [101.0, 100.0]),
        # A further order of an open trade is position adjustment.
        (1, "", [101.0, 101.0]),
        (1, "gate_position_adjustment=True", [101.0, 100.0]),
    ],
)
def test_entry_order_is_replaced_only_while_open(
    gate: Load, entries: int, keywords: str, prices: list[float]
):
    strategy = gate(PLAIN + MOVES_ORDERS, define(keywords))
    assert [replace(strategy, time, entries=entries) for time in (OPENED, SHUT)] == prices
