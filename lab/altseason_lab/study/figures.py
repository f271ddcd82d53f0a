"""The charts of a study's page that do not run over time."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from altseason_lab.charts import (
    COLORS,
    DASHES,
    LOGARITHMIC,
    SYMBOLS,
    build_figure,
    find_log_ticks,
    needs_logarithm,
)
from altseason_lab.study.cell import HOLD_BITCOIN, HOLD_COINS, CellResult, find_holds
from altseason_lab.study.difference import Difference, Interval
from altseason_lab.study.grid import OFF
from altseason_lab.study.metrics import Outcome
from altseason_lab.study.run import Placebos
from altseason_lab.study.verdict import write_p_value

*GATE_COLORS, GREY = COLORS
BASELINES = (OFF, HOLD_COINS, HOLD_BITCOIN)
BASELINE_DASHES = {OFF: "solid", HOLD_COINS: "dash", HOLD_BITCOIN: "dot"}
BASELINE_SYMBOLS = {OFF: "circle-open", HOLD_COINS: "square-open", HOLD_BITCOIN: "diamond-open"}
GATE_SYMBOLS = tuple(symbol for symbol in SYMBOLS if not symbol.endswith("open"))
PROFIT_TITLE = "profit, % of the starting balance"
BINS, BAR_SHARE = 24, 0.94
MAX_COUNT_TICKS = 6
# Of charts with named rows, in pixels.
AXIS_HEIGHT, LINE_HEIGHT, ROW_GAP = 90, 16, 8
LINE_BREAK = "<br>"
# More cells than these cannot be told apart where all are drawn at once.
MAX_LINES = 7


def name_cell(name: str) -> str:
    """Return the name of a cell, given as `Cell.name`, or of a baseline, for a reader.

    The words are those of the text and the options, so that what is read here can be found there.
    """
    return name if name in BASELINES else ", ".join(name.split(" "))


def has_gate(name: str) -> bool:
    """Return whether the cell or baseline with a name has a gate that may be closed."""
    return name not in BASELINES and name.partition(" ")[0] != OFF


@dataclass(frozen=True)
class HistogramWords:
    """The texts of a histogram of placebos.

    :param x_title: the title of the axis.
    :param less: the name of the placebos below the true value, and `more` of those at or above it.
    :param true: the name of the true value.
    :param hover: how plotly formats a value.
    """

    x_title: str
    less: str
    more: str
    true: str
    hover: str


def draw_placebos(name: str, placebos: Placebos) -> go.Figure:
    """Draw how many placebos earned how much, and what the true dates earned."""
    true = placebos.true.metrics.profit * 100
    words = HistogramWords(
        x_title="profit, %",
        less="earned less",
        more="earned as much or more",
        true=f"{name_cell(name)} at the true dates: {true:z.1f} %, {placebos.rank}",
        hover="%{x:.1f} %",
    )
    return draw_histogram([profit * 100 for profit in placebos.profits], true, words)


def draw_histogram(values: Sequence[float], true: float, words: HistogramWords) -> go.Figure:
    """Draw how many placebos had which value, and the true one among them."""
    figure = build_figure(words.x_title, "placebos")
    edges, counts = count_by_value(values, true)
    width = float(edges[1] - edges[0])
    as_good = sum(value >= true for value in values)
    for group, is_drawn, color in (
        (f"{words.less}: {len(values) - as_good} of {len(values)}", edges[:-1] < true, GREY),
        (f"{words.more}: {as_good} of {len(values)}", edges[:-1] >= true, COLORS[1]),
    ):
        figure.add_bar(
            x=[round(float(edge) + width / 2, 6) for edge in edges[:-1][is_drawn]],
            y=[int(count) for count in counts[is_drawn]],
            width=round(width * BAR_SHARE, 6),
            name=group,
            marker={"color": color},
            hovertemplate=f"about {words.hover}<br>placebos: %{{y}}<extra></extra>",
        )
    figure.add_scatter(
        x=[round(true, 6)] * 2,
        y=[0, int(counts.max())],
        mode="lines",
        name=words.true.replace("+-", "±"),
        line={"color": COLORS[0], "width": 4},
        hovertemplate=f"true: {words.hover}<extra></extra>",
    )
    figure.update_layout(bargap=0, barmode="overlay")
    # By default a single bar gets a range of one, whatever its width.
    ends = [round(float(edges[0]) - width, 6), round(float(edges[-1]) + width, 6)]
    figure.update_xaxes(zeroline=False, range=ends)
    step = max(1, math.ceil(int(counts.max()) / MAX_COUNT_TICKS))
    figure.update_yaxes(rangemode="tozero", tick0=0, dtick=step)
    return figure


def draw_differences(differences: Mapping[str, Difference], names: Sequence[str]) -> go.Figure:
    """Draw how much faster each gate grew than no gate, with its interval and p-value.

    :param differences: by the name of the cell.
    :param names: of all cells.
    """
    figure = build_figure("points a year", "")
    for row, (name, found) in enumerate(differences.items()):
        growth = found.growth * 100
        bounds = growth.write_bounds(1, " to ")
        figure.add_scatter(
            x=[round(growth.value, 4)],
            y=[row],
            error_x=draw_intervals([growth]),
            mode="markers",
            name=name_cell(name),
            marker={"size": 12, "color": find_style(name, names).color},
            hovertemplate=f"%{{x:.1f}} points, 95 % from {bounds}<extra></extra>",
            showlegend=False,
        )
    # A phone has no place for many settings in a line.
    rows = [
        LINE_BREAK.join([*name_cell(name).split(", "), write_p_value(found)])
        for name, found in differences.items()
    ]
    name_rows(figure, rows)
    return figure


def draw_intervals(intervals: Sequence[Interval]) -> dict[str, Any]:
    """Return error bars for plotly; none where an interval has no bounds."""
    lengths = np.array([(one.high - one.value, one.value - one.low) for one in intervals])
    above, below = np.nan_to_num(lengths.clip(min=0)).round(6).T.tolist()
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "width": 6}


def draw_profits(scopes: Sequence[Mapping[str, CellResult]]) -> go.Figure:
    """Draw the profit of each gate and baseline, in a row for each window and group.

    :param scopes: results by the name of the cell.
    """
    figure = build_figure(PROFIT_TITLE, "")
    cells = list(dict.fromkeys(name for results in scopes for name in results))
    found: dict[str, list[tuple[int, str, float]]] = {}
    for row, results in enumerate(scopes):
        for name, outcome in find_outcomes(results):
            profit = round(outcome.metrics.profit * 100, 4)
            kind = find_kind(name, cells)
            found.setdefault(kind, []).append((row, name_cell(name), profit))
    for kind, points in found.items():
        style = find_style(kind, cells)
        figure.add_scatter(
            x=[profit for _, _, profit in points],
            y=[row for row, _, _ in points],
            text=[name for _, name, _ in points],
            mode="markers",
            name=name_cell(kind),
            marker={
                "symbol": style.symbol,
                "size": 12,
                "color": style.color,
                "line": {"width": 2, "color": style.color},
            },
            cliponaxis=False,
            hovertemplate="%{text}: %{x:.2f} %<extra></extra>",
        )
    name_rows(figure, [_name_row(results) for results in scopes])
    _widen(figure, [1 + profit / 100 for points in found.values() for _, _, profit in points])
    return figure


def _widen(figure: go.Figure, factors: Sequence[float]) -> None:
    """Use a logarithmic axis where one profit is so large that the others would coincide.

    :param factors: what the balance was multiplied by.
    """
    if not needs_logarithm(min(factors), max(factors)):
        return
    for trace in figure.data:
        trace.customdata, trace.x = trace.x, [1 + profit / 100 for profit in trace.x]
        trace.hovertemplate = trace.hovertemplate.replace("%{x", "%{customdata")
    ticks = find_log_ticks(min(factors), max(factors))
    texts = [f"{(tick - 1) * 100:+z,.0f}".replace("+0", "0") for tick in ticks]
    title = LINE_BREAK.join((PROFIT_TITLE, LOGARITHMIC))
    figure.update_xaxes(type="log", **name_ticks(ticks, texts), title_text=title)
    figure.add_shape(type="line", x0=1, x1=1, y0=0, y1=1, yref="paper", line={"color": GREY})


def find_outcomes(results: Mapping[str, CellResult]) -> Iterator[tuple[str, Outcome]]:
    """Yield the outcomes of a scope's cells and baselines by name; those with a gate come last."""
    cells = [(name, result.outcome) for name, result in results.items()]
    yield from (one for one in cells if not has_gate(one[0]))
    yield from find_holds(results.values()).items()
    yield from (one for one in cells if has_gate(one[0]))


