"""What a gate changed against none, and how sure one may be of it.

Both wallets are drawn anew together, day by day, in blocks of random length: by the stationary
bootstrap, https://doi.org/10.1080/01621459.1994.10476870. A day is drawn for both and all coins at
once, so that what hits them together stays together. The length of the blocks follows from the days
themselves, https://doi.org/10.1080/07474930802459016.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from altseason_lab.study.metrics import DailyEquity, Returns, find_returns

DAYS_A_YEAR = 365
DRAWS = 2000
CONFIDENCE = 0.95
# Quantiles of the normal distribution: a two-sided test at 5 %, and a power of 80 %.
CRITICAL, POWER = 1.960, 0.842
MIN_DAYS = 20


@dataclass(frozen=True)
class Interval:
    """A difference, gate minus none, with the bounds of its interval at `CONFIDENCE`."""

    value: float
    low: float
    high: float

    @property
    def has_zero(self) -> bool:
        """Return whether no difference at all lies within."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Difference:
    """How a gate's wallet differs from the ungated one's.

    :param growth: of the mean logarithmic return, a year.
    :param sharpe: annual, of daily returns.
    :param drawdown: the largest fall from a peak, as a ratio of it; negative where the gate's is
        smaller.
    :param detectable: the smallest growth that as much data shows in four of five cases, at 5 %.
    :param days: how many were compared.
    :param block: the mean length of the blocks, in days.
    """

    growth: Interval
    sharpe: Interval
    drawdown: Interval
    detectable: float
    days: int
    block: int


def has_bootstrap() -> bool:
    """Return whether what draws the wallets anew is installed."""
    return find_spec("arch") is not None


def compare(gated: DailyEquity, ungated: DailyEquity, seed: int) -> Difference | None:
    """Return how two wallets of the same days differ; None where these are too few.

    :raises ValueError: where they are not of the same days.
    """
    # It takes seconds to import, and not everybody has it.
    from arch.bootstrap import optimal_block_length

    if (gated.start, len(gated.values)) != (ungated.start, len(ungated.values)):
        raise ValueError("expected two wallets of the same days")
    returns, others = find_returns(gated), find_returns(ungated)
    if len(returns) < MIN_DAYS or np.array_equal(returns, others):
        return None
    lengths = optimal_block_length(np.log1p(returns) - np.log1p(others))
    block = max(1, math.ceil(lengths["stationary"].iloc[0]))
    days = _draw_days(len(returns), block, seed)
    drawn = _subtract(returns[days], others[days])
    bounds = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    growth, sharpe, drawdown = (
        Interval(float(value), float(low), float(high))
        for value, low, high in zip(_subtract(returns, others), *bounds, strict=True)
    )
    detectable = (CRITICAL + POWER) * float(drawn[:, 0].std())
    return Difference(growth, sharpe, drawdown, detectable, len(returns), block)


# The cells of a window have blocks of a few lengths.
@lru_cache(maxsize=8)
def _draw_days(days: int, block: int, seed: int) -> npt.NDArray[np.intp]:
    """Return the days of each draw, by draw along the first axis; not to be modified."""
    from arch.bootstrap import StationaryBootstrap

    bootstrap = StationaryBootstrap(block, np.arange(days), seed=np.random.default_rng(seed))
    drawn = bootstrap.apply(lambda drawn_days: drawn_days, DRAWS)
    return np.asarray(drawn, dtype=np.intp)


def _subtract(returns: Returns, others: Returns) -> Returns:
    """Return growth, Sharpe ratio and drawdown of the first, less those of the second.

    :param returns: by day along the last axis, of one wallet or of many draws.
    :return: the three along the last axis.
    """
    return _describe(returns) - _describe(others)


def _describe(returns: Returns) -> Returns:
    growth = np.log1p(returns).mean(axis=-1) * DAYS_A_YEAR
    mean, deviation = returns.mean(axis=-1), returns.std(axis=-1)
    nothing = np.zeros_like(mean)
    ratio = np.divide(mean, deviation, out=nothing, where=deviation > 0)
    worth = np.cumprod(1 + returns, axis=-1)
    peak = np.maximum(1.0, np.maximum.accumulate(worth, axis=-1))
    drawdown = np.maximum(0.0, (1 - worth / peak).max(axis=-1))
    return np.stack([growth, ratio * math.sqrt(DAYS_A_YEAR), drawdown], axis=-1)
