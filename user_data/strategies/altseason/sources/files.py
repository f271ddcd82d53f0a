"""Load a file as readings of Bitcoin's dominance, or refuse it with what the user has to say."""

from pathlib import Path

import numpy as np
import pandas as pd

from altseason.dominance.candles import MAX_PERCENT, MIN_PERCENT, PRICE_COLUMNS, is_believable
from altseason.errors import InputError
from altseason.sources.caps import divide_columns, has_both_caps
from altseason.sources.cells import is_empty, parse_numbers
from altseason.sources.formats import find_clock, find_dates, find_format, find_values
from altseason.sources.identity import (
    INSIST,
    find_other_series,
    find_symbols,
    is_bitcoin,
    is_traded,
    refuse_providers,
    refuse_unsaid,
    says_bitcoin_dominance,
)
from altseason.sources.reading import Layout, Ohlc, Readings
from altseason.sources.rows import (
    LOWEST_EVER,
    TIMES_DONE,
    ImportOptions,
    Rows,
    build_readings,
    drop_repeats,
    find_notes,
    load_rows,
    read_stamps,
    written_at,
)
from altseason.sources.stamps import Meaning
from altseason.sources.table import Table
from altseason.sources.text import Step, no_step

# In daily readings of 2018 to 2021 the median daily move over any 20 days was at most 1.9 %, in all
# of them 0.6 %; of the large altcoins it was 2 % to 4.5 % over the years.
MAX_MEDIAN_MOVE, MIN_MOVES = 0.02, 20
# In percentage points: how far a rounded high or low may lie within the other prices.
# A provider may have broken candles; where most are broken, the columns are in another order.
MAX_OUTSIDE, MAX_FRACTION_OUTSIDE = 0.25, 0.5


def load_readings(
    path: Path, options: ImportOptions, now: pd.Timestamp, step: Step = no_step
) -> Readings:
    """Load a file of dominance, or a table of both market caps.

    :param step: called with the fraction of all work that is done.
    :raises InputError: for the whole file, where it is not clear what anything in it means.
    """
    rows = load_rows(path, step)
    if options.column is None and has_both_caps(rows.table):
        return divide_columns(rows, options, now)
    return _read_dominance(rows, options, now)


def _read_dominance(rows: Rows, options: ImportOptions, now: pd.Timestamp) -> Readings:
    path, known = rows.table.path, find_format(rows.table)
    date = find_dates(rows.table, options.date_column, known)
    values = find_values(rows.table, options.column, date, known)
    if known is not None and date != known.date:
        known = None
    clock, symbols = find_clock(rows.table, date), find_symbols(rows.table)
    rows.leave_out_cut(date, *values, clock, symbols[0] if symbols else None)
    _check_names(rows, values, options)
    is_said = options.insist or options.column or says_bitcoin_dominance(rows.table, values)
    has_volume = not is_said and is_traded(rows.table)
    rows.table = rows.table.keep((date, *values, *([clock] if clock else [])))
    rows.leave_out("rows without a value", is_empty(rows.table.text(values[3])))
    meaning = read_stamps(rows, date, known, options, now)
    rows.step(TIMES_DONE)
    frame = _read_prices(rows, values, meaning)
    if not options.insist:
        _check_level(rows.table, frame, values[3])
    frame = drop_repeats(rows, frame)
    notes = find_notes(rows, frame)
    if not is_said:
        _check_moves(rows.table, frame)
        notes.append(refuse_unsaid(rows.table, values, frame["close"], has_volume=has_volume))
    name = known.name if known else "table of dates and values"
    layout = Layout(name, date, values, meaning.stamp, meaning.reason, meaning.zone)
    rows.release()
    return build_readings(
        layout, frame, meaning.spacing, written_at(path, now), rows.left_out, notes
    )


def _check_names(rows: Rows, values: Ohlc, options: ImportOptions) -> None:
    """Refuse what is named as another series, and keep one series of several."""
    table = rows.table
    if not options.insist:
        refuse_providers(table)
    found = find_other_series(table, values, is_chosen=options.column is not None)
    symbols = find_symbols(table)
    if symbols is not None:
        column, names = symbols
        wanted = [name for name in names if is_bitcoin(name)]
        text = table.text(column)
        if len(names) > 1 and wanted and options.insist:
            rows.leave_out("rows of other symbols", ~text.isin(wanted))
        elif len(names) > 1:
            shown = ", ".join(names[:3])
            raise InputError(
                f"{table.path}: expected one series, found several in column {column!r} ({shown}); "
                f"keep the rows of BTC.D alone (--insist does so where one series has that name)"
            )
        elif not wanted and not _is_plain_bitcoin(names[0], values[3]):
            found = found or f"the column {column!r} says {names[0]!r}"
    if found and not options.insist:
        raise InputError(
            f"{table.path}: expected Bitcoin's dominance, but {found}; nothing was imported. "
            f"{INSIST[0].upper()}{INSIST[1:]}"
        )


def _is_plain_bitcoin(symbol: str, column: str) -> bool:
    return symbol.lower() in ("btc", "bitcoin", "dominance") and "dom" in column


def _read_prices(rows: Rows, values: Ohlc, meaning: Meaning) -> pd.DataFrame:
    frame = pd.DataFrame({"stamp": meaning.stamps})
    prices = {}
    for column in dict.fromkeys(values):
        prices[column] = _read_percent(rows.table, column)
        rows.step(TIMES_DONE + (1 - TIMES_DONE) * len(prices) / len(set(values)))
    for name, column in zip(PRICE_COLUMNS, values, strict=True):
        frame[name] = prices[column]
    if len(prices) > 1:
        _check_order(rows.table, frame)
    return frame


def _read_percent(table: Table, column: str) -> "pd.Series[float]":
    """Read a column of percent.

    :raises InputError: where some cells are not percent.
    """
    values = parse_numbers(table, column)
    problem = f"expected percent between {MIN_PERCENT:g} and {MAX_PERCENT:g} in {column!r}"
    if values.between(0, MIN_PERCENT).all():
        problem += " (these look like fractions: multiply them by 100)"
    table.refuse(problem, ~is_believable(values), table.text(column))
    return values


def _check_level(table: Table, frame: pd.DataFrame, column: str) -> None:
    """Refuse a level that Bitcoin's dominance never had."""
    table.refuse(
        f"expected Bitcoin's dominance, which was never below {LOWEST_EVER:g} %, in "
        f"{column!r} ({INSIST})",
        frame["close"] < LOWEST_EVER,
        table.text(column),
    )


def _check_moves(table: Table, frame: pd.DataFrame) -> None:
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


def _check_order(table: Table, frame: pd.DataFrame) -> None:
    """Refuse candles whose columns are in another order than their names."""
    is_outside = frame["high"] + MAX_OUTSIDE < frame[[*PRICE_COLUMNS]].max(axis=1)
    is_outside |= frame["low"] - MAX_OUTSIDE > frame[[*PRICE_COLUMNS]].min(axis=1)
    table.refuse(
        "expected each row's high to be its highest value and low the lowest; are the columns in "
        "another order? Name the one of the close with --column",
        is_outside if is_outside.mean() > MAX_FRACTION_OUTSIDE else np.zeros(len(frame)),
        pd.Series(frame.index),
        show=lambda row: ", ".join(f"{name} {frame[name].iloc[row]}" for name in PRICE_COLUMNS),
    )
