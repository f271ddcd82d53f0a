"""The placebo: the same dominance at wrong dates.

Any gate that is closed for some of the time avoids some of the losses, and some of the profits, of
a strategy. What its *dates* are worth shows only against gates that are open as long, at dates that
mean nothing. Here these are made of the same dominance, shifted circularly round the days of the
window: what leaves it at the end comes in at the beginning. Nobody could have traded such a gate,
since it holds values of the future: it is a placebo, and only compared.

Under the null hypothesis, that prices and dominance have nothing to do with each other, the true
gate is one of its shifts like any other; its rank among them gives the p-value.
https://doi.org/10.2202/1544-6115.1585 (why one is added to both)
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from altseason.dominance.candles import DAY, candle_length
from altseason.errors import InputError
from altseason.gate.reader import DominanceReader
from altseason.gate.rule import Dominance
from altseason.settings import DominanceSettings
from altseason_lab.study.grid import Calendar, Shift

# Below this, "the dates mattered".
SIGNIFICANCE = 0.05


class ShiftedDominance(DominanceReader):
    """Reads the stored dominance, shifted."""

    def __init__(self, config: dict[str, Any], settings: DominanceSettings, shift: Shift) -> None:
        super().__init__(config, settings)
        self._shift = shift
        self._stored: Dominance | None = None
        self._shifted: Dominance | None = None

    def read(self) -> Dominance:
        """Read dominance at its wrong dates; the same object while the stored one is."""
        stored = super().read()
        if self._shifted is None or stored is not self._stored:
            self._stored, self._shifted = stored, shift_dominance(stored, self._shift)
        return self._shifted


def give_placebo(strategy: Any, shift: Shift) -> None:
    """Let the gate of a strategy object read dominance at wrong dates; breadth keeps its own."""
    gate = strategy.alt_season_gate
    gate.columns.read_from(ShiftedDominance(strategy.config, gate.settings.dominance, shift))


def shift_dominance(dominance: Dominance, shift: Shift) -> Dominance:
    """Shift all candles of dominance by the same days round the calendar."""
    daily = shift_candles(dominance.daily, "1d", shift)
    is_daily = dominance.candles is dominance.daily
    candles = daily if is_daily else shift_candles(dominance.candles, dominance.timeframe, shift)
    return replace(dominance, candles=candles, daily=daily)


def shift_candles(candles: pd.DataFrame, timeframe: str, shift: Shift) -> pd.DataFrame:
    """Shift candles circularly round the days whose ends a window's days begin with.

    A daily candle is known at its end, so the window's first day goes by that of the day before.
    What comes before the window, and is read for a mean, goes on round the circle; what comes after
    it is left out, as are the places at which a missing candle arrives.
    """
    if candles.empty:
        return candles
    calendar = shift.calendar
    origin, length = calendar.start - DAY, calendar.days * DAY
    grid = pd.date_range(
        min(candles["date"].iloc[0], origin),
        origin + length,
        freq=candle_length(timeframe),
        inclusive="left",
    ).as_unit("ms")
    sources = origin + (grid - origin - shift.days * DAY) % length
    shifted = candles.set_index("date").reindex(sources.as_unit("ms")).reset_index(drop=True)
    shifted.insert(0, "date", grid)
    return shifted.dropna(subset=["close"]).reset_index(drop=True)


def find_calendar(start: pd.Timestamp, last_close: pd.Timestamp) -> Calendar:
    """Return the days of a backtest.

    :param start: the open time of its first candle.
    """
    first, end = start.floor("1D"), last_close.ceil("1D")
    return Calendar(first, (end - first) // DAY)


def draw_shifts(calendar: Calendar, count: int, seed: int) -> list[Shift]:
    """Draw different shifts at random, the same for the same seed.

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


def calculate_p_value(true: float, placebos: Sequence[float]) -> float:
    """Return (1 + k) / (1 + N), where k of N placebos earned as much as the true gate, or more."""
    as_good = sum(value >= true for value in placebos)
    return (1 + as_good) / (1 + len(placebos))


def calculate_p_error(p_value: float, count: int) -> float:
    """Return the standard error of a p-value by which placebos were drawn."""
    return math.sqrt(p_value * (1 - p_value) / count)
