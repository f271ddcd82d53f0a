"""README's picture shows what the strategy says today."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from scripts.picture import ENTRY, EXIT, PICTURE, SEASON, analyse, draw, find_trades

SVG = "{http://www.w3.org/2000/svg}"
MAX_BYTES = 200_000


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    return analyse()


def test_picture_is_the_one_that_is_drawn_today(candles: pd.DataFrame):
    drawn = draw(candles).write()
    assert PICTURE.read_text(encoding="utf-8") == drawn, "run: python scripts/picture.py"
    assert PICTURE.stat().st_size < MAX_BYTES


def test_every_entry_is_drawn_within_a_shaded_alt_season(candles: pd.DataFrame):
    root = ElementTree.fromstring(draw(candles).write())  # noqa: S314  # our own text
    # Those of the legend have no edge.
    marks = [shape for shape in root.iter(f"{SVG}polygon") if "stroke" in shape.attrib]
    places = {
        color: [
            float(mark.attrib["points"].split(",")[0])
            for mark in marks
            if mark.attrib["fill"] == color
        ]
        for color in (ENTRY, EXIT)
    }
    boxes = [box.attrib for box in root.iter(f"{SVG}rect") if box.attrib["fill"] == SEASON]
    seasons = [(float(box["x"]), float(box["x"]) + float(box["width"])) for box in boxes]
    assert len(places[ENTRY]) >= 10
    assert all(any(begin <= x <= end for begin, end in seasons) for x in places[ENTRY])
    assert len(places[ENTRY]) - len(places[EXIT]) in (0, 1)


def test_signals_are_those_of_one_trade_at_a_time():
    table = pd.DataFrame(
        {
            "enter_long": [1, 1, 0, 0, 0, 1, 1, 0],
            "exit_tag": ["", "", "a", "a", "", "b", "", "b"],
        }
    )
    assert find_trades(table) == ([0, 6], [2, 7])


def test_readme_shows_it():
    readme = Path(PICTURE.parent.parent / "README.md").read_text(encoding="utf-8")
    assert re.search(r"!\[[^]]+\]\(docs/sample\.svg\)", readme[:1500])
