"""The figures of a study: their numbers, against those of studies made by hand."""

from dataclasses import replace
from typing import Any

import pytest

from altseason_lab.charts import COLORS
from altseason_lab.study.cell import CellResult
from altseason_lab.study.difference import Difference, Interval
from altseason_lab.study.figures import (
    count_by_value,
    draw_differences,
    draw_placebos,
    draw_profits,
    find_height,
    name_cell,
)
from altseason_lab.study.metrics import DailyEquity
from altseason_lab.study.run import Placebos
from altseason_lab.study.timelines import draw_dominance, draw_equity, draw_underwater, find_falls
from tests.lab.study.studies import START, gate, make_result

LINES = {"BTC.D %": [50.0, None, 52.0], "mean %": [51.0, 51.5, 52.5]}


@pytest.fixture
def results() -> dict[str, CellResult]:
    """Three days without a gate, and with one that was open on the first and the third."""
    gated = gate(make_result([1000.0, 1010.0, 1005.0]), [(0, 1), (2, 3)], LINES)
    return {"off": make_result([1100.0, 880.0, 990.0]), "falling": gated}


def traces(figure: Any, name: str) -> list[dict[str, Any]]:
    return [trace for trace in figure.to_plotly_json()["data"] if trace["name"] == name]


def test_wallet_begins_with_the_balance_and_has_each_days_end(results):
    figure = draw_equity(results, "USDT")
    [off] = traces(figure, "off")
    assert (off["x0"], off["dx"]) == ("2019-01-01 00:00", 86_400_000)
    assert off["y"] == [1000, 1100, 880, 990]
    assert [trace["name"] for trace in figure.to_plotly_json()["data"]] == [
        *("alt season", "off", "hold coins", "hold BTC", "falling")
    ]
    assert figure.layout.xaxis.range == ("2019-01-01 00:00", "2019-01-04 00:00")


def test_alt_seasons_are_shaded_from_their_begin_to_their_end(results):
    for draw in (lambda found: draw_equity(found, "USDT"), draw_dominance):
        [season] = traces(draw(results), "alt season")
        assert season["x"] == [
            *("2019-01-01 00:00", "2019-01-02 00:00"),
            *("2019-01-03 00:00", "2019-01-04 00:00"),
        ]
        assert (season["y"], season["line"]["shape"]) == ([1, 0, 1, 0], "hv")
        assert season["meta"] == "falling"


def test_wallets_far_apart_have_a_logarithm_and_others_not(results):
    assert draw_equity(results, "USDT").layout.yaxis.type is None
    results["level"] = make_result([1000.0, 2000.0, 4500.0])
    axis = draw_equity(results, "USDT").layout.yaxis
    assert (axis.type, axis.tickmode) == ("log", "array")
    assert "5,000" in axis.ticktext


def test_fall_is_from_the_highest_worth_before_the_balance_included(results):
    equity = DailyEquity(START.date(), (900.0, 1200.0, 600.0, 1300.0), 1000.0)
    assert find_falls(equity) == pytest.approx([0, -10, 0, -50, 0])
    [off] = traces(draw_underwater(results), "off")
    assert off["y"] == [0, 0, -20, -10]


def test_wallet_that_never_fell_is_drawn_at_the_top():
    figure = draw_underwater({"off": replace(make_result([1000.0] * 5), holds={})})
    assert figure.layout.yaxis.range == (-1, 0)


def test_dominance_is_where_it_was_known_and_missing_where_nothing_was(results):
    figure = draw_dominance(results)
    [dominance], [mean] = traces(figure, "dominance"), traces(figure, "mean of dominance")
    # At the end of the first day.
    assert dominance["x0"] == "2019-01-02 00:00"
    assert dominance["y"] == [50, None, 52]
    assert mean["y"] == [51, 51.5, 52.5]


def test_one_day_is_drawn_as_marks():
    figure = draw_equity({"off": make_result([1000.0])}, "USDT")
    assert {trace["mode"] for trace in figure.to_plotly_json()["data"]} == {"lines+markers"}


def placebos(true: float, profits: list[float]) -> Placebos:
    def earning(profit: float) -> CellResult:
        return make_result([1000 * (1 + profit)])

    return Placebos("shift", earning(true), [earning(profit) for profit in profits])


def test_placebos_that_earned_as_much_are_set_apart_at_the_true_profit():
    figure = draw_placebos("falling", placebos(0.1, [-0.2, 0.0, 0.05, 0.1, 0.3]))
    less, more, true = figure.to_plotly_json()["data"]
    assert (less["name"], sum(less["y"])) == ("earned less: 3 of 5", 3)
    assert (more["name"], sum(more["y"])) == ("earned as much or more: 2 of 5", 2)
    assert max(less["x"]) < 10 < min(more["x"])
    assert true["x"] == [pytest.approx(10)] * 2
    # (1 + 2) / (1 + 5), and its error.
    assert true["name"] == "falling at the true dates: 10.0 %, p = 0.500 ± 0.224"


def test_no_placebo_is_lost_where_all_earned_the_same():
    edges, counts = count_by_value([0.0] * 7, 0.0)
    assert counts.sum() == 7
    assert counts[edges[:-1] >= 0].sum() == 7
    edges, counts = count_by_value([0.1 + 0.2, 0.1, -5.0], 0.3)
    assert counts.sum() == 3


def test_profits_have_a_row_for_each_window(results):
    figure = draw_profits([results, {"off": make_result([1200.0])}])
    [off], [gated] = traces(figure, "off"), traces(figure, "falling")
    assert (off["x"], off["y"]) == ([-1, 20], [0, 1])
    assert (gated["x"], gated["y"]) == ([0.5], [0])
    # The first is at the top.
    assert figure.layout.yaxis.range == (1.5, -0.5)
    assert figure.layout.yaxis.ticktext[0] == "2019-01-01<br>to 2019-01-03<br>2 pairs"


