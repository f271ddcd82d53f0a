"""A stress test: the grid, and for each delay the cost at which nothing is earned any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from altseason.errors import InputError
from altseason.invocation import altseason_command
from altseason_lab.host.backtests import Backtests, Outcome, Scene
from altseason_lab.stress.breakeven import find_break_even
from altseason_lab.stress.grid import Cell
from altseason_lab.stress.progress import Tally

# Backtests that the search for one break-even usually takes, beside those of the grid.
SEARCHED = 8


@dataclass(frozen=True)
class Study:
    """What a stress test found.

    :param cells: the grid with what each backtest came to.
    :param break_evens: by delay, in basis points per side as `find_break_even` gives them.
    :param curves: by delay all that was run, by cost in basis points per side.
    :param stop_slippage: the extra at stops, in basis points.
    """

    scene: Scene
    cells: dict[Cell, Outcome]
    break_evens: dict[int, float | None]
    curves: dict[int, dict[float, Outcome]]
    stop_slippage: float

    @property
    def headline_delay(self) -> int:
        """Return the delay that the one number is told for: none, or the smallest there is."""
        return min(self.break_evens)

    def has_trades(self, delay: int) -> bool:
        """Return whether anything was traded with a delay."""
        return any(outcome.trades for outcome in self.curves[delay].values())


def run_study(
    backtests: Backtests, cells: Sequence[Cell], stop_slippage: float, tally: Tally
) -> Study:
    """Run the grid, then look for the break-even of each delay.

    :raises InputError: where no backtest of the grid has a trade.
    """
    delays = sorted({cell.delay for cell in cells})
    distinct = {(cell.cost, cell.delay) for cell in cells}
    tally.expect(len(distinct) + len(delays) * SEARCHED)
    outcomes = {cell: backtests.run(cell.cost, cell.delay) for cell in cells}
    scene = backtests.scene
    if not any(outcome.trades for outcome in outcomes.values()):
        raise InputError(
            f"expected trades of {scene.strategy} from {scene.start:%Y-%m-%d} to "
            f"{scene.end:%Y-%m-%d}, found none at any cost; try a longer --timerange, more "
            f"pairs, or `{altseason_command('dominance status')}` for a gate that never opens"
        )
    break_evens = {}
    for ahead, delay in zip(range(len(delays), 0, -1), delays, strict=True):
        tally.expect(ahead * SEARCHED)
        costs = {cell.cost for cell in cells if cell.delay == delay}
        break_evens[delay] = find_break_even(partial(_profit, backtests, delay), costs)
    tally.expect(0)
    curves = {delay: backtests.outcomes(delay) for delay in delays}
    return Study(scene, outcomes, break_evens, curves, stop_slippage)


def _profit(backtests: Backtests, delay: int, cost: float) -> float:
    return backtests.run(cost, delay).profit_after_stops
