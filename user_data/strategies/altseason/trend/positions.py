"""How large a position is: by the trend, and by how much the coin moves."""

import math

# A year's volatility that one position may have, of the money that it could have; from the paper
# of channels.py. All positions together have less, since coins do not move as one.
TARGET_VOLATILITY = 0.25
# A position is resized when it is off by more; from the paper, whose costs it lowers.
MIN_CHANGE = 0.2
# Freqtrade's smallest order grows with the distance of the stop-loss, to this at most.
MAX_MINIMUM = 1.5


def calculate_weight(trend: float, volatility: float) -> float:
    """Return which part of a trade's share of the wallet is invested, 0 to 1.

    :param trend: the share of channels that are up.
    :param volatility: annual, a ratio; with one below the target nothing is borrowed.
    :return: 0 where either is unknown.
    """
    if not (math.isfinite(trend) and math.isfinite(volatility) and volatility > 0):
        return 0.0
    return trend * min(1.0, TARGET_VOLATILITY / volatility)


def calculate_change(value: float, wanted: float, min_stake: float | None) -> float:
    """Return by how much to change the value of a position, in stake currency; 0 for nothing.

    :param value: what it is worth.
    :param wanted: what it should be worth, above 0: an exit signal, not this, ends a trade.
    :param min_stake: the smallest order, which neither the change nor what is left may be below.
    """
    change, minimum = wanted - value, min_stake or 0.0
    is_known = math.isfinite(change) and value > 0 and wanted > 0
    if not is_known or abs(change) <= MIN_CHANGE * value or abs(change) < minimum:
        return 0.0
    return 0.0 if change < 0 and wanted < MAX_MINIMUM * minimum else change
