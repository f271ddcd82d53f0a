"""A file as a table of text: every cell with its line number, whatever dialect it is written in."""

import csv
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from altseason.errors import InputError

SHOWN_ROWS = 5
SEPARATORS = ",;\t|"
# What else people give the name of a table, by its first bytes.
SIGNATURES = {
    b"PK\x03\x04": ("a workbook or archive", "save it as CSV"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save it as CSV"),
    b"\x1f\x8b": ("a gzip archive", "unpack it first"),
    b"BZh": ("a bzip2 archive", "unpack it first"),
    b"\xfd7zXZ": ("an xz archive", "unpack it first"),
    b"(\xb5/\xfd": ("a zstd archive", "unpack it first"),
}
# How many lines decide about the separator and where the header is.
SAMPLED_LINES = 40
MAX_SHOWN = 60
_NUMBER = re.compile(r"[+-]?[\d.,  ']*\d[\d.,]*(e[+-]?\d+)?\s*%?", re.IGNORECASE)
_EXPECTED = "expected a CSV file (or JSON, feather, parquet) with a date and a value column"


@dataclass(frozen=True)
class Table:
    """The text of a file; column names are in lower case.

    :param rows: one row per line, all strings.
    :param lines: the line number of each row; for formats without lines, the number of the row.
    :param repeated: names that more than one column has: these cannot be chosen.
    :param separator: between the cells of a line; empty where there are no lines.
    :param notes: what was found and left out while reading, for the report.
    :param names_missing: whether the file has no header, so that the names are made up.
    """

    path: Path
    rows: pa.Table
    lines: "npt.NDArray[np.int64]"
    repeated: frozenset[str] = frozenset()
    separator: str = ""
    notes: list[str] = field(default_factory=list)
    names_missing: bool = False
    ends_in_newline: bool = True

    @property
    def columns(self) -> list[str]:
        """The column names, in lower case."""
        return list(self.rows.column_names)

    def text(self, column: str) -> "pd.Series[str]":
        """Return the stripped cells of a column.

        :raises InputError: where several columns have this name.
        """
        if column in self.repeated:
            raise InputError(
                f"{self.path}: expected one column {column!r}, found several; rename the one to "
                f"read, or choose another with --column"
            )
        types = {pa.string(): pd.StringDtype("pyarrow", na_value=np.nan)}
        return self.rows.select([column]).to_pandas(types_mapper=types.get)[column].str.strip()

    def select(self, rows: "pd.Series[bool]") -> "Table":
        """Return the table with some of its rows."""
        kept = rows.to_numpy(dtype=bool)
        return Table(
            self.path,
            self.rows.filter(pa.array(kept)),
            self.lines[kept],
            self.repeated,
            self.separator,
            self.notes,
            self.names_missing,
            self.ends_in_newline,
        )

    def refuse(self, problem: str, rows: Any, values: Any) -> None:
        """Refuse the whole file where any row is marked, showing the first of them.

        :raises InputError: in one line, then a line for each of the first five bad rows.
        """
        marked = np.asarray(rows, dtype=bool)
        if not marked.any():
            return
        lines, bad = self.lines[marked], np.asarray(values, dtype=object)[marked]
        shown = [
            f"\n  line {line}: {_shorten(value)!r}"
            for line, value in zip(lines[:SHOWN_ROWS], bad[:SHOWN_ROWS], strict=True)
        ]
        count = f"{len(bad)} row{'s' if len(bad) > 1 else ''}"
        raise InputError(f"{self.path}: {problem}; {count}, nothing was imported{''.join(shown)}")


def read_table(path: Path) -> Table:
    """Read a file of any of the formats that people keep series in; its content says which.

    :raises InputError: where it cannot be read, is none of them, or has no rows.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if data[:6] == b"ARROW1" or data[:4] in (b"FEA1", b"PAR1"):
        return _read_frame(path, data)
    for signature, (kind, advice) in SIGNATURES.items():
        if data.startswith(signature):
            raise InputError(f"{path}: {_EXPECTED}, found {kind}: {advice}")
    data = _decode(path, data)
    if data[:1] in (b"[", b"{"):
        return _read_json(path, data)
    if data.lstrip()[:1] == b"<":
        raise InputError(
            f"{path}: {_EXPECTED}, found a web page or XML, as a download that needs a login gives"
        )
    return _read_csv(path, data)


def _decode(path: Path, data: bytes) -> bytes:
    """Return the text in UTF-8, without a byte order mark."""
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16").encode()
        if b"\0" in data[:200] and data[1:2] + data[3:4] == b"\0\0":
            return data.decode("utf-16-le").encode()
        data = data.removeprefix(b"\xef\xbb\xbf")
        data.decode()
    except UnicodeError as error:
        reason = "it is not text in UTF-8 or UTF-16"
        raise InputError(f"{path}: {_EXPECTED}, but {reason}: save it as such") from error
    if b"\0" in data:
        raise InputError(f"{path}: {_EXPECTED}, found binary data")
    return data.lstrip() if data.lstrip()[:1] in (b"[", b"{") else data


def _read_frame(path: Path, data: bytes) -> Table:
    read = pd.read_parquet if data[:4] == b"PAR1" else pd.read_feather
    try:
        frame = read(io.BytesIO(data)).reset_index()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path}: {_EXPECTED}, but this one is damaged: {error}") from error
    frame = frame.drop(columns="index", errors="ignore")
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.DatetimeTZDtype):
            times = frame[name].dt.tz_convert("UTC").dt.tz_localize(None)
            frame[name] = times.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        elif pd.api.types.is_datetime64_dtype(frame[name]):
            frame[name] = frame[name].dt.strftime("%Y-%m-%d %H:%M:%S.%f")
    return _from_records(path, frame.to_dict("list"), len(frame))


def _read_json(path: Path, data: bytes) -> Table:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected JSON, but {error}; is the file complete?") from error
    rows = _find_rows(content)
    if rows is None:
        raise InputError(
            f"{path}: expected JSON with one list of records or of [time, value], found "
            f"{_shorten(data.decode())!r}"
        )
    if all(isinstance(row, dict) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        return _from_records(path, {n: [row.get(n) for row in rows] for n in names}, len(rows))
    width = len(rows[0]) if isinstance(rows[0], list) else 0
    if not width or any(not isinstance(row, list) or len(row) != width for row in rows):
        raise InputError(f"{path}: expected JSON rows of one kind and length, found others")
    is_candles = width == 6
    names = (
        ["date", "open", "high", "low", "close", "volume"]
        if is_candles
        else [f"column {number}" for number in range(1, width + 1)]
    )
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return _from_records(path, columns, len(rows), names_missing=not is_candles)


def _find_rows(content: Any) -> list[Any] | None:
    """Find the one list of rows in nested JSON; None where there is none, or more."""
    if isinstance(content, list):
        return content if content and isinstance(content[0], dict | list) else None
    if not isinstance(content, dict):
        return None
    values = list(content.values())
    if values and all(isinstance(value, int | float | str) for value in values):
        times = [re.fullmatch(r"\d{4}-\d\d-\d\d.*|\d{10}|\d{13}", key) for key in content]
        return [list(pair) for pair in content.items()] if all(times) else None
    columns = [v for v in values if isinstance(v, list) and v and not isinstance(v[0], dict | list)]
    if len(columns) > 1 and len({len(column) for column in columns}) == 1:
        lists = {k: v for k, v in content.items() if isinstance(v, list)}
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=False)]
    inner = [rows for value in values if (rows := _find_rows(value)) is not None]
    return inner[0] if len(inner) == 1 else None


def _from_records(
    path: Path, columns: dict[Any, list[Any]], count: int, *, names_missing: bool = False
) -> Table:
    if not count:
        raise InputError(f"{path}: expected rows, found none")
    arrays = {
        str(name).strip().lower(): pa.array([_as_text(value) for value in values], pa.string())
        for name, values in columns.items()
    }
    lines = np.arange(1, count + 1)
    return Table(path, pa.table(arrays), lines, names_missing=names_missing)


def _as_text(value: Any) -> str:
    is_missing = value is None or isinstance(value, bool | dict | list) or value != value
    return "" if is_missing else str(value)


@dataclass(frozen=True)
class _Header:
    """How a CSV file is written.

    :param skipped: how many lines stand above the header.
    :param is_written: whether there is a header at all; else the names are made up.
    """

    skipped: int
    separator: str
    names: list[str]
    is_written: bool

    @property
    def lines(self) -> int:
        """How many lines stand above the first row."""
        return self.skipped + self.is_written


def _read_csv(path: Path, data: bytes) -> Table:
    header = _find_header(path, data[:200_000].decode(errors="ignore"))
    body = _skip_lines(data, header.lines)
    if not body.strip():
        raise InputError(f"{path}: expected rows below the header, found none")
    if body.count(b'"') % 2:
        raise InputError(
            f"{path}: expected every quote to be closed, found one that is not from line "
            f"{_find_open_quote(body) + header.lines} on; nothing was imported"
        )
    rows, invalid = _parse_csv(path, body, header)
    skipped = np.array([row.number for row in invalid], dtype=np.int64)
    numbers = np.setdiff1d(np.arange(1, len(rows) + len(invalid) + 1), skipped)
    inner = _count_newlines(rows)
    unique, repeated = _unique(header.names)
    table = Table(
        path,
        rows.rename_columns(unique),
        numbers + header.lines + inner,
        repeated,
        header.separator,
        [f"skipped {_count(header.skipped, 'line')} above the header"] if header.skipped else [],
        not header.is_written,
        body.endswith((b"\n", b"\r")),
    )
    _check_ragged(table, header, invalid)
    return _drop_no_rows(table, header)


def _parse_csv(path: Path, body: bytes, header: _Header) -> tuple[pa.Table, list[Any]]:
    """Return the rows as text, and those that have another number of fields."""
    invalid: list[Any] = []

    def skip(row: Any) -> str:
        invalid.append(row)
        return "skip"

    keys = [str(number) for number in range(len(header.names))]
    try:
        rows = pyarrow.csv.read_csv(
            pa.BufferReader(body),
            pyarrow.csv.ReadOptions(
                use_threads=False, column_names=keys, block_size=min(len(body) + 2, 2**31 - 1)
            ),
            pyarrow.csv.ParseOptions(
                delimiter=header.separator,
                newlines_in_values=b'"' in body,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise InputError(f"{path}: {_EXPECTED}, but {_shorten(str(error))}") from error
    return rows, invalid


def _check_ragged(table: Table, header: _Header, invalid: list[Any]) -> None:
    """Note text below the table, and refuse other rows of another number of fields.

    :raises InputError: naming those rows; one that was cut off begins with its date.
    """
    blank = f' {header.separator}\r"'
    ragged = [row for row in invalid if row.text.strip(blank)]
    last = int(table.lines[-1]) - header.lines if len(table.lines) else 0
    while ragged and ragged[-1].number > last and not re.match(r'\s*"?[\d\[{]', ragged[-1].text):
        text = _shorten(ragged.pop().text)
        table.notes.append(f"skipped a line of text below the table: {text!r}")
    if ragged:
        lines = np.array([row.number + header.lines for row in ragged], dtype=np.int64)
        Table(table.path, table.rows, lines).refuse(
            f"expected {len(header.names)} fields in each row, as the header has",
            np.ones(len(ragged)),
            [row.text for row in ragged],
        )


def _drop_no_rows(table: Table, header: _Header) -> Table:
    """Drop blank rows, and the header where it is written once more."""
    is_row = ~_are_all(table.rows.columns, [""] * len(header.names))
    if header.is_written:
        is_header = _are_all(table.rows.columns, header.names)
        if is_header.any():
            table.notes.append(f"skipped {_count(int(is_header.sum()), 'repeated header')}")
        is_row &= ~is_header
    if not is_row.any():
        raise InputError(f"{table.path}: expected rows below the header, found none")
    return table if is_row.all() else table.select(pd.Series(is_row))


def _are_all(columns: list[pa.ChunkedArray], wanted: list[str]) -> "npt.NDArray[np.bool_]":
    """Return which rows have the wanted text in each column, in whatever case."""
    found = np.ones(len(columns[0]), dtype=bool)
    for column, text in zip(columns, wanted, strict=True):
        plain = pa.compute.utf8_lower(pa.compute.utf8_trim_whitespace(column))
        found &= pa.compute.equal(plain, text).to_numpy()
        if not found.any():
            break
    return found


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _find_header(path: Path, head: str) -> _Header:
    """Find out where the header is, what separates its fields, and what they are called."""
    lines = head.splitlines()[:SAMPLED_LINES]
    preamble, separators = 0, SEPARATORS
    if lines and (told := re.fullmatch(r'"?sep=(.)"?', lines[0], re.IGNORECASE)):
        preamble, separators = 1, told[1]
    while preamble < len(lines) and (
        not lines[preamble].strip() or lines[preamble].startswith("#")
    ):
        preamble += 1
    if preamble == len(lines):
        raise InputError(f"{path}: {_EXPECTED}, found an empty file")
    fields = {
        separator: [len(row) for row in _split(lines[preamble:], separator)]
        for separator in separators
    }
    # The separator that the most lines agree on, with the most fields.
    separator = max(fields, key=lambda key: _agreement(fields[key]))
    counts = fields[separator]
    width = max(set(counts), key=lambda count: (count > 1, counts.count(count)))
    if width < 2:
        raise InputError(f"{path}: {_EXPECTED}, found {_shorten(lines[preamble])!r}")
    split = _split(lines[preamble:], separator)
    above = next(i for i, row in enumerate(split) if len(row) > 1)
    names = split[above]
    # Some programs end each line but the header with a separator, or leave the index unnamed.
    names = [*names, *[""] * (width - len(names))] if len(names) == width - 1 else names
    while len(names) > width and not names[-1].strip():
        names = names[:-1]
    if any(_NUMBER.fullmatch(name.strip()) for name in names):
        made_up = [f"column {i + 1}" for i in range(len(names))]
        return _Header(preamble + above, separator, made_up, is_written=False)
    names = [name.strip().lower() for name in names]
    return _Header(preamble + above, separator, names, is_written=True)


def _agreement(counts: list[int]) -> tuple[bool, int, int]:
    best = max(set(counts), key=lambda count: (count > 1, counts.count(count)))
    return best > 1, counts.count(best) + 2 * (counts[0] == best), best


def _split(lines: list[str], separator: str) -> list[list[str]]:
    try:
        # A line of its own each: a quote that is not closed must not swallow the sample.
        return [next(csv.reader([line], delimiter=separator), []) for line in lines]
    except csv.Error:
        return [line.split(separator) for line in lines]


def _skip_lines(data: bytes, count: int) -> bytes:
    # Old spreadsheet programs end lines with a carriage return alone.
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    position = 0
    for _ in range(count):
        end = data.find(b"\n", position)
        if end < 0:
            return b""
        position = end + 1
    return data[position:]


def _find_open_quote(body: bytes) -> int:
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.count(b'"') % 2:
            return number
    return 1


def _count_newlines(rows: pa.Table) -> "npt.NDArray[np.int64]":
    """Return how many line ends lie inside of the cells above each row."""
    found = np.zeros(len(rows), dtype=np.int64)
    for column in rows.columns:
        found += pa.compute.count_substring(column, "\n").to_numpy()
    return np.cumsum(found) - found


def _unique(names: list[str]) -> tuple[list[str], frozenset[str]]:
    repeated = frozenset(name for name in names if names.count(name) > 1)
    unique, seen = [], dict.fromkeys(repeated, 0)
    for name in names:
        if name in seen:
            seen[name] += 1
        unique.append(name if seen.get(name, 1) == 1 else f"{name} #{seen[name]}")
    return unique, repeated


def _shorten(text: Any) -> str:
    return text if len(str(text)) <= MAX_SHOWN else f"{str(text)[:MAX_SHOWN]}..."
