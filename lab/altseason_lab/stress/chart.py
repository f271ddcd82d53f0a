"""A stress test as a line chart: the profit at each cost, by delay."""

import plotly.graph_objects as go

from altseason_lab.charts import COLORS, DASHES, Chart, build_figure
from altseason_lab.stress.report import (
    SYNTHETIC,
    describe_break_even,
    describe_delay,
    describe_scope,
    format_cost,
)
from altseason_lab.stress.run import StressTest

COST = "cost per side, % (fee and slippage together)"
PROFIT = "profit after stop slippage, % of the starting balance"
MARK_SIZE, MARK_STEP = 12, 5


def build_chart(found: StressTest, *, synthetic: bool) -> Chart:
    """Return the chart of profit after stop slippage over the cost per side, both in percent."""
    figure = build_figure(COST, PROFIT)
    figure.update_xaxes(rangemode="tozero", zeroline=False)
    figure.update_yaxes(zerolinewidth=2)
    for number, delay in enumerate(found.curves):
        add_curve(figure, found, delay, number)
    # A profit of zero is always in sight.
    figure.update_yaxes(rangemode="tozero")
    note = (
        "Diamonds mark where the profit ends (break-even). Every point is a backtest by Freqtrade; "
        f"slippage is part of the fee, and {found.stop_slippage:g} bp more at stops are computed. "
        "Past results do not guarantee future profit."
    )
    return Chart(
        title=f"{found.scope.strategy}: profit by cost per side",
        subtitle=describe_scope(found),
        figure=figure,
        description=describe(found, synthetic=synthetic),
        warning=SYNTHETIC if synthetic else "",
        notes=[note],
    )


def add_curve(figure: go.Figure, found: StressTest, delay: int, number: int) -> None:
    """Add the line of a delay, and its break-even.

    :param number: of the line, from 0.
    """
    name = describe_delay(delay)
    color = COLORS[number % len(COLORS)]
    figure.add_scatter(
        x=[cost / 100 for cost in found.curves[delay]],
        y=[result.profit_after_stops for result in found.curves[delay].values()],
        mode="lines+markers",
        name=f"{name}: {describe_break_even(found, delay)}",
        line={"color": color, "width": 2.5, "dash": list(DASHES)[number % len(DASHES)]},
        marker={"size": 6},
        cliponaxis=False,
        hovertemplate=f"{name}<br>cost %{{x:.4~f}} %<br>profit %{{y:.2f}} %<extra></extra>",
    )
    if break_even := found.break_evens[delay]:
        figure.add_scatter(
            x=[break_even / 100],
            y=[0.0],
            mode="markers",
            name=f"{name}, break-even",
            showlegend=False,
            # One around the other where delays break even together.
            marker={
                "symbol": "diamond-open",
                "size": MARK_SIZE + MARK_STEP * (number % len(COLORS)),
                "color": color,
                "line": {"width": 2},
            },
            hovertemplate=f"{name}<br>breaks even at %{{x:.4~f}} %<extra></extra>",
        )


def describe(found: StressTest, *, synthetic: bool) -> str:
    """Describe the chart in words."""
    lines = [
        f"Line chart, {describe_scope(found)}: {PROFIT}, over the {COST}.",
        *([SYNTHETIC] if synthetic else []),
    ]
    for delay, curve in found.curves.items():
        values = "; ".join(
            f"{result.profit_after_stops:.2f} % at {format_cost(cost)} %"
            for cost, result in curve.items()
        )
        name = describe_delay(delay)
        lines.append(f"{name[0].upper()}{name[1:]}: {describe_break_even(found, delay)}: {values}.")
    return " ".join(lines)
