"""The file formats that users already have, and what their stamps mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from altseason.dominance.candles import (
    FINE_SPACING,
    MAX_PERCENT,
    MIN_PERCENT,
    PRICE_COLUMNS,
    is_believable,
)
from altseason.dominance.sources.table import Table, parse_dates, parse_numbers, read_table
from altseason.errors import InputError

Stamp = Literal["open", "snapshot"]
STAMP_MEANING = {
    "open": "a row stamped T covers the time that begins at T",
    "snapshot": "a row stamped T is a reading at T, and closes the candle that ends there",
}
DATE_NAMES = ("date", "time", "timestamp", "datetime", "day", "last_updated", "snapped_at")
VALUE_NAMES = (
    "dominance",
    "btc_dominance",
    "bitcoin_dominance",
    "btcd",
    "btc_d",
    "btc.d",
    "bitcoin_dominance_percentage",
    "close",
    "value",
)
LONGEST_SPACING = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Options:
    """What the user says about a file; None where the file's format decides."""

    column: str | None = None
    date_column: str | None = None
    stamp: Stamp | None = None


@dataclass(frozen=True)
class Layout:
    """Where a table's dates and values are.

    :param format: the format's name, for the user.
    :param values: the columns of open, high, low and close; one and the same where there is one.
    """

    format: str
    date: str
    values: tuple[str, str, str, str]
    stamp: Stamp


@dataclass(frozen=True)
class Readings:
    """A file's content, oldest first.

    :param rows: columns stamp, known (both UTC; when a row was true), open, high, low, close
        (percent).
    :param spacing: the usual time between two rows.
    :param was_sorted: whether the file was in the order of time.
    """

    layout: Layout
    rows: pd.DataFrame
    spacing: pd.Timedelta
    was_sorted: bool

    @property
    def timeframes(self) -> tuple[str, ...]:
        """The candles that rows of this spacing can make."""
        return ("1h", "1d") if self.spacing <= FINE_SPACING else ("1d",)


def load_readings(path: Path, options: Options, now: pd.Timestamp) -> Readings:
    """Read a dominance file of any known layout, or of the one that the options name.

    :raises InputError: for the whole file, if anything in it is not as it should be.
    """
    table = read_table(path)
    layout = find_layout(table, options)
    dates = parse_dates(table, layout.date, now)
    values = {}
    for name, column in zip(PRICE_COLUMNS, layout.values, strict=True):
        values[name] = parse_numbers(table, column)
        problem = f"expected percent between {MIN_PERCENT:g} and {MAX_PERCENT:g} in {column!r}"
        if (values[name] <= MIN_PERCENT).all():
            problem += " (these look like fractions: multiply them by 100)"
        table.refuse(problem, ~is_believable(values[name]), table.cells[column])
    return build_readings(layout, pd.DataFrame({"stamp": dates, **values}), path)


def build_readings(layout: Layout, rows: pd.DataFrame, path: Path) -> Readings:
    """Order checked rows and find out when each became known."""
    was_sorted = bool(rows["stamp"].is_monotonic_increasing)
    rows = rows.sort_values("stamp", ignore_index=True)
    steps = rows["stamp"].diff().dropna()
    spacing = steps.mode().iloc[0] if len(steps) else LONGEST_SPACING
    if spacing > LONGEST_SPACING:
        raise InputError(
            f"{path}: expected at least a row a day, found rows {_describe(spacing)} apart"
        )
    known = rows["stamp"] + (spacing if layout.stamp == "open" else pd.Timedelta(0))
    rows.insert(1, "known", known)
    return Readings(layout, rows, spacing, was_sorted)


def find_layout(table: Table, options: Options) -> Layout:
    """Recognise a table by its columns; what the options name comes first.

    :raises InputError: where a column is missing, or it is not clear which one is meant.
    """
    columns = set(table.columns)
    if {"snapped_at", "market_cap"} <= columns and not options.column:
        raise InputError(
            f"{table.path}: this is a market-cap chart without its partner: give Bitcoin's file, "
            f"and the total market cap's with `--total FILE`"
        )
    date = _find_column(table, options.date_column, DATE_NAMES, "--date-column")
    if {"open", "high", "low", "close"} <= columns and date == "time" and not options.column:
        values = ("open", "high", "low", "close")
        return Layout("TradingView export", date, values, options.stamp or "open")
    value = _find_column(table, options.column, VALUE_NAMES, "--column", besides=date)
    values = (value, value, value, value)
    if value == "btc_dominance" and date in ("timestamp", "last_updated"):
        return Layout("CoinMarketCap series", date, values, options.stamp or "snapshot")
    # Not knowing what the stamp means, take it as the later of the two: late is never look-ahead.
    return Layout("table of dates and values", date, values, options.stamp or "open")


def _find_column(
    table: Table, wanted: str | None, names: Sequence[str], option: str, besides: str = ""
) -> str:
    columns = [column for column in table.columns if column != besides]
    found = ", ".join(table.columns)
    if wanted is not None:
        if wanted.lower() in columns:
            return wanted.lower()
        raise InputError(f"{table.path}: expected the column {wanted!r}, found {found}")
    matches = [name for name in names if name in columns]
    if matches:
        return matches[0]
    if besides and len(columns) == 1:
        return columns[0]
    raise InputError(
        f"{table.path}: expected a column named like {', '.join(names[:3])}, found {found}; "
        f"name the one to read with {option}"
    )


def _describe(spacing: pd.Timedelta) -> str:
    return str(spacing.to_pytimedelta())
