"""The cells of a study: each rule in each window on each group of pairs."""

from argparse import ArgumentTypeError
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from freqtrade.configuration import TimeRange
from freqtrade.exceptions import ConfigurationError

from altseason.parser import whole_number

OFF = "off"
MAX_PLACEBOS = 10_000


@dataclass(frozen=True)
class Scope:
    """The candles of some cells.

    :param window: a time range as Freqtrade reads it; empty for all that is stored.
    :param pairs: as the whitelist has them; none for the configuration's own whitelist.
    """

    window: str
    pairs: tuple[str, ...]


@dataclass(frozen=True)
class Calendar:
    """The days of a window, which a placebo arranges anew.

    :param start: midnight (UTC) of the first day that is traded.
    """

    start: pd.Timestamp
    days: int


@dataclass(frozen=True)
class Shift:
    """By how many days of a calendar a placebo has its dominance moved, round the circle."""

    calendar: Calendar
    days: int


@dataclass(frozen=True)
class Resampling:
    """Which draw of a calendar's days, in blocks, a placebo has its dominance made of.

    :param seed: of all draws of a study; `number` is this one's.
    :param open_share: how much of the time the true gate is open, which the placebo's has to match.
    """

    calendar: Calendar
    seed: int
    number: int
    open_share: float


Placebo = Shift | Resampling


@dataclass(frozen=True)
class Cell:
    """One backtest.

    :param mode: the gate's, as in `altseason.gate.rule`.
    :param placebo: None for the true dates.
    """

    scope: Scope
    mode: str
    placebo: Placebo | None = None


def build_cells(
    modes: Sequence[str], windows: Sequence[str], groups: Sequence[tuple[str, ...]]
) -> list[Cell]:
    """Return all cells, each once, with the gate off as the first of each scope.

    :param groups: of pairs; an empty one is the configuration's whitelist.
    """
    ordered = dict.fromkeys([OFF, *modes])
    return [
        Cell(Scope(window, group), mode)
        for group in dict.fromkeys(groups)
        for window in dict.fromkeys(windows)
        for mode in ordered
    ]


def parse_window(text: str) -> str:
    """Parse a time range of the command line by Freqtrade's own parser."""
    try:
        TimeRange.parse_timerange(text)
    except ConfigurationError as error:
        raise ArgumentTypeError(
            f"expected a time range such as 20210101-20220101, found {text!r}"
        ) from error
    return text


def parse_group(text: str) -> tuple[str, ...]:
    """Parse a group of pairs of the command line."""
    pairs = tuple(dict.fromkeys(text.split(",")))
    if not all(pairs):
        raise ArgumentTypeError(
            f"expected pairs with commas between them, such as ETH/USDT,SOL/USDT, found {text!r}"
        )
    return pairs


parse_placebos = whole_number(0, MAX_PLACEBOS, of="placebos")
