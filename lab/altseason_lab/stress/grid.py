"""The grid of costs and delays.

Fees are ratios, as in Freqtrade; slippage is in basis points, hundredths of a percent. Both are per
side: paid at the entry and at the exit.
"""

import math
from argparse import ArgumentTypeError
from collections.abc import Sequence
from dataclasses import dataclass

from altseason.parser import whole_number
from altseason_lab.host.stops import BASIS_POINT

# The defaults, in basis points.
SLIPPAGES, STOP_SLIPPAGE = (0.0, 5.0, 10.0, 20.0), 10.0
MAX_SLIPPAGE = 1000.0
MAX_DELAY = 100


@dataclass(frozen=True)
class CostScenario:
    """The costs and the delay of one backtest.

    :param fee: a ratio, per side.
    :param slippage: in basis points, per side.
    :param delay: in candles.
    """

    fee: float
    slippage: float
    delay: int

    @property
    def fee_cost(self) -> float:
        """Return the fee in basis points."""
        # Rounded, so that costs that differ only by rounding errors are one backtest.
        return round(self.fee / BASIS_POINT, 6)

    @property
    def cost(self) -> float:
        """Return fee and slippage together, in basis points per side."""
        return round(self.fee_cost + self.slippage, 6)


def build_grid(
    fees: Sequence[float], slippages: Sequence[float], delays: Sequence[int]
) -> list[CostScenario]:
    """Return all combinations in ascending order; the delay changes slowest."""
    return [
        CostScenario(fee, slippage, delay)
        for delay in sorted(set(delays))
        for fee in sorted(set(fees))
        for slippage in sorted(set(slippages))
    ]


def parse_fee(text: str) -> float:
    """Parse a fee of the command line."""
    fee = _parse_number(text)
    if fee is None or not 0 <= fee < 1:
        raise ArgumentTypeError(
            f"expected a ratio from 0 to below 1, such as 0.001 for 0.1 %, found {text!r}"
        )
    return fee


def parse_slippage(text: str) -> float:
    """Parse a slippage of the command line."""
    slippage = _parse_number(text)
    if slippage is None or not 0 <= slippage <= MAX_SLIPPAGE:
        raise ArgumentTypeError(
            f"expected basis points from 0 to {MAX_SLIPPAGE:g}, such as 10 for 0.1 %, "
            f"found {text!r}"
        )
    return slippage


parse_delay = whole_number(0, MAX_DELAY, of="candles")


def _parse_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
