"""What the price does between a candle's open and its end: one path, the same at every look.

A candle file says where the price was, not when. A rising candle visits its low first, a falling
one its high, in straight lines that take a third of the candle each.
"""

import numpy as np

KNOTS = (0.0, 1 / 3, 2 / 3, 1.0)


def run_candle(candle: dict[str, float], part: float) -> dict[str, float]:
    """Return a candle as it is while it runs.

    :param candle: open, high, low, close and volume at its end.
    :param part: how much of its time is over, from 0 to 1.
    """
    prices = path_prices(candle)
    price = float(np.interp(part, KNOTS, prices))
    # Rounding must not carry it out of the candle.
    price = min(max(price, candle["low"]), candle["high"])
    visited = [price, *(at for knot, at in zip(KNOTS, prices, strict=True) if knot <= part)]
    return {
        "open": candle["open"],
        "high": max(visited),
        "low": min(visited),
        "close": price,
        "volume": candle["volume"] * part,
    }


def path_prices(candle: dict[str, float]) -> list[float]:
    """Return the prices that the path leads through, at `KNOTS`."""
    turns = ["low", "high"] if candle["close"] >= candle["open"] else ["high", "low"]
    return [candle[name] for name in ("open", *turns, "close")]
