"""A stress test as a page: the profit at each cost, by delay, and the backtests behind it."""

import plotly.graph_objects as go

from altseason_lab.charts import COLORS, DASHES, build_figure
from altseason_lab.page import Cell, Chart, Page, Paragraph, Section, Table
from altseason_lab.stress.report import (
    BREAK_EVEN,
    describe_break_even,
    describe_delay,
    describe_model,
    describe_scope,
    format_cost,
    headline,
    write_result,
)
from altseason_lab.stress.run import StressTest
from altseason_lab.texts import SYNTHETIC

COST = "cost per side, % (fee and slippage together)"
PROFIT = "profit after stop slippage, % of the starting balance"
MARK_SIZE, MARK_STEP = 12, 5
COLUMNS = (
    *("delay, candles", "fee, %", "slippage, bp", "cost per side, %", "profit by Freqtrade, %"),
    *("stop slippage, %", "profit after it, %", "drawdown, %", "trades (stops)"),
)


def build_page(found: StressTest, *, synthetic: bool) -> Page:
    """Return the page of a stress test."""
    rows = [
        [Cell(text) for text in write_result(scenario, result)]
        for scenario, result in found.results.items()
    ]
    verdict = Paragraph(headline(found, synthetic=synthetic), kind="lead")
    return Page(
        title=f"{found.scope.strategy}: profit by cost per side",
        subtitle=describe_scope(found),
        warnings=[SYNTHETIC] if synthetic else [],
        sections=[
            Section("What was found", [verdict, build_chart(found, synthetic=synthetic)]),
            Section("Each backtest", [Table(title="By cost", headers=COLUMNS, rows=rows)]),
            Section("How it is calculated", [Paragraph(describe_model(found))]),
        ],
    )


def build_chart(found: StressTest, *, synthetic: bool) -> Chart:
    """Return the chart of profit after stop slippage over the cost per side, both in percent."""
    figure = build_figure(COST, PROFIT)
    figure.update_xaxes(rangemode="tozero", zeroline=False)
    figure.update_yaxes(zerolinewidth=2)
    for number, delay in enumerate(found.curves):
        add_curve(figure, found, delay, number)
    # A profit of zero is always visible.
    figure.update_yaxes(rangemode="tozero")
    return Chart(
        title="Profit by cost per side",
        figure=figure,
        description=describe(found, synthetic=synthetic),
        notes=["Every point is a backtest by Freqtrade. Diamonds mark break-evens.", BREAK_EVEN],
        height=480,
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
            # One around the other where delays have the same break-even.
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
