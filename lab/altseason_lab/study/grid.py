"""The cells of a study: each rule in each window on each group of pairs."""

import math
from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any

import pandas as pd
from freqtrade.configuration import TimeRange
from freqtrade.exceptions import ConfigurationError

from altseason.gate.keeper import PARAMETERS
from altseason.gate.rule import BREADTH_MODES, FALLING_MODES, LEVEL_MODES, MODES, GateRule
from altseason.parser import whole_number

OFF = "off"
MODE = "gate_mode"
MAX_PLACEBOS = 10_000
# The modes that read a parameter of the gate; any other parameter matters to all of them.
READ_BY = {
    "dominance_threshold": LEVEL_MODES,
    "gate_band": LEVEL_MODES,
    "gate_sma_days": FALLING_MODES,
    "breadth_min": frozenset(BREADTH_MODES),
    "breadth_days": frozenset(BREADTH_MODES),
}
Value = bool | int | float | str
Settings = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Scope:
    """The candles that some cells share.

    :param window: a time range in Freqtrade's format; empty for all that is stored.
    :param pairs: in the whitelist's format; none for the configuration's own whitelist.
    """

    window: str
    pairs: tuple[str, ...]


@dataclass(frozen=True)
class Calendar:
    """The days of a window, which a placebo rearranges.

    :param start: midnight (UTC) of the first day that is traded.
    """

    start: pd.Timestamp
    days: int


@dataclass(frozen=True)
class Shift:
    """A placebo whose dominance is shifted by some days, around a circle of the calendar."""

    calendar: Calendar
    days: int


@dataclass(frozen=True)
class Resampling:
    """A placebo whose dominance is made of the calendar's days, resampled in blocks.

    :param seed: of all draws of a study; `number` is that of this one.
    :param open_share: the share of time in which the true gate is open, for the placebo to match.
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
    :param settings: parameters with values other than the strategy's own.
    """

    scope: Scope
    mode: str
    placebo: Placebo | None = None
    settings: Settings = ()

    @property
    def name(self) -> str:
        """Return the gate and the settings, which identify a cell within its scope."""
        return " ".join([self.mode, *(f"{name}={value}" for name, value in self.settings)])

    @property
    def ungated(self) -> "Cell":
        """Return the same cell with the gate off."""
        return Cell(self.scope, OFF, settings=keep_relevant(OFF, self.settings))


def build_cells(
    modes: Sequence[str],
    windows: Sequence[str],
    groups: Sequence[tuple[str, ...]],
    settings: Mapping[str, Sequence[Value]] = MappingProxyType({}),
) -> list[Cell]:
    """Return all cells, each once; the gate off comes first in each scope.

    :param groups: of pairs; an empty one is the configuration's whitelist.
    :param settings: the values that each parameter takes; all combinations are run.
    """
    ordered = dict(sorted(settings.items()))
    combined = [tuple(zip(ordered, values, strict=True)) for values in product(*ordered.values())]
    gates = dict.fromkeys(
        (mode, keep_relevant(mode, chosen))
        for mode in dict.fromkeys([OFF, *modes])
        for chosen in combined
    )
    return [
        Cell(Scope(window, group), mode, settings=chosen)
        for group in dict.fromkeys(groups)
        for window in dict.fromkeys(windows)
        for mode, chosen in gates
    ]


def keep_relevant(mode: str, settings: Settings) -> Settings:
    """Return the settings without the gate's parameters that a mode does not read."""
    return tuple(
        (name, value) for name, value in settings if mode in READ_BY.get(name, frozenset(MODES))
    )


def validate_rule(cell: Cell) -> None:
    """Validate, before hours of backtests, the values that a cell gives the gate.

    :raises InputError: where they make no valid rule.
    """
    settings = {MODE: cell.mode, **dict(cell.settings)}
    values: dict[str, Any] = {
        field: settings[name] for name, field in PARAMETERS.items() if name in settings
    }
    GateRule(**values)


def parse_setting(text: str) -> tuple[str, tuple[Value, ...]]:
    """Parse a parameter and its values of the command line."""
    name, _, values = text.partition("=")
    found = tuple(dict.fromkeys(_parse_value(value) for value in values.split(",")))
    if not name.isidentifier() or "" in found:
        raise ArgumentTypeError(
            f"expected a parameter and its values such as gate_sma_days=10,20,40, found {text!r}"
        )
    if name == MODE:
        raise ArgumentTypeError(f"expected another parameter than {MODE}, which --modes has")
    return name, found


def _parse_value(text: str) -> Value:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        with suppress(ValueError):
            number = kind(text)
            # So that 10.0 is the same cell, and the same trial, as 10.
            return int(number) if math.isfinite(number) and number == int(number) else number
    return text


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
