"""A web page of one file that opens without a network: text, tables, and charts by plotly.

A page is legible on a phone and on a desk, and follows the reader's choice of light or dark. The
same content always gives the same text.
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

    :param kind: "lead" for what a reader has to read, "note", or "warning".
    :param strong: what stands before the text, bold.
    :param choice: shown while this is chosen in its section; always where it is empty.
    """

    block: ClassVar = "paragraph"
    text: str
    kind: str = "note"
    choice: str = ""
    strong: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    :param heat: from -1 to 1 by how much it is colored, as a loss or as a gain; None for not.
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
    """A figure, and what stands around it.

    A trace whose `meta` is a text is shown while that is chosen in its section.

    :param description: the content in words, for a screen reader.
    :param notes: paragraphs below the figure.
    :param height: of the figure, in pixels.
    :param is_linked: whether the x axis goes with those of the section's other linked charts.
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
        """Return a row for each named trace; plotly's own takes most of a chart on a phone."""
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
    """A choice between what a section shows; the first option is chosen.

    :param options: names by what `choice` of blocks and `meta` of traces says.
    """

    block: ClassVar = "choice"
    label: str
    options: dict[str, str]


@dataclass(frozen=True)
class Terms:
    """Words, and what each of them means."""

    block: ClassVar = "terms"
    meanings: dict[str, str]


@dataclass(frozen=True)
class Command:
    """A command line, to be copied."""

    block: ClassVar = "command"
    text: str


Block = Paragraph | Table | Chart | Choice | Terms | Command


@dataclass(frozen=True)
class Section:
    """A part of a page.

    :param is_open: whether a reader sees it at once; None where it cannot be closed.
    :param short: the title in the list of sections, where another one is better there.
    """

    title: str
    blocks: Sequence[Block]
    is_open: bool | None = None
    short: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page.

    :param subtitle: what is shown: which strategy, candles, time range.
    :param warnings: what a reader must not miss.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]
    warnings: Sequence[str] = ()


def render_page(page: Page) -> str:
    """Return a page's text."""
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
    """Return how a legend shows a trace: the shape, its color, and how its line is dashed."""
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
