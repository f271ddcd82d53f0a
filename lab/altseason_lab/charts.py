"""Charts by plotly, each a web page of one file that opens without a network.

A page is legible on a phone and on a desk, and follows the reader's choice of light or dark.
https://plotly.com/python/interactive-html-export/
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import plotly.graph_objects as go
from plotly.io import to_html

from altseason.errors import InputError

# Told apart by people who see colors differently, and legible on both grounds; the dashes tell
# lines apart on paper. https://jfly.uni-koeln.de/color/
COLORS = ("#1f83c4", "#d55e00", "#00916a", "#b8679b", "#8a7a10", "#7d7d7d")
# As plotly and as CSS names them.
DASHES = {"solid": "solid", "dash": "dashed", "dot": "dotted"}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"
GROUND, INK, FAINT, GRID, WARNING = "ground", "ink", "faint", "grid", "warning"
LIGHT = {
    GROUND: "#ffffff",
    INK: "#222222",
    FAINT: "#5c5c5c",
    GRID: "#e3e3e3",
    WARNING: "#b00020",
}
DARK = {
    GROUND: "#15181c",
    INK: "#e4e4e4",
    FAINT: "#a3a8ae",
    GRID: "#363b41",
    WARNING: "#ff8a80",
}
# Dragging zooms and a double click resets; the bar of buttons would cover the legend.
CONFIG = {"responsive": True, "displayModeBar": False}
# Plotly draws colors into the chart, so it has to redraw when the reader's choice changes.
FOLLOW_SCHEME = """
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const color = () => {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue("--" + name).trim();
  const update = {
    "font.color": of("ink"),
    "hoverlabel.bgcolor": of("ground"),
    "hoverlabel.font.color": of("ink"),
  };
  for (const axis of Object.keys(document.getElementById("{plot_id}").layout)) {
    if (!/^[xy]axis/.test(axis)) continue;
    update[axis + ".gridcolor"] = of("grid");
    update[axis + ".zerolinecolor"] = update[axis + ".linecolor"] = of("faint");
  }
  Plotly.relayout("{plot_id}", update);
};
dark.addEventListener("change", color);
color();
"""
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; {light} }}
@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}
body {{ margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.45 {font}; }}
main {{ max-width: 1200px; margin: 0 auto; padding: 16px; }}
h1 {{ font-size: 1.3rem; margin: 0 0 4px; overflow-wrap: anywhere; }}
p {{ margin: 0 0 6px; overflow-wrap: anywhere; }}
ul {{ list-style: none; margin: 10px 0 0; padding: 0; font-size: 0.875rem; }}
li {{ display: flex; align-items: center; gap: 8px; }}
li span {{ flex: none; width: 28px; height: 0; border-top: 3px; }}
p.note {{ color: var(--faint); font-size: 0.875rem; max-width: 75ch; }}
p.warning {{ color: var(--warning); font-weight: bold; }}
figure {{ margin: 12px 0; height: max(440px, min(640px, 75vh)); }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{heading}
<ul>
{legend}
</ul>
<figure role="img" aria-label="{description}">
{chart}
</figure>
{notes}
</main>
</body>
</html>
"""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure, and what stands around it.

    :param subtitle: what is shown: which strategy, candles, time range.
    :param warning: what a reader must not miss; empty for none.
    :param description: the content in words, for a screen reader.
    :param notes: paragraphs below the figure.
    """

    title: str
    subtitle: str
    figure: go.Figure
    description: str
    warning: str = ""
    notes: list[str] = field(default_factory=list)


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


def render_page(chart: Chart) -> str:
    """Return the page; the same chart always gives the same text."""
    plot = to_html(
        chart.figure,
        config=CONFIG,
        full_html=False,
        include_plotlyjs=True,
        div_id="chart",
        post_script=FOLLOW_SCHEME,
    )
    heading = [("note", chart.subtitle), *([("warning", chart.warning)] if chart.warning else [])]
    return PAGE.format(
        title=escape(chart.title),
        light=_write_variables(LIGHT),
        dark=_write_variables(DARK),
        font=FONT,
        heading=_write_paragraphs(heading),
        legend="\n".join(_write_legend(chart.figure)),
        description=escape(chart.description),
        chart=plot,
        notes=_write_paragraphs([("note", note) for note in chart.notes]),
    )


def save_page(chart: Chart, path: Path) -> None:
    """Write a chart's page in one step, so that an older one is there until the new one is.

    :raises InputError: where the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(exist_ok=True)
        part.write_text(render_page(chart), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot write the chart: {error.strerror}") from error


def _write_variables(colors: dict[str, str]) -> str:
    return " ".join(f"--{name}: {color};" for name, color in colors.items())


def _write_paragraphs(paragraphs: list[tuple[str, str]]) -> str:
    return "\n".join(f'<p class="{kind}">{_escape(text)}</p>' for kind, text in paragraphs)


def _write_legend(figure: go.Figure) -> Iterator[str]:
    """Yield a row for each line; plotly's own legend takes most of the chart on a phone."""
    for trace in figure.data:
        if trace.showlegend is not False:
            line = f"border-top-style: {DASHES[trace.line.dash]}; border-color: {trace.line.color}"
            yield f'<li><span style="{line}"></span>{_escape(trace.name)}</li>'


def _escape(text: str) -> str:
    return escape(text).replace(" %", "&nbsp;%")
