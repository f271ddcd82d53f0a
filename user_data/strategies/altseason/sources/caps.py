"""Calculate dominance from market caps: Bitcoin's and the total, in two files or in one table."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from altseason.dominance.candles import MAX_PERCENT, PRICE_COLUMNS
from altseason.errors import InputError
from altseason.sources.cells import is_empty, parse_numbers
from altseason.sources.formats import Format, find_clock, find_column, find_dates, find_format
from altseason.sources.identity import find_cap_column, find_other_cap
from altseason.sources.reading import Layout, Readings
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

BITCOIN, TOTAL = ("btc", "bitcoin"), ("total", "global", "all", "crypto")
CAP_NAMES = ("market_cap", "marketcap", "market cap", "market capitalization", "mcap", "cap")
_CURRENCY = re.compile(r"(?<![a-z])(usd|eur|gbp|jpy|cny|inr|krw|chf|aud|cad|brl|rub)(?![a-z])")
# Two providers do not stamp at the same instant: times that differ by up to this fraction of the
# spacing count as one.
TOLERANCE = 1 / 24
# A total that was true later than Bitcoin's by more than this would be known too early.
MAX_LATER = pd.Timedelta(minutes=5)
# No market cap of interest is less, and no price of a coin is more.
MIN_CAP = 1e8


@dataclass(frozen=True)
class _Caps:
    """The market caps of one file.

    :param frame: columns stamp, known, cap and row, the number of the row in the file.
    :param date: the column with the time; `column` is that with the market cap.
    """

    path: Path
    frame: pd.DataFrame
    rows: Rows
    meaning: Meaning
    date: str
    column: str


def has_both_caps(table: Table) -> bool:
    """Return whether one table has Bitcoin's and the total market cap."""
    return find_cap_column(table, BITCOIN) is not None and find_cap_column(table, TOTAL) is not None


def divide_columns(rows: Rows, options: ImportOptions, now: pd.Timestamp) -> Readings:
    """Divide Bitcoin's market cap by the total, row by row.

    :raises InputError: where a row cannot be read, or its share cannot be Bitcoin's.
    """
    table = rows.table
    bitcoin, total = find_cap_column(table, BITCOIN) or "", find_cap_column(table, TOTAL) or ""
    if not options.insist:
        _refuse_currencies(table.path, bitcoin, total)
    known, date = _find_dates(table, options)
    rows.leave_out_cut(date, bitcoin, total, find_clock(table, date))
    table = rows.table
    is_hole = is_empty(table.text(bitcoin)) | is_empty(table.text(total))
    rows.leave_out("rows without a value", is_hole)
    for column in (bitcoin, total):
        _check_names(table, column, options, is_total=column == total)
    meaning = read_stamps(rows, date, known, options, now)
    rows.step(TIMES_DONE)
    share = 100 * _parse_caps(rows.table, bitcoin) / _parse_caps(rows.table, total)
    _check_share(rows.table, share, options)
    frame = pd.DataFrame({"stamp": meaning.stamps, **dict.fromkeys(PRICE_COLUMNS, share)})
    frame = drop_repeats(rows, frame)
    layout = _layout("table of two market caps", date, bitcoin, meaning)
    written = written_at(table.path, now)
    notes = find_notes(rows, frame)
    return build_readings(layout, frame, meaning.spacing, written, rows.left_out, notes)


