"""The chart: the numbers of the figure's JSON compared with those of a stress test made by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from altseason_lab.charts import COLORS
from altseason_lab.host.backtests import BacktestResult, BacktestScope
from altseason_lab.page import render_page, save_page
from altseason_lab.stress.chart import build_chart, build_page
from altseason_lab.stress.grid import CostScenario
from altseason_lab.stress.run import StressTest
from tests.lab.browser import Look, look_at

Curves = dict[int, dict[float, float]]


def result(profit: float, trades: int = 5) -> BacktestResult:
    return BacktestResult(profit, 0.5, 1.0, trades, 0)


def stress_test(
    curves: Curves,
    break_evens: dict[int, float | None],
    strategy: str = "Mine",
    pairs: tuple[str, ...] = ("ETH/USDT", "SOL/USDT"),
) -> StressTest:
    """A stress test whose stops take half a percent of each profit."""
    start, end = datetime(2022, 1, 1, tzinfo=UTC), datetime(2022, 3, 1, tzinfo=UTC)
    found = {
        delay: {cost: result(profit) for cost, profit in curve.items()}
        for delay, curve in curves.items()
    }
    results = {CostScenario(0.001, 0, delay): result(1.0) for delay in curves}
    scope = BacktestScope(strategy, "1h", list(pairs), start, end)
    return StressTest(scope, results, break_evens, found, 10)


def figure_of(found: StressTest, *, synthetic: bool = False) -> dict[str, Any]:
    figure = build_chart(found, synthetic=synthetic).figure
    return json.loads(figure.to_json())


def points(trace: dict[str, Any]) -> list[tuple[float, float]]:
    return list(zip(trace["x"], trace["y"], strict=True))


def test_lines_are_profit_after_stop_slippage_by_cost_in_percent():
    curves = {0: {0.0: 10.0, 10.0: 0.5, 12.5: -9.5}, 2: {0.0: 5.0, 10.0: -2.5, 20.0: -7.5}}
    lines = [
        trace
        for trace in figure_of(stress_test(curves, {0: 10.0, 2: 6.0}))["data"]
        if trace["mode"] == "lines+markers"
    ]
    assert [points(line) for line in lines] == [
        [(0.0, 9.5), (0.1, 0.0), (0.125, -10.0)],
        [(0.0, 4.5), (0.1, -3.0), (0.2, -8.0)],
    ]
    assert [line["name"] for line in lines] == [
        "without delay: breaks even at 0.10 %",
        "delayed by 2 candles: breaks even at 0.06 %",
    ]


def test_diamonds_are_the_break_evens_in_the_color_of_their_line():
    curves = {delay: {0.0: 1.0, 10.0: -1.0} for delay in (0, 1, 2, 3)}
    traces = figure_of(stress_test(curves, {0: 6.0, 1: None, 2: 0.0, 3: 6.0}))["data"]
    marks = [trace for trace in traces if trace["mode"] == "markers"]
    assert [points(mark) for mark in marks] == [[(0.06, 0.0)], [(0.06, 0.0)]]
    assert [mark["marker"]["color"] for mark in marks] == [COLORS[0], COLORS[3]]
    # One around the other.
    assert marks[0]["marker"]["size"] < marks[1]["marker"]["size"]


def test_axes_show_zero():
    figure = figure_of(stress_test({0: {10.0: 5.0, 20.0: 4.0}}, {0: None}))
    for axis in ("xaxis", "yaxis"):
        assert figure["layout"][axis]["rangemode"] == "tozero"
    assert figure["layout"]["yaxis"]["zeroline"]


def test_page_names_strategy_time_pairs_axes_and_delays():
    found = stress_test({0: {0.0: 1.0, 10.0: 2.0}, 1: {0.0: -1.0}}, {0: None, 1: 0.0})
    text = render_page(build_page(found, synthetic=False))
    for expected in (
        "Mine: profit by cost per side",
        "2022-01-01 to 2022-03-01, ETH/USDT SOL/USDT, 1h candles",
        "cost per side, % (fee and slippage together)",
        "profit after stop slippage, % of the starting balance",
        "without delay: still profitable at 2.00\N{NO-BREAK SPACE}%",
        "delayed by 1 candle: unprofitable even without costs",
    ):
        assert expected in text
    assert "SYNTHETIC" not in text


def test_description_says_the_numbers_in_words():
    found = stress_test({0: {0.0: 1.5, 10.0: -2.0}}, {0: 4.0})
    words = build_chart(found, synthetic=True).description
    assert "1.00 % at 0.00 %; -2.50 % at 0.10 %" in words
    assert "SYNTHETIC" in words


@pytest.mark.parametrize("synthetic", [True, False])
def test_synthetic_candles_are_named(synthetic: bool):
    page = build_page(stress_test({0: {0.0: 1.0}}, {0: None}), synthetic=synthetic)
    assert [warning[:16] for warning in page.warnings] == ["SYNTHETIC market"] * synthetic


def test_many_pairs_are_cut():
    pairs = tuple(f"COIN{number}/USDT" for number in range(50))
    page = build_page(stress_test({0: {0.0: 1.0}}, {0: None}, pairs=pairs), synthetic=False)
    assert page.subtitle.endswith("more, 1h candles")
    assert len(page.subtitle) < 120


def test_browser_draws_each_line_and_nothing_is_wider_than_a_phone(tmp_path: Path):
    curves = {0: {0.0: 10.0, 10.0: 0.5, 20.0: -9.5}, 1: {0.0: 5.0, 10.0: -2.5}}
    found = stress_test(curves, {0: 10.0, 1: 6.0}, strategy="A" * 90 + "<script>")
    save_page(build_page(found, synthetic=True), tmp_path / "page.html")
    looks = [
        Look(tmp_path / "page.html", width, scheme)
        for width, scheme in [(390, "light"), (1280, "dark")]
    ]
    for seen in look_at(*looks):
        assert (seen.messages, seen.requests, seen.overflow) == ([], [], 0)
        # Two lines with three and two points, and two diamonds.
        assert [chart["shapes"] for chart in seen.charts] == [9]
