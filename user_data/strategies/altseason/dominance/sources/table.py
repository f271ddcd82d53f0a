"""A CSV file as checked columns: every value is read or refused, with its line number."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from altseason.errors import InputError

SHOWN_ROWS = 5
# Bitcoin's first block: an earlier date is a number in another unit, not a time.
FIRST_DATE = pd.Timestamp("2009-01-03", tz="UTC")
UNIX_SECONDS = (1.2e9, 5e9)
UNIX_MILLISECONDS = (1.2e12, 5e12)
_OFFSET = r"\d\d:\d\d\S*?\s?(Z|UTC|GMT|[+-]\d\d:?\d\d)$"


@dataclass(frozen=True)
class Table:
    """The text of a CSV file.

    :param cells: one row per line, all strings, stripped; column names in lower case.
    :param lines: the line number of each row in the file; the header is line 1.
    """

    path: Path
    cells: pd.DataFrame
    lines: "pd.Series[int]"

    @property
    def columns(self) -> list[str]:
        """The column names, in lower case."""
        return list(self.cells.columns)

    def refuse(self, problem: str, rows: "pd.Series[bool]", values: "pd.Series[str]") -> None:
        """Refuse the whole file where any row is marked, showing the first of them.

        :raises InputError: in one line, then a line for each of the first five bad rows.
        """
        if not rows.any():
            return
        bad = values[rows]
        shown = [
            f"\n  line {line}: {value!r}"
            for line, value in zip(self.lines[rows][:SHOWN_ROWS], bad[:SHOWN_ROWS], strict=True)
        ]
        count = f"{len(bad)} row{'s' if len(bad) > 1 else ''}"
        raise InputError(f"{self.path}: {problem}; {count}, nothing was imported{''.join(shown)}")


def read_table(path: Path) -> Table:
    """Read a CSV file with a header, separated by comma, semicolon or tab.

    :raises InputError: where it cannot be read, is no such text, or has no rows.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise InputError(f"{path}: expected a CSV file with a header, but {reason}") from error
    header, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=header.count)
    if delimiter not in header or "\0" in text:
        found = repr(header[:60]) if text.strip() else "an empty file"
        raise InputError(
            f"{path}: expected a CSV file whose header names a date and a value column, "
            f"found {found}"
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = [name.strip().lower() for name in next(reader)]
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    if not rows:
        raise InputError(f"{path}: expected rows below the header, found none")
    lines = pd.Series([line for line, _ in rows])
    ragged = pd.Series([len(row) != len(columns) for _, row in rows])
    if len(set(columns)) != len(columns):
        raise InputError(f"{path}: expected each column name once, found {', '.join(columns)}")
    empty = Table(path, pd.DataFrame(columns=columns), lines)
    empty.refuse(
        f"expected {len(columns)} fields in each row, as the header has",
        ragged,
        pd.Series([delimiter.join(row) for _, row in rows]),
    )
    cells = pd.DataFrame([[cell.strip() for cell in row] for _, row in rows], columns=columns)
    return Table(path, cells, lines)


def parse_numbers(table: Table, column: str) -> "pd.Series[float]":
    """Parse a column of finite numbers with a decimal point.

    :raises InputError: naming the rows that hold something else.
    """
    values = pd.to_numeric(table.cells[column], errors="coerce").astype("float64")
    wrong = ~values.abs().lt(np.inf)
    table.refuse(
        f"expected numbers with a decimal point in column {column!r}", wrong, table.cells[column]
    )
    return values


def parse_dates(table: Table, column: str, now: pd.Timestamp) -> "pd.Series[pd.Timestamp]":
    """Parse a column of dates: ISO 8601 (UTC where no zone is named), unix seconds or milliseconds.

    :raises InputError: naming the rows that are no date, lie in the future, repeat another row, or
        are in another time zone than the first.
    """
    text = table.cells[column]
    dates = _parse_unix(text).fillna(_parse_iso(text)).dt.as_unit("ms")
    problem = f"expected dates (ISO 8601, or unix seconds or milliseconds) in column {column!r}"
    table.refuse(problem, dates.isna(), text)
    table.refuse(f"{problem} from 2009 on", dates < FIRST_DATE, text)
    offsets = text.str.extract(_OFFSET)[0].replace({"Z": "+00:00", "UTC": "+00:00"}).fillna("none")
    table.refuse(
        f"expected one time zone in column {column!r}, write all of them in UTC",
        offsets != offsets.iloc[0],
        text,
    )
    table.refuse(
        f"expected each time once in column {column!r}, remove the repeated rows",
        dates.duplicated(),
        text,
    )
    table.refuse(
        f"expected no time after now ({now:%Y-%m-%d %H:%M} UTC) in column {column!r}",
        dates > now,
        text,
    )
    return dates


def _parse_unix(text: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    number = pd.to_numeric(text.where(text.str.fullmatch(r"\d+(\.0+)?")), errors="coerce")
    milliseconds = number.where(number.between(*UNIX_MILLISECONDS))
    milliseconds = milliseconds.fillna(number.where(number.between(*UNIX_SECONDS)) * 1000)
    return pd.to_datetime(milliseconds, unit="ms", utc=True)


def _parse_iso(text: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    iso = text.str.replace(r"\s*(UTC|GMT)$", "+00:00", regex=True)
    return pd.to_datetime(iso, format="ISO8601", utc=True, errors="coerce")
