"""The chart: parsed, and its points compared with coordinates worked out by hand."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altseason.errors import InputError
from altseason_lab.host.backtests import Outcome, Scene
from altseason_lab.stress.axes import Axis, find_ticks
from altseason_lab.stress.grid import Cell
from altseason_lab.stress.picture import draw_study
from altseason_lab.stress.study import Study
from altseason_lab.stress.svg import save_drawing

SVG = "{http://www.w3.org/2000/svg}"


def outcome(profit: float, trades: int = 5) -> Outcome:
    return Outcome(profit, 0.0, 1.0, trades, 0)


def study(
    curves: dict[int, dict[float, float]],
    break_evens: dict[int, float | None],
    strategy: str = "Mine",
    pairs: tuple[str, ...] = ("ETH/USDT", "SOL/USDT"),
) -> Study:
    start, end = datetime(2022, 1, 1, tzinfo=UTC), datetime(2022, 3, 1, tzinfo=UTC)
    found = {
        delay: {cost: outcome(profit) for cost, profit in curve.items()}
        for delay, curve in curves.items()
    }
    cells = {Cell(0.001, 0, delay): outcome(1.0) for delay in curves}
    return Study(Scene(strategy, "1h", list(pairs), start, end), cells, break_evens, found, 10)


def parse(found: Study, *, synthetic: bool = False) -> ElementTree.Element:
    text = draw_study(found, synthetic=synthetic).write()
    return ElementTree.fromstring(text)  # noqa: S314  # our own text


def named(root: ElementTree.Element, name: str) -> ElementTree.Element:
    (found,) = (element for element in root.iter() if element.get("id") == name)
    return found


def texts(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_points_lie_where_they_should():
    curves = {0: {0.0: 10.0, 10.0: 0.0, 20.0: -10.0}, 2: {0.0: 5.0, 10.0: -2.5, 20.0: -7.5}}
    root = parse(study(curves, {0: 10.0, 2: 6.0}))
    # 840 units for 0 to 0.2 %, from 90 on; 400 units for 10 to -10 %, from 112 on.
    assert named(root, "delay-0").get("points") == "90,112 510,312 930,512"
    assert named(root, "delay-2").get("points") == "90,212 510,362 930,462"
    zero = named(root, "zero")
    assert (zero.get("x1"), zero.get("x2")) == ("90", "930")
    assert float(zero.get("y1")) == float(zero.get("y2")) == 312
    # 0.10 % and 0.06 %.
    assert named(root, "break-even-0").get("points") == "510,305 517,312 510,319 503,312"
    assert named(root, "break-even-2").get("points") == "342,301 353,312 342,323 331,312"
    dots = [(dot.get("cx"), dot.get("cy")) for dot in root.iter(f"{SVG}circle")]
    assert dots[:3] == [("90", "112"), ("510", "312"), ("930", "512")]


def test_it_names_strategy_time_pairs_axes_and_delays():
    root = parse(study({0: {0.0: 1.0, 10.0: 2.0}, 1: {0.0: -1.0}}, {0: None, 1: 0.0}))
    found = texts(root)
    for expected in (
        "Mine: profit by cost per side",
        "2022-01-01 to 2022-03-01, ETH/USDT SOL/USDT, 1h candles",
        "cost per side, % (fee and slippage together)",
        "profit after the extra at stops, % of the starting balance",
        "without delay: still earns at 2.00 %",
        "delayed by 1 candle: earns nothing even without costs",
        "0.00",
        "0.10",
    ):
        assert expected in found
    # A break-even that there is not has no mark.
    assert not [e for e in root.iter() if (e.get("id") or "").startswith("break-even")]
    assert "SYNTHETIC" not in " ".join(found)


def test_it_is_labelled_for_a_screen_reader():
    root = parse(study({0: {0.0: 1.0, 10.0: -2.0}}, {0: 4.0}), synthetic=True)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    labels = root.get("aria-labelledby").split()
    assert named(root, labels[0]).tag == f"{SVG}title"
    description = named(root, labels[1])
    assert description.tag == f"{SVG}desc"
    assert "1.00 % at 0.00 %; -2.00 % at 0.10 %" in description.text
    assert "SYNTHETIC" in description.text


def test_synthetic_candles_are_named_on_the_picture():
    found = texts(parse(study({0: {0.0: 1.0}}, {0: None}), synthetic=True))
    assert any(text.startswith("SYNTHETIC market") for text in found)


def test_names_that_are_markup_stay_names():
    pairs = ("<b>&/USDT", *(f"COIN{number}/USDT" for number in range(50)))
    root = parse(study({0: {0.0: 1.0}}, {0: None}, strategy='A"<&>', pairs=pairs))
    assert 'A"<&>: profit by cost per side' in texts(root)
    (line,) = (text for text in texts(root) if "<b>&/USDT" in text)
    assert "more, 1h candles" in line
    assert len(line) < 120


@pytest.mark.parametrize(
    ("lowest", "highest", "ticks", "labels"),
    [
        (0, 0.3, [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3], ["0.00", "0.05", "0.10"]),
        (0, 2, [0, 0.5, 1, 1.5, 2], ["0.0", "0.5", "1.0"]),
        (-10.1, 11.8, [-15, -10, -5, 0, 5, 10, 15], ["-15", "-10", "-5"]),
        (-0.0042, 0, [-0.005, -0.004, -0.003, -0.002, -0.001, 0], ["-0.005", "-0.004", "-0.003"]),
        (0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1], ["0.0", "0.2", "0.4"]),
    ],
)
def test_ticks_are_round(lowest, highest, ticks, labels):
    found = find_ticks(lowest, highest, 9)
    assert found == ticks
    axis = Axis(found, 0, 100)
    assert [axis.label(tick) for tick in found[:3]] == labels


@given(st.floats(-1e4, 0), st.floats(1e-3, 1e4), st.integers(4, 12))
def test_ticks_enclose_the_values_and_hold_zero(lowest, highest, most):
    ticks = find_ticks(lowest, highest, most)
    step = ticks[1] - ticks[0]
    assert 2 <= len(ticks) <= most
    assert ticks[0] <= lowest + step * 1e-6
    assert ticks[-1] >= highest - step * 1e-6
    assert 0 in ticks
    # None is needless.
    assert ticks[1] > lowest
    assert ticks[-2] < highest
    assert f"{step:.1e}"[:3] in ("1.0", "2.0", "5.0")


def test_picture_is_written_in_one_step(tmp_path):
    drawing = draw_study(study({0: {0.0: 1.0}}, {0: None}), synthetic=False)
    path = tmp_path / "plot" / "a.svg"
    save_drawing(drawing, path)
    assert path.read_text() == drawing.write()
    assert drawing.write().startswith("<?xml version=")
    assert [file.name for file in path.parent.iterdir()] == ["a.svg"]


def test_place_that_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path):
    drawing = draw_study(study({0: {0.0: 1.0}}, {0: None}), synthetic=False)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"expected a place for a picture, but .*--picture"):
        save_drawing(drawing, tmp_path / "file" / "a.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(InputError, match="expected a place for a picture"):
        save_drawing(drawing, tmp_path / "folder.svg")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.svg"]
