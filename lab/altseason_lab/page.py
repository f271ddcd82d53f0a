"""A web page of one file that opens without a network: text, tables, and charts by plotly.

A page is legible on phones and desktops, and follows the reader's choice of light or dark. The
same content always gives the same file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from altseason_lab.charts import DARK, DASHES, FONT, LIGHT, SYMBOLS
from altseason_lab.page_file import write_page_file


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text.

    :param kind: "lead" for what everybody should read, "note", or "warning".
    :param strong: bold text before the text.
    :param choice: the paragraph is shown while this is chosen in its section; empty for always.
    """

    block: ClassVar = "paragraph"
    text: str
    kind: str = "note"
    choice: str = ""
    strong: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    :param heat: how strongly it is colored, from -1 for a loss to 1 for a gain; None for no color.
    :param detail: a second line, smaller.
    """

    text: str
    heat: float | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, whose first column names the rows.

    :param choice: as that of a paragraph.
    """

    block: ClassVar = "table"
    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    choice: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A figure, with its title and notes.

    A trace whose `meta` is a text is shown while that is chosen in its section.

    :param description: the content in words, for screen readers.
    :param notes: paragraphs below the figure.
    :param height: of the figure, in pixels.
    :param is_linked: whether a zoom of its x axis also zooms the section's other linked charts.
    :param choice: as that of a paragraph.
    """

    block: ClassVar = "chart"
    title: str
    figure: go.Figure
    description: str
    notes: Sequence[str] = ()
    height: int = 440
    is_linked: bool = False
    choice: str = ""

    @property
    def legend(self) -> list[dict[str, Any]]:
        """Return a row for each named trace; plotly's own legend fills most of a phone's chart."""
        return [
            {
                "number": number,
                "name": trace.name,
                "choice": trace.meta or "",
                "symbol": "",
                **_draw_key(trace),
            }
            for number, trace in enumerate(self.figure.data)
            if trace.showlegend is not False
        ]


@dataclass(frozen=True)
class Choice:
    """A choice of what a section shows; at first the first option is chosen.

    :param options: names by the values of `choice` in blocks and of `meta` in traces.
    """

    block: ClassVar = "choice"
    label: str
    options: dict[str, str]


@dataclass(frozen=True)
class Terms:
    """Terms with their meanings."""

    block: ClassVar = "terms"
    meanings: dict[str, str]


@dataclass(frozen=True)
class Command:
    """A command line to copy."""

    block: ClassVar = "command"
    text: str


Block = Paragraph | Table | Chart | Choice | Terms | Command


@dataclass(frozen=True)
class Section:
    """A part of a page.

    :param is_open: whether it is open at first; None where it cannot be closed.
    :param short: a shorter title for the list of sections, if there is one.
    """

    title: str
    blocks: Sequence[Block]
    is_open: bool | None = None
    short: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page.

    :param subtitle: what the page is about: strategy, candles, time range.
    :param warnings: what nobody must miss.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]
    warnings: Sequence[str] = ()


def render_page(page: Page) -> str:
    """Return a page as HTML."""
    environment = Environment(
        loader=PackageLoader("altseason_lab"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters["words"] = _mark_up
    return environment.get_template("page.html").render(
        page=page,
        light=_write_variables(LIGHT),
        dark=_write_variables(DARK),
        font=FONT,
        plotly=get_plotlyjs(),
    )


def save_page(page: Page, path: Path) -> None:
    """Write a page in one step.

    :raises InputError: where the file cannot be written.
    """
    write_page_file(render_page(page), path)


def _draw_key(trace: Any) -> dict[str, str]:
    """Return how a legend shows a trace: shape, color and dash."""
    if trace.type == "bar":
        return {"shape": "area", "color": trace.marker.color, "dash": "solid"}
    if trace.fill and trace.line.width == 0:
        return {"shape": "area", "color": trace.fillcolor, "dash": "solid"}
    if trace.mode == "markers":
        symbol = SYMBOLS[trace.marker.symbol or "circle"]
        return {"shape": "mark", "color": trace.marker.color, "dash": "solid", "symbol": symbol}
    return {"shape": "line", "color": trace.line.color, "dash": DASHES[trace.line.dash or "solid"]}


def _write_variables(colors: dict[str, str]) -> str:
    return " ".join(f"--{name}: {color};" for name, color in colors.items())


def _mark_up(text: str) -> Markup:
    """Return a text with its code and dates marked, and no line ending before a percent sign.

    A terminal may lack the sign that stands for "+-" here.
    """
    signs = text.replace(" %", "\N{NO-BREAK SPACE}%").replace("+-", "±")
    marked = str(escape(signs))
    marked = re.sub("`([^`]+)`", r"<code>\1</code>", marked)
    marked = re.sub(r"\b(\d{4}-\d{2}-\d{2})\b", r"<time>\1</time>", marked)
    return Markup(marked)  # noqa: S704 - escaped above
