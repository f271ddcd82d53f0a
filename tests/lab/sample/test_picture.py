"""README's picture shows what the strategy says today."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from scripts.picture import PICTURE, analyze, describe, digest, draw, find_trades

SVG = "{http://www.w3.org/2000/svg}"
MAX_BYTES = 200_000


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    return analyze()


def test_picture_is_the_one_that_is_drawn_today(candles: pd.DataFrame):
    root = ElementTree.parse(PICTURE).getroot()  # noqa: S314 - our own file
    drawn = root.findtext(f"{SVG}metadata"), root.findtext(f"{SVG}desc")
    assert drawn == (digest(draw(candles)), describe(candles)), "run: python scripts/picture.py"
    assert PICTURE.stat().st_size < MAX_BYTES


def test_every_entry_is_drawn_within_a_shaded_alt_season(candles: pd.DataFrame):
    figure = draw(candles)
    entries, exits = ([*trace.x] for trace in figure.data if trace.mode == "markers")
    seasons = [(season.x0, season.x1) for season in figure.layout.shapes]
    assert len(entries) >= 10
    assert all(any(begin <= time <= end for begin, end in seasons) for time in entries)
    assert len(entries) - len(exits) in (0, 1)


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
