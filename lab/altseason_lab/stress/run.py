"""A stress test: the grid of costs and delays, and the break-even of each delay."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from altseason.progress import Progress, no_progress
from altseason_lab.host.backtests import BacktestResult, Backtests, BacktestScope
from altseason_lab.stress.breakeven import find_break_even
from altseason_lab.stress.grid import CostScenario

# Backtests that the search for one break-even usually takes, beside those of the grid.
USUAL_SEARCH = 8


@dataclass(frozen=True)
class StressTest:
    """What a stress test found.

    :param results: by the scenarios of the grid.
    :param break_evens: by delay, in basis points per side as `find_break_even` returns them.
    :param curves: by delay everything that was run, by cost in basis points per side.
    :param stop_slippage: what a stop costs more, in basis points.
    """

    scope: BacktestScope
    results: dict[CostScenario, BacktestResult]
    break_evens: dict[int, float | None]
    curves: dict[int, dict[float, BacktestResult]]
    stop_slippage: float

    @property
    def headline_delay(self) -> int:
        """Return the delay that the headline is about: none, or the smallest there is."""
        return min(self.break_evens)

    def has_trades(self, delay: int) -> bool:
        """Return whether anything was traded with a delay."""
        return any(result.trades for result in self.curves[delay].values())


class BacktestCounter:
    """Counts finished backtests, and estimates how many follow: a search ends when it has found."""

    def __init__(self, progress: Progress = no_progress) -> None:
        self._progress = progress
        self._done = 0
        self._total = 0

    def expect(self, further: int) -> None:
        """Set how many backtests are still to come."""
        self._total = self._done + further
        self._progress(self._done, self._total)

    def count(self) -> None:
        """Count a finished backtest."""
        self._done += 1
        self._progress(self._done, max(self._done, self._total))


def run_stress_test(
    backtests: Backtests,
    scenarios: Sequence[CostScenario],
    stop_slippage: float,
    counter: BacktestCounter,
) -> StressTest:
    """Run the grid, then search the break-even of each delay."""
    delays = sorted({scenario.delay for scenario in scenarios})
    distinct = {(scenario.cost, scenario.delay) for scenario in scenarios}
    counter.expect(len(distinct) + len(delays) * USUAL_SEARCH)
    results = {scenario: backtests.run(scenario.cost, scenario.delay) for scenario in scenarios}
    break_evens = {}
    for ahead, delay in zip(range(len(delays), 0, -1), delays, strict=True):
        counter.expect(ahead * USUAL_SEARCH)
        costs = {scenario.cost for scenario in scenarios if scenario.delay == delay}
        break_evens[delay] = find_break_even(partial(_profit, backtests, delay), costs)
    counter.expect(0)
    curves = {delay: backtests.results(delay) for delay in delays}
    return StressTest(backtests.scope, results, break_evens, curves, stop_slippage)


def _profit(backtests: Backtests, delay: int, cost: float) -> float:
    return backtests.run(cost, delay).profit_after_stops