def load_cap_pair(
    bitcoin: Path, total: Path, options: ImportOptions, now: pd.Timestamp, step: Step = no_step
) -> Readings:
    """Divide the market cap in one file by that in the other, at the times that both have.

    The last row of a download may be "now" and so differ between the files; rows that only one
    file has are left out, and counted.

    :param step: called with the fraction of all work that is done.
    :raises InputError: where a file has no market cap, or no time is in both.
    """
    ours, theirs = _load_both(bitcoin, total, options, now, step)
    if not options.insist:
        names = f"{bitcoin.stem} {ours.column}", f"{total.stem} {theirs.column}"
        _refuse_currencies(bitcoin, *names)
    both = _match(ours, theirs)
    share = 100 * both["cap"] / both["cap_total"]
    by_row = share.set_axis(both["row"]).sort_index()
    by_row = by_row.reindex(range(len(ours.frame)))
    _check_share(ours.rows.table, by_row, options, of=f" of {total}")
    frame = pd.DataFrame({"stamp": both["stamp"], **dict.fromkeys(PRICE_COLUMNS, share)})
    layout = _layout("pair of market caps", ours.date, ours.column, ours.meaning)
    written = min(written_at(bitcoin, now), written_at(total, now))
    left_out = _find_left_out(ours, len(both)) | _find_left_out(theirs, len(both))
    notes = find_notes(ours.rows, frame) + find_notes(theirs.rows, frame[:0])
    return build_readings(layout, frame, ours.meaning.spacing, written, left_out, notes)


def _match(ours: _Caps, theirs: _Caps) -> pd.DataFrame:
    """Return the rows of one file with the market cap that the other has at their time.

    :raises InputError: where there is no such row.
    """
    tolerance = max(ours.meaning.spacing, theirs.meaning.spacing) * TOLERANCE
    both = pd.merge_asof(
        ours.frame.sort_values("known"),
        theirs.frame.sort_values("known").assign(other=lambda frame: frame["known"]),
        on="known",
        suffixes=("", "_total"),
        tolerance=tolerance,
        direction="nearest",
    )
    is_later = both["other"] - both["known"] > MAX_LATER
    is_matched = both["cap_total"].notna() & ~both["other"].duplicated() & ~is_later
    if not is_matched.any():
        raise InputError(
            f"{ours.path}: expected times that {theirs.path} has as well (within {tolerance}, and "
            f"at most {MAX_LATER} later), found none"
        )
    return both[is_matched].reset_index(drop=True)


def _find_left_out(caps: _Caps, matched: int) -> dict[str, int]:
    """Return how many rows of a file were left out, by reason."""
    name = caps.path.name
    left_out = {f"{reason} in {name}": count for reason, count in caps.rows.left_out.items()}
    if len(caps.frame) > matched:
        reason = f"rows of {name} at times that the other file does not have"
        left_out[reason] = len(caps.frame) - matched
    return left_out


def _load_both(
    bitcoin: Path, total: Path, options: ImportOptions, now: pd.Timestamp, step: Step
) -> tuple[_Caps, _Caps]:
    """Load both files; `--stamp` is for both, or for the one that does not show it.

    :raises InputError: where one has readings, and nothing shows what the other has.
    """
    undecided = replace(options, stamp=None)
    ours = _load_caps(bitcoin, undecided, now, is_total=False)
    step(0.5)
    theirs = _load_caps(total, undecided, now, is_total=True)
    step(1.0)
    meanings = ours.meaning, theirs.meaning
    differ = meanings[0].stamp != meanings[1].stamp and not all(m.is_sure for m in meanings)
    if differ and options.stamp is None:
        unsure = total if meanings[0].is_sure else bitcoin
        raise InputError(
            f"{unsure}: a row can be a reading at its time, as in the other file, or cover the "
            f"time that begins there; say which with --stamp snapshot or --stamp open, which is "
            f"then for this file alone"
        )
    if options.stamp is not None:
        if not (differ and meanings[0].is_sure):
            ours = _load_caps(bitcoin, options, now, is_total=False)
        if not (differ and meanings[1].is_sure):
            theirs = _load_caps(total, options, now, is_total=True)
    return ours, theirs


