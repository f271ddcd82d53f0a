"""Read delimited text as a table, in pieces, so that the whole file is never in memory."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from altseason.errors import InputError
from altseason.sources.table import (
    EXPECTED,
    SHOWN_ROWS,
    Table,
    give_back_memory,
    refuse_rows,
    shorten,
    unique_names,
)
from altseason.sources.text import WESTERN, Header, Step, find_header, read_text, read_whole_lines

# The header lies within this many characters.
HEAD = 200_000
# Text below a table has at most this many lines.
MAX_FOOTER = 100
_ROW_START = re.compile(r'\s*"?[\d\[{]')


def read_delimited(path: Path, encoding: str, step: Step) -> Table:
    """Read delimited text in any dialect.

    :raises InputError: where it is something else, or has no rows or rows of different lengths.
    """
    header = find_header(path, read_text(path, encoding, HEAD))
    reading = _Reading(path, header)
    for piece in read_whole_lines(path, encoding, header.lines, step):
        reading.add(piece)
    return reading.finish(encoding)


@dataclass
class _Ragged:
    """Rows with another number of fields than the header.

    :param first: line number and text of the first of them.
    :param last: of those below the last whole row.
    """

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)
    last: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN_ROWS:
            self.first.append((line, text))
        if len(self.last) <= MAX_FOOTER:
            self.last.append((line, text))

    def take_footer(self) -> list[str]:
        """Remove and return the lines below the table, which do not begin like a row."""
        footer: list[str] = []
        if len(self.last) > MAX_FOOTER:
            return footer
        while self.last and not _ROW_START.match(self.last[-1][1]):
            footer.append(shorten(self.last.pop()[1]))
        self.count -= len(footer)
        self.first = self.first[: self.count]
        return footer


class _Reading:
    """The rows of a file that have been read so far."""

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._header = header
        self._line = header.lines
        self._tables: list[pa.Table] = []
        self._zeros = pa.py_buffer(b"")
        self._lines: list[npt.NDArray[np.int32]] = []
        self._ragged = _Ragged()
        self._headers = 0
        self._is_cut = False
        self._has_text = False

    def add(self, piece: bytes) -> None:
        """Add whole lines."""
        self._has_text |= bool(piece.strip())
        if piece.count(b'"') % 2:
            raise InputError(
                f"{self._path}: expected every quote to be closed, found one that is not from line "
                f"{_find_open_quote(piece) + self._line} on; nothing was imported"
            )
        rows, invalid = _parse(self._path, piece, self._header)
        numbers = np.arange(1, len(rows) + len(invalid) + 1)
        if invalid:
            numbers = np.setdiff1d(numbers, np.array([row.number for row in invalid]))
        lines = numbers + self._line + (_count_newlines(rows) if b'"' in piece else 0)
        if len(lines):
            self._ragged.last.clear()
        blank = f' {self._header.separator}\r"'
        last = int(numbers[-1]) if len(numbers) else 0
        for row in invalid:
            if row.text.strip(blank):
                self._ragged.add(row.number + self._line, row.text)
                if row.number < last:
                    self._ragged.last.clear()
        is_kept = self._keep_rows(rows, lines)
        self._line += piece.count(b"\n")
        # After a line end or a closing quote, nothing of the last cell can be missing.
        is_last = bool(is_kept[-1:].all()) and last == len(rows) + len(invalid)
        self._is_cut = is_last and not piece.endswith((b"\n", b'"'))

    def _keep_rows(self, rows: pa.Table, lines: "npt.NDArray[np.int64]") -> "npt.NDArray[np.bool_]":
        """Keep all rows but blank ones and repeated headers.

        :return: which ones are kept.
        """
        is_row = ~_are_all(rows.columns, [""] * len(self._header.names))
        if self._header.is_written:
            is_header = _are_all(rows.columns, self._header.names)
            self._headers += int(is_header.sum())
            is_row &= ~is_header
        if not is_row.all():
            rows, lines = rows.filter(pa.array(is_row)), lines[is_row]
        if len(lines):
            if self._zeros.size < 4 * len(rows) + 4:
                self._zeros = pa.py_buffer(bytes(8 * len(rows) + 4))
            self._tables.append(_compact(rows, self._zeros))
            self._lines.append(lines.astype(np.int32))
        return is_row

    def finish(self, encoding: str) -> Table:
        """Return the table.

        :raises InputError: where there are no rows, or some of another number of fields.
        """
        if not self._has_text:
            raise InputError(f"{self._path}: expected rows below the header, found none")
        header = self._header
        notes = []
        if header.skipped:
            notes.append(f"skipped {_count(header.skipped, 'line')} above the header")
        if encoding == WESTERN:
            notes.append("read as Windows-1252 text, since it is not UTF-8")
        notes += [
            f"skipped a line of text below the table: {text!r}"
            for text in self._ragged.take_footer()
        ]
        if self._ragged.count:
            problem = f"expected {len(header.names)} fields in each row, as the header has"
            refuse_rows(self._path, problem, self._ragged.count, self._ragged.first)
        if self._headers:
            notes.append(f"skipped {_count(self._headers, 'repeated header')}")
        if not self._lines:
            raise InputError(f"{self._path}: expected rows below the header, found none")
        names, repeated = unique_names(header.names)
        give_back_memory()
        table = Table(
            self._path,
            pa.concat_tables(self._tables).rename_columns(names),
            np.concatenate(self._lines),
            repeated,
            header.separator,
            notes,
            not header.is_written,
            names[-1] if self._is_cut else "",
            header.title,
        )
        _refuse_nameless(table, header.names)
        return table


def _refuse_nameless(table: Table, names: list[str]) -> None:
    """Refuse values after the last column with a name: they may be its decimals."""
    width = len(names)
    while width and not names[width - 1]:
        width -= 1
    for column in table.rows.columns[width:]:
        text = column.to_pandas()
        table.refuse(
            "expected as many fields as the header names, found one field more; are these "
            "decimals after a decimal comma? Write the numbers with a decimal point, or give the "
            "column a name",
            text != "",
            text,
        )


def _parse(path: Path, piece: bytes, header: Header) -> tuple[pa.Table, list[Any]]:
    """Return the rows as text, and those that have another number of fields."""
    invalid: list[Any] = []

    def skip(row: Any) -> str:
        invalid.append(row)
        return "skip"

    keys = [str(number) for number in range(len(header.names))]
    try:
        rows = pyarrow.csv.read_csv(
            pa.BufferReader(piece),
            pyarrow.csv.ReadOptions(
                use_threads=False, column_names=keys, block_size=min(len(piece) + 2, 2**31 - 1)
            ),
            pyarrow.csv.ParseOptions(
                delimiter=header.separator,
                newlines_in_values=b'"' in piece,
                ignore_empty_lines=False,
                invalid_row_handler=skip,
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        raise InputError(f"{path}: {EXPECTED}, but {shorten(str(error))}") from error
    return rows, invalid


def _compact(rows: pa.Table, zeros: pa.Buffer) -> pa.Table:
    """Return rows with stripped cells; all columns without any text share one buffer.

    :param zeros: at least four bytes for each row, and four more.
    """
    empty = pa.StringArray.from_buffers(len(rows), zeros, pa.py_buffer(b""))
    stripped = (pa.compute.utf8_trim_whitespace(column) for column in rows.columns)
    columns = [
        column if pa.compute.max(pa.compute.binary_length(column)).as_py() else empty
        for column in stripped
    ]
    return pa.table(columns, rows.column_names)


def _find_open_quote(piece: bytes) -> int:
    for number, line in enumerate(piece.split(b"\n"), start=1):
        if line.count(b'"') % 2:
            return number
    return 1


def _count_newlines(rows: pa.Table) -> "npt.NDArray[np.int64]":
    """Return the number of line ends inside cells above each row."""
    found = np.zeros(len(rows), dtype=np.int64)
    for column in rows.columns:
        found += pa.compute.count_substring(column, "\n").to_numpy()
    return np.cumsum(found) - found


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
