"""A study's report as a page: the verdict first, then its details."""

import math
from collections.abc import Iterator, Mapping

from altseason_lab.metalabels.page import build_section
from altseason_lab.metalabels.report import describe_test as describe_model_test
from altseason_lab.page import (
    Block,
    Cell,
    Chart,
    Command,
    Page,
    Paragraph,
    Section,
    Table,
    Terms,
)
from altseason_lab.study.cell import CellResult
from altseason_lab.study.figures import draw_profits, find_height, find_outcomes, name_cell
from altseason_lab.study.grid import Cell as StudyCell
from altseason_lab.study.metrics import Metrics
from altseason_lab.study.placebo import describe_level
from altseason_lab.study.report import MODEL, StudyReport
from altseason_lab.study.run import TOO_FEW, PlaceboTest
from altseason_lab.study.scope_page import (
    build_scope,
    describe_profits,
    describe_span,
    write_verdict,
)
from altseason_lab.study.verdict import write_p_value
from altseason_lab.texts import OFFLINE, SYNTHETIC, count, name_pairs, write_span

# More verdicts than these are only counted in the first section, and written beside their charts.
MAX_VERDICTS = 5
DIGEST = "digest of candles, code and settings"
TO_REPEAT = "The same command with the same candles, dominance and versions makes the same page."
GLOSSARY = {
    "dominance": "Bitcoin's share, in percent, of the market capitalization of all crypto assets.",
    "gate": "The rule that lets a strategy enter in alt season only.",
    "alt season": "While the strategy's gate is open, by its rule; shaded in the charts.",
    "level": "The gate that is open while dominance is below a threshold.",
    "falling": "The gate that is open while dominance is below its mean of the last days.",
    "breadth": "The gate that is open while enough of the coins watched have beaten Bitcoin.",
    "off": "The same strategy without a gate: it may enter at any time.",
    "hold coins": "An equal part of the balance in each coin, bought at the start and held.",
    "hold BTC": "The whole balance in Bitcoin, bought at the start and held.",
    "wallet": "The value of the whole account, open positions included.",
    "placebo": "The same gate on dominance at wrong dates: what it earns, it earns by chance.",
    "open for longer or shorter": "Why placebos may not compare: they trade more or less.",
    "p of placebos": "The share of gates, the true one included, that earned at least as much.",
    "p of a difference": "How often the largest of all differences would be as large by chance.",
    "±": "How far p may be off, since only so many placebos were drawn.",
    "95 % interval": "Computed this way, 95 of 100 such intervals contain the true value.",
    "point": "A percentage point: from 10 % to 12 % it is two.",
    "points a year": "100 times the difference of mean logarithmic returns, each per year.",
    "trial": "A variant that was ever backtested; the best of many looks good by chance.",
    "deflated Sharpe ratio": "How likely the best of all trials is better than by chance alone.",
    "backtest overfitting": "The best in one half of the days is below the median in the other.",
    "growth": "The mean logarithmic return per year; CAGR is the same, compounded.",
    "CAGR": "The profit as a yearly rate that compounds.",
    "drawdown": "The largest fall of the wallet from an earlier peak.",
    "Sharpe": "The mean daily return divided by its standard deviation, annualized.",
    "Sortino": "As Sharpe, but only losses count in the deviation.",
    "Calmar": "The profit divided by the largest drawdown, as Freqtrade calculates it.",
    "profit factor": "What the winning trades won, divided by what the losing ones lost.",
    "expectancy": "The average profit of a trade, in the stake currency.",
    "in market": "The share of candles at which a position was held.",
    "fees": "All fees paid, in percent of the starting balance.",
    "break-even": "The cost per side at which no profit is left.",
    "slippage": "How much worse a trade's price is than that of the candle.",
}