def test_profits_far_apart_are_drawn_by_what_the_balance_became(results):
    results["level"] = make_result([9000.0])
    figure = draw_profits([results])
    [level] = traces(figure, "level")
    assert (level["x"], list(level["customdata"])) == ([9], [800])
    ticks = dict(zip(figure.layout.xaxis.tickvals, figure.layout.xaxis.ticktext, strict=True))
    assert (ticks[1], ticks[10], ticks[0.5]) == ("0", "+900", "-50")
    title = "profit, % of the starting balance<br>logarithmic axis"
    assert figure.layout.xaxis.title.text == title


def test_total_loss_has_no_logarithm(results):
    results["level"] = make_result([0.0])
    assert draw_profits([results]).layout.xaxis.type is None


def test_difference_has_its_interval():
    interval = Interval(0.1, -0.2, 0.5)
    found = Difference(interval, interval, interval, 0.5, 120, 7, 0.0312, 3)
    [trace] = draw_differences({"falling": found}, ["off", "falling"]).to_plotly_json()["data"]
    assert trace["x"] == [10]
    assert (trace["error_x"]["arrayminus"], trace["error_x"]["array"]) == ([30], [40])


def test_difference_has_its_p_value_beside_it():
    interval = Interval(0.1, -0.2, 0.5)
    found = Difference(interval, interval, interval, 0.5, 120, 7, 0.0312, 3)
    axis = draw_differences({"falling": found}, ["off", "falling"]).layout.yaxis
    assert axis.ticktext == ("falling<br>p = 0.031",)


def with_settings(count: int) -> tuple[list[str], dict[str, CellResult]]:
    """The gate off, and one with so many settings."""
    names = [f"falling gate_sma_days={days}" for days in range(count)]
    results = {"off": make_result([1000.0, 1001.0])}
    return names, results | {name: gate(make_result([1000.0, 1002.0]), [], {}) for name in names}


def test_gates_with_other_settings_are_told_apart():
    names, results = with_settings(6)
    shown = draw_equity(results, "USDT").to_plotly_json()["data"]
    lines = [trace["line"] for trace in shown if trace["name"].startswith("falling")]
    assert len({(line["color"], line["dash"]) for line in lines}) == 6
    assert COLORS[-1] not in {line["color"] for line in lines}
    marks = [trace.marker for trace in draw_profits([results]).data]
    assert len({(mark.color, mark.symbol) for mark in marks}) == len(marks) == 9
    assert name_cell(names[0]) == "falling, gate_sma_days=0"
    assert name_cell("off stoploss=1 a=2") == "off, stoploss=1, a=2"


def test_of_many_gates_the_chosen_one_is_drawn():
    names, results = with_settings(7)
    shown = draw_equity(results, "USDT").to_plotly_json()["data"]
    assert [trace.get("meta") for trace in shown if trace["name"].startswith("falling")] == names


@pytest.mark.parametrize("count", [2, 7])
def test_gate_has_one_color_in_all_charts(count: int):
    """With few settings its own, with many that of its mode; without a gate each its own."""
    names, results = with_settings(count)
    names += [f"level gate_sma_days={days}" for days in range(count)]
    names += ["off atr_multiple=3", "off atr_multiple=4"]
    results |= {name: gate(make_result([1000.0, 1003.0]), [], {}) for name in names[count:]}
    names = names if count == 2 else [names[0], names[count], *names[-2:]]
    interval = Interval(0.1, -0.2, 0.5)
    found = Difference(interval, interval, interval, 0.5, 120, 7, 0.25, len(names))
    profits = {
        text: trace.marker.color for trace in draw_profits([results]).data for text in trace.text
    }
    differences = draw_differences(dict.fromkeys(names, found), list(results)).data
    lines = draw_equity(results, "USDT").data
    for name in names:
        words = name_cell(name)
        [line] = {trace.line.color for trace in lines if trace.name == words}
        [mark] = {trace.marker.color for trace in differences if trace.name == words}
        assert profits[words] == line == mark
    assert len({profits[name_cell(name)] for name in names}) == min(len(names), len(COLORS) - 1)


def test_profits_of_many_settings_look_the_same_by_mode():
    results = {"off": make_result([1000.0])}
    results |= {f"falling gate_sma_days={days}": make_result([1000.0 + days]) for days in range(9)}
    figure = draw_profits([results])
    assert [trace.name for trace in figure.data] == [*("off", "hold coins", "hold BTC", "falling")]
    [falling] = traces(figure, "falling")
    assert falling["x"] == pytest.approx([days / 10 for days in range(9)])
    assert falling["text"][8] == "falling, gate_sma_days=8"


def test_rows_are_as_high_as_their_names():
    interval = Interval(0.1, -0.2, 0.5)
    found = Difference(interval, interval, interval, 0.5, 120, 7, 0.25)
    names = ["falling", "level gate_band=1 macd_trigger=cross"]
    heights = [
        find_height(draw_differences(dict.fromkeys(chosen, found), names))
        for chosen in (names[:1], names)
    ]
    # A row of two lines of 16 pixels each, with a gap of 8; two rows of four lines.
    assert [height - 90 for height in heights] == [2 * 16 + 8, 2 * (4 * 16 + 8)]


def test_gate_that_never_opens_shades_nothing():
    result = gate(make_result([1000.0] * 5), [], {})
    [season] = traces(draw_equity({"falling": result}, "USDT"), "alt season")
    assert season["x"] == []
