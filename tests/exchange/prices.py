"""The path of a price between two requests, and when it reached a certain price.

An exchange fills an order when the price is there, not when the client sends a request.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cached_property

from altseason_lab.emulator.live import KNOTS, VALUES, LiveMarket, path_prices, run_candle
from altseason_lab.emulator.market import Symbol, close_times
from altseason_lab.emulator.rules import to_decimal


@dataclass(frozen=True)
class Point:
    """A price at a time, in milliseconds. Between two points it moves in a straight line.

    Two points of one time are a jump, as from one candle's close to the next one's open.
    """

    time: int
    price: Decimal


class Prices:
    """The prices of a market, as its running candles show them, kept for speed."""

    def __init__(self, market: LiveMarket) -> None:
        self._market = market
        self._tapes: dict[Symbol, Tape] = {}

    def last(self, symbol: Symbol, now: int) -> Decimal | None:
        """Return the price at a time, in milliseconds, or None before the first candle."""
        return self._tape(symbol).price(now)

    def path(self, symbol: Symbol, since: int, until: int) -> list[Point]:
        """Return the path from one time to another, in milliseconds, both included."""
        tape = self._tape(symbol)
        ends = [(time, tape.price(time)) for time in (since, until)]
        start, end = ([Point(time, price)] if price is not None else [] for time, price in ends)
        turns = [point for point in tape.turns(since, until) if since < point.time <= until]
        return [*start, *turns, *end]

    def _tape(self, symbol: Symbol) -> "Tape":
        if symbol not in self._tapes:
            self._tapes[symbol] = Tape(self._market, symbol)
        return self._tapes[symbol]


@dataclass(frozen=True)
class Tape:
    """The shortest candles of one market."""

    market: LiveMarket
    symbol: Symbol

    def price(self, now: int) -> Decimal | None:
        """Return the price at a time."""
        row = self._row(now)
        if row < 0:
            return None
        candle, begin, end = self._candles[row], self._opened[row], self._ends[row]
        if end <= now:
            return to_decimal(candle["close"])
        return to_decimal(run_candle(candle, (now - begin) / (end - begin))["close"])

    def turns(self, since: int, until: int) -> list[Point]:
        """Return where the price turns or jumps in the candles that a period touches."""
        rows = range(max(self._row(since), 0), self._row(until) + 1)
        return [
            Point(
                self._opened[row] + round(knot * (self._ends[row] - self._opened[row])),
                to_decimal(price),
            )
            for row in rows
            for knot, price in zip(KNOTS, path_prices(self._candles[row]), strict=True)
        ]

    def _row(self, time: int) -> int:
        """Return the newest candle at a time; -1 before the first."""
        return bisect_right(self._opened, time) - 1

    @cached_property
    def _candles(self) -> list[dict[str, float]]:
        rows = self.market.load_candles(self.symbol, self._interval)[VALUES].to_numpy()
        return [dict(zip(VALUES, row, strict=True)) for row in rows.tolist()]

    @cached_property
    def _opened(self) -> list[int]:
        opened: list[int] = self.market.load_candles(self.symbol, self._interval)[
            "open_time"
        ].tolist()
        return opened

    @cached_property
    def _ends(self) -> list[int]:
        dates = self.market.load_candles(self.symbol, self._interval)["date"]
        return [last + 1 for last in close_times(dates, self._interval)]

    @property
    def _interval(self) -> str:
        return self.market.intervals(self.symbol)[0]


def first_at(path: Sequence[Point], price: Decimal, *, is_falling: bool) -> Point | None:
    """Return when a path is first at a price or beyond it.

    :param is_falling: whether beyond is below.
    :return: the time, and the price at it, which may be past the given one after a jump.
    """
    before: Point | None = None
    for point in path:
        is_there = point.price <= price if is_falling else point.price >= price
        if is_there and (before is None or before.time == point.time):
            return point
        if is_there and before is not None:
            part = (before.price - price) / (before.price - point.price)
            passed = (part * (point.time - before.time)).to_integral_value(ROUND_CEILING)
            return Point(before.time + int(passed), price)
        before = point
    return None


def path_after(path: Sequence[Point], start: Point) -> list[Point]:
    """Return the remainder of a path from a point on, as from `first_at`."""
    if start in path:
        # Of two points of one time, the one before a jump is not after it.
        return list(path[path.index(start) :])
    return [start, *(point for point in path if point.time >= start.time)]
