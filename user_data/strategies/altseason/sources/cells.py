"""Convert the cells of a column piece by piece, and parse numbers that are all written one way."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from altseason.errors import InputError
from altseason.sources.table import Table

# This many cells are converted at once, which keeps the memory beside the result small.
PIECE = 50_000
EMPTY = frozenset(
    {"", "nan", "na", "n/a", "<na>", "nat", "null", "none", "nil", "undefined", "\\n", "-", "--",
     "\u2013", "\u2014", "#n/a", "#n/a n/a", "#value!", "#div/0!", "#ref!", "#name?"}
)  # fmt: skip
# Units, and separators of thousands that mean nothing else.
_DECORATION = r"[\s'\x{00a0}\x{2009}\x{202f}$€%]"
_PLAIN = r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?"
_COMMA = r"[+-]?\d+,\d+"
_THOUSANDS = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"
_EUROPEAN = r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?"
Flags = npt.NDArray[np.bool_]


def is_empty(text: "pd.Series[str]") -> "pd.Series[bool]":
    """Return which cells hold no value."""
    return convert(text, lambda piece: piece.str.lower().isin(EMPTY).to_numpy(dtype=bool))


def as_arrow(text: "pd.Series[str]") -> pa.Array:
    """Return cells as one array of strings."""
    cells = pa.array(text)
    cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return cells.cast(pa.string())


def pieces(text: "pd.Series[str]") -> "Iterator[pd.Series[str]]":
    """Yield the cells of a column, so many at once that they take little memory."""
    for begin in range(0, len(text), PIECE):
        yield text.iloc[begin : begin + PIECE]


def matches(text: "pd.Series[str]", pattern: str) -> Flags:
    """Return which cells match a pattern (of RE2) as a whole, whatever their case."""
    found = [
        pa.compute.match_substring_regex(
            as_arrow(piece), f"^(?:{pattern})$", ignore_case=True
        ).to_numpy(zero_copy_only=False)
        for piece in pieces(text)
    ]
    return np.concatenate(found).astype(bool) if found else np.zeros(0, dtype=bool)


def all_match(text: "pd.Series[str]", pattern: str) -> bool:
    """Return whether every cell matches a pattern as a whole; see `matches`."""
    return all(matches(piece, pattern).all() for piece in pieces(text))


def convert(
    text: "pd.Series[str]", by: "Callable[[pd.Series[str]], npt.NDArray[Any]]"
) -> "pd.Series[Any]":
    """Convert a column piece by piece.

    :param by: converts a piece to an array of the same length.
    """
    parts = [by(piece) for piece in pieces(text)] or [by(text)]
    return pd.Series(np.concatenate(parts), index=text.index)


def parse_numbers(table: Table, column: str) -> "pd.Series[float]":
    """Parse a column of numbers; empty cells are NaN.

    :raises InputError: naming the rows that hold something else, or are written another way.
    """
    text = table.text(column)
    plain = _parse_plain_numbers(text)
    if plain is not None:
        return plain
    clean = _find_cleaning(table, column, text)
    values = convert(text, lambda piece: _parse_piece(piece, clean))
    wrong = ~is_empty(text) & ~values.abs().lt(np.inf)
    table.refuse(f"expected numbers written one way in column {column!r}", wrong, text)
    return values


def _parse_plain_numbers(text: "pd.Series[str]") -> "pd.Series[float] | None":
    """Parse numbers with a decimal point, a million a second; None where any cell is different."""
    parts = []
    for piece in pieces(text):
        empty = is_empty(piece).to_numpy(dtype=bool)
        try:
            cells = pa.compute.if_else(pa.array(empty), None, as_arrow(piece)).cast(pa.float64())
        except pa.ArrowInvalid:
            return None
        values = cells.to_numpy(zero_copy_only=False)
        # Arrow parses infinity by its name; the slower parser refuses it.
        if not np.isfinite(values[~empty]).all():
            return None
        parts.append(values)
    return pd.Series(np.concatenate(parts), index=text.index) if parts else None


Cleaning = Callable[[Any], Any]


def _find_cleaning(table: Table, column: str, text: "pd.Series[str]") -> Cleaning:
    """Find out how the numbers of a column are written, and return what makes them plain numbers.

    :raises InputError: where a comma can be a decimal comma or separate thousands.
    """
    if len(text) and any(_has_decoration(piece) for piece in pieces(text)):
        text = pd.concat([_drop_decoration(piece) for piece in pieces(text)])
    written = text[~is_empty(text)]
    if all_match(written, _PLAIN):
        return _drop_decoration
    commas = written.str.contains(",", regex=False)
    if all_match(written, rf"\d+|{_COMMA}") and _is_decimal_comma(written):
        return lambda piece: _drop_decoration(piece).str.replace(",", ".", regex=False)
    if all_match(written, rf"{_THOUSANDS}|{_PLAIN}") and matches(written, ".*,.*[,.].*").any():
        return lambda piece: _drop_decoration(piece).str.replace(",", "", regex=False)
    if all_match(written, rf"{_EUROPEAN}|\d+(,\d+)?"):
        return lambda piece: (
            _drop_decoration(piece)
            .str.replace(".", "", regex=False)
            .str.replace(",", ".", regex=False)
        )
    if commas.any() and all_match(written, rf"\d+|{_THOUSANDS}"):
        raise InputError(
            f"{table.path}: the comma in {written[commas].iloc[0]!r} (column {column!r}) can be a "
            f"decimal comma or separate thousands; write the numbers with a decimal point"
        )
    return _drop_decoration


def _has_decoration(text: "pd.Series[str]") -> bool:
    found = pa.compute.match_substring_regex(as_arrow(text), _DECORATION)
    return bool(pa.compute.any(found).as_py())


def _drop_decoration(text: "pd.Series[str]") -> "pd.Series[str]":
    plain = pa.compute.replace_substring_regex(as_arrow(text), _DECORATION, "")
    return pd.Series(pd.array(plain, dtype=text.dtype), index=text.index)


def _parse_piece(text: "pd.Series[str]", clean: Cleaning) -> "npt.NDArray[np.float64]":
    plain = clean(text).where(~is_empty(text), "")
    fast = _parse_plain_numbers(plain)
    if fast is None:
        fast = pd.to_numeric(plain, errors="coerce")
    return np.asarray(fast, dtype="float64")


def _is_decimal_comma(written: "pd.Series[str]") -> bool:
    # "1,234" alone can be either, unless it cannot be thousands everywhere.
    if not all_match(written, rf"\d+|{_THOUSANDS}"):
        return True
    # A percentage has no thousands.
    return all_match(written, r"\d\d?(,\d+)?")
