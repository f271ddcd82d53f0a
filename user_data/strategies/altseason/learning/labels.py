"""Label entries by the triple barrier, as Freqtrade's backtests would have executed them.

An entry is bought at the open of the candle after its signal. It ends at the stop-loss, at the
take-profit of `minimal_roi`, or at the open of the candle that follows the horizon, whichever comes
first; the stop comes first if one candle reaches both, as in `IStrategy.should_exit`. Prices are
those of `Backtesting._get_close_rate`: a stop is filled at its price even if the candle opens below
it, and at the open only if the whole candle lies below. Exit signals are no barrier.

Unlike in Freqtrade, stops are not rounded to the exchange's price steps, which are not known from
candles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from altseason.dominance.candles import candle_length
from altseason.errors import InputError

OUTCOMES = TAKE_PROFIT, STOP, TIME_OUT = ("take_profit", "stop", "time_out")
# As in `LocalTrade.calc_profit_ratio`.
DECIMALS = 8
# Freqtrade's own value for an exit at any price.
ANY_PRICE = -1.0

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Barriers:
    """Where an entry ends.

    :param stoploss: Freqtrade's, a ratio; its sign does not matter.
    :param minimal_roi: Freqtrade's: the profit ratio to take, by minutes since the entry.
    :param fee: the fee of each order, a ratio.
    :param horizon: for how many candles an entry is followed, including that of the entry.
    """

    stoploss: float
    minimal_roi: Mapping[Any, float]
    fee: float
    horizon: int
    timeframe: str

    def __post_init__(self) -> None:
        if not 0 < abs(self.stoploss) <= 1:
            raise InputError(f"stoploss: expected a ratio such as -0.05, found {self.stoploss!r}")
        if not 0 <= self.fee < 1:
            raise InputError(f"fee: expected a ratio such as 0.001, found {self.fee!r}")
        if not self.horizon >= 1:
            raise InputError(f"horizon: expected 1 candle or more, found {self.horizon!r}")

    def find_roi(self) -> tuple[Floats, Mask]:
        """Return the profit ratio to take in each candle of the horizon, and where it is new.

        NaN where there is none yet. A ratio that holds from the entry on is not new.
        """
        minutes = candle_length(self.timeframe) // pd.Timedelta(minutes=1)
        steps = {int(key): float(ratio) for key, ratio in self.minimal_roi.items()}
        ratios, has_begun = np.full(self.horizon, np.nan), np.full(self.horizon, False)
        for candle, age in enumerate(range(0, self.horizon * minutes, minutes)):
            if begun := [key for key in steps if key <= age]:
                ratios[candle] = steps[max(begun)]
                has_begun[candle] = age > 0 and max(begun) == age
        return ratios, has_begun


def label_entries(
    candles: pd.DataFrame, entries: "pd.Series[bool]", barriers: Barriers
) -> pd.DataFrame:
    """Return how the entries of a pair ended: a row for each, indexed by its signal's candle.

    An entry has a label only if the candles cover its whole horizon. Closer to their end only some
    entries have ended, namely those that ended early: an unfair sample that favors the nearer
    barrier.

    :param candles: evenly spaced, as Freqtrade fills them: date, open, high, low.
    :param entries: whether the rules would enter, by candle.
    :return: `start` (time of the entry), `known` (end of the candle that decided), `known_row`
        (that candle's number, from 0), `outcome` (of `OUTCOMES`), `profit_ratio` (after fees); all
        are missing if there is no label.
    :raises InputError: if a candle is missing in between.
    """
    dates = candles["date"]
    length = candle_length(barriers.timeframe)
    if not dates.diff().iloc[1:].eq(length).all():
        raise InputError(
            f"labels: expected a candle every {barriers.timeframe}, found gaps; fill them as "
            f"Freqtrade does"
        )
    signals = np.flatnonzero(entries.to_numpy(dtype=bool))
    is_whole = signals + 1 + barriers.horizon < len(candles)
    opened = np.where(is_whole, signals + 1, -1)
    ended, codes = np.full(len(signals), -1), np.full(len(signals), -1)
    profits = np.full(len(signals), np.nan)
    if is_whole.any():
        ended[is_whole], codes[is_whole], profits[is_whole] = _find_ends(
            candles, opened[is_whole], barriers
        )
    return pd.DataFrame(
        {
            "start": dates.array.take(opened, allow_fill=True),
            "known": (dates + length).astype(dates.dtype).array.take(ended, allow_fill=True),
            "known_row": pd.Series(ended, dtype="Int64").mask(ended < 0),
            "outcome": pd.Series([*OUTCOMES, None], dtype=object).to_numpy()[codes],
            "profit_ratio": profits,
        }
    ).set_axis(candles.index[signals], axis="index")


def _find_ends(
    candles: pd.DataFrame, opened: Numbers, barriers: Barriers
) -> tuple[Numbers, Numbers, Floats]:
    """Return, for each entry, the candle that decides it, the outcome, and the profit ratio.

    :param opened: the numbers of the candles in which the entries are bought.
    """
    horizon = barriers.horizon
    opens, highs, lows = (
        sliding_window_view(candles[name].to_numpy("float64"), horizon)[opened]
        for name in ("open", "high", "low")
    )
    bought = opens[:, :1] * (1 + barriers.fee)
    stops = opens[:, 0] * (1 - abs(barriers.stoploss))
    ratios, has_begun = barriers.find_roi()
    best = np.round(highs * (1 - barriers.fee) / bought - 1, DECIMALS)
    is_stop = lows <= stops[:, None]
    is_end = is_stop | (best > ratios)
    ages = is_end.argmax(axis=1)
    rows = np.arange(len(opened))
    ages = np.where(is_end[rows, ages], ages, horizon)
    # A time-out needs the candle after the window, which `is_whole` guarantees.
    rates = candles["open"].to_numpy("float64")[opened + ages]
    codes = np.full(len(opened), OUTCOMES.index(TIME_OUT))
    for row in rows[ages < horizon]:
        age = ages[row]
        opening, high, low = opens[row, age], highs[row, age], lows[row, age]
        if is_stop[row, age]:
            codes[row] = OUTCOMES.index(STOP)
            rates[row] = opening if stops[row] > high else stops[row]
            continue
        target = (1 + ratios[age]) * bought[row, 0] / (1 - barriers.fee)
        at_open = has_begun[age] and (ratios[age] == ANY_PRICE or opening > target)
        rates[row] = opening if at_open else min(max(target, low), high)
    profits = np.round(rates * (1 - barriers.fee) / bought[:, 0] - 1, DECIMALS)
    # An exit by `minimal_roi` without a profit counts as a time-out.
    is_taken = (ages < horizon) & (codes != OUTCOMES.index(STOP)) & (profits > 0)
    codes[is_taken] = OUTCOMES.index(TAKE_PROFIT)
    return opened + ages, codes, profits
