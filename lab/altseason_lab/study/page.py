"""A study's report as a page: the verdict first, then what it rests on."""

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
from altseason_lab.study.glossary import GLOSSARY, MODEL_GLOSSARY
from altseason_lab.study.metrics import Metrics
from altseason_lab.study.report import MODEL, OFFLINE, SYNTHETIC, StudyReport
from altseason_lab.study.run import TOO_FEW, PlaceboTest
from altseason_lab.study.scope_page import (
    build_scope,
    describe_profits,
    describe_span,
    name_pairs,
    write_verdict,
)

# More of them than these are counted first, and stand beside their charts.
MAX_VERDICTS = 5
DIGEST = "digest of candles, code and settings"
TO_REPEAT = "The same command with the same candles, dominance and versions makes the same page."


def build_page(report: StudyReport) -> Page:
    """Return the page of a study; a part of it is a section here."""
    results = list(report.study.results.values())
    start, end = min(one.start for one in results), max(one.end for one in results)
    pairs = list(dict.fromkeys(pair for one in results for pair in one.pairs))
    is_long = len(report.verdicts) > MAX_VERDICTS
    return Page(
        title=f"Study of {report.study.strategy}: what the gate is worth",
        subtitle=(
            f"{start:%Y-%m-%d} to {end:%Y-%m-%d}, {name_pairs(pairs)}, "
            f"{results[0].timeframe} candles"
        ),
        warnings=[SYNTHETIC] if report.synthetic else [],
        sections=[
            Section(
                "Verdict",
                [
                    *(_count_verdicts(report) if is_long else _say_all(report)),
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


def _say_all(report: StudyReport) -> Iterator[Block]:
    yield from map(write_verdict, report.verdicts)


def _count_verdicts(report: StudyReport) -> Iterator[Block]:
    """Yield how many tests have found something, and a row for each of them."""
    tests, differences = report.study.tests, report.study.differences.values()
    if tests:
        mattered = sum(test.dates_mattered for test in tests)
        obstacles = {test.obstacle for test in tests} - {""}
        verdict = (
            f"In {mattered} of {len(tests)} tests the dates of dominance mattered beyond trading "
            "less."
            if not obstacles
            else "The placebos cannot tell in all tests whether the dates of dominance mattered: "
            f"{', '.join(sorted(obstacles))}."
        )
        level = f"To matter, p has to be at most {tests[0].level:.4f}"
        is_short = TOO_FEW in obstacles
        takes = f": that takes {tests[0].needed_placebos} placebos or more" if is_short else ""
        words = f"{level}, as there are {tests[0].tests} such tests{takes}."
        yield Paragraph(words, kind="lead", strong=verdict)
        yield Table(
            title="Each gate against placebos",
            # A phone shows the first two, and the others by a swipe.
            headers=["gate", "its dates", "p", "profit, %", "placebos, %"],
            rows=list(map(_write_test, tests)),
        )
    if differences:
        clear = sum(not found.growth.has_zero for found in differences)
        tell = "tells" if clear == 1 else "tell"
        yield Paragraph(
            "Each is described beside its charts.",
            kind="lead",
            strong=f"By the days alone, {clear} of {len(differences)} comparisons {tell} a gate "
            "from none: the growth differs by more than chance explains (95 % intervals).",
        )
    yield from map(write_verdict, report.remarks)


def _write_test(test: PlaceboTest) -> list[Cell]:
    """Return a row of the table of placebo tests."""
    true = test.true
    verdict = "mattered" if test.dates_mattered else "did not matter"
    return [
        Cell(name_cell(test.cell.name), detail=describe_span(true)),
        Cell(test.obstacle or verdict),
        Cell(" / ".join(f"{kind.p_value:.3f} ± {kind.p_error:.3f}" for kind in test.kinds)),
        Cell(f"{true.metrics.profit * 100:.1f}"),
        Cell(" / ".join(f"{kind.median_profit * 100:.1f}" for kind in test.kinds)),
    ]


def _compare_profits(report: StudyReport) -> Iterator[Block]:
    """Yield the profit of each gate and baseline in each scope, as a chart and as a table."""
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
    # By the square root, so that one large profit leaves the others their color.
    heat = math.copysign(math.sqrt(abs(metrics.profit) / largest), metrics.profit) if largest else 0
    drawdown = f"{metrics.max_drawdown * 100:.1f}"
    return Cell(f"{metrics.profit * 100:.1f}", heat=heat, detail=drawdown)


def _describe_origin(report: StudyReport) -> Iterator[Block]:
    """Yield the command, and what else it takes to repeat it."""
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
