"""The section of a study's page for one window and group of pairs."""

from collections.abc import Iterator, Mapping, Sequence

from altseason_lab.page import Block, Cell, Chart, Choice, Paragraph, Section, Table
from altseason_lab.stress.chart import build_chart
from altseason_lab.stress.report import headline
from altseason_lab.study.cell import CellResult
from altseason_lab.study.difference import Difference
from altseason_lab.study.figures import (
    draw_differences,
    draw_placebos,
    find_height,
    find_outcomes,
    has_gate,
    name_cell,
)
from altseason_lab.study.grid import Cell as StudyCell
from altseason_lab.study.grid import Scope
from altseason_lab.study.report import COSTS_ADVICE, StudyReport, write_metrics
from altseason_lab.study.run import PlaceboTest
from altseason_lab.study.timelines import draw_dominance, draw_equity, draw_underwater
from altseason_lab.study.verdict import name_placebos, write_p_value
from altseason_lab.texts import describe_missing, name_pairs, write_span

COLUMNS = (
    *("profit, %", "CAGR, %", "drawdown, %", "Sharpe", "Sortino", "Calmar"),
    *("profit factor", "expectancy", "trades", "in market, %", "fees, %", "gate open, %"),
)
BY_DAY = "By the value at the end of each day; the table has the largest drawdown at any candle."
BY_DOMINANCE = (
    "Dominance and the lines by which the gate is decided, as known at the end of each day; alt "
    "seasons are shaded."
)
NO_CLEAR_SIDE = (
    "Where an interval contains zero, or p is above 0.05, the days cannot distinguish the gate "
    "from no gate."
)
WRONG_DATES = "Each placebo is a backtest with the same gate, on dominance at wrong dates."
Results = Mapping[str, CellResult]


def build_scope(report: StudyReport, scope: Scope, *, has_words: bool, is_open: bool) -> Section:
    """Return the section of a scope.

    :param has_words: whether the verdicts are written here.
    """
    cells = {cell: one for cell, one in report.study.results.items() if cell.scope == scope}
    results = {cell.name: one for cell, one in cells.items()}
    some = next(iter(results.values()))
    gates = {name: name_cell(name) for name in results if has_gate(name)}
    blocks: list[Block] = []
    if len(gates) > 1:
        blocks.append(Choice("Gate:", gates))
    if has_words:
        verdicts = [(text, cell.name) for cell in cells for text in report.describe(cell)]
        blocks += [write_verdict(text, name) for text, name in verdicts]
    if missing := describe_missing(some.missing):
        blocks.append(Paragraph(missing))
    blocks += [
        *_draw_time(results, report.study.stake_currency),
        *_show_differences(report, scope),
        *_show_tests([test for test in report.study.tests if test.cell.scope == scope]),
        _write_table(results),
        *_write_coins(cells),
        *_show_costs(report, scope),
    ]
    title = f"{describe_span(some)}, {name_pairs(some.pairs)}"
    return Section(title, blocks, is_open, short=describe_span(some))


def _draw_time(results: Results, currency: str) -> Iterator[Block]:
    """Yield the charts over time."""
    yield Chart(
        title="Wallet by day",
        figure=draw_equity(results, currency),
        description=f"Line chart of the wallet by day. Profit: {describe_profits(results)}.",
        notes=["Open positions are included."],
        height=440,
        is_linked=True,
    )
    yield Chart(
        title="Drawdown from the last peak",
        figure=draw_underwater(results),
        description="Line chart of how far the wallet was below its peak, by day. Largest: "
        + "; ".join(
            f"{name_cell(name)} {outcome.metrics.max_drawdown * 100:z.1f} %"
            for name, outcome in find_outcomes(results)
        ),
        notes=[BY_DAY],
        height=300,
        is_linked=True,
    )
    if any(result.lines and result.lines.values for result in results.values()):
        yield Chart(
            title="What the gate is decided by",
            figure=draw_dominance(results),
            description=BY_DOMINANCE,
            notes=[BY_DOMINANCE],
            height=340,
            is_linked=True,
        )


