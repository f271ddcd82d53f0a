"""A table of text cells with their line numbers, whatever file it comes from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from altseason.errors import InputError

SHOWN_ROWS = 5
MAX_SHOWN = 60
# This many rows show what a column looks like.
HEAD_ROWS = 1000
EXPECTED = "expected a CSV file (or JSON, feather, parquet) with a date and a value column"


@dataclass(frozen=True)
class Table:
    """The text of a file; column names are in lower case.

    :param rows: one row per line, all strings, without white space around them.
    :param lines: the line number of each row; for formats without lines, the number of the row.
    :param repeated: names that more than one column has: these cannot be chosen.
    :param separator: between the cells of a line; empty where there are no lines.
    :param notes: what was found and left out while reading, for the report.
    :param names_missing: whether the file has no header, so that the names are made up.
    :param cut_column: the one whose last cell may be cut off; empty where there is none.
    :param title: text above the table, or the key that it has in JSON; in lower case.
    """

    path: Path
    rows: pa.Table
    lines: "npt.NDArray[np.int32]"
    repeated: frozenset[str] = frozenset()
    separator: str = ""
    notes: list[str] = field(default_factory=list)
    names_missing: bool = False
    cut_column: str = ""
    title: str = ""

    @property
    def columns(self) -> list[str]:
        """Return the column names, in lower case."""
        return list(self.rows.column_names)

    def text(self, column: str) -> "pd.Series[str]":
        """Return the cells of a column.

        :raises InputError: where several columns have this name.
        """
        if column in self.repeated:
            raise InputError(
                f"{self.path}: expected one column {column!r}, found several; rename the one to "
                f"read, or choose another with --column"
            )
        return _as_text(self.rows.select([column]))[column]

    def head(self, column: str, count: int = HEAD_ROWS) -> "pd.Series[str]":
        """Return the first cells of a column."""
        return replace(self, rows=self.rows.slice(0, count)).text(column)

    def select(self, rows: "pd.Series[bool]") -> "Table":
        """Return the table with some of its rows."""
        kept = rows.to_numpy(dtype=bool)
        return replace(self, rows=self.rows.filter(pa.array(kept)), lines=self.lines[kept])

    def keep(self, columns: Iterable[str]) -> "Table":
        """Return the table with some of its columns."""
        return replace(self, rows=self.rows.select(list(dict.fromkeys(columns))))

    def refuse(
        self, problem: str, rows: Any, values: Any, *, show: Callable[[Any], str] = str
    ) -> None:
        """Refuse the whole file where any row is marked, showing the first of them.

        :param values: what is wrong in each row, as text or as an argument of `show`.
        :raises InputError: in one line, then a line for each of the first five bad rows.
        """
        marked = np.flatnonzero(np.asarray(rows, dtype=bool))
        if not len(marked):
            return
        first = marked[:SHOWN_ROWS]
        bad = values.iloc[first] if isinstance(values, pd.Series) else np.asarray(values)[first]
        shown = zip(self.lines[first], map(show, bad), strict=True)
        refuse_rows(self.path, problem, len(marked), shown)


def refuse_rows(path: Path, problem: str, count: int, shown: Iterable[tuple[int, str]]) -> NoReturn:
    """Refuse a whole file for some of its rows.

    :param shown: line number and text of the first of them.
    :raises InputError: in one line, then a line for each row that is shown.
    """
    rows = f"{count} row{'s' if count > 1 else ''}"
    lines = "".join(f"\n  line {line}: {shorten(text)!r}" for line, text in shown)
    raise InputError(f"{path}: {problem}; {rows}, nothing was imported{lines}")


def _as_text(rows: pa.Table) -> pd.DataFrame:
    types = {pa.string(): pd.StringDtype("pyarrow", na_value=np.nan)}
    return rows.to_pandas(types_mapper=types.get)


def give_back_memory() -> None:
    """Return the memory that Arrow keeps for later to the system."""
    pa.default_memory_pool().release_unused()


def shorten(text: Any) -> str:
    """Return a text, cut to the length of a message."""
    return text if len(str(text)) <= MAX_SHOWN else f"{str(text)[:MAX_SHOWN]}..."


def unique_names(names: list[str]) -> tuple[list[str], frozenset[str]]:
    """Return the names, repeated ones numbered, and which ones are repeated."""
    repeated = frozenset(name for name in names if names.count(name) > 1)
    unique, seen = [], dict.fromkeys(repeated, 0)
    for name in names:
        if name in seen:
            seen[name] += 1
        unique.append(name if seen.get(name, 1) == 1 else f"{name} #{seen[name]}")
    return unique, repeated
