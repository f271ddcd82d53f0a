"""A file's readings of dominance, or one line that says what has to be known first."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from altseason.dominance.candles import (
    FINE_SPACING,
    PRICE_COLUMNS,
)
from altseason.errors import InputError
from altseason.sources.cells import is_empty
from altseason.sources.formats import (
    Format,
    Stamp,
    find_clock,
    find_dates,
    find_format,
    find_values,
)
from altseason.sources.grid import Table, give_back_memory
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
from altseason.sources.plausibility import (
    HIGHEST_SINCE_2018,
    check_level,
    check_moves,
    check_order,
    read_percent,
)
from altseason.sources.stamps import Meaning, check_spacing, find_meaning
from altseason.sources.table import read_table
from altseason.sources.text import Step, no_step
from altseason.sources.times import Times, parse_times

STAMP_MEANING = {
    "open": "a row stamped T covers the time that begins at T",
    "snapshot": "a row stamped T is a reading at T, and closes the candle that ends there",
}
CUT = "last line without its end, which may be cut off"
# How much of the time is over when a file is read, and when its times are parsed.
READING_DONE, TIMES_DONE = 0.35, 0.65


@dataclass(frozen=True)
class ImportOptions:
    """What the user says about a file; None where the file itself decides.

    :param since: rows stamped before it are left out; so are those from `until` on.
    :param insist: whether names and levels that contradict Bitcoin's dominance are ignored.
    """

    column: str | None = None
    date_column: str | None = None
    stamp: Stamp | None = None
    timezone: str | None = None
    date_format: str | None = None
    since: pd.Timestamp | None = None
    until: pd.Timestamp | None = None
    insist: bool = False


@dataclass(frozen=True)
class Layout:
    """Where a table's dates and values are.

    :param format: the format's name, for the user.
    :param values: the columns of open, high, low and close; one and the same where there is one.
    :param reason: why the stamps mean that.
    :param zone: the zone of the stamps, and why.
    """

    format: str
    date: str
    values: tuple[str, str, str, str]
    stamp: Stamp
    reason: str = ""
    zone: str = ""


@dataclass(frozen=True)
class Readings:
    """A file's content, oldest first.

    :param rows: columns stamp, known (both UTC; when a row was true), open, high, low, close
        (percent).
    :param spacing: the usual time between two rows.
    :param was_sorted: whether the file was in the order of time.
    :param left_out: how many rows were left out, by the reason.
    :param notes: what else was found while reading.
    """

    layout: Layout
    rows: pd.DataFrame
    spacing: pd.Timedelta
    was_sorted: bool
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def timeframes(self) -> tuple[str, ...]:
        """The candles that rows of this spacing can make."""
        return ("1h", "1d") if self.spacing <= FINE_SPACING else ("1d",)


@dataclass
class Rows:
    """The rows of a table on their way to readings.

    :param left_out: how many were left out, by the reason.
    :param step: told how much of all is done.
    """

    table: Table
    left_out: dict[str, int] = field(default_factory=dict)
    step: Step = no_step

    def leave_out(self, reason: str, rows: "pd.Series[bool]") -> None:
        """Drop marked rows, and count them."""
        count = int(rows.sum())
        if count:
            self.left_out[reason] = self.left_out.get(reason, 0) + count
            self.table = self.table.select(~rows)
        if not len(self.table.lines):
            raise InputError(f"{self.table.path}: expected readings, found only rows to leave out "
                             f"({describe_left_out(self.left_out)})")  # fmt: skip

    def leave_out_open(self, *used: str | None) -> None:
        """Drop a last row that may be cut off within one of these columns."""
        if self.table.open_column and self.table.open_column in used:
            if len(self.table.lines) == 1:
                raise InputError(
                    f"{self.table.path}: expected whole lines, found one that may be cut off, "
                    f"since it has no end; end the file with a line break if it is whole"
                )
            is_last = np.arange(len(self.table.lines)) == len(self.table.lines) - 1
            self.leave_out(CUT, pd.Series(is_last))
        self.table = replace(self.table, open_column="")

    def release(self) -> None:
        """Forget the rows, once nothing is read of them any more: they take most of the memory."""
        self.table = self.table.select(pd.Series(False, index=range(len(self.table.lines))))
        give_back_memory()


def describe_left_out(left_out: dict[str, int]) -> str:
    """Return the counts of what was left out, in a line."""
    return ", ".join(f"{count} {reason}" for reason, count in left_out.items())


def load_readings(path: Path, options: ImportOptions, now: pd.Timestamp) -> Readings:
    """Read a dominance file of any known format, or what the options say of it.

    :raises InputError: for the whole file, if it is not clear what anything in it means.
    """
    return read_readings(Rows(read_table(path)), options, now)


def read_readings(rows: Rows, options: ImportOptions, now: pd.Timestamp) -> Readings:
    """Read the rows of a dominance table; see `load_readings`."""
    path, known = rows.table.path, find_format(rows.table)
    date = find_dates(rows.table, options.date_column, known)
    values = find_values(rows.table, options.column, date, known)
    if known is not None and date != known.date:
        known = None
    clock, symbols = find_clock(rows.table, date), find_symbols(rows.table)
    rows.leave_out_open(date, *values, clock, symbols[0] if symbols else None)
    _check_names(rows, values, options)
    is_said = options.insist or options.column or says_bitcoin_dominance(rows.table, values)
    has_volume = not is_said and is_traded(rows.table)
    rows.table = rows.table.keep((date, *values, *([clock] if clock else [])))
    rows.leave_out("rows without a value", is_empty(rows.table.text(values[3])))
    meaning = read_stamps(rows, date, known, options, now)
    rows.step(TIMES_DONE)
    frame = _read_prices(rows, values, meaning)
    if not options.insist:
        check_level(rows.table, frame, values[3])
    frame = drop_repeats(rows, frame)
    notes = find_notes(rows, frame)
    if not is_said:
        check_moves(rows.table, frame)
        notes.append(refuse_unsaid(rows.table, values, frame["close"], has_volume=has_volume))
    name = known.name if known else "table of dates and values"
    layout = Layout(name, date, values, meaning.stamp, meaning.reason, meaning.zone)
    rows.release()
    return build_readings(
        layout, frame, meaning.spacing, written_at(path, now), rows.left_out, notes
    )


def _read_prices(rows: Rows, values: tuple[str, str, str, str], meaning: Meaning) -> pd.DataFrame:
    frame = pd.DataFrame({"stamp": meaning.stamps})
    prices = {}
    for column in dict.fromkeys(values):
        prices[column] = read_percent(rows.table, column)
        rows.step(TIMES_DONE + (1 - TIMES_DONE) * len(prices) / len(set(values)))
    for name, column in zip(PRICE_COLUMNS, values, strict=True):
        frame[name] = prices[column]
    if len(prices) > 1:
        check_order(rows.table, frame)
    return frame


def read_stamps(
    rows: Rows, date: str, known: Format | None, options: ImportOptions, now: pd.Timestamp
) -> Meaning:
    """Read a column of stamps, and cut the rows to the range that the options name."""
    text = rows.table.text(date)
    clock = find_clock(rows.table, date)
    if clock and not text.str.contains(":", regex=False).any():
        text = text + " " + rows.table.text(clock)
    times: Times = parse_times(rows.table, date, text, options.date_format)
    meaning = find_meaning(
        rows.table.path, times, known, date, stamp=options.stamp, timezone=options.timezone
    )
    stamps = meaning.stamps
    rows.table.refuse(
        f"expected no time after now ({now:%Y-%m-%d %H:%M} UTC) in column {date!r}",
        stamps > now,
        text,
    )
    is_cut = pd.Series(False, index=stamps.index)
    if options.since is not None:
        is_cut |= stamps < options.since
    if options.until is not None:
        is_cut |= stamps >= options.until
    del text, times
    if is_cut.any():
        rows.leave_out("rows outside of --since and --until", is_cut)
        meaning = replace(meaning, stamps=stamps[~is_cut].reset_index(drop=True))
    return check_spacing(rows.table.path, meaning)


def build_readings(
    layout: Layout,
    frame: pd.DataFrame,
    spacing: pd.Timedelta,
    written: pd.Timestamp,
    left_out: dict[str, int],
    notes: list[str],
) -> Readings:
    """Order checked rows, and find out when each became known.

    :param written: when the file was written, at the latest.
    """
    was_sorted = bool(frame["stamp"].is_monotonic_increasing)
    if not was_sorted:
        frame = frame.sort_values("stamp", ignore_index=True)
    length = spacing if layout.stamp == "open" else pd.Timedelta(0)
    frame.insert(1, "known", frame["stamp"] + length)
    # A file that is older than its own rows has lost its time of writing, and says nothing.
    is_running = (frame["known"] > written) & (frame["stamp"].iloc[-1] <= written)
    if is_running.any() and len(frame) > 1:
        left_out = {**left_out, "bars that had not ended": int(is_running.sum())}
        frame = frame[~is_running].reset_index(drop=True)
    return Readings(layout, frame, spacing, was_sorted, left_out, notes)


def drop_repeats(rows: Rows, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows that repeat another one exactly.

    :raises InputError: where two rows of one time differ.
    """
    ordered = np.sort(frame["stamp"].to_numpy(dtype="datetime64[ms]"))
    if (ordered[1:] != ordered[:-1]).all():
        return frame
    del ordered
    is_repeat = frame.duplicated()
    differs = frame["stamp"].duplicated(keep=False) & ~is_repeat
    differs &= (
        frame.loc[~is_repeat, "stamp"].duplicated(keep=False).reindex(frame.index, fill_value=False)
    )
    rows.table.refuse(
        "expected one value for each time, found times with several",
        differs,
        pd.Series(frame.index),
        show=lambda row: f"{frame['stamp'].iloc[row]}: {frame['close'].iloc[row]}",
    )
    rows.leave_out("repeats of another row", is_repeat)
    return frame[~is_repeat].reset_index(drop=True)


def _check_names(rows: Rows, values: tuple[str, str, str, str], options: ImportOptions) -> None:
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
                f"keep the rows of BTC.D alone (with --insist nothing else is read, if there is "
                f"one of that name)"
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


def find_notes(rows: Rows, frame: pd.DataFrame) -> list[str]:
    """Return what was found while reading, and what to look at, as sentences."""
    notes = [f"{note[0].upper()}{note[1:]}." for note in rows.table.notes]
    is_high = (frame["close"] > HIGHEST_SINCE_2018) & (frame["stamp"].dt.year >= 2018)
    if is_high.any():
        notes.append(
            f"{int(is_high.sum())} rows are above {HIGHEST_SINCE_2018:g} %, where Bitcoin's "
            f"dominance has not been since 2018: is it that?"
        )
    return notes


def written_at(path: Path, now: pd.Timestamp) -> pd.Timestamp:
    """Return when the file was written at the latest."""
    written: Any = pd.Timestamp(path.stat().st_mtime, unit="s", tz="UTC")
    return min(written, now)
