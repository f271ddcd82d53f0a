"""Run a study: its cells, and the placebos of each gate that reads dominance."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from math import ceil, inf
from statistics import mean, median
from typing import Any

import pandas as pd

from altseason.dominance.candles import candle_length
from altseason.gate.rule import GateRule
from altseason.host.configuration import Config, load_strategy
from altseason.progress import Progress, no_progress
from altseason_lab.host.backtests import open_backtests
from altseason_lab.host.parameters import validate_parameter
from altseason_lab.stress.grid import SLIPPAGES, STOP_SLIPPAGE, build_grid
from altseason_lab.stress.run import BacktestCounter, StressTest, run_stress_test
from altseason_lab.study.cell import CellResult, narrow
from altseason_lab.study.difference import Difference, compare_all, has_bootstrap
from altseason_lab.study.execution import Execution, Results, open_cells
from altseason_lab.study.grid import Cell, Scope, validate_rule
from altseason_lab.study.placebo import (
    SHIFT,
    Rank,
    draw_placebos,
    find_calendar,
    find_level,
)

# Why a placebo test has no verdict.
TOO_FEW, NOT_MATCHED = "too few placebos", "placebos open for longer or shorter"
NO_DOMINANCE = "no dominance in the window"
# Placebos are open for as long as the true gate, unless the window is short: where its end meets
# its beginning, the mean of dominance has a jump in it. So it is where dominance is missing.
MAX_OPEN_DIFFERENCE, MAX_OPEN_RATIO = 0.05, 0.25
# Where dominance is missing at so large a share of a window, its gate cannot be judged; where it is
# missing at more than a tenth, every verdict on the gate says so.
NO_DOMINANCE_SHARE, MAX_MISSING_SHARE = 0.95, 0.1


@dataclass(frozen=True)
class Placebos:
    """Placebos of one kind, with the gate at the true dates.

    :param kind: one of `placebo.KINDS`.
    """

    kind: str
    true: CellResult
    results: list[CellResult]

    @cached_property
    def profits(self) -> list[float]:
        """Return the profits of the placebos in ascending order."""
        return sorted(result.metrics.profit for result in self.results)

    @property
    def median_profit(self) -> float:
        """Return the median profit of the placebos."""
        return median(self.profits)

    @property
    def mean_open_share(self) -> float:
        """Return the mean share of time in which the placebos' gates were open."""
        return mean(result.open_share for result in self.results)

    @property
    def mean_trades(self) -> float:
        """Return the mean number of trades of the placebos."""
        return mean(result.metrics.trades for result in self.results)

    @property
    def mean_time_in_market(self) -> float:
        """Return the mean share of candles at which the placebos held a position."""
        return mean(result.metrics.time_in_market for result in self.results)

    @property
    def rank(self) -> Rank:
        """Return the rank of the true gate among the placebos, by profit."""
        return Rank(self.true.metrics.profit, self.profits)

    def find_needed_profit(self, level: float) -> float:
        """Return the profit that the true gate would have had to exceed for a p-value."""
        # A product such as 0.05 / 3 * 60 may be rounded down.
        allowed = int(level * (1 + len(self.profits)) + 1e-9) - 1
        return self.profits[-1 - allowed] if 0 <= allowed < len(self.profits) else inf


@dataclass(frozen=True)
class PlaceboTest:
    """A gate at its true dates against the same gate at wrong ones, by profit.

    :param kinds: none where the window has no dominance, so that no placebo was run.
    :param tests: how many gates the study tests; the more, the smaller p has to be. Two kinds of
        placebos are not two chances, since the true gate has to beat both.
    """

    cell: Cell
    true: CellResult
    kinds: list[Placebos]
    tests: int

    @property
    def level(self) -> float:
        """Return what a p-value must not exceed."""
        return find_level(self.tests)

    @property
    def obstacle(self) -> str:
        """Return why the test has no verdict, in a few words; empty where it has one."""
        if not has_dominance(self.true):
            return NO_DOMINANCE
        if not all(placebos.rank.can_reach(self.level) for placebos in self.kinds):
            return TOO_FEW  # no outcome could have been significant
        share = self.true.open_share
        allowed = max(MAX_OPEN_DIFFERENCE, MAX_OPEN_RATIO * min(share, 1 - share))
        if any(abs(placebos.mean_open_share - share) > allowed for placebos in self.kinds):
            return NOT_MATCHED
        return ""

    @property
    def needed_placebos(self) -> int:
        """Return the smallest number of placebos of a kind by which dates can matter."""
        # A quotient such as 1 / (0.05 / 3) may be rounded up.
        return ceil(1 / self.level - 1e-9) - 1

    @property
    def dates_mattered(self) -> bool:
        """Return whether the true dates earned more than chance explains, by each kind."""
        return has_dominance(self.true) and all(
            placebos.rank.p_value <= self.level for placebos in self.kinds
        )

    @property
    def is_close(self) -> bool:
        """Return whether as many other placebos may well give the other verdict."""
        ranks = [placebos.rank for placebos in self.kinds]
        if self.dates_mattered:
            return any(rank.p_value + rank.error > self.level for rank in ranks)
        return all(rank.p_value - rank.error <= self.level for rank in ranks)


