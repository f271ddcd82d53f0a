"""The break-even: the cost at which no profit is left."""

import math
from collections.abc import Callable, Iterable

# In basis points per side.
MAX_COST = 200.0
SCANNED_COSTS = (0.0, 10.0, 20.0, 50.0, 100.0, MAX_COST)
RESOLUTION = 1.0


def find_break_even(
    profit: Callable[[float], float], extra_costs: Iterable[float] = ()
) -> float | None:
    """Return the lowest cost found at which the profit is no longer above zero.

    Profit need not fall with every basis point, since another cost may lead to other trades. So
    costs are scanned in ascending order, and the first without profit is approached by bisection
    from the one before; between two with profit nothing is tried.

    :param profit: returns the profit at a cost in basis points.
    :param extra_costs: costs to scan as well, in basis points; those above 200 (2 %) are left out.
    :return: in basis points, at most 1 above a cost with profit; 0 where there is none even without
        costs, None where there still is at 200.
    """
    profitable = None
    for cost in sorted({*SCANNED_COSTS, *(cost for cost in extra_costs if cost <= MAX_COST)}):
        if profit(cost) <= 0:
            return cost if profitable is None else _bisect(profit, profitable, cost)
        profitable = cost
    return None


def _bisect(profit: Callable[[float], float], profitable: float, losing: float) -> float:
    while losing - profitable > RESOLUTION:
        # A whole number between the two: there is one wherever they are more than 1 apart.
        between = float(math.floor((profitable + losing) / 2 + 0.5))
        if profit(between) > 0:
            profitable = between
        else:
            losing = between
    return losing
