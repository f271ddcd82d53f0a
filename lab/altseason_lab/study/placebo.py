"""The placebo: the same dominance at wrong dates.

Any gate that is closed for some of the time avoids some of the losses, and some of the profits, of
a strategy. What its *dates* are worth shows only against gates that are open for as long, at dates
that mean nothing. There are two kinds of these, both made of the same dominance:

* shift: around a circle of the window's days, so that what leaves the window at its end reenters at
  its beginning. The stretches of alt season keep their lengths and their order.
* bootstrap: the daily changes of the window, resampled in blocks of random length, as in the
  stationary bootstrap of Politis and Romano, https://doi.org/10.1080/01621459.1994.10476870. Only
  those are used that are open about as long as the true gate.

Nobody could have traded such a gate, since it contains values from the future: it is a placebo, and
serves only for comparison. Under the null hypothesis, that prices and dominance are independent,
the true gate is one of its shifts like any other; its rank among them gives the p-value.
https://doi.org/10.2202/1544-6115.1585 (why one is added to both)
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from altseason.dominance.candles import DAY, candle_length
from altseason.errors import InputError
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import Dominance
from altseason.settings import DominanceSettings
from altseason_lab.study.difference import SIGNIFICANCE
from altseason_lab.study.grid import Calendar, Placebo, Resampling, Shift

SHIFT, BOOTSTRAP = KINDS = ("shift", "bootstrap")
# On average; longer than `gate_sma_days`, so that whole stretches of falling dominance survive.
BLOCK_DAYS = 30
# How far a bootstrap's open share may be from the true one, as a fraction of the time that the true
# gate is open or closed, whichever is shorter; and how many are drawn to find one.
SHARE_TOLERANCE = 0.1
MAX_DRAWS = 200
PRICES = ("open", "high", "low", "close")

Days = npt.NDArray[np.int64]
Factors = npt.NDArray[np.float64]
# For days, counted from a window's first: the days whose dominance they get, and its factors.
Arrangement = Callable[[Days], tuple[Days, Factors]]
OpenShare = Callable[[Dominance], float]


@dataclass(frozen=True)
class Rank:
    """The rank of a true value among those of placebos; the larger, the better."""

    true: float
    placebos: Sequence[float]

    @property
    def p_value(self) -> float:
        """Return (1 + k) / (1 + N), where k of N placebos are at least as large as the true one."""
        as_good = sum(value >= self.true for value in self.placebos)
        return (1 + as_good) / (1 + len(self.placebos))

    @property
    def error(self) -> float:
        """Return the standard error of the p-value with this number of placebos."""
        return math.sqrt(self.p_value * (1 - self.p_value) / len(self.placebos))

    def can_reach(self, level: float) -> bool:
        """Return whether this number of placebos can give a p-value at or below a level."""
        return 1 / (1 + len(self.placebos)) <= level

    def __str__(self) -> str:
        return f"p = {self.p_value:.3f} +- {self.error:.3f}"


def find_level(tests: int) -> float:
    """Return what a p-value must not exceed, by Bonferroni where there are several tests."""
    return SIGNIFICANCE / tests


def describe_level(tests: int, decimals: int = 3) -> str:
    """Describe what a p-value must not exceed."""
    several = f" ({SIGNIFICANCE:g} divided by {tests} tests)" if tests > 1 else ""
    return f"p must be at most {find_level(tests):.{decimals}f}{several}"


class PlaceboDominance(DominanceReader):
    """Reads the stored dominance at the dates of a placebo."""

    def __init__(
        self,
        config: dict[str, Any],
        settings: DominanceSettings,
        placebo: Placebo,
        open_share: OpenShare,
    ) -> None:
        """Read nothing yet.

        :param open_share: returns the share of the calendar in which the gate is open, for some
            dominance.
        """
        super().__init__(config, settings)
        self._placebo = placebo
        self._open_share = open_share
        self._stored: Dominance | None = None
        self._arranged: Dominance | None = None

    def require(self) -> Dominance:
        """Read dominance at wrong dates; none of it where the window has none, if any is stored.

        :raises DominanceMissingError: if nothing is stored at all.
        """
        arranged = self.read()
        is_stored = self._stored is not None and not self._stored.candles.empty
        return arranged if is_stored else super().require()

    def read(self) -> Dominance:
        """Read dominance at wrong dates; the same object as long as the stored one is the same."""
        stored = super().read()
        if self._arranged is None or stored is not self._stored:
            self._stored = stored
            self._arranged = arrange_dominance(stored, self._placebo, self._open_share)
        return self._arranged


def give_placebo(strategy: Any, placebo: Placebo) -> None:
    """Let the gate of a strategy object read dominance at wrong dates; breadth keeps its dates."""
    gate = strategy.alt_season_gate
    times = _find_closes(placebo.calendar, strategy.timeframe)

    def measure_open(dominance: Dominance) -> float:
        return float(gate.columns.find_open_by(dominance, times).mean())

    gate.columns.read_from(
        PlaceboDominance(strategy.config, gate.settings.dominance, placebo, measure_open)
    )


def _find_closes(calendar: Calendar, timeframe: str) -> "npt.NDArray[np.int64]":
    end = calendar.start + calendar.days * DAY
    opens = pd.date_range(calendar.start, end, freq=candle_length(timeframe), inclusive="left")
    closes = (opens + candle_length(timeframe)).as_unit("ms")
    return np.asarray(closes.astype("int64"), dtype=np.int64)


def arrange_dominance(dominance: Dominance, placebo: Placebo, open_share: OpenShare) -> Dominance:
    """Return the dominance of a placebo: shifted, or resampled such that it is open for as long."""
    if dominance.daily.empty:
        return dominance
    if isinstance(placebo, Shift):
        return _apply(dominance, placebo.calendar, arrange_shift(placebo))
    return _find_match(dominance, placebo, open_share)


def _find_match(dominance: Dominance, placebo: Resampling, open_share: OpenShare) -> Dominance:
    """Return the first draw that is open for about as long as the true gate, or the nearest."""
    random = np.random.default_rng([placebo.seed, placebo.number])
    shorter = min(placebo.open_share, 1 - placebo.open_share)
    # Most gates open and close by whole days.
    tolerance = max(SHARE_TOLERANCE * shorter, 1 / placebo.calendar.days)
    best, least = dominance, math.inf
    for _ in range(MAX_DRAWS):
        arrangement = draw_arrangement(dominance.daily, placebo.calendar, random)
        if arrangement is None:
            continue
        drawn = _apply(dominance, placebo.calendar, arrangement)
        distance = abs(open_share(drawn) - placebo.open_share)
        if distance < least:
            best, least = drawn, distance
        if distance <= tolerance:
            break
    return best


def _apply(dominance: Dominance, calendar: Calendar, arrangement: Arrangement) -> Dominance:
    daily = arrange_candles(dominance.daily, "1d", calendar, arrangement)
    is_daily = dominance.candles is dominance.daily
    candles = (
        daily
        if is_daily
        else arrange_candles(dominance.candles, dominance.timeframe, calendar, arrangement)
    )
    return replace(dominance, candles=candles, daily=daily)


def arrange_candles(
    candles: pd.DataFrame, timeframe: str, calendar: Calendar, arrangement: Arrangement
) -> pd.DataFrame:
    """Rearrange the candles that are known at the beginning of a window's days.

    A daily candle is known at its end, so the first day of the window uses that of the day before.
    Days before the window, which are read for a mean, are rearranged, too; later ones are left out,
    as are days that get a missing candle.
    """
    if candles.empty:
        return candles
    origin = calendar.start - DAY
    grid = pd.date_range(
        min(candles["date"].iloc[0], origin),
        origin + calendar.days * DAY,
        freq=candle_length(timeframe),
        inclusive="left",
    ).as_unit("ms")
    days = np.asarray((grid - origin) // DAY, dtype=np.int64)
    sources, factors = arrangement(days)
    moved = grid + pd.to_timedelta(sources - days, unit="D")
    arranged = candles.set_index("date").reindex(moved.as_unit("ms")).reset_index(drop=True)
    for name in PRICES:
        arranged[name] *= factors
    arranged.insert(0, "date", grid)
    return arranged.dropna(subset=["close"]).reset_index(drop=True)


def arrange_shift(shift: Shift) -> Arrangement:
    """Return a circular shift; days before the window continue around the circle."""

    def arrange(days: Days) -> tuple[Days, Factors]:
        return (days - shift.days) % shift.calendar.days, np.ones(len(days))

    return arrange


def draw_arrangement(
    daily: pd.DataFrame, calendar: Calendar, random: np.random.Generator
) -> Arrangement | None:
    """Draw a stationary bootstrap of the daily changes of dominance.

    Each day is one of the window's, multiplied so that dominance changes from the day before as it
    did on the day drawn: there is no jump where blocks meet. It begins at the level of one of the
    window's days; before the window it is the true dominance, multiplied to meet that level.

    :return: None for a path that leaves the range of percentages.
    """
    count = calendar.days
    origin = calendar.start - DAY
    grid = pd.date_range(origin - DAY, periods=count + 1, freq=DAY).as_unit("ms")
    closes = daily.set_index("date")["close"].reindex(grid).ffill().bfill().to_numpy()
    within, before = closes[1:], closes[:-1]
    drawn = draw_days(count, random)
    start = float(random.choice(within))
    levels = start * np.cumprod((within / before)[drawn])
    if not 0 < levels.max() < 100:
        return None
    factors, first = levels / within[drawn], start / before[0]

    def arrange(days: Days) -> tuple[Days, Factors]:
        place = np.maximum(days, 0)
        return (
            np.where(days < 0, days, drawn[place]),
            np.where(days < 0, first, factors[place]),
        )

    return arrange


def draw_days(count: int, random: np.random.Generator) -> Days:
    """Draw as many days as there are, in blocks of geometric length, around the circle."""
    from arch.bootstrap import StationaryBootstrap

    blocks = StationaryBootstrap(min(BLOCK_DAYS, count), np.arange(count), seed=random)
    return np.asarray(blocks.update_indices(), dtype=np.int64)


def find_calendar(start: pd.Timestamp, last_close: pd.Timestamp) -> Calendar:
    """Return the calendar of a backtest.

    :param start: the open time of its first candle.
    """
    first, end = start.floor("1D"), last_close.ceil("1D")
    return Calendar(first, (end - first) // DAY)


def draw_placebos(
    kind: str, calendar: Calendar, count: int, seed: int, open_share: float
) -> Sequence[Placebo]:
    """Draw placebos of a kind, the same for the same seed.

    :param open_share: that of the true gate.
    :raises InputError: where the window has too few days for different shifts.
    """
    if kind == SHIFT:
        return draw_shifts(calendar, count, seed)
    return [Resampling(calendar, seed, number, open_share) for number in range(count)]


def draw_shifts(calendar: Calendar, count: int, seed: int) -> list[Shift]:
    """Draw shifts at random, each different.

    :raises InputError: where the window has too few days for them.
    """
    if count >= calendar.days:
        raise InputError(
            f"expected at most {calendar.days - 1} placebos for a window of {calendar.days} days "
            f"from {calendar.start:%Y-%m-%d}, one for each day by which dominance can be shifted, "
            f"found {count}; lower --placebos or choose a longer window"
        )
    drawn = np.random.default_rng(seed).choice(np.arange(1, calendar.days), count, replace=False)
    return [Shift(calendar, int(days)) for days in drawn]
