"""The steps from a file to readings that all formats share."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from altseason.errors import InputError
from altseason.sources.delimited import read_delimited
from altseason.sources.formats import Format, find_clock
from altseason.sources.reading import Layout, Readings, Stamp
from altseason.sources.records import read_frame, read_json
from altseason.sources.stamps import Meaning, check_spacing, find_meaning
from altseason.sources.table import EXPECTED, Table, give_back_memory
from altseason.sources.text import Step, find_encoding, no_step, read_text
from altseason.sources.times import parse_times

# Other kinds of files that are given instead of a table, by their first bytes.
SIGNATURES = {
    b"PK\x03\x04": ("a workbook or archive", "save it as CSV"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save it as CSV"),
    b"\x1f\x8b": ("a gzip archive", "unpack it first"),
    b"BZh": ("a bzip2 archive", "unpack it first"),
    b"\xfd7zXZ": ("an xz archive", "unpack it first"),
    b"(\xb5/\xfd": ("a zstd archive", "unpack it first"),
}
# Daily readings of 2018 to 2021 lay between 27.4 % and 72.4 %; this leaves room for other
# providers, whose levels differ by up to 4 points. Below is refused, above is only reported.
LOWEST_EVER = 25.0
HIGHEST_SINCE_2018 = 75.0
CUT = "last line without a line end, which may be cut off"
# The fraction of the time that is over once a file is read, and once its times are parsed.
READING_DONE, TIMES_DONE = 0.35, 0.65


@dataclass(frozen=True)
class ImportOptions:
    """The user's options for a file; None where the file itself decides.

    :param since: rows stamped before it are left out; so are those from `until` on.
    :param insist: whether to ignore names and levels that contradict Bitcoin's dominance.
    """

    column: str | None = None
    date_column: str | None = None
    stamp: Stamp | None = None
    timezone: str | None = None
    date_format: str | None = None
    since: pd.Timestamp | None = None
    until: pd.Timestamp | None = None
    insist: bool = False


@dataclass
class Rows:
    """The rows of a table that are still to be read.

    :param left_out: the number of rows that were left out, by reason.
    :param step: called with the fraction of all work that is done.
    """

    table: Table
    left_out: dict[str, int] = field(default_factory=dict)
    step: Step = no_step

    def leave_out(self, reason: str, rows: "pd.Series[bool]") -> None:
        """Drop the marked rows, and count them.

        :raises InputError: where no row is left.
        """
        count = int(rows.sum())
        if count:
            self.left_out[reason] = self.left_out.get(reason, 0) + count
            self.table = self.table.select(~rows)
        if not len(self.table.lines):
            raise InputError(f"{self.table.path}: expected readings, found only rows to leave out "
                             f"({describe_left_out(self.left_out)})")  # fmt: skip

    def leave_out_cut(self, *used: str | None) -> None:
        """Drop a last row that may be cut off within one of these columns.

        :raises InputError: where that is the only row.
        """
        if self.table.cut_column and self.table.cut_column in used:
            if len(self.table.lines) == 1:
                raise InputError(
                    f"{self.table.path}: expected complete lines, found one without a line end, "
                    f"which may be cut off; end the file with a line break if it is complete"
                )
            is_last = np.arange(len(self.table.lines)) == len(self.table.lines) - 1
            self.leave_out(CUT, pd.Series(is_last))
        self.table = replace(self.table, cut_column="")

    def release(self) -> None:
        """Drop all rows once nothing more is read of them: they take most of the memory."""
        self.table = self.table.select(pd.Series(False, index=range(len(self.table.lines))))
        give_back_memory()


def load_rows(path: Path, step: Step = no_step) -> Rows:
    """Load the rows of a file of any format; its content says which.

    :param step: called with the fraction of all work that is done.
    :raises InputError: where it cannot be read, is of no known format, or has no rows.
    """
    try:
        table = _read_table(path, lambda done: step(READING_DONE * done))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return Rows(table, step=step)


def _read_table(path: Path, step: Step) -> Table:
    with path.open("rb") as file:
        head = file.read(400)
    if head[:6] == b"ARROW1" or head[:4] in (b"FEA1", b"PAR1"):
        return read_frame(path, path.read_bytes())
    for signature, (kind, advice) in SIGNATURES.items():
        if head.startswith(signature):
            raise InputError(f"{path}: {EXPECTED}, found {kind}: {advice}")
    encoding = find_encoding(path, head)
    start = read_text(path, encoding, len(head)).lstrip()[:1]
    if start in ("[", "{"):
        return read_json(path, read_text(path, encoding))
    if start == "<":
        raise InputError(
            f"{path}: {EXPECTED}, found a web page or XML, such as the login page of a download"
        )
    return read_delimited(path, encoding, step)


def describe_left_out(left_out: dict[str, int]) -> str:
    """Return the counts of what was left out, in a line."""
    return ", ".join(f"{count} {reason}" for reason, count in left_out.items())


def read_stamps(
    rows: Rows, date: str, known: Format | None, options: ImportOptions, now: pd.Timestamp
) -> Meaning:
    """Read a column of stamps, and cut the rows to the range that the options name.

    :raises InputError: where any cell is not a time or in the future, or its meaning is not clear.
    """
    text = rows.table.text(date)
    clock = find_clock(rows.table, date)
    if clock and not text.str.contains(":", regex=False).any():
        text = text + " " + rows.table.text(clock)
    times = parse_times(rows.table, date, text, options.date_format)
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


def find_notes(rows: Rows, frame: pd.DataFrame) -> list[str]:
    """Return what was found while reading, and what the user should check, as sentences."""
    notes = [f"{note[0].upper()}{note[1:]}." for note in rows.table.notes]
    is_high = (frame["close"] > HIGHEST_SINCE_2018) & (frame["stamp"].dt.year >= 2018)
    if is_high.any():
        notes.append(
            f"{int(is_high.sum())} rows are above {HIGHEST_SINCE_2018:g} %, where Bitcoin's "
            f"dominance has not been since 2018. Check that the file holds it."
        )
    return notes


def build_readings(
    layout: Layout,
    frame: pd.DataFrame,
    spacing: pd.Timedelta,
    written: pd.Timestamp,
    left_out: dict[str, int],
    notes: list[str],
) -> Readings:
    """Sort checked rows, and find out when each became known.

    :param written: when the file was written, at the latest.
    """
    was_sorted = bool(frame["stamp"].is_monotonic_increasing)
    if not was_sorted:
        frame = frame.sort_values("stamp", ignore_index=True)
    length = spacing if layout.stamp == "open" else pd.Timedelta(0)
    frame.insert(1, "known", frame["stamp"] + length)
    # A file that is older than its rows has lost its time of writing, which then shows nothing.
    is_running = (frame["known"] > written) & (frame["stamp"].iloc[-1] <= written)
    if is_running.any() and len(frame) > 1:
        left_out = {**left_out, "bars that had not ended": int(is_running.sum())}
        frame = frame[~is_running].reset_index(drop=True)
    return Readings(layout, frame, spacing, was_sorted, left_out, notes)


def written_at(path: Path, now: pd.Timestamp) -> pd.Timestamp:
    """Return when the file was written at the latest."""
    written: Any = pd.Timestamp(path.stat().st_mtime, unit="s", tz="UTC")
    return min(written, now)
