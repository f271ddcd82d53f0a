"""What FreqUI draws of a gated strategy."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from freqtrade.strategy import IStrategy

from tests.conftest import coin_candles
from tests.strategy.gated import (
    ENTERS,
    FIRST_OPEN,
    HEAD,
    NEVER_EXITS,
    OPEN_ROWS,
    PAIR,
    PLAIN,
    define,
)

Load = Callable[..., IStrategy]
OPENED, SHUT = datetime(2021, 1, 15, tzinfo=UTC), datetime(2021, 1, 25, tzinfo=UTC)
STALE = datetime(2021, 3, 1, tzinfo=UTC)


PLOTS = {
    "none": ("", {}),
    "own": ('    plot_config = {"main_plot": {"sma": {}}}\n', {"main_plot": {"sma": {}}}),
    "property": (
        """
    @property
    def plot_config(self):
        return {"subplots": {"A": {"a": {}}}}
""",
        {"subplots": {"A": {"a": {}}}},
    ),
}


@pytest.mark.parametrize(("body", "own"), PLOTS.values(), ids=PLOTS)
@pytest.mark.parametrize("is_parent", [True, False])
def test_charts_keep_what_a_strategy_draws_and_add_dominance(
    gate: Load, body: str, own: dict[str, Any], is_parent: bool
):
    gated = define(body=body or "    pass\n")
    strategy = gate(PLAIN + "\n" + body) if is_parent else gate(gated=gated)
    drawn = strategy.plot_config
    assert [*drawn["subplots"]] == ["BTC.D", *own.get("subplots", {})]
    assert drawn.get("main_plot", {}) == own.get("main_plot", {})
    shown = strategy.analyze_ticker(coin_candles(24 * 30, start="2021-01-03"), PAIR)
    assert set(drawn["subplots"]["BTC.D"]) <= set(shown)
    [area] = strategy.ft_plot_annotations("ETH/USDT", shown)
    assert (area["start"], area["type"]) == (FIRST_OPEN, "area")


DROPS = ENTERS.replace(
    "return dataframe", "return dataframe[['date', 'close', 'enter_long']].copy()"
)


def test_strategy_that_drops_our_columns_is_gated_and_charts_fail_alone(gate: Load):
    strategy = gate(gated=define(body=DROPS))
    shown = strategy.analyze_ticker(coin_candles(24 * 30, start="2021-01-03"), PAIR)
    assert shown["enter_long"].sum() == OPEN_ROWS
    assert strategy.ft_plot_annotations("ETH/USDT", shown) == []


def test_charts_show_the_gate_of_a_parent_that_keeps_few_columns(gate: Load):
    strategy = gate(HEAD + DROPS + NEVER_EXITS)
    shown = strategy.analyze_ticker(coin_candles(24 * 30, start="2021-01-03"), PAIR)
    assert shown["enter_long"].sum() == OPEN_ROWS
    assert len(strategy.ft_plot_annotations("ETH/USDT", shown)) == 1