def count_by_value(
    profits: Sequence[float], true: float
) -> "tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]":
    """Return the edges of equal bins, one of which begins at the true value, and counts."""
    low, high = min(*profits, true), max(*profits, true)
    width = (high - low) / BINS or max(abs(true), 1.0) / BINS
    below = int(np.ceil((true - low) / width))
    above = int(np.floor((high - true) / width)) + 1
    edges = np.asarray(true + width * np.arange(-below, above + 1), dtype=np.float64)
    # No rounding error may lose a value, or move it across the true one.
    places = np.clip(np.searchsorted(edges, profits, side="right") - 1, 0, len(edges) - 2)
    return edges, np.asarray(np.bincount(places, minlength=len(edges) - 1), dtype=np.int64)


def find_height(figure: go.Figure) -> int:
    """Return the height of a figure with named rows, in pixels."""
    names = figure.layout.yaxis.ticktext
    lines = max(name.count(LINE_BREAK) + 1 for name in names)
    return AXIS_HEIGHT + len(names) * (LINE_HEIGHT * lines + ROW_GAP)


def _name_row(results: Mapping[str, CellResult]) -> str:
    some = next(iter(results.values()))
    lines = (f"{some.start:%Y-%m-%d}", f"to {some.end:%Y-%m-%d}", f"{len(some.pairs)} pairs")
    return LINE_BREAK.join(lines)