# On the page of a study that judges a model.
MODEL_GLOSSARY = {
    "meta-labels": "The outcomes of a rule's entries, from which a model learns which succeed.",
    "AUC": "How often the won one of two entries had the higher probability; 0.5 is chance.",
    "Brier score": "The mean squared error of probabilities; 0 where all were certain and right.",
    "calibration error": "How far probabilities are, on average, from the shares that came true.",
    "importance": "How much a model's AUC falls when the values of a feature are shuffled.",
}


def build_page(report: StudyReport) -> Page:
    """Return the page of a study."""
    results = list(report.study.results.values())
    start, end = min(one.start for one in results), max(one.end for one in results)
    pairs = list(dict.fromkeys(pair for one in results for pair in one.pairs))
    is_long = len(report.verdicts) > MAX_VERDICTS
    return Page(
        title=f"Study of {report.study.strategy}: what the gate is worth",
        subtitle=(f"{write_span(start, end)}, {name_pairs(pairs)}, {results[0].timeframe} candles"),
        warnings=[SYNTHETIC] if report.synthetic else [],
        sections=[
            Section(
                "Verdict",
                [
                    *(_count_verdicts(report) if is_long else map(write_verdict, report.verdicts)),
                    *(write_verdict(describe_model_test(found)) for found in report.models),
                ],
            ),
            Section("Profit by window and gate", list(_compare_profits(report))),
            *(
                build_scope(report, scope, has_words=is_long, is_open=number == 0)
                for number, scope in enumerate(report.study.scopes)
            ),
            *map(build_section, report.models),
            *([Section("Trials", list(map(write_verdict, report.luck)))] if report.luck else []),
            Section("Glossary", [Terms({**GLOSSARY, **(MODEL_GLOSSARY if report.models else {})})]),
            Section("How it was made", list(_describe_origin(report))),
        ],
    )


def _count_verdicts(report: StudyReport) -> Iterator[Block]:
    """Yield how many tests and comparisons have found something, with a row for each test."""
    tests, differences = report.study.tests, report.study.differences
    yield from map(write_verdict, report.gaps)
    if tests:
        mattered = sum(test.dates_mattered for test in tests)
        obstacles = {test.obstacle for test in tests} - {""}
        verdict = (
            f"In {mattered} of {count(len(tests), 'test')} the dates of dominance mattered beyond "
            "trading less."
            if not obstacles
            else "Not all tests can tell whether the dates of dominance mattered: "
            f"{', '.join(sorted(obstacles))}."
        )
        is_short = TOO_FEW in obstacles
        placebos = count(tests[0].needed_placebos, "placebo")
        takes = f", which takes {placebos} or more" if is_short else ""
        words = f"To matter, {describe_level(tests[0].tests, 4)}{takes}."
        yield Paragraph(words, kind="lead", strong=verdict)
        yield Table(
            title="Each gate against placebos",
            # A phone shows the first two; a swipe shows the others.
            headers=["gate", "its dates", "p", "profit, %", "placebos, %"],
            rows=list(map(_write_test, tests)),
        )
    if differences:
        clear = [cell for cell, found in differences.items() if found.is_clear]
        verb = "distinguishes" if len(clear) == 1 else "distinguish"
        gates = " and ".join(_name_comparison(report, cell) for cell in clear)
        yield Paragraph(
            "Each is described beside its charts.",
            kind="lead",
            strong=f"By the days alone, {len(clear)} of {count(len(differences), 'comparison')} "
            f"{verb} a gate from no gate{f', {gates}' if gates else ''}: its growth differs by "
            "more than chance explains.",
        )
        yield Table(
            title="Each gate against no gate",
            headers=["gate", "growth", "p", "points a year", "95 % interval", "no dominance, %"],
            rows=[_write_comparison(report, cell) for cell in differences],
        )
    yield from map(write_verdict, report.remarks)


