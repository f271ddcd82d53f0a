"""The rule of the channels, day by day in plain Python, written from its description alone."""

import math
import statistics
from collections.abc import Sequence

LENGTHS = (5, 10, 20, 30, 60, 90, 150)


def find_shares(closes: Sequence[float]) -> list[float]:
    """The share of channels that are up at each close, by the state of each channel."""
    up = dict.fromkeys(LENGTHS, False)
    shares = []
    for today, close in enumerate(closes):
        for days in LENGTHS:
            if today + 1 < days:
                continue
            seen = closes[today + 1 - days : today + 1]
            if close == max(seen):
                up[days] = True
            elif close < (max(seen) + min(seen)) / 2:
                up[days] = False
        shares.append(sum(up.values()) / len(LENGTHS))
    return shares


def find_volatility(closes: Sequence[float]) -> float:
    """The annual volatility of the last ninety daily returns."""
    pairs = zip(closes[-91:-1], closes[-90:], strict=True)
    return statistics.stdev(math.log(after / before) for before, after in pairs) * 365**0.5