def name_rows(figure: go.Figure, names: Sequence[str]) -> None:
    """Name the rows of a figure, the first at the top, and keep zero visible."""
    figure.update_xaxes(zerolinewidth=2, rangemode="tozero")
    ticks = name_ticks(list(range(len(names))), names)
    figure.update_yaxes(**ticks, zeroline=False, range=[len(names) - 0.5, -0.5])


def name_ticks(values: Sequence[float], texts: Sequence[str]) -> dict[str, Any]:
    return {"tickmode": "array", "tickvals": list(values), "ticktext": list(texts)}


@dataclass(frozen=True)
class Style:
    """The look of a cell or a baseline, the same in all charts of a page."""

    color: str
    dash: str
    symbol: str


def find_style(name: str, names: Sequence[str]) -> Style:
    """Return the style of a cell or baseline.

    :param names: of all cells; their order decides the colors and, where these repeat, the dashes
        and symbols.
    """
    kind = find_kind(name, names)
    if kind in BASELINES:
        return Style(GREY, BASELINE_DASHES[kind], BASELINE_SYMBOLS[kind])
    kinds = dict.fromkeys(find_kind(one, names) for one in names)
    place = [one for one in kinds if one not in BASELINES].index(kind)
    again, number = divmod(place, len(GATE_COLORS))
    symbol = GATE_SYMBOLS[(number + again) % len(GATE_SYMBOLS)]
    return Style(GATE_COLORS[number], list(DASHES)[again % len(DASHES)], symbol)


def find_kind(name: str, names: Sequence[str]) -> str:
    """Return what a cell looks like: itself, or its mode where there are many cells."""
    is_own = name in BASELINES or not has_gate(name) or len(names) <= MAX_LINES
    return name if is_own else name.partition(" ")[0]


def draw_line(name: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the name and the line of a cell or baseline, for plotly.

    :param names: of all cells.
    """
    style = find_style(name, names)
    return {
        "name": name_cell(name),
        "line": {"color": style.color, "width": 2, "dash": style.dash},
    }
