"""A study: its cells, and the placebos of each gate that reads dominance."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from statistics import mean, median

import pandas as pd

from altseason.dominance.candles import candle_length
from altseason.gate.rule import GateRule
from altseason.host.configuration import Config, load_strategy
from altseason.progress import Progress, no_progress
from altseason_lab.study.cell import CellResult
from altseason_lab.study.grid import Calendar, Cell, Scope
from altseason_lab.study.placebo import (
    SIGNIFICANCE,
    calculate_p_error,
    calculate_p_value,
    draw_shifts,
    find_calendar,
)
from altseason_lab.study.pool import Results, choose_processes, open_cells


@dataclass(frozen=True)
class PlaceboTest:
    """A gate at its true dates against the same at wrong ones, by the profit.

    :param tests: how many of the kind the study has; the more, the smaller p has to be.
    """

    cell: Cell
    true: CellResult
    placebos: list[CellResult]
    tests: int

    @cached_property
    def profits(self) -> list[float]:
        """Return the profits of the placebos, ascending."""
        return sorted(placebo.metrics.profit for placebo in self.placebos)

    @property
    def median_profit(self) -> float:
        """Return the profit in the middle of the placebos'."""
        return median(self.profits)

    @property
    def mean_open_share(self) -> float:
        """Return how long the placebos' gates were open, on average."""
        return mean(placebo.open_share for placebo in self.placebos)

    @property
    def mean_trades(self) -> float:
        """Return how many trades the placebos had, on average."""
        return mean(placebo.metrics.trades for placebo in self.placebos)

    @property
    def mean_time_in_market(self) -> float:
        """Return how long the placebos held a position, on average."""
        return mean(placebo.metrics.time_in_market for placebo in self.placebos)

    @property
    def p_value(self) -> float:
        """Return the share of shifts, the true dates among them, that earned as much or more."""
        return calculate_p_value(self.true.metrics.profit, self.profits)

    @property
    def p_error(self) -> float:
        """Return the Monte Carlo error of the p-value."""
        return calculate_p_error(self.p_value, len(self.placebos))

    @property
    def level(self) -> float:
        """Return what the p-value must not exceed; by Bonferroni where there are several tests."""
        return SIGNIFICANCE / self.tests

    @property
    def has_enough(self) -> bool:
        """Return whether any outcome could have been significant with so many placebos."""
        return 1 / (1 + len(self.placebos)) <= self.level

    @property
    def dates_mattered(self) -> bool:
        """Return whether the true dates earned more than chance explains."""
        return self.p_value <= self.level


@dataclass(frozen=True)
class Study:
    """What a study found.

    :param results: of the cells at their true dates, in order.
    """

    strategy: str
    stake_currency: str
    results: Results
    tests: list[PlaceboTest] = field(default_factory=list)

    @property
    def scopes(self) -> dict[Scope, dict[str, CellResult]]:
        """Return the results by scope, then by mode."""
        found: dict[Scope, dict[str, CellResult]] = {}
        for cell, result in self.results.items():
            found.setdefault(cell.scope, {})[cell.mode] = result
        return found


def run_study(
    config: Config,
    cells: Sequence[Cell],
    *,
    placebos: int = 0,
    seed: int = 1,
    processes: int | None = None,
    progress: Progress = no_progress,
) -> Study:
    """Run the cells, then the placebos of each whose gate reads dominance.

    :param config: as `freqtrade backtesting` has it.
    :param placebos: how many for each such cell.
    :raises InputError: for a strategy without a gate, and where candles are missing.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    load_strategy(deepcopy(config))
    tested = [cell for cell in cells if placebos and GateRule(cell.mode).reads_dominance]
    total = len(cells) + placebos * len(tested)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    progress(done, total)
    with open_cells(config, processes or choose_processes(total)) as run_cells:
        results = run_cells(cells, count)
        shifted = {
            cell: [
                Cell(cell.scope, cell.mode, shift)
                for shift in draw_shifts(_find_days(results[cell]), placebos, seed)
            ]
            for cell in tested
        }
        found = run_cells([one for group in shifted.values() for one in group], count)
    tests = [
        PlaceboTest(cell, results[cell], [found[one] for one in group], len(shifted))
        for cell, group in shifted.items()
    ]
    return Study(config["strategy"], config["stake_currency"], results, tests)


def _find_days(result: CellResult) -> Calendar:
    close = pd.Timestamp(result.end) + candle_length(result.timeframe)
    return find_calendar(pd.Timestamp(result.start), close)
