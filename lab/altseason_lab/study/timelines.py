"""The charts of a study's page that run over time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import plotly.graph_objects as go

from altseason_lab.charts import COLORS, LOGARITHMIC, build_figure, find_log_ticks, needs_logarithm
from altseason_lab.study.cell import CellResult
from altseason_lab.study.figures import (
    MAX_LINES,
    draw_line,
    find_outcomes,
    has_gate,
    name_cell,
    name_ticks,
)
from altseason_lab.study.metrics import DailyEquity

SEASON = "rgba(0, 145, 106, 0.28)"
# By their names in FreqUI.
LINES = {
    "BTC.D %": ("dominance", COLORS[0], "solid"),
    "mean %": ("mean of dominance", COLORS[1], "solid"),
    "opens below %": ("opens below", COLORS[2], "dash"),
    "closes from %": ("closes from", COLORS[3], "dash"),
    "coins above BTC %": ("coins above Bitcoin", COLORS[4], "solid"),
    "coins open from %": ("coins open from", COLORS[5], "dash"),
}
# In milliseconds, as plotly counts time.
DAY = 24 * 60 * 60 * 1000
FEW_POINTS = 3


def draw_equity(results: Mapping[str, CellResult], currency: str) -> go.Figure:
    """Draw the wallet of each gate and baseline by day, with the alt seasons of the chosen gate.

    Of many gates only the chosen one is drawn.

    :param results: of one scope, by the name of the cell.
    """
    figure = build_figure("", f"wallet, {currency}")
    shade_seasons(figure, results)
    wallets = {name: outcome.equity for name, outcome in find_outcomes(results)}
    for name, equity in wallets.items():
        figure.add_scatter(
            **_days(equity.start, (equity.balance, *equity.values), 2),
            **draw_line(name, list(results)),
            meta=name if has_gate(name) and len(results) > MAX_LINES else None,
            hovertemplate=f"{name_cell(name)}<br>%{{x|%Y-%m-%d}}<br>%{{y:,.2f}}<extra></extra>",
        )
    worths = [worth for one in wallets.values() for worth in (one.balance, *one.values)]
    if needs_logarithm(min(worths), max(worths)):
        ticks = find_log_ticks(min(worths), max(worths))
        texts = [f"{tick:,.10g}" for tick in ticks]
        figure.update_layout(yaxis={"type": "log", **name_ticks(ticks, texts), "zeroline": False})
        figure.update_yaxes(title_text=f"wallet, {currency}, {LOGARITHMIC}")
    return _over_time(figure, results)


def draw_underwater(results: Mapping[str, CellResult]) -> go.Figure:
    """Draw the drawdown of the chosen gate's wallet, and of those without a gate."""
    figure = build_figure("", "below the peak, %")
    for name, outcome in find_outcomes(results):
        figure.add_scatter(
            **_days(outcome.equity.start, find_falls(outcome.equity), 2),
            **draw_line(name, list(results)),
            meta=name if has_gate(name) else None,
            hovertemplate=f"{name_cell(name)}<br>%{{x|%Y-%m-%d}}<br>%{{y:.2f}} %<extra></extra>",
        )
    lowest = min(fall for _, one in find_outcomes(results) for fall in find_falls(one.equity))
    figure.update_yaxes(range=[lowest * 1.05 or -1, 0], zeroline=False)
    return _over_time(figure, results)


def draw_dominance(results: Mapping[str, CellResult]) -> go.Figure:
    """Draw what decided the chosen gate, with its alt seasons."""
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


def find_falls(equity: DailyEquity) -> list[float]:
    """Return how far a wallet was below its earlier peak, in percent, from its start on."""
    worths = np.array([equity.balance, *equity.values])
    peaks = np.maximum.accumulate(worths)
    return [float(fall) for fall in (worths / peaks - 1) * 100]


def shade_seasons(figure: go.Figure, results: Mapping[str, CellResult]) -> None:
    """Shade the alt seasons of the chosen gate, behind everything else."""
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
    # Otherwise plotly would use the ticks of the hidden axis.
    figure.update_layout(yaxis={"overlaying": "y2", "tickmode": "auto"}, yaxis2=hidden)


def _over_time(figure: go.Figure, results: Mapping[str, CellResult]) -> go.Figure:
    result = next(iter(results.values()))
    end = result.outcome.equity.start + timedelta(days=len(result.outcome.equity.values))
    # The same left margin in all charts, so that equal times are above each other.
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
    """Return the points of a line, one per day; very few points get markers."""
    are_few = len(values) <= FEW_POINTS
    return {
        "x0": _time(start),
        "dx": DAY,
        "y": [None if value is None else round(value, decimals) for value in values],
        "mode": "lines+markers" if are_few else "lines",
        "cliponaxis": not are_few,
    }


def _time(time: date | datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"
