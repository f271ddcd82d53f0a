"""The chandelier stop: so many ATR below the highest price since the entry.

C. LeBeau's exit, in A. Elder, "Come Into My Trading Room" (2002).
"""

import math


def calculate_chandelier(highest: float, atr: float, atr_multiple: float) -> float | None:
    """Return the stop's price, None where it cannot be told.

    :param highest: the highest price since the entry.
    :param atr: ATR(14) of the newest candle that has closed, in the same unit.
    """
    stop = highest - atr_multiple * atr
    is_known = math.isfinite(stop) and atr > 0 and stop > 0
    return stop if is_known else None
