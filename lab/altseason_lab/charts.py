"""Plotly figures in one style, for pages that are read on phones and desktops.

https://plotly.com/python/reference/
"""

import math

import plotly.graph_objects as go

# Distinguishable with any color vision, and legible on light and dark; the dashes distinguish lines
# on paper. https://jfly.uni-koeln.de/color/
COLORS = ("#1f83c4", "#d55e00", "#00916a", "#b8679b", "#8a7a10", "#7d7d7d")
# As plotly and as CSS names them.
DASHES = {"solid": "solid", "dash": "dashed", "dot": "dotted"}
# As plotly names them, and as a legend writes them.
SYMBOLS = {
    "circle": "●",
    "square": "■",
    "diamond": "◆",
    "triangle-up": "▲",
    "triangle-down": "▼",
    "circle-open": "○",
    "square-open": "□",
    "diamond-open": "◇",
}
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
# A range that spans more than this factor needs a logarithmic axis.
MAX_LINEAR_RANGE = 4
LOGARITHMIC = "logarithmic axis"
# Below the first, ticks are near to each other; above the second, they are powers of ten.
MAX_FINEST_RANGE, MAX_FINE_RANGE = 20, 300


def build_figure(x_title: str, y_title: str) -> go.Figure:
    """Return an empty figure in the common style; the page adds title, legend and notes."""
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


def needs_logarithm(low: float, high: float) -> bool:
    """Return whether values in this range are not legible on a linear axis."""
    return low > 0 and high / low > MAX_LINEAR_RANGE


def find_log_ticks(low: float, high: float) -> list[float]:
    """Return round values for the ticks of a logarithmic axis; plotly's own are single digits."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps: tuple[float, ...] = (1, 2, 5) if high / low < MAX_FINE_RANGE else (1,)
    if high / low < MAX_FINEST_RANGE:
        steps = (1, 1.5, 2, 3, 5, 7)
    return [step * 10.0**decade for decade in decades for step in steps]
