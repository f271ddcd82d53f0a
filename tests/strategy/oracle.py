"""The default rules read row by row, in plain Python and from their description alone.

Nothing here uses pandas, TA-Lib or the code under test: it is what the strategy is compared with.
Indicators follow their textbook definitions: Wilder's RSI; exponential averages that begin with the
simple average of their first values, MACD's two at the same candle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import fsum


@dataclass(frozen=True)
class Indicators:
    sma50: float | None
    sma200: float | None
    rsi: float | None
    macd: float | None
    macdsignal: float | None


@dataclass(frozen=True)
class Signal:
    enter: bool
    exit_tag: str


def mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def moving_average(values: Sequence[float], length: int) -> Iterator[float | None]:
    for i in range(len(values)):
        yield mean(values[i - length + 1 : i + 1]) if i >= length - 1 else None


def exponential_average(
    values: Sequence[float | None], length: int, first: int
) -> Iterator[float | None]:
    """The average begins at index `first`, as the mean of the values up to it."""
    average = None
    for i, value in enumerate(values):
        if i == first:
            average = mean(values[i - length + 1 : i + 1])
        elif i > first:
            average += (value - average) * 2 / (length + 1)
        yield average


def relative_strength(closes: Sequence[float], length: int) -> Iterator[float | None]:
    gain = loss = 0.0
    yield None
    for i in range(1, len(closes)):
        change = closes[i] - closes[i - 1]
        up, down = max(change, 0.0), max(-change, 0.0)
        if i <= length:
            gain, loss = gain + up / length, loss + down / length
        else:
            gain += (up - gain) / length
            loss += (down - loss) / length
        if i < length:
            yield None
        else:
            yield 100 * gain / (gain + loss) if gain + loss else 0.0


def indicators(closes: Sequence[float]) -> list[Indicators]:
    fast = list(exponential_average(closes, 12, first=25))
    slow = list(exponential_average(closes, 26, first=25))
    macd = [None if a is None else a - b for a, b in zip(fast, slow, strict=True)]
    signal = list(exponential_average(macd, 9, first=33))
    sma50, sma200 = moving_average(closes, 50), moving_average(closes, 200)
    rsi = relative_strength(closes, 14)
    columns = zip(sma50, sma200, rsi, macd, signal, strict=True)
    # MACD counts only once its signal line exists.
    return [Indicators(a, b, r, m if s is not None else None, s) for a, b, r, m, s in columns]


def signals(
    closes: Sequence[float],
    volumes: Sequence[float],
    at_rows: Sequence[Indicators],
    alt_season: Sequence[bool],
    *,
    trigger: str = "cross",
    rsi_entry: float = 70,
    rsi_exit: float = 80,
) -> Iterator[Signal]:
    previous = Indicators(None, None, None, None, None)
    rows = zip(closes, volumes, at_rows, alt_season, strict=True)
    for close, volume, now, is_alt_season in rows:
        yield Signal(
            enter=_enters(close, volume, is_alt_season, now, previous, trigger, rsi_entry),
            exit_tag=_exit_tag(close, now, rsi_exit),
        )
        previous = now


def _enters(
    close: float,
    volume: float,
    is_alt_season: bool,
    now: Indicators,
    previous: Indicators,
    trigger: str,
    rsi_entry: float,
) -> bool:
    if now.sma50 is None or now.sma200 is None or now.rsi is None or now.macdsignal is None:
        return False
    if trigger == "cross":
        if previous.macdsignal is None:
            return False
        has_momentum = previous.macd <= previous.macdsignal and now.macd > now.macdsignal
    else:
        has_momentum = now.macd > now.macdsignal
    is_uptrend = close > now.sma50 and close > now.sma200
    return is_uptrend and now.rsi < rsi_entry and has_momentum and volume > 0 and is_alt_season


def _exit_tag(close: float, now: Indicators, rsi_exit: float) -> str:
    if now.sma50 is not None and close < now.sma50:
        return "below_sma50"
    if now.rsi is not None and now.rsi > rsi_exit:
        return "rsi_overbought"
    if now.macdsignal is not None and now.macd < now.macdsignal:
        return "macd_down"
    return ""


def screened_average(values: Sequence[float], length: int) -> Iterator[float | None]:
    """The moving average without days that jump and are known to come back; no day is missing."""
    outliers: set[int] = set()
    for i in range(len(values)):
        if i >= 2 and i - 2 not in outliers:
            before, day, after = values[i - 2 : i + 1]
            is_far = abs(day - before) > 4 and abs(day - after) > 4
            if is_far and abs(after - before) <= 4:
                outliers.add(i - 1)
        counted = [values[j] for j in range(max(0, i - length + 1), i + 1) if j not in outliers]
        has_enough = i >= length - 1 and length - len(counted) <= length // 4
        yield mean(counted) if has_enough else None


def gate(
    row_closes: Sequence[datetime],
    days: Sequence[datetime],
    dominance: Sequence[float],
    *,
    mode: str = "level",
    threshold: float = 55,
    sma_days: int = 20,
    max_age: timedelta = timedelta(hours=36),
) -> Iterator[bool]:
    """The gate by the newest day that had ended at a row's close, unless that is too long ago."""
    averages = list(screened_average(dominance, sma_days))
    newest = -1
    for moment in row_closes:
        while newest + 1 < len(days) and days[newest + 1] + timedelta(days=1) <= moment:
            newest += 1
        if mode == "off":
            yield True
        elif newest < 0 or moment - (days[newest] + timedelta(days=1)) > max_age:
            yield False
        else:
            value, average = dominance[newest], averages[newest]
            is_low = value < threshold
            is_falling = average is not None and value < average
            yield {"level": is_low, "falling": is_falling}.get(mode, is_low and is_falling)
