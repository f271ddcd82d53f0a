"""The cost at which nothing is earned any more."""

import math
from collections.abc import Callable, Iterable

# In basis points per side: where a search looks, whatever the grid, and up to where.
HIGHEST = 200.0
SCANNED = (0.0, 10.0, 20.0, 50.0, 100.0, HIGHEST)
RESOLUTION = 1.0


def find_break_even(
    profit: Callable[[float], float], further: Iterable[float] = ()
) -> float | None:
    """Find the lowest cost at which the profit is no longer above zero: by a scan, then bisection.

    Profit need not fall with every basis point, since another cost may lead to other trades. So
    costs are tried in ascending order, and the first that earns nothing is closed in on from the
    one before; between two that earn something nobody looks.

    :param profit: gives the profit for a cost, in basis points per side.
    :param further: costs to scan as well, in basis points; those above 200 (2 %) are left out.
    :return: in basis points, less than or exactly 1 above a cost that still earns; 0 where nothing
        is earned even without costs, None where something is still earned at 200.
    """
    earning = None
    for cost in sorted({*SCANNED, *(cost for cost in further if cost <= HIGHEST)}):
        if profit(cost) <= 0:
            return cost if earning is None else _close_in(profit, earning, cost)
        earning = cost
    return None


def _close_in(profit: Callable[[float], float], earning: float, losing: float) -> float:
    while losing - earning > RESOLUTION:
        # A whole number between the two: there is one wherever they are more than 1 apart.
        between = float(math.floor((earning + losing) / 2 + 0.5))
        if profit(between) > 0:
            earning = between
        else:
            losing = between
    return losing
