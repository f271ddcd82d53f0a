"""Figures by plotly in one style, for pages that are read on a phone and on a desk.

https://plotly.com/python/reference/
"""

import math

import plotly.graph_objects as go

# Told apart by people who see colors differently, and legible on both grounds; the dashes tell
# lines apart on paper. https://jfly.uni-koeln.de/color/
COLORS = ("#1f83c4", "#d55e00", "#00916a", "#b8679b", "#8a7a10", "#7d7d7d")
# As plotly and as CSS names them.
DASHES = {"solid": "solid", "dash": "dashed", "dot": "dotted"}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"
GROUND, INK, FAINT, GRID, WARNING, GAIN, LOSS = (
    *("ground", "ink", "faint", "grid", "warning"),
    *("gain", "loss"),
)
LIGHT = {
    GROUND: "#ffffff",
    INK: "#222222",
    FAINT: "#5c5c5c",
    GRID: "#e3e3e3",
    WARNING: "#b00020",
    GAIN: "#7fc4ec",
    LOSS: "#f0a36b",
}
DARK = {
    GROUND: "#15181c",
    INK: "#e4e4e4",
    FAINT: "#a3a8ae",
    GRID: "#363b41",
    WARNING: "#ff8a80",
    GAIN: "#155a87",
    LOSS: "#8f4208",
}
# A range that spans more than this factor is legible by its logarithm only.
MAX_LINEAR_RANGE = 4


def build_figure(x_title: str, y_title: str) -> go.Figure:
    """Return an empty figure in the common style; title, legend and notes are on the page."""
    axis = {
        "gridcolor": LIGHT[GRID],
        "zeroline": True,
        "zerolinecolor": LIGHT[FAINT],
        "linecolor": LIGHT[FAINT],
        "automargin": True,
    }
    return go.Figure(
        layout={
            "template": "none",
            "font": {"family": FONT, "size": 13, "color": LIGHT[INK]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hoverlabel": {"bgcolor": LIGHT[GROUND], "font": {"color": LIGHT[INK]}},
            "colorway": COLORS,
            "margin": {"l": 16, "r": 16, "t": 16, "b": 48},
            "showlegend": False,
            "xaxis": {**axis, "title": {"text": x_title, "font": {"size": 13}}},
            "yaxis": {**axis, "title": {"text": y_title, "font": {"size": 13}}},
        }
    )


def scale_axis(figure: go.Figure, low: float, high: float) -> None:
    """Give the y axis a logarithm where values of such a range are not legible without one.

    :param low: the smallest value, and `high` the largest.
    """
    if low <= 0 or high / low <= MAX_LINEAR_RANGE:
        return
    # Plotly's own labels between powers of ten are single digits.
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 100 else (1,)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    figure.update_yaxes(
        type="log", tickvals=ticks, ticktext=[f"{tick:,.10g}" for tick in ticks], zeroline=False
    )
