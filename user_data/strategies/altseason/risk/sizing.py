"""Calculate stakes and stops by risk: a stake depends on what the trade may lose at its stop.

The fixed-fractional rule, with a stop distance that grows with volatility: R. Vince, "Portfolio
Management Formulas" (1990); J. W. Wilder's average true range, "New Concepts in Technical Trading
Systems" (1978). The chandelier stop is C. LeBeau's, in A. Elder, "Come Into My Trading Room"
(2002).
"""

import math
from dataclasses import dataclass

# Trim a position only once its risk is this multiple of its budget.
MAX_GROWTH = 1.5


@dataclass(frozen=True)
class Stake:
    """The stake of an entry.

    :param amount: in stake currency; 0 for no entry.
    :param reason: why there is no entry.
    """

    amount: float
    reason: str = ""


def calculate_stop_distance(stoploss: float, volatility: float, atr_multiple: float) -> float:
    """Return how far a trade may fall, as a ratio of its price; NaN where that is unknown.

    :param stoploss: Freqtrade's, a ratio; its sign does not matter.
    :param volatility: ATR(14) / close of the signal candle.
    :param atr_multiple: how many ATR the price may move against the trade.
    """
    distance = max(abs(stoploss), atr_multiple * volatility)
    is_known = _is_positive(abs(stoploss)) and _is_positive(volatility) and _is_positive(distance)
    return distance if is_known else math.nan


def calculate_stake(
    equity: float,
    distance: float,
    risk_factor: float,
    *,
    proposed: float,
    min_stake: float | None,
    max_stake: float,
) -> Stake:
    """Return the stake with which a fall by `distance` loses `risk_factor` of the equity.

    :param equity: what Freqtrade may trade with, in stake currency.
    :param distance: as from `calculate_stop_distance`.
    :param proposed: Freqtrade's stake, which is never exceeded.
    :param min_stake: the exchange's smallest order; below it there is no entry, since Freqtrade
        would raise the stake to it.
    """
    if not _is_positive(distance):
        return Stake(0.0, "the stop distance is unknown")
    if not _is_positive(equity):
        return Stake(0.0, "there is no equity")
    limits = (equity * risk_factor / distance, proposed, max_stake)
    amount = min(limits)
    # Check each of them, since `min` may skip a NaN.
    if not (all(limit > 0 for limit in limits) and _is_positive(amount)):
        return Stake(0.0, "no stake is available")
    if min_stake is not None and not amount >= min_stake:
        return Stake(0.0, "the stake is below the exchange's minimum")
    return Stake(amount)


def calculate_excess(value: float, equity: float, distance: float, risk_factor: float) -> float:
    """Return the fraction of a position to sell, so that its risk is back at its budget.

    :param value: current value of the position, in stake currency.
    :return: 0 unless the risk is above 1.5 times the budget; never more than 1.
    """
    risk, budget = value * distance, equity * risk_factor
    if not all(map(_is_positive, (value, equity, distance, risk_factor, risk, budget))):
        return 0.0
    growth = risk / budget
    return 1 - 1 / growth if growth > MAX_GROWTH else 0.0


def calculate_chandelier(highest: float, atr: float, atr_multiple: float) -> float | None:
    """Return the price of the chandelier stop, ATRs below the highest price; None where unknown.

    :param highest: the highest price since the entry.
    :param atr: ATR(14) of the newest closed candle, in the same unit.
    """
    stop = highest - atr_multiple * atr
    is_known = math.isfinite(stop) and atr > 0 and stop > 0
    return stop if is_known else None


def _is_positive(number: float) -> bool:
    return math.isfinite(number) and number > 0