def _write_test(test: PlaceboTest) -> list[Cell]:
    """Return a row of the table of placebo tests."""
    true = test.true
    verdict = "mattered" if test.dates_mattered else "did not matter"
    return [
        Cell(name_cell(test.cell.name), detail=describe_span(true)),
        Cell(test.obstacle or verdict),
        Cell(" / ".join(str(kind.rank).removeprefix("p = ") for kind in test.kinds)),
        Cell(f"{true.metrics.profit * 100:z.1f}"),
        Cell(" / ".join(f"{kind.median_profit * 100:z.1f}" for kind in test.kinds)),
    ]


def _name_comparison(report: StudyReport, cell: StudyCell) -> str:
    """Name a gate with its window, and its group of pairs where there are several."""
    result = report.study.results[cell]
    groups = {scope.pairs for scope in report.study.scopes}
    pairs = f", {name_pairs(result.pairs)}" if len(groups) > 1 else ""
    return f"{name_cell(cell.name)} ({describe_span(result)}{pairs})"


def _write_comparison(report: StudyReport, cell: StudyCell) -> list[Cell]:
    """Return a row of the table of comparisons with no gate."""
    name, _, where = _name_comparison(report, cell).partition(" (")
    found, result = report.study.differences[cell], report.study.results[cell]
    growth = found.growth * 100
    faster = "faster" if growth.value > 0 else "more slowly"
    return [
        Cell(name, detail=where.removesuffix(")")),
        Cell(faster if found.is_clear else "no verdict"),
        Cell(write_p_value(found).removeprefix("p = ")),
        Cell(f"{growth.value:+z.1f}"),
        Cell(growth.write_bounds(1, " to ", sign="+")),
        Cell(f"{result.missing_share * 100:.0f}"),
    ]


def _compare_profits(report: StudyReport) -> Iterator[Block]:
    """Yield the profit of each gate and baseline in each scope, as a chart and a table."""
    scopes = list(report.study.scopes.values())
    figure = draw_profits(scopes)
    yield Chart(
        title="Profit, % of the starting balance",
        figure=figure,
        description="; ".join(
            f"{describe_span(_some(one))}: {describe_profits(one)}" for one in scopes
        ),
        height=find_height(figure),
    )
    table = [
        {name: outcome.metrics for name, outcome in find_outcomes(results)} for results in scopes
    ]
    names = list(dict.fromkeys(name for column in table for name in column))
    largest = max(abs(metrics.profit) for column in table for metrics in column.values())
    yield Table(
        title="Profit, and below it the largest drawdown, %",
        headers=[
            "",
            *(f"{describe_span(some)}, {len(some.pairs)} pairs" for some in map(_some, scopes)),
        ],
        rows=[
            [Cell(name_cell(name)), *(_write_profit(column.get(name), largest) for column in table)]
            for name in names
        ],
    )


def _write_profit(metrics: Metrics | None, largest: float) -> Cell:
    if metrics is None:
        return Cell("-")
    # By the square root, so that next to one large profit the others still have a color.
    heat = math.copysign(math.sqrt(abs(metrics.profit) / largest), metrics.profit) if largest else 0
    drawdown = f"{metrics.max_drawdown * 100:z.1f}"
    return Cell(f"{metrics.profit * 100:z.1f}", heat=heat, detail=drawdown)


def _describe_origin(report: StudyReport) -> Iterator[Block]:
    """Yield the command, and everything else that is needed to repeat it."""
    fee = next(iter(report.study.results.values())).fee
    yield Paragraph(MODEL.format(currency=report.study.stake_currency, fee=fee * 100))
    if report.offline:
        yield Paragraph(OFFLINE)
    if report.origin is None:
        return
    yield Command(report.origin.command)
    yield Terms({**report.origin.versions, DIGEST: report.origin.digest})
    for results in report.study.scopes.values():
        some = _some(results)
        yield Paragraph(
            f"{describe_span(some)}: {some.timeframe} candles of {' '.join(some.pairs)}"
        )
    yield Paragraph(TO_REPEAT)


def _some(results: Mapping[str, CellResult]) -> CellResult:
    return next(iter(results.values()))
