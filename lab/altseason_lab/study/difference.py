"""How a gate's wallet differs from the ungated one, and how certain that is.

Both wallets are resampled together, in blocks of days of random length, by the stationary
bootstrap, https://doi.org/10.1080/01621459.1994.10476870. A day is drawn for both and all coins at
once, so that what happens to them together stays together. The mean length of the blocks is
estimated from the days, https://doi.org/10.1080/07474930802459016; of several gates on the same
days, the median is used.

Of many gates, some differ from none by chance. So a p-value counts all of them: it is how often the
largest of all differences, each in its own standard errors, would be as large without any true one:
the single step of Romano and Wolf 2005, https://doi.org/10.1111/j.1468-0262.2005.00615.x. Gates of
the same days are drawn together, so that many alike count for few.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from importlib.util import find_spec
from math import ceil, isnan, sqrt
from statistics import median
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from altseason_lab.study.metrics import DailyEquity, Returns, find_returns

DAYS_A_YEAR = 365
DRAWS = 2000
# A p-value at or below it counts as more than chance.
SIGNIFICANCE = 0.05
CONFIDENCE = 1 - SIGNIFICANCE
# Quantiles of the normal distribution: a two-sided test at 5 %, and a power of 80 %.
CRITICAL, POWER = 1.960, 0.842
MIN_DAYS = 20
# A difference that is the same in all days has no standard error but this.
ROUNDING = 1e-12

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Interval:
    """A value, such as a difference, with the bounds of its interval at `CONFIDENCE`."""

    value: float
    low: float
    high: float

    @property
    def has_zero(self) -> bool:
        """Return whether the interval contains zero."""
        return self.low <= 0 <= self.high

    def __mul__(self, factor: float) -> "Interval":
        """Return the interval of the value in other units, such as in percent."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)

    def write(self, decimals: int, unit: str = "", *, signed: bool = False) -> str:
        """Write the value and its bounds, as in "1.2 points [0.4, 2.0]"."""
        sign = "+" if signed else ""
        return f"{self.value:{sign}z.{decimals}f}{unit} [{self.write_bounds(decimals, sign=sign)}]"

    def write_points(self, decimals: int) -> str:
        """Write a difference of ratios in percentage points."""
        return (self * 100).write(decimals, " points", signed=True)

    def write_bounds(self, decimals: int, separator: str = ", ", *, sign: str = "") -> str:
        """Write the bounds, a dash for one that is not known."""
        return separator.join(
            "-" if isnan(bound) else f"{bound:{sign}z.{decimals}f}"
            for bound in (self.low, self.high)
        )


@dataclass(frozen=True)
class Difference:
    """How a gate's wallet differs from the ungated one's.

    :param growth: of the mean logarithmic return, a year.
    :param sharpe: annual, of daily returns.
    :param drawdown: the largest fall from a peak, as a ratio of it; negative where the gate's is
        smaller.
    :param detectable: the smallest true difference in growth that this number of days shows in four
        of five cases, at 5 %.
    :param days: how many were compared.
    :param block: the mean length of the blocks, in days.
    :param p_value: how often the growth of any of the gates compared differs as much by chance,
        each difference measured in its own standard errors.
    :param compared: how many gates these are.
    """

    growth: Interval
    sharpe: Interval
    drawdown: Interval
    detectable: float
    days: int
    block: int
    p_value: float
    compared: int = 1

    @property
    def is_clear(self) -> bool:
        """Return whether the growth differs by more than chance explains."""
        return self.p_value <= SIGNIFICANCE


def has_bootstrap() -> bool:
    """Return whether the package that resamples the wallets is installed."""
    return find_spec("arch") is not None


def compare(gated: DailyEquity, ungated: DailyEquity, seed: int) -> Difference | None:
    """Return how two wallets of the same days differ; None where these are too few.

    :raises ValueError: where they are not of the same days.
    """
    return compare_all({"": (gated, ungated)}, seed).get("")