def _refuse_currencies(path: Path, ours: str, theirs: str) -> None:
    """Refuse market caps whose names are of two currencies; without any it is the dollar."""
    found = [set(_CURRENCY.findall(name.lower())) or {"usd"} for name in (ours, theirs)]
    if not found[0] & found[1]:
        shown = " and ".join("/".join(sorted(names)) for names in found)
        raise InputError(
            f"{path}: expected both market caps in one currency, found {shown} (usd where no name "
            f"says another); nothing was imported. If they are in one, say so with --insist"
        )


def _load_caps(path: Path, options: ImportOptions, now: pd.Timestamp, *, is_total: bool) -> _Caps:
    rows = load_rows(path)
    known, date = _find_dates(rows.table, options)
    column = _find_cap(rows.table, options)
    rows.leave_out_cut(date, column, find_clock(rows.table, date))
    _check_names(rows.table, column, options, is_total=is_total)
    rows.leave_out("rows without a value", is_empty(rows.table.text(column)))
    meaning = read_stamps(rows, date, known, options, now)
    caps = _parse_caps(rows.table, column)
    frame = drop_repeats(rows, pd.DataFrame({"stamp": meaning.stamps, "close": caps}))
    frame = frame.rename(columns={"close": "cap"})
    length = meaning.spacing if meaning.stamp == "open" else pd.Timedelta(0)
    # In one unit, so that those of both files can be merged.
    frame["known"] = (frame["stamp"] + length).dt.as_unit("ms")
    frame["row"] = range(len(frame))
    return _Caps(path, frame, rows, meaning, date, column)


def _parse_caps(table: Table, column: str) -> "pd.Series[float]":
    """Parse a column of market caps.

    :raises InputError: where some are not above 0.
    """
    caps = parse_numbers(table, column)
    table.refuse(f"expected market caps in column {column!r}", ~(caps > 0), table.text(column))
    return caps


def _find_dates(table: Table, options: ImportOptions) -> tuple[Format | None, str]:
    known = find_format(table)
    wanted = options.date_column
    if wanted is not None and wanted.lower() not in table.columns and known is not None:
        wanted = None  # it is meant for the other file
    date = find_dates(table, wanted, known)
    return (known if known is not None and known.date == date else None), date


def _find_cap(table: Table, options: ImportOptions) -> str:
    if options.column is not None and options.column.lower() in table.columns:
        return find_column(table, options.column, "--column")
    for name in CAP_NAMES:
        if name in table.columns:
            return name
    named = find_cap_column(table, (*BITCOIN, *TOTAL))
    if named is not None:
        return named
    # TradingView draws CRYPTOCAP:BTC and CRYPTOCAP:TOTAL as candles of dollars.
    if "close" in table.columns and bool((parse_numbers(table, "close").dropna() > MIN_CAP).all()):
        return "close"
    raise InputError(
        f"{table.path}: expected a column with a market cap, such as market_cap, found "
        f"{', '.join(table.columns)}; name the one to read with --column"
    )


def _check_names(table: Table, column: str, options: ImportOptions, *, is_total: bool) -> None:
    found = find_other_cap(table, column, is_total=is_total)
    if found and not options.insist:
        whose = "of all coins" if is_total else "of Bitcoin"
        raise InputError(
            f"{table.path}: expected the market cap {whose}, but {found}; nothing was imported. If "
            f"it is the right one all the same, say so with --insist"
        )


def _check_share(
    table: Table, share: "pd.Series[float]", options: ImportOptions, of: str = ""
) -> None:
    lowest = 0.0 if options.insist else LOWEST_EVER
    table.refuse(
        f"expected Bitcoin's share{of} between {LOWEST_EVER:g} and {MAX_PERCENT:g} percent; are "
        f"the two market caps Bitcoin's and the total, in the right order?",
        share.notna() & ~((share >= lowest) & (share < MAX_PERCENT)),
        share,
        show="{:.2f} %".format,
    )


def _layout(name: str, date: str, column: str, meaning: Meaning) -> Layout:
    return Layout(name, date, (column,) * 4, meaning.stamp, meaning.reason, meaning.zone)
