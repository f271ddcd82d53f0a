"""What makes the values of a file believable as dominance: their size, their order, their moves."""

import numpy as np
import pandas as pd

from altseason.dominance.candles import MAX_PERCENT, MIN_PERCENT, PRICE_COLUMNS, is_believable
from altseason.errors import InputError
from altseason.sources.cells import parse_numbers
from altseason.sources.grid import Table
from altseason.sources.identity import INSIST

# In daily readings of 2018 to 2021 it was between 27.4 % and 72.4 %; this leaves room for other
# providers, whose levels differ by up to 4 points. What is higher is only told.
LOWEST_EVER = 25.0
HIGHEST_SINCE_2018 = 75.0
# In the same readings the median daily move over any 20 days was at most 1.9 %, in all of them
# 0.6 %; of the large altcoins it was 2 % to 4.5 % over the years.
MAX_MEDIAN_MOVE, MIN_MOVES = 0.02, 20
# In points: how far a high or low that was rounded may lie within the other prices.
# Single candles of a provider are broken; where most are, the columns are others.
MAX_OUTSIDE, MAX_SHARE_OUTSIDE = 0.25, 0.5


def read_percent(table: Table, column: str) -> "pd.Series[float]":
    """Parse a column of percent.

    :raises InputError: where some are none.
    """
    values = parse_numbers(table, column)
    problem = f"expected percent between {MIN_PERCENT:g} and {MAX_PERCENT:g} in {column!r}"
    if (values <= MIN_PERCENT).all():
        problem += " (these look like fractions: multiply them by 100)"
    table.refuse(problem, ~is_believable(values), table.text(column))
    return values


def check_level(table: Table, frame: pd.DataFrame, column: str) -> None:
    """Refuse a level that Bitcoin's dominance never had."""
    table.refuse(
        f"expected Bitcoin's dominance, which was never below {LOWEST_EVER:g} %, in "
        f"{column!r} ({INSIST})",
        frame["close"] < LOWEST_EVER,
        table.text(column),
    )


def check_moves(table: Table, frame: pd.DataFrame) -> None:
    """Refuse a series that nothing names as dominance, and that moves as a coin's price does."""
    ordered = frame[["stamp", "close"]].sort_values("stamp")
    closes = ordered.groupby(ordered["stamp"].dt.floor("D"))["close"].last()
    moves = closes.pct_change().abs().dropna()
    if len(moves) >= MIN_MOVES and moves.median() > MAX_MEDIAN_MOVE:
        raise InputError(
            f"{table.path}: expected Bitcoin's dominance, but half of the days move by "
            f"{moves.median():.1%} or more, as a coin's price does; nothing was imported. "
            f"{INSIST[0].upper()}{INSIST[1:]}"
        )


def check_order(table: Table, frame: pd.DataFrame) -> None:
    """Refuse candles whose columns are in another order than their names."""
    is_outside = frame["high"] + MAX_OUTSIDE < frame[[*PRICE_COLUMNS]].max(axis=1)
    is_outside |= frame["low"] - MAX_OUTSIDE > frame[[*PRICE_COLUMNS]].min(axis=1)
    table.refuse(
        "expected each row's high to be its highest value and low the lowest; are the columns in "
        "another order? Name the one of the close with --column",
        is_outside if is_outside.mean() > MAX_SHARE_OUTSIDE else np.zeros(len(frame)),
        pd.Series(frame.index),
        show=lambda row: ", ".join(f"{name} {frame[name].iloc[row]}" for name in PRICE_COLUMNS),
    )