def _show_differences(report: StudyReport, scope: Scope) -> Iterator[Block]:
    """Yield how each gate differs from no gate, and how certain that is."""
    differences = {
        cell.name: found for cell, found in report.study.differences.items() if cell.scope == scope
    }
    if differences:
        figure = draw_differences(differences, list(report.study.scopes[scope]))
        yield Chart(
            title="Growth against no gate, with 95 % intervals",
            figure=figure,
            description="; ".join(
                f"{name_cell(name)}: {_describe_growth(found)}"
                for name, found in differences.items()
            ),
            notes=[NO_CLEAR_SIDE],
            height=find_height(figure),
        )


def _describe_growth(found: Difference) -> str:
    growth = found.growth
    return (
        f"{growth.value * 100:z.1f} points a year, from {growth.low * 100:z.1f} to "
        f"{growth.high * 100:z.1f}, {write_p_value(found)}"
    )


def _show_tests(tests: Sequence[PlaceboTest]) -> Iterator[Block]:
    """Yield a histogram for each gate and kind of placebos."""
    for test in tests:
        for placebos in test.kinds:
            made, rank = name_placebos(placebos), placebos.rank
            yield Chart(
                title=f"{name_cell(test.cell.name)} among {made}: {rank}",
                figure=draw_placebos(test.cell.name, placebos),
                description=f"Histogram of the profits of {made}, with the true dates in it: "
                f"{rank}.",
                notes=[WRONG_DATES, *_write_obstacle(test)],
                height=320,
                choice=test.cell.name,
            )


def _write_obstacle(test: PlaceboTest) -> Iterator[str]:
    if test.obstacle:
        yield f"This cannot tell whether the dates mattered: {test.obstacle}."


def _write_table(results: Results) -> Table:
    """Return all figures of the gates and baselines."""
    rows = []
    for name, outcome in find_outcomes(results):
        share = f"{results[name].open_share * 100:.0f}" if name in results else ""
        texts = [name_cell(name), *write_metrics(outcome.metrics), share]
        rows.append(list(map(Cell, texts)))
    return Table(title="All figures", headers=["", *COLUMNS], rows=rows)


def _write_coins(cells: Mapping[StudyCell, CellResult]) -> Iterator[Block]:
    """Yield a table of profits by coin and year for each gate."""
    found = [years for result in cells.values() for years in result.profits.values()]
    largest = max((abs(profit) for years in found for profit in years.values()), default=0.0)
    years = sorted({year for one in found for year in one})
    gates = [cell for cell in cells if has_gate(cell.name)] or list(cells)
    for cell in gates:
        name, result, off = name_cell(cell.name), cells[cell], cells[cell.ungated]
        if not result.profits:
            yield Paragraph(f"{name}: no trades.", choice=cell.name)
            continue
        yield Table(
            title=f"{name}: profit by coin and year of closing, % of the starting balance; below "
            "it, that with the gate off",
            headers=["", *map(str, years)],
            rows=[
                [Cell(pair), *(_write_coin(pair, year, result, off, largest) for year in years)]
                for pair in result.pairs
            ],
            choice=cell.name,
        )


def _write_coin(pair: str, year: int, result: CellResult, off: CellResult, largest: float) -> Cell:
    profit = result.profits.get(pair, {}).get(year)
    without = off.profits.get(pair, {}).get(year)
    return Cell(
        "-" if profit is None else f"{profit * 100:z.1f}",
        heat=None if profit is None or not largest else profit / largest,
        detail="-" if without is None else f"{without * 100:z.1f}",
    )


def _show_costs(report: StudyReport, scope: Scope) -> Iterator[Block]:
    """Yield what costs leave of the profit, or the option that shows it."""
    if (found := report.costs.get(scope)) is None:
        yield Paragraph(COSTS_ADVICE)
        return
    words = headline(found, synthetic=report.synthetic)
    yield Paragraph(f"With its own gate, {report.study.strategy}: {words}")
    yield build_chart(found, synthetic=report.synthetic)


def write_verdict(text: str, choice: str = "") -> Paragraph:
    """Return a verdict as a paragraph, with the sentence before its facts in bold."""
    verdict, colon, facts = text.partition(": ")
    return Paragraph(facts, kind="lead", strong=verdict + colon.rstrip(), choice=choice)


def describe_span(result: CellResult) -> str:
    """Describe from when to when a cell was traded."""
    return write_span(result.start, result.end)


def describe_profits(results: Results) -> str:
    """Describe the profits of gates and baselines."""
    return "; ".join(
        f"{name_cell(name)} {outcome.metrics.profit * 100:z.1f} %"
        for name, outcome in find_outcomes(results)
    )
