"""A study's result as text and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from textwrap import wrap
from typing import Any

from altseason_lab.host.stops import as_ratio
from altseason_lab.metalabels import report as meta_report
from altseason_lab.metalabels.run import MetaLabels
from altseason_lab.stress.report import describe_scope, headline
from altseason_lab.stress.run import StressTest
from altseason_lab.study.cell import CellResult, find_holds
from altseason_lab.study.difference import has_bootstrap
from altseason_lab.study.grid import OFF, Cell, Scope
from altseason_lab.study.metrics import Metrics
from altseason_lab.study.origin import Origin
from altseason_lab.study.run import Study
from altseason_lab.study.selection import Selection
from altseason_lab.study.verdict import (
    cell_as_json,
    describe_difference,
    describe_missing_dominance,
    describe_selection,
    describe_test,
    name_all,
    selection_as_json,
    span_as_json,
    test_as_json,
)
from altseason_lab.texts import (
    OFFLINE,
    SYNTHETIC,
    WIDTH,
    build_table,
    describe_missing,
    draw_table,
    write_span,
)

HEADERS = (
    "pro-\nfit,\n%",
    "CAGR,\n%",
    "draw-\ndown,\n%",
    "Shar-\npe",
    "Sor-\ntino",
    "Cal-\nmar",
    "prof.\nfac-\ntor",
    "ex-\npect-\nancy",
    "tra-\ndes",
    "in\nmar-\nket,\n%",
    "fees,\n%",
    "open,\n%",
)
MODEL = (
    "Each row is a backtest by Freqtrade, or the coins held without a strategy: an equal part of "
    "the balance in each coin that has a candle at the start, bought at the open of the first "
    "candle and sold at the open of the last. Drawdown, Sharpe, Sortino and Calmar are "
    "Freqtrade's, calculated from the value of the wallet at each candle, open trades included. "
    "Expectancy is in {currency} per trade, fees are in percent of the starting balance, and open "
    "is the share of candles with an open gate. The fee is {fee:.4g} % per side. Past results do "
    "not guarantee future profit."
)
NO_PLACEBO = (
    "A gate that earns more than no gate may have done so only by trading less. --placebos tests "
    "whether its dates mattered."
)
COSTS_ADVICE = (
    "--costs shows here how much of the profit fees and slippage leave; `altseason stress` shows "
    "that too, and what is left with late signals."
)
SEVERAL = (
    "{all} counted: p is how often the largest of so many differences would be as large by chance. "
    "Each interval is for its own comparison alone; one in twenty excludes zero by chance."
)
NO_INTERVALS = (
    "How certain the difference from no gate is was not calculated: that takes arch (`pip install "
    "arch`)."
)


@dataclass(frozen=True)
class StudyReport:
    """What a study found, for people and for programs; page.py makes a page of it.

    :param costs: what costs leave of the strategy's profit; empty without `--costs`.
    :param meta_labels: what models of the strategy's entries are worth; empty without
        `--meta-labels`.
    :param selection: None for synthetic candles, whose results are no trials, and where the
        package that calculates it is missing.
    """

    study: Study
    synthetic: bool
    offline: bool
    costs: dict[Scope, StressTest] = field(default_factory=dict)
    origin: Origin | None = None
    selection: Selection | None = None
    meta_labels: dict[Scope, list[MetaLabels]] = field(default_factory=dict)

    def as_text(self) -> list[str]:
        """Return the verdicts first, then the tables and what they mean."""
        first = next(iter(self.study.results.values()))
        model = MODEL.format(currency=self.study.stake_currency, fee=first.fee * 100)
        return [
            f"Study of {self.study.strategy}, {first.timeframe} candles",
            *([SYNTHETIC] if self.synthetic else []),
            *(wrap(OFFLINE, WIDTH) if self.offline else []),
            *(
                line
                for verdict in [*self.verdicts, *self.learned, *self.luck]
                for line in ["", *wrap(verdict, WIDTH)]
            ),
            *self._tables(),
            *self._meta_tables(),
            "",
            *(line for text in self._describe_costs() for line in [*wrap(text, WIDTH), ""]),
            *wrap(model, WIDTH),
            *(line for text in self._describe_models() for line in ["", *wrap(text, WIDTH)]),
        ]

    @property
    def verdicts(self) -> list[str]:
        """Return in words what the placebos say, then how each gate differs from none."""
        cells = self.study.results
        return [
            *self.gaps,
            *(text for cell in cells for text in self._describe_test(cell)),
            *(text for cell in cells for text in self._describe_difference(cell)),
            *self.remarks,
        ]

    @property
    def gaps(self) -> list[str]:
        """Return in words where gates were closed for want of dominance."""
        return list(describe_missing_dominance(self.study))

    @property
    def remarks(self) -> list[str]:
        """Return what the study cannot say, and what would."""
        return [
            *(
                [SEVERAL.format(all=name_all(compared).capitalize())]
                if (compared := len(self.study.differences)) > 1
                else []
            ),
            *([NO_PLACEBO] if self._has_gates and not self.study.tests else []),
            *([] if has_bootstrap() else [NO_INTERVALS]),
        ]

    @property
    def _has_gates(self) -> bool:
        return any(cell.mode != OFF for cell in self.study.results)

    @property
    def models(self) -> list[MetaLabels]:
        """Return what was found of each model of meta-labels."""
        return [found for models in self.meta_labels.values() for found in models]

    @property
    def learned(self) -> list[str]:
        """Return in words what models of meta-labels are worth."""
        return [text for found in self.models for text in meta_report.describe(found)]

    @property
    def luck(self) -> list[str]:
        """Return in words how much of the best result is luck; empty where that is not known."""
        if self.selection is None:
            return []
        return list(describe_selection(self.selection, self.study.results))

    def describe(self, cell: Cell) -> list[str]:
        """Return in words what was found of a cell."""
        return [*self._describe_test(cell), *self._describe_difference(cell)]

    def _describe_test(self, cell: Cell) -> Iterator[str]:
        yield from (describe_test(test) for test in self.study.tests if test.cell == cell)

    def _describe_difference(self, cell: Cell) -> Iterator[str]:
        if found := self.study.differences.get(cell):
            yield describe_difference(cell, self.study.results[cell], found)

    def as_json(self) -> dict[str, Any]:
        """Return the same as numbers; profits, drawdowns, shares and fees are ratios."""
        cells = [
            {
                **cell_as_json(cell),
                **span_as_json(result),
                "open_share": result.open_share,
                "missing_dominance_share": result.missing_share,
                **asdict(result.metrics),
            }
            for cell, result in self.study.results.items()
        ]
        baselines = [
            {"name": name, **span_as_json(next(iter(scope.values()))), **asdict(outcome.metrics)}
            for scope in self.study.scopes.values()
            for name, outcome in find_holds(scope.values()).items()
        ]
        return {
            "strategy": self.study.strategy,
            "stake_currency": self.study.stake_currency,
            "synthetic": self.synthetic,
            "warnings": self.gaps,
            "stored_dominance": [str(day) for day in self.study.stored or ()] or None,
            "cells": cells,
            "baselines": baselines,
            "differences": [
                {
                    **cell_as_json(cell),
                    **span_as_json(self.study.results[cell]),
                    "missing_dominance_share": self.study.results[cell].missing_share,
                    **asdict(found),
                }
                for cell, found in self.study.differences.items()
            ],
            "selection": selection_as_json(self.selection) if self.selection else None,
            "placebo_tests": [test_as_json(test) for test in self.study.tests],
            "costs": list(map(_costs_as_json, self.costs.values())),
            "meta_labels": list(map(meta_report.as_json, self.models)),
            "origin": asdict(self.origin) if self.origin else None,
        }

    def _describe_costs(self) -> Iterator[str]:
        for found in self.costs.values():
            yield (
                f"With its own gate, {describe_scope(found)}: "
                f"{headline(found, synthetic=self.synthetic)}"
            )

    def _tables(self) -> Iterator[str]:
        for results in self.study.scopes.values():
            some = next(iter(results.values()))
            yield ""
            yield from wrap(f"{write_span(some.start, some.end)}, {' '.join(some.pairs)}", WIDTH)
            yield from wrap(describe_missing(some.missing), WIDTH)
            yield ""
            yield from _draw_metrics(results)

    def _describe_models(self) -> Iterator[str]:
        """Yield how what is said of models is calculated, once."""
        yield from dict.fromkeys(map(meta_report.describe_model, self.models))

    def _meta_tables(self) -> Iterator[str]:
        for found in self.models:
            yield from ["", f"Meta-labels: {meta_report.describe_scope(found)}, %"]
            for table in meta_report.build_tables(found):
                yield from ["", *draw_table(table)]


def _costs_as_json(found: StressTest) -> dict[str, Any]:
    """Return a stress test as numbers; costs are ratios per side, None is above all tried."""
    [(delay, curve)] = found.curves.items()
    break_even = found.break_evens[delay]
    return {
        "pairs": found.scope.pairs,
        "start": found.scope.start.isoformat(),
        "end": found.scope.end.isoformat(),
        "break_even": None if break_even is None else as_ratio(break_even),
        "profits": [
            {"cost": as_ratio(cost), "profit": result.profit_after_stops / 100}
            for cost, result in curve.items()
        ],
    }


def _draw_metrics(results: dict[str, CellResult]) -> list[str]:
    table = build_table("gate", right=HEADERS)
    for name, result in results.items():
        label = name.replace("_and_", "\nand\n").replace(" ", "\n")
        table.add_row(label, *write_metrics(result.metrics), f"{result.open_share * 100:.0f}")
    table.add_section()
    for name, outcome in find_holds(results.values()).items():
        table.add_row(name.replace(" ", "\n"), *write_metrics(outcome.metrics), "")
    return draw_table(table)


def write_metrics(metrics: Metrics) -> list[str]:
    """Write all of them, in the order of the headers."""
    return [
        write_number(metrics.profit * 100, 1),
        write_number(metrics.cagr * 100, 1),
        write_number(metrics.max_drawdown * 100, 1),
        write_number(metrics.sharpe, 2),
        write_number(metrics.sortino, 2),
        write_number(metrics.calmar, 1),
        write_number(metrics.profit_factor, 2),
        write_number(metrics.expectancy, 2),
        str(metrics.trades),
        write_number(metrics.time_in_market * 100, 0),
        write_number(metrics.costs * 100, 1),
    ]


def write_number(number: float | None, decimals: int) -> str:
    """Write a number in five characters where that is possible, since the row has 80."""
    if number is None:
        return "-"
    for places in range(decimals, -1, -1):
        text = f"{number:z.{places}f}"
        if len(text) <= 5:
            return text
    return f"{number:.0e}" if len(text) > 6 else text
