"""The page around figures and tables: one file, no network, the same for the same content."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from altseason.errors import InputError
from altseason_lab.charts import COLORS, build_figure
from altseason_lab.page import (
    Cell,
    Chart,
    Choice,
    Command,
    Page,
    Paragraph,
    Section,
    Table,
    Terms,
    render_page,
    save_page,
)
from altseason_lab.page_file import validate_page_file

LOADING = {"src", "href", "srcset", "data", "poster"}
HOSTILE = 'A"<script>alert(1)</script>&</'


class Elements(HTMLParser):
    """The elements of a page, and its text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.words.append(data)

    def tags(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]


def chart(name: str = "a line", **words: Any) -> Chart:
    figure = build_figure("x", "y")
    line = {"dash": "dot", "color": COLORS[0]}
    figure.add_scatter(x=[0, 1], y=[2, 3], name=name, line=line, mode="lines")
    return Chart(**{"title": "A chart", "figure": figure, "description": "in words", **words})


def page(*blocks: Any, title: str = "A title", subtitle: str = "below it") -> Page:
    return Page(title=title, subtitle=subtitle, sections=[Section("One", blocks or [chart()])])


def test_page_loads_nothing_and_holds_the_library_once():
    text = render_page(page(chart(), chart()))
    found = Elements(text)
    loaded = [
        (tag, name, attributes[name])
        for tag, attributes in found.elements
        for name in LOADING & set(attributes)
    ]
    assert loaded == []
    assert not re.search(r"@import|url\(\s*['\"]?https?:", text[: text.index("<body>")])
    assert text.count("plotly.js v") == 1
    assert "default-src 'none'" in str(found.tags("meta"))
    assert text.rstrip().endswith("</html>")


def test_same_content_is_the_same_text():
    assert render_page(page()) == render_page(page())


def test_markup_in_names_stays_text():
    blocks = [
        chart(HOSTILE, title=HOSTILE, description=HOSTILE, notes=[HOSTILE], choice=HOSTILE),
        Table(title=HOSTILE, headers=[HOSTILE], rows=[[Cell(HOSTILE, detail=HOSTILE)]]),
        Paragraph(HOSTILE, choice=HOSTILE),
        Choice(HOSTILE, {HOSTILE: HOSTILE}),
        Terms({HOSTILE: HOSTILE}),
        Command(HOSTILE),
    ]
    shown = Page(
        title=HOSTILE,
        subtitle=HOSTILE,
        warnings=[HOSTILE],
        sections=[Section(HOSTILE, blocks), Section(HOSTILE, [], is_open=True)],
    )
    found = Elements(render_page(shown))
    # The page's own, plotly, and the figure, whose text ends nothing.
    assert len(found.tags("script")) == 3
    assert found.tags("script")[0] == {"type": "application/json"}
    assert json.loads(found.scripts[0])["data"][0]["name"] == HOSTILE
    assert found.tags("select")
    assert {attributes["value"] for attributes in found.tags("option")} == {HOSTILE}
    # Title twice, subtitle, warning, two links, two headings; legend, caption, note; table title,
    # header, cell and detail; paragraph; label, option; word, meaning; command.
    assert sum(word.strip() == HOSTILE for word in found.words) == 21


def test_legend_has_a_row_for_each_named_trace():
    shown = chart("one %")
    shown.figure.add_scatter(x=[0], y=[0], showlegend=False)
    shown.figure.add_bar(x=[0], y=[0], name="bars", marker={"color": COLORS[1]}, meta="chosen")
    found = Elements(render_page(page(shown)))
    buttons = found.tags("button")
    assert [button["data-trace"] for button in buttons] == ["0", "2"]
    assert [item.get("data-choice") for item in found.tags("li")] == [None, "chosen"]
    names = [word.strip() for word in found.words]
    assert ("one\N{NO-BREAK SPACE}%" in names, "bars" in names) == (True, True)
    styles = [span["style"] for span in found.tags("span")]
    assert styles == [
        f"color: {COLORS[0]}; border-top-style: dotted",
        f"color: {COLORS[1]}; border-top-style: solid",
    ]


def test_cells_are_colored_by_their_heat():
    rows = [[Cell("ETH"), Cell("1", heat=0.254), Cell("-2", heat=-1.0), Cell("none")]]
    found = Elements(render_page(page(Table(title="t", headers=["", "a", "b", "c"], rows=rows))))
    assert found.tags("td") == [
        {"class": "gain", "style": "--heat: 25%"},
        {"class": "loss", "style": "--heat: 100%"},
        {},
    ]


def test_sections_are_listed_and_can_be_closed():
    sections = [Section("Fixed", []), Section("Open", [], is_open=True), Section("Shut", [], False)]
    found = Elements(render_page(Page(title="t", subtitle="s", sections=sections)))
    assert [link["href"] for link in found.tags("a")] == [f"#section-{n}" for n in (1, 2, 3)]
    assert [("open" in attributes) for attributes in found.tags("details")] == [True, False]


def test_page_is_written_in_one_step(tmp_path: Path):
    path = tmp_path / "plot" / "a.html"
    save_page(page(), path)
    assert path.read_text(encoding="utf-8") == render_page(page())
    assert [file.name for file in path.parent.iterdir()] == ["a.html"]


def test_file_that_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"a\.html: cannot write the page: "):
        save_page(page(), tmp_path / "file" / "a.html")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(InputError, match="cannot write the page"):
        save_page(page(), tmp_path / "folder.html")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.html"]


def test_file_is_refused_by_its_name_and_folder(tmp_path: Path):
    validate_page_file(tmp_path / "a.HTML", "--report")
    (tmp_path / "b.html").mkdir()
    for path, part in [
        (tmp_path / "a.svg", "expected a file name that ends in .html"),
        (tmp_path / "b.html", "expected a file name that ends in .html"),
        (tmp_path / "nowhere" / "a.html", "create it first"),
    ]:
        with pytest.raises(InputError, match=f"^--report: .*{part}"):
            validate_page_file(path, "--report")


def test_cell_has_the_sign_that_a_terminal_may_lack():
    table = Table(title="", headers=["", "p"], rows=[[Cell("falling"), Cell("0.1 +- 0.2")]])
    text = render_page(Page(title="", subtitle="", sections=[Section("", [table])]))
    assert "0.1 ± 0.2" in text
    assert "+-" not in text.partition("<main>")[2].partition("</main>")[0]
