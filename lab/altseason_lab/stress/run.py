"""A stress test: the grid of costs and delays, and the break-even of each delay."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from altseason.host.configuration import Config
from altseason.progress import Progress, no_progress
from altseason_lab.host.backtests import BacktestResult, Backtests, BacktestScope
from altseason_lab.ledger import Trial, write_scope
from altseason_lab.stress.grid import CostScenario
from altseason_lab.study.contents import digest_variant
from altseason_lab.texts import write_span

COMMAND = "stress"
# In basis points per side.
MAX_COST = 200.0
SCANNED_COSTS = (0.0, 10.0, 20.0, 50.0, 100.0, MAX_COST)
RESOLUTION = 1.0

# The usual number of backtests of the search for a break-even, besides those of the grid.
USUAL_SEARCH = 8


@dataclass(frozen=True)
class StressTest:
    """The result of a stress test.

    :param results: by scenario of the grid.
    :param break_evens: by delay, in basis points per side, see `find_break_even`.
    :param curves: all results, by delay and by cost in basis points per side.
    :param stop_slippage: the additional cost of a stop, in basis points.
    """

    scope: BacktestScope
    results: dict[CostScenario, BacktestResult]
    break_evens: dict[int, float | None]
    curves: dict[int, dict[float, BacktestResult]]
    stop_slippage: float

    @property
    def headline_delay(self) -> int:
        """Return the delay that the headline is about: the smallest one."""
        return min(self.break_evens)

    def has_trades(self, delay: int) -> bool:
        """Return whether there are any trades with a delay."""
        return any(result.trades for result in self.curves[delay].values())


class BacktestCounter:
    """Counts finished backtests, and estimates how many follow: searches differ in length."""

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
    """Run the grid, then search for the break-even of each delay."""
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


def find_break_even(
    profit: Callable[[float], float], extra_costs: Iterable[float] = ()
) -> float | None:
    """Return the lowest cost found at which the profit is no longer above zero.

    Profit does not always fall with the cost, since another cost may lead to other trades. So
    costs are scanned in ascending order. Between the first cost without profit and the one before,
    the break-even is found by bisection; between two costs with profit nothing is tried.

    :param profit: returns the profit at a cost in basis points.
    :param extra_costs: further costs to scan, in basis points; those above 200 (2 %) are left out.
    :return: in basis points, at most 1 above a cost with profit; 0 where there is no profit even
        without costs, None where there still is one at 200.
    """
    profitable = None
    for cost in sorted({*SCANNED_COSTS, *(cost for cost in extra_costs if cost <= MAX_COST)}):
        if profit(cost) <= 0:
            return cost if profitable is None else _bisect(profit, profitable, cost)
        profitable = cost
    return None


def _bisect(profit: Callable[[float], float], profitable: float, losing: float) -> float:
    while losing - profitable > RESOLUTION:
        # A whole number between the two, which are more than 1 apart.
        between = float(math.floor((profitable + losing) / 2 + 0.5))
        if profit(between) > 0:
            profitable = between
        else:
            losing = between
    return losing


def describe_trial(tested: StressTest, config: Config, strategy: Any) -> Trial:
    """Return the trial of a stress test: it shows what the strategy has earned, whatever the costs.

    Costs and delays are no variants, so there is one trial, without a Sharpe ratio.

    :param config: as `freqtrade backtesting` has it.
    :param strategy: an object of the strategy.
    """
    scope = tested.scope
    settings = {name: value for name, value in config.items() if name != "fee"}
    span = write_span(scope.start, scope.end)
    found = [COMMAND, digest_variant(settings, strategy), span, *sorted(scope.pairs)]
    return Trial(
        key=hashlib.sha256(json.dumps(found).encode()).hexdigest(),
        command=COMMAND,
        strategy=scope.strategy,
        variant="as it is",
        scope=write_scope(span, scope.pairs),
        days=(scope.end - scope.start).days,
        sharpe=None,
    )