@dataclass(frozen=True)
class Study:
    """The result of a study.

    :param results: of the cells at their true dates, in order.
    :param differences: of gates from no gate in the same scope; without those that differ on no
        day, have too few days, or no dominance.
    :param stored: the first and the last day of the stored dominance; None where there is none.
    """

    strategy: str
    stake_currency: str
    results: Results
    differences: dict[Cell, Difference] = field(default_factory=dict)
    tests: list[PlaceboTest] = field(default_factory=list)
    stored: tuple[date, date] | None = None

    @property
    def scopes(self) -> dict[Scope, dict[str, CellResult]]:
        """Return the results by scope, then by the name of the cell."""
        found: dict[Scope, dict[str, CellResult]] = {}
        for cell, result in self.results.items():
            found.setdefault(cell.scope, {})[cell.name] = result
        return found


def run_study(
    config: Config,
    cells: Sequence[Cell],
    *,
    placebos: int = 0,
    kinds: Sequence[str] = (SHIFT,),
    seed: int = 1,
    execution: Execution | None = None,
    progress: Progress = no_progress,
) -> Study:
    """Run the cells, then the placebos of each whose gate reads dominance.

    :param config: as `freqtrade backtesting` has it.
    :param placebos: how many of each kind each such cell gets.
    :param kinds: of `placebo.KINDS`.
    :param execution: how they are run; by default in as many processes as are worth their start.
    :raises InputError: for a strategy without a gate or a parameter, and where candles are missing.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    strategy = load_strategy(deepcopy(config))
    for name, value in dict.fromkeys(setting for cell in cells for setting in cell.settings):
        validate_parameter(strategy, name, value)
    for cell in cells:
        validate_rule(cell)
    stored = find_stored_days(strategy)
    tested = [cell for cell in cells if placebos and GateRule(cell.mode).reads_dominance]
    total = len(cells) + placebos * len(tested) * len(kinds)
    with open_cells(config, execution or Execution(), total, progress) as run_cells:
        results = run_cells(cells)
        drawn = {
            (cell, kind): draw_cells(cell, results[cell], kind, placebos, seed)
            for cell in tested
            for kind in kinds
            if has_dominance(results[cell])
        }
        found = run_cells([one for group in drawn.values() for one in group])
    tests = [
        PlaceboTest(
            cell,
            results[cell],
            [
                Placebos(kind, results[cell], [found[one] for one in drawn[cell, kind]])
                for kind in kinds
                if (cell, kind) in drawn
            ],
            max(1, sum(has_dominance(results[one]) for one in tested)),
        )
        for cell in tested
    ]
    differences = _compare_with_off(results, seed) if has_bootstrap() else {}
    return Study(config["strategy"], config["stake_currency"], results, differences, tests, stored)


def has_dominance(result: CellResult) -> bool:
    """Return whether a gate had dominance to be judged by; true for one that reads none."""
    return result.missing_share < NO_DOMINANCE_SHARE


def find_stored_days(strategy: Any) -> tuple[date, date] | None:
    """Return the first and the last day of the dominance that a strategy's gate would read."""
    candles = strategy.alt_season_gate.columns.find_dominance().candles
    if candles.empty:
        return None
    return candles["date"].iloc[0].date(), candles["date"].iloc[-1].date()


def draw_cells(cell: Cell, true: CellResult, kind: str, count: int, seed: int) -> list[Cell]:
    """Return the placebos of a cell.

    :raises InputError: where the window has too few days for them.
    """
    close = pd.Timestamp(true.end) + candle_length(true.timeframe)
    calendar = find_calendar(pd.Timestamp(true.start), close)
    drawn = draw_placebos(kind, calendar, count, seed, true.open_share)
    return [replace(cell, placebo=placebo) for placebo in drawn]


def _compare_with_off(results: Results, seed: int) -> dict[Cell, Difference]:
    wallets = {
        cell: (result.outcome.equity, results[cell.ungated].outcome.equity)
        for cell, result in results.items()
        if has_dominance(result)
    }
    return compare_all(wallets, seed)


def run_costs(config: Config, study: Study, progress: Progress) -> dict[Scope, StressTest]:
    """Run the cost stress test in each scope, with the strategy's own gate and the study's fee.

    :param config: that of the study.
    :raises OperationalException: for whatever Freqtrade refuses.
    """
    found = {}
    counter = BacktestCounter(progress)
    for scope, results in study.scopes.items():
        fee = next(iter(results.values())).fee
        with open_backtests(narrow(config, scope), STOP_SLIPPAGE, counter.count) as opened:
            scenarios = build_grid([fee], SLIPPAGES, [0])
            found[scope] = run_stress_test(opened, scenarios, STOP_SLIPPAGE, counter)
    return found
