"""The page around a figure: one file, no network, legible in both color schemes."""

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from altseason.errors import InputError
from altseason_lab.charts import COLORS, DARK, LIGHT, Chart, build_figure, render_page, save_page

LOADING = {"src", "href", "srcset", "data", "poster"}


class Page(HTMLParser):
    """The elements of a page, and its text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.words.append(data)


def chart(**words: str) -> Chart:
    figure = build_figure("x", "y")
    figure.add_scatter(x=[0, 1], y=[2, 3], name="a line", line={"dash": "dot", "color": COLORS[0]})
    texts = {"title": "A title", "subtitle": "below it", "description": "in words", **words}
    return Chart(figure=figure, **texts)


def test_page_loads_nothing_and_holds_the_library():
    text = render_page(chart())
    loaded = [
        (tag, name, attributes[name])
        for tag, attributes in Page(text).elements
        for name in LOADING & set(attributes)
    ]
    assert loaded == []
    assert not re.search(r"@import|url\(\s*['\"]?https?:", text[: text.index("<body>")])
    assert "plotly.js v" in text
    assert text.rstrip().endswith("</html>")


def test_same_chart_is_the_same_text():
    assert render_page(chart()) == render_page(chart())


def test_markup_in_names_stays_text():
    name = 'A"<b>&'
    page = Page(render_page(chart(title=name, subtitle=name, warning=name, description=name)))
    assert page.words.count(name) == 4
    assert [attributes["aria-label"] for tag, attributes in page.elements if tag == "figure"] == [
        name
    ]
    assert "b" not in {tag for tag, _ in page.elements}


def test_legend_has_a_row_for_each_named_line():
    shown = chart()
    shown.figure.add_scatter(x=[0], y=[0], showlegend=False)
    page = Page(render_page(shown))
    rows = [tag for tag, _ in page.elements].count("li")
    assert (rows, page.words.count("a line")) == (1, 1)


def luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(color[begin : begin + 2], 16) / 255 for begin in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_colors_have_the_contrast_that_reading_needs(scheme: dict[str, str]):
    texts = {name: contrast(scheme[name], scheme["ground"]) for name in ("ink", "faint", "warning")}
    assert min(texts.values()) >= 4.5, texts
    lines = {color: contrast(color, scheme["ground"]) for color in COLORS}
    assert min(lines.values()) >= 3, lines


def test_lines_differ_in_color():
    assert all(one != other for one, other in itertools.combinations(COLORS, 2))


def test_page_is_written_in_one_step(tmp_path: Path):
    path = tmp_path / "plot" / "a.html"
    save_page(chart(), path)
    assert path.read_text(encoding="utf-8") == render_page(chart())
    assert [file.name for file in path.parent.iterdir()] == ["a.html"]


def test_file_that_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"a\.html: cannot write the chart: "):
        save_page(chart(), tmp_path / "file" / "a.html")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(InputError, match="cannot write the chart"):
        save_page(chart(), tmp_path / "folder.html")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.html"]