def compare_all(
    wallets: Mapping[Key, tuple[DailyEquity, DailyEquity]], seed: int
) -> dict[Key, Difference]:
    """Return how gated wallets differ from ungated ones, with p-values that count all of them.

    Those of too few days, or that are the same, are left out.

    :param wallets: pairs of a gated one and an ungated one, by any name.
    :raises ValueError: where two are not of the same days.
    """
    pairs: dict[Key, tuple[Returns, Returns]] = {}
    for key, (gated, ungated) in wallets.items():
        if _find_days(gated) != _find_days(ungated):
            raise ValueError("expected two wallets of the same days")
        returns, others = find_returns(gated), find_returns(ungated)
        if len(returns) >= MIN_DAYS and not np.array_equal(returns, others):
            pairs[key] = returns, others
    # Wallets of the same days share one, so that they are drawn together.
    blocks: dict[tuple[date, int], list[float]] = {}
    for key, pair in pairs.items():
        change = np.log1p(pair[0]) - np.log1p(pair[1])
        blocks.setdefault(_find_days(wallets[key][0]), []).append(find_block(change))
    found = {
        key: _draw_difference(*pair, ceil(median(blocks[_find_days(wallets[key][0])])), seed)
        for key, pair in pairs.items()
    }
    if not found:
        return {}
    p_values = find_p_values(
        np.array([one.growth.value for one, _ in found.values()]),
        np.array([drawn for _, drawn in found.values()]),
    )
    return {
        key: replace(one, p_value=float(p_value), compared=len(found))
        for (key, (one, _)), p_value in zip(found.items(), p_values, strict=True)
    }


def find_p_values(values: Returns, drawn: Returns) -> Returns:
    """Return how often the largest of several differences is as far from zero by chance as each.

    :param values: the differences.
    :param drawn: a row of draws for each.
    """
    errors = np.maximum(drawn.std(axis=1), ROUNDING)
    largest = (np.abs(drawn.T - values) / errors).max(axis=1)
    as_far = (largest >= (np.abs(values) / errors)[:, np.newaxis]).sum(axis=1)
    return np.asarray((1 + as_far) / (1 + len(largest)), dtype=np.float64)


def _find_days(equity: DailyEquity) -> tuple[date, int]:
    return equity.start, len(equity.values)


def find_block(series: Returns) -> float:
    """Return the mean length of blocks that follows from a series of days, 1 or more."""
    # Importing it takes seconds, and it is optional.
    from arch.bootstrap import optimal_block_length

    if len(series) < MIN_DAYS or not np.ptp(series):
        return 1.0
    return max(1.0, float(optimal_block_length(series)["stationary"].iloc[0]))


def _draw_difference(
    returns: Returns, others: Returns, block: int, seed: int
) -> tuple[Difference, Returns]:
    """Return a difference by itself, and its draws of the growth."""
    days = draw_days(len(returns), block, seed)
    drawn = _subtract(returns[days], others[days])
    bounds = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    growth, sharpe, drawdown = (
        Interval(float(value), float(low), float(high))
        for value, low, high in zip(_subtract(returns, others), *bounds, strict=True)
    )
    growths = drawn[:, 0]
    # As wide on both sides, so that of one comparison it excludes zero where p is small.
    margin = float(np.quantile(np.abs(growths - growth.value), CONFIDENCE))
    growth = Interval(growth.value, growth.value - margin, growth.value + margin)
    detectable = (CRITICAL + POWER) * float(growths.std())
    found = Difference(growth, sharpe, drawdown, detectable, len(returns), block, p_value=1.0)
    return found, growths


# The wallets of a window share them.
@lru_cache(maxsize=8)
def draw_days(days: int, block: int, seed: int) -> npt.NDArray[np.intp]:
    """Draw days anew in blocks, a row for each draw; not to be modified."""
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
    return np.stack([growth, ratio * sqrt(DAYS_A_YEAR), drawdown], axis=-1)
