"""The market of a trading rehearsal: stored candles, moved in time so that they end now.

It knows nothing of HTTP: everything is derived from the stored candles, a shift and a time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from altseason.errors import InputError
from altseason_lab.emulator.market import DAY_IN_MS, Market, Symbol, close_times, select_candles
from altseason_lab.emulator.rules import to_decimal

# How much of the stored candles is in the future; where there are few, a quarter of them.
MAX_AHEAD = 28 * DAY_IN_MS
MIN_SPAN = 2 * DAY_IN_MS
VALUES = ["open", "high", "low", "close", "volume"]
# The fractions of a candle's time at which its path is at its open, its turns and its close.
KNOTS = (0.0, 1 / 3, 2 / 3, 1.0)


def plan_shift(first: int, end: int, now: int) -> int:
    """Return the shift after which now is some weeks before the end of the stored candles.

    :param first: when the stored candles begin; all times are in milliseconds.
    :param end: when they end.
    :return: whole days, so that the hours of the day stay the same.
    :raises InputError: where too little is stored.
    """
    if end - first < MIN_SPAN:
        raise InputError(
            f"expected candles of {MIN_SPAN // DAY_IN_MS} days or more to trade on, "
            f"found {(end - first) / DAY_IN_MS:.1f} days"
        )
    ahead = min(MAX_AHEAD, (end - first) // 4)
    behind = now - (end - ahead)
    return -(-behind // DAY_IN_MS) * DAY_IN_MS


def stored_span(market: Market, symbols: Iterable[Symbol]) -> tuple[int, int]:
    """Return when the first stored candle of these markets begins, and when the last one ends."""
    firsts, ends = [], []
    for symbol in symbols:
        interval = market.intervals(symbol)[0]
        candles = market.load_candles(symbol, interval)
        if not candles.empty:
            firsts.append(int(candles["open_time"].iloc[0]))
            ends.append(close_times(candles["date"].iloc[-1:], interval)[0] + 1)
    if not firsts:
        raise InputError(f"{market.datadir}: expected candles, found empty files")
    return min(firsts), max(ends)


class LiveMarket:
    """Stored candles, moved in time; `at` returns those known at a time."""

    def __init__(self, market: Market, shift: int) -> None:
        """Move the candles of a market.

        :param shift: in milliseconds, as from `plan_shift`.
        """
        self.symbols = market.symbols
        self.intervals = market.intervals
        self._market = market
        self._shift = shift
        self._moved: dict[tuple[Symbol, str], pd.DataFrame] = {}

    def at(self, now: int) -> "Moment":
        """Return the market as it is at a time, in milliseconds."""
        return Moment(self, now)

    def load_candles(self, symbol: Symbol, interval: str) -> pd.DataFrame:
        """Load all candles, including future ones; columns as in `Market.load_candles`."""
        key = (symbol, interval)
        if key not in self._moved:
            stored = self._market.load_candles(symbol, interval)
            moved = {"open_time": stored["open_time"] + self._shift}
            if "date" in stored:
                moved["date"] = stored["date"] + pd.Timedelta(milliseconds=self._shift)
            self._moved[key] = stored.assign(**moved)
        return self._moved[key]


@dataclass(frozen=True)
class Moment:
    """A market at one time: no later candles, and the newest one as far as it has come."""

    market: LiveMarket
    now: int

    def select(
        self,
        symbol: Symbol,
        interval: str,
        *,
        start: int | None = None,
        end: int | None = None,
        limit: int,
    ) -> pd.DataFrame:
        """Select candles like `select_candles`; the last of them may be in progress."""
        selected = select_candles(self._seen(symbol, interval), start=start, end=end, limit=limit)
        return self._run_last(selected, symbol, interval)

    def price(self, symbol: Symbol) -> Decimal | None:
        """Return the last price, or None before the first candle."""
        newest = self.select(symbol, self.market.intervals(symbol)[0], limit=1)
        return None if newest.empty else to_decimal(newest["close"].iloc[0])

    def _seen(self, symbol: Symbol, interval: str) -> pd.DataFrame:
        candles = self.market.load_candles(symbol, interval)
        return candles.iloc[: int(candles["open_time"].searchsorted(self.now, side="right"))]

    def _run_last(self, candles: pd.DataFrame, symbol: Symbol, interval: str) -> pd.DataFrame:
        """Replace the last candle, if it has not ended, by its state so far."""
        if candles.empty:
            return candles
        opened = int(candles["open_time"].iloc[-1])
        end = close_times(candles["date"].iloc[-1:], interval)[0] + 1
        if end <= self.now:
            return candles
        finished = {name: float(candles[name].iloc[-1]) for name in VALUES}
        running = self._add_up(symbol, interval, opened, finished)
        running = running or run_candle(finished, (self.now - opened) / (end - opened))
        candles = candles.copy()
        for name in VALUES:
            candles.loc[candles.index[-1], name] = running[name]
        return candles

    def _add_up(
        self, symbol: Symbol, interval: str, opened: int, finished: dict[str, float]
    ) -> dict[str, float] | None:
        """Build the current candle from shorter ones, so that all have the same price."""
        finest = self.market.intervals(symbol)[0]
        if interval == finest:
            return None
        seen = self._seen(symbol, finest)
        within = self._run_last(
            seen.iloc[int(seen["open_time"].searchsorted(opened)) :], symbol, finest
        )
        if within.empty:
            return None
        return {
            "open": finished["open"],
            "high": max(finished["open"], float(within["high"].max())),
            "low": min(finished["open"], float(within["low"].min())),
            "close": float(within["close"].iloc[-1]),
            "volume": float(within["volume"].sum()),
        }


def run_candle(candle: dict[str, float], fraction: float) -> dict[str, float]:
    """Return the state of a candle in progress.

    Candle files have prices, but not their times. So a rising candle goes to its low first, a
    falling one to its high, in straight lines that take a third of the candle each.

    :param candle: open, high, low, close and volume at its end.
    :param fraction: of its time that has passed, from 0 to 1.
    """
    prices = path_prices(candle)
    price = float(np.interp(fraction, KNOTS, prices))
    # Rounding must not move it out of the candle's range.
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
    """Return the prices of the path at `KNOTS`."""
    turns = ["low", "high"] if candle["close"] >= candle["open"] else ["high", "low"]
    return [candle[name] for name in ("open", *turns, "close")]
