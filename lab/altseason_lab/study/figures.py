"""The figures of a study's page."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from altseason_lab.charts import (
    COLORS,
    DASHES,
    SYMBOLS,
    build_figure,
    find_log_ticks,
    needs_logarithm,
)
from altseason_lab.study.cell import HOLD_BITCOIN, HOLD_COINS, CellResult
from altseason_lab.study.difference import Difference
from altseason_lab.study.grid import OFF
from altseason_lab.study.metrics import DailyEquity, Outcome
from altseason_lab.study.run import Placebos

*GATE_COLORS, GREY = COLORS
NAMES = {OFF: "gate off", HOLD_COINS: "coins held", HOLD_BITCOIN: "Bitcoin held"}
BASELINE_DASHES = {OFF: "solid", HOLD_COINS: "dash", HOLD_BITCOIN: "dot"}
BASELINE_SYMBOLS = {OFF: "circle-open", HOLD_COINS: "square-open", HOLD_BITCOIN: "diamond-open"}
GATE_SYMBOLS = tuple(symbol for symbol in SYMBOLS if not symbol.endswith("open"))
SEASON = "rgba(0, 145, 106, 0.28)"
# Of what FreqUI names; the rest is as its own color there.
LINES = {
    "BTC.D %": ("dominance", COLORS[0], "solid"),
    "mean %": ("mean of dominance", COLORS[1], "solid"),
    "opens below %": ("opens below", COLORS[2], "dash"),
    "closes from %": ("closes from", COLORS[3], "dash"),
    "coins above BTC %": ("coins above Bitcoin", COLORS[4], "solid"),
    "coins open from %": ("coins open from", GREY, "dash"),
}
# In milliseconds, as plotly counts time.
DAY = 24 * 60 * 60 * 1000
BINS, BAR_SHARE = 24, 0.94
FEW_POINTS, MAX_COUNT_TICKS = 3, 6
# Of figures of rows, in pixels.
AXIS_HEIGHT, ROW_HEIGHT = 90, 56


def name_cell(name: str) -> str:
    """Return what a reader calls a cell, by `Cell.name`, or a baseline."""
    if name in NAMES:
        return NAMES[name]
    mode, _, settings = name.partition(" ")
    return NAMES.get(mode, mode.replace("_", " ")) + (f", {settings}" if settings else "")


def has_gate(name: str) -> bool:
    """Return whether a cell or baseline of a name has a gate that may be closed."""
    return name not in NAMES and name.partition(" ")[0] != OFF


def draw_equity(results: Mapping[str, CellResult], currency: str) -> go.Figure:
    """Draw the wallet of each gate and baseline by day, over the alt seasons of each gate.

    :param results: of one scope, by the name of the cell.
    """
    figure = build_figure("", f"wallet, {currency}")
    shade_seasons(figure, results)
    wallets = {name: outcome.equity for name, outcome in find_outcomes(results)}
    for name, equity in wallets.items():
        figure.add_scatter(
            **_days(equity.start, (equity.balance, *equity.values), 2),
            **_line(name, list(results)),
            hovertemplate=f"{name_cell(name)}<br>%{{x|%Y-%m-%d}}<br>%{{y:,.2f}}<extra></extra>",
        )
    worths = [worth for one in wallets.values() for worth in (one.balance, *one.values)]
    if needs_logarithm(min(worths), max(worths)):
        ticks = find_log_ticks(min(worths), max(worths))
        texts = [f"{tick:,.10g}" for tick in ticks]
        figure.update_layout(yaxis={"type": "log", **_name_ticks(ticks, texts), "zeroline": False})
    return _over_time(figure, results)


def draw_underwater(results: Mapping[str, CellResult]) -> go.Figure:
    """Draw how far the wallet of the chosen gate and of all without one was below its peak."""
    figure = build_figure("", "below the peak, %")
    for name, outcome in find_outcomes(results):
        figure.add_scatter(
            **_days(outcome.equity.start, find_falls(outcome.equity), 2),
            **_line(name, list(results)),
            meta=name if has_gate(name) else None,
            hovertemplate=f"{name_cell(name)}<br>%{{x|%Y-%m-%d}}<br>%{{y:.2f}} %<extra></extra>",
        )
    lowest = min(fall for _, one in find_outcomes(results) for fall in find_falls(one.equity))
    figure.update_yaxes(range=[lowest * 1.05 or -1, 0], zeroline=False)
    return _over_time(figure, results)


def draw_dominance(results: Mapping[str, CellResult]) -> go.Figure:
    """Draw what the chosen gate went by, over its alt seasons."""
    figure = build_figure("", "%")
    shade_seasons(figure, results)
    for cell, lines in ((cell, result.lines) for cell, result in results.items()):
        if lines is None:
            continue
        for column, values in lines.values.items():
            name, color, dash = LINES[column]
            figure.add_scatter(
                # Known at the close of the day's last candle.
                **_days(lines.start + timedelta(days=1), values, 4),
                name=name,
                line={"color": color, "width": 2, "dash": dash},
                meta=cell,
                hovertemplate=f"{name}<br>%{{x|%Y-%m-%d}}<br>%{{y:.2f}} %<extra></extra>",
            )
    figure.update_yaxes(zeroline=False)
    return _over_time(figure, results)


def draw_placebos(name: str, placebos: Placebos) -> go.Figure:
    """Draw how many placebos earned how much, and what the true dates did."""
    true = placebos.true.metrics.profit * 100
    profits = [profit * 100 for profit in placebos.profits]
    figure = build_figure("profit, %", "placebos")
    edges, counts = count_by_profit(profits, true)
    width = float(edges[1] - edges[0])
    as_good = sum(profit >= true for profit in profits)
    for group, is_drawn, color in (
        (f"earned less: {len(profits) - as_good} of {len(profits)}", edges[:-1] < true, GREY),
        (f"earned as much or more: {as_good} of {len(profits)}", edges[:-1] >= true, COLORS[1]),
    ):
        figure.add_bar(
            x=[round(float(edge) + width / 2, 6) for edge in edges[:-1][is_drawn]],
            y=[int(count) for count in counts[is_drawn]],
            width=round(width * BAR_SHARE, 6),
            name=group,
            marker={"color": color},
            hovertemplate="about %{x:.1f} %: %{y} placebos<extra></extra>",
        )
    figure.add_scatter(
        x=[round(true, 6)] * 2,
        y=[0, int(counts.max())],
        mode="lines",
        name=f"{name_cell(name)} at the true dates: {true:.1f} %, "
        f"p = {placebos.p_value:.3f} ± {placebos.p_error:.3f}",
        line={"color": COLORS[0], "width": 4},
        hovertemplate=f"true dates: {true:.2f} %<extra></extra>",
    )
    figure.update_layout(bargap=0, barmode="overlay")
    figure.update_xaxes(zeroline=False)
    step = max(1, math.ceil(int(counts.max()) / MAX_COUNT_TICKS))
    figure.update_yaxes(rangemode="tozero", tick0=0, dtick=step)
    return figure


def draw_differences(differences: Mapping[str, Difference], names: Sequence[str]) -> go.Figure:
    """Draw how much faster than without a gate each grew, with the interval of that.

    :param differences: by the name of the cell.
    :param names: of all cells of the scope.
    """
    figure = build_figure("growth, points a year more than gate off", "")
    for row, (name, found) in enumerate(differences.items()):
        value, low, high = (
            round(number * 100, 4)
            for number in (found.growth.value, found.growth.low, found.growth.high)
        )
        style = _line(name, names)
        figure.add_scatter(
            x=[value],
            y=[row],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [round(high - value, 4)],
                "arrayminus": [round(value - low, 4)],
                "thickness": 3,
                "width": 8,
            },
            mode="markers",
            name=style["name"],
            marker={"size": 12, "color": style["line"]["color"]},
            hovertemplate=f"%{{x:.1f}} points, 95 % from {low:.1f} to {high:.1f}<extra></extra>",
            showlegend=False,
        )
    _name_rows(figure, list(map(name_cell, differences)))
    return figure


def draw_profits(scopes: Sequence[Mapping[str, CellResult]]) -> go.Figure:
    """Draw the profit of each gate and baseline, a row for each window and group.

    :param scopes: results by the name of the cell.
    """
    figure = build_figure("profit, % of the starting balance", "")
    names = [name for results in scopes for name in results]
    found: dict[str, dict[int, float]] = {}
    for row, results in enumerate(scopes):
        for name, outcome in find_outcomes(results):
            found.setdefault(name, {})[row] = round(outcome.metrics.profit * 100, 4)
    for name, profits in found.items():
        style = _line(name, names)
        symbol = (
            BASELINE_SYMBOLS.get(name) or GATE_SYMBOLS[_number(name, names) % len(GATE_SYMBOLS)]
        )
        figure.add_scatter(
            x=list(profits.values()),
            y=list(profits),
            mode="markers",
            name=style["name"],
            marker={
                "symbol": symbol,
                "size": 12,
                "color": style["line"]["color"],
                "line": {"width": 2, "color": style["line"]["color"]},
            },
            cliponaxis=False,
            hovertemplate=f"{style['name']}: %{{x:.2f}} %<extra></extra>",
        )
    _name_rows(figure, [_name_row(results) for results in scopes])
    _widen(figure, [1 + profit / 100 for profits in found.values() for profit in profits.values()])
    return figure


def _widen(figure: go.Figure, factors: Sequence[float]) -> None:
    """Draw profits by their logarithm where one is so large that the others lie on one point.

    :param factors: what the balance was multiplied by.
    """
    if not needs_logarithm(min(factors), max(factors)):
        return
    for trace in figure.data:
        trace.customdata, trace.x = trace.x, [1 + profit / 100 for profit in trace.x]
        trace.hovertemplate = trace.hovertemplate.replace("%{x", "%{customdata")
    ticks = find_log_ticks(min(factors), max(factors))
    texts = [f"{(tick - 1) * 100:+,.0f}".replace("+0", "0") for tick in ticks]
    figure.update_xaxes(type="log", **_name_ticks(ticks, texts))
    figure.add_shape(type="line", x0=1, x1=1, y0=0, y1=1, yref="paper", line={"color": GREY})


def find_outcomes(results: Mapping[str, CellResult]) -> Iterator[tuple[str, Outcome]]:
    """Yield what cells and baselines of one scope came to, by name: those with a gate come last."""
    cells = [(name, result.outcome) for name, result in results.items()]
    yield from (one for one in cells if not has_gate(one[0]))
    # Every cell without a gate has the same.
    holds = {name: held for result in results.values() for name, held in result.holds.items()}
    yield from ((name, held) for name, held in holds.items() if held is not None)
    yield from (one for one in cells if has_gate(one[0]))


def find_falls(equity: DailyEquity) -> list[float]:
    """Return how far a wallet was below its peak before, in percent, from its start on."""
    worths = np.array([equity.balance, *equity.values])
    peaks = np.maximum.accumulate(worths)
    return [float(fall) for fall in (worths / peaks - 1) * 100]


def count_by_profit(
    profits: Sequence[float], true: float
) -> "tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]":
    """Return the edges of equal intervals, one of which begins at the true profit, and counts."""
    low, high = min(*profits, true), max(*profits, true)
    width = (high - low) / BINS or max(abs(true), 1.0) / BINS
    below = int(np.ceil((true - low) / width))
    above = int(np.floor((high - true) / width)) + 1
    edges = np.asarray(true + width * np.arange(-below, above + 1), dtype=np.float64)
    # Nothing may be lost, or change sides, by a rounding error.
    places = np.clip(np.searchsorted(edges, profits, side="right") - 1, 0, len(edges) - 2)
    return edges, np.asarray(np.bincount(places, minlength=len(edges) - 1), dtype=np.int64)


def shade_seasons(figure: go.Figure, results: Mapping[str, CellResult]) -> None:
    """Shade the alt seasons of the chosen gate, below everything else."""
    for name, result in results.items():
        if not has_gate(name):
            continue
        figure.add_scatter(
            x=[_time(time) for stretch in result.alt_seasons for time in stretch],
            y=[height for _ in result.alt_seasons for height in (1, 0)],
            yaxis="y2",
            mode="lines",
            name="alt season",
            line={"width": 0, "shape": "hv"},
            fill="tozeroy",
            fillcolor=SEASON,
            hoverinfo="skip",
            meta=name,
        )
    hidden = {"type": "linear", "range": [0, 1], "visible": False, "fixedrange": True}
    # Else plotly would have the axis go by the ticks of the hidden one.
    figure.update_layout(yaxis={"overlaying": "y2", "tickmode": "auto"}, yaxis2=hidden)


def find_height(rows: int) -> int:
    """Return how high a figure of rows is, in pixels."""
    return AXIS_HEIGHT + ROW_HEIGHT * rows


def _name_row(results: Mapping[str, CellResult]) -> str:
    some = next(iter(results.values()))
    return f"{some.start:%Y-%m-%d}<br>to {some.end:%Y-%m-%d}<br>{len(some.pairs)} pairs"


def _name_rows(figure: go.Figure, names: Sequence[str]) -> None:
    """Name the rows of a figure, the first at the top, and keep zero in sight."""
    figure.update_xaxes(zerolinewidth=2, rangemode="tozero")
    ticks = _name_ticks(list(range(len(names))), names)
    figure.update_yaxes(**ticks, zeroline=False, range=[len(names) - 0.5, -0.5])


def _name_ticks(values: Sequence[float], texts: Sequence[str]) -> dict[str, Any]:
    return {"tickmode": "array", "tickvals": list(values), "ticktext": list(texts)}


def _over_time(figure: go.Figure, results: Mapping[str, CellResult]) -> go.Figure:
    result = next(iter(results.values()))
    end = result.outcome.equity.start + timedelta(days=len(result.outcome.equity.values))
    # The same on the left, so that one time is above another.
    figure.update_layout(margin={"b": 8, "l": 76})
    figure.update_xaxes(
        type="date",
        range=[_time(result.outcome.equity.start), _time(end)],
        zeroline=False,
        title=None,
        tickformatstops=[
            {"dtickrange": [None, DAY - 1], "value": "%H:%M\n%Y-%m-%d"},
            {"dtickrange": [DAY, "M1"], "value": "%d %b\n%Y"},
            {"dtickrange": ["M1", "M11"], "value": "%b\n%Y"},
            {"dtickrange": ["M12", None], "value": "%Y"},
        ],
    )
    return figure


def _days(start: date, values: Sequence[float | None], decimals: int) -> dict[str, Any]:
    """Return the points of a line, one a day; few enough to be overlooked are marked."""
    are_few = len(values) <= FEW_POINTS
    return {
        "x0": _time(start),
        "dx": DAY,
        "y": [None if value is None else round(value, decimals) for value in values],
        "mode": "lines+markers" if are_few else "lines",
        "cliponaxis": not are_few,
    }


def _line(name: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the name and the line of a cell or baseline.

    :param names: of all cells, which decide on the colors and, where these come again, the dashes.
    """
    if name in NAMES:
        line = {"color": GREY, "width": 2, "dash": BASELINE_DASHES[name]}
    else:
        again, number = divmod(_number(name, names), len(GATE_COLORS))
        dash = list(DASHES)[again % len(DASHES)]
        line = {"color": GATE_COLORS[number], "width": 2, "dash": dash}
    return {"name": name_cell(name), "line": line}


def _number(name: str, names: Sequence[str]) -> int:
    """Return which cell with a color of its own one is, from 0."""
    return [one for one in dict.fromkeys(names) if one not in NAMES].index(name)


def _time(time: date | datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
