"""A stress test as a line chart: what is left of the profit at which cost, by delay."""

from altseason_lab.stress.axes import Axis, find_ticks
from altseason_lab.stress.report import (
    describe_break_even,
    describe_delay,
    describe_scene,
    format_cost,
)
from altseason_lab.stress.study import Study
from altseason_lab.stress.svg import Drawing

WIDTH, LEFT, RIGHT, TOP, PLOT = 960, 90, 930, 112, 400
BOTTOM = TOP + PLOT
LEGEND_ROW = 24
MAX_TICKS = 9
MARK, MARK_STEP = 7, 4
INK, FAINT, GRID, WARNING = "#222222", "#555555", "#e3e3e3", "#b00020"
# Told apart by people who see colours otherwise, too; and by the dashes, on paper.
# https://jfly.uni-koeln.de/color/
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#000000")
DASHES = ("none", "9 4", "3 4", "12 4 3 4")


def draw_study(study: Study, *, synthetic: bool) -> Drawing:
    """Draw profit after the extra at stops, in percent, over the cost per side, in percent."""
    title = f"{study.scene.strategy}: profit by cost per side"
    height = BOTTOM + 86 + LEGEND_ROW * len(study.curves) + 32
    drawing = Drawing(WIDTH, height, title, describe(study, synthetic=synthetic))
    drawing.text(title, (LEFT, 36), 20, fill=INK, font_weight="bold")
    drawing.text(describe_scene(study), (LEFT, 60), 13, fill=FAINT)
    if synthetic:
        warning = "SYNTHETIC market: prices drawn at random, no result of a market"
        drawing.text(warning, (LEFT, 84), 14, fill=WARNING, font_weight="bold")
    across, up = build_axes(study)
    _draw_axes(drawing, across, up)
    for number, delay in enumerate(study.curves):
        _draw_curve(drawing, study, delay, across, up, number)
    note = (
        f"Backtests by Freqtrade; slippage is part of the fee, {study.stop_slippage:g} bp more at "
        "stops is computed. The past promises nothing."
    )
    drawing.text(note, (LEFT, height - 16), 12, fill=FAINT)
    return drawing


def build_axes(study: Study) -> tuple[Axis, Axis]:
    """Build the axis of costs and that of profits; both in percent, and both show zero."""
    profits = [
        outcome.profit_after_stops for curve in study.curves.values() for outcome in curve.values()
    ]
    highest = max(cost for curve in study.curves.values() for cost in curve) / 100
    across = Axis(find_ticks(0.0, highest, MAX_TICKS), LEFT, RIGHT)
    up = Axis(find_ticks(min(0.0, *profits), max(0.0, *profits), MAX_TICKS), BOTTOM, TOP)
    return across, up


def describe(study: Study, *, synthetic: bool) -> str:
    """Describe in words what the picture shows."""
    lines = [
        (
            f"Line chart, {describe_scene(study)}: profit after the extra at stops, in percent "
            "of the starting balance, over the cost per side, in percent."
        ),
        *(["The market is SYNTHETIC."] if synthetic else []),
    ]
    for delay, curve in study.curves.items():
        values = "; ".join(
            f"{outcome.profit_after_stops:.2f} % at {format_cost(cost)} %"
            for cost, outcome in curve.items()
        )
        found = describe_break_even(study, delay)
        lines.append(f"{describe_delay(delay).capitalize()} it {found}: {values}.")
    return " ".join(lines)


def _draw_axes(drawing: Drawing, across: Axis, up: Axis) -> None:
    for tick in up.ticks:
        y = up.place(tick)
        drawing.line((LEFT, y), (RIGHT, y), stroke=GRID)
        drawing.text(up.label(tick), (LEFT - 10, y + 4), 12, fill=INK, text_anchor="end")
    for tick in across.ticks:
        x = across.place(tick)
        drawing.line((x, BOTTOM), (x, BOTTOM + 6), stroke=INK)
        drawing.text(across.label(tick), (x, BOTTOM + 22), 12, fill=INK, text_anchor="middle")
    zero = up.place(0.0)
    drawing.line((LEFT, zero), (RIGHT, zero), stroke=INK, stroke_width=1.5, id="zero")
    drawing.line((LEFT, BOTTOM), (RIGHT, BOTTOM), stroke=INK)
    label = "cost per side, % (fee and slippage together)"
    drawing.text(label, ((LEFT + RIGHT) / 2, BOTTOM + 46), 13, fill=INK, text_anchor="middle")
    middle = (TOP + BOTTOM) / 2
    label = "profit after the extra at stops, % of the starting balance"
    turned = f"rotate(-90 28 {middle:g})"
    drawing.text(label, (28, middle), 13, fill=INK, text_anchor="middle", transform=turned)


def _draw_curve(
    drawing: Drawing, study: Study, delay: int, across: Axis, up: Axis, number: int
) -> None:
    color, dashes = COLORS[number % len(COLORS)], DASHES[number % len(DASHES)]
    line = {"stroke": color, "stroke_width": 2.5, "stroke_dasharray": dashes}
    points = [
        (across.place(cost / 100), up.place(outcome.profit_after_stops))
        for cost, outcome in study.curves[delay].items()
    ]
    drawing.curve(points, id=f"delay-{delay}", **line)
    for point in points:
        drawing.circle(point, 3, fill=color)
    y = BOTTOM + 78 + LEGEND_ROW * number
    drawing.line((LEFT, y), (LEFT + 44, y), **line)
    text = f"{describe_delay(delay)}: {describe_break_even(study, delay)}"
    drawing.text(text, (LEFT + 56, y + 4), 13, fill=INK)
    if found := study.break_evens[delay]:
        # One inside the other where delays break even together.
        radius = MARK + MARK_STEP * (number % len(COLORS))
        mark = {"fill": "none", "stroke": color, "stroke_width": 2}
        place = (across.place(found / 100), up.place(0.0))
        drawing.diamond(place, radius, id=f"break-even-{delay}", **mark)
        drawing.diamond((LEFT + 22, y), MARK, **{**mark, "fill": "#ffffff"})
