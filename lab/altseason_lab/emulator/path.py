"""Deterministic price path inside a candle.

A candle file has the prices, but not their times. A rising candle visits its low first, a falling
one its high, in straight lines that take a third of the candle each.
"""

import numpy as np

KNOTS = (0.0, 1 / 3, 2 / 3, 1.0)


def run_candle(candle: dict[str, float], fraction: float) -> dict[str, float]:
    """Return the state of a running candle.

    :param candle: open, high, low, close and volume at its end.
    :param fraction: of its time that has passed, from 0 to 1.
    """
    prices = path_prices(candle)
    price = float(np.interp(fraction, KNOTS, prices))
    # Rounding must not carry it out of the candle.
    price = min(max(price, candle["low"]), candle["high"])
    visited = [price, *(at for knot, at in zip(KNOTS, prices, strict=True) if knot <= fraction)]
    return {
        "open": candle["open"],
        "high": max(visited),
        "low": min(visited),
        "close": price,
        "volume": candle["volume"] * fraction,
    }


def path_prices(candle: dict[str, float]) -> list[float]:
    """Return the prices that the path leads through, at `KNOTS`."""
    turns = ["low", "high"] if candle["close"] >= candle["open"] else ["high", "low"]
    return [candle[name] for name in ("open", *turns, "close")]
