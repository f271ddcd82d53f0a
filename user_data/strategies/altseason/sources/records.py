"""Read tables from JSON of any shape, JSON lines, feather and parquet."""

import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from altseason.errors import InputError
from altseason.invocation import altseason_command
from altseason.sources.cells import PIECE
from altseason.sources.formats import is_date_name
from altseason.sources.table import EXPECTED, Table, shorten, unique_names
from altseason.sources.times import looks_like_times

CANDLE = ["date", "open", "high", "low", "close", "volume"]
# A key that is a time, as text or unix seconds to nanoseconds; shorter ones are row numbers.
_TIME = r"\d{4}-\d\d-\d\d.*|\d{10}|\d{13}|\d{16}|\d{19}"
# What a line of the recorder's log has.
_READING = frozenset(("known", "provider", "raw", "dominance"))
# Keys that do not name what they hold.
_CONTAINERS = frozenset(
    ("", "data", "values", "result", "results", "series", "points", "rows", "records", "items",
     "history", "list", "stats", "chart", "response", "payload", "body", "content", "quotes")
)  # fmt: skip


def read_frame(path: Path, data: bytes) -> Table:
    """Read feather or parquet as a table.

    :raises InputError: where it is damaged, or has no rows.
    """
    read = pd.read_parquet if data[:4] == b"PAR1" else pd.read_feather
    try:
        frame = read(io.BytesIO(data))
    except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
        raise InputError(f"{path}: {EXPECTED}, but this one is damaged: {error}") from error
    index = frame.index
    if index.nlevels > 1 or not {index.name, *index.names} <= {None, "index", *frame}:
        frame = frame.reset_index()  # a name of its own makes it a column
    names = [_as_name(name) for name in frame]
    columns = [_as_list(frame.iloc[:, number]) for number in range(len(names))]
    names, columns = _add_index(path, names, columns, _as_list(frame.index.to_series()))
    return _from_records(path, names, columns, len(frame))


def _as_list(values: "pd.Series[Any]") -> list[Any]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        times = values.dt.tz_convert("UTC").dt.tz_localize(None)
        values = times.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    elif pd.api.types.is_datetime64_dtype(values):
        values = values.dt.strftime("%Y-%m-%d %H:%M:%S.%f")
    listed: list[Any] = values.tolist()
    return listed


def _add_index(
    path: Path, names: list[str], columns: list[list[Any]], index: list[Any]
) -> tuple[list[str], list[list[Any]]]:
    """Return a table with its index as a column; an index without times is dropped.

    :raises InputError: where a column holds other times: either may be those of the rows.
    """
    if not index or not _are_times(index):
        return names, columns
    for name, column in zip(names, columns, strict=True):
        if column == index:
            return names, columns
        if _may_be_times(name, column):
            raise InputError(
                f"{path}: expected the times in one place, found them in the index "
                f"({_as_text(index[0])!r}) and in column {name!r} ({_as_text(column[0])!r}); write "
                f"the file with one of them, such as by reset_index(drop=True)"
            )
    return ["date", *names], [index, *columns]


def _are_times(values: list[Any]) -> bool:
    """Return whether all of these are times; smaller numbers are those of rows."""
    texts = [_as_text(value) for value in values]
    return looks_like_times(pd.Series(texts)) or all(re.fullmatch(_TIME, one) for one in texts)


def _may_be_times(name: str, values: list[Any]) -> bool:
    texts = pd.Series([_as_text(value) for value in values[:5]])
    # A volume may have as many digits as a unix time.
    return is_date_name(name) or (looks_like_times(texts) and not texts.str.isdigit().all())


def read_json(path: Path, text: str) -> Table:
    """Read JSON, or JSON lines, as a table.

    :raises InputError: where it is damaged, or is not one list of rows of one kind.
    """
    try:
        values = _load_values(text)
        # Several are the lines of a log.
        content = values[0] if len(values) == 1 else values
        if isinstance(content, dict) and "schema" in content:
            content = content.get("data")  # orient="table"
        if (table := _read_oriented(path, content)) is not None:
            return table
        caps = _find_caps(content)
        found = _find_rows(content) if caps is None else ("", caps)
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, but {error}; is the file complete?") from error
    except RecursionError as error:
        raise InputError(
            f"{path}: expected JSON with one list of rows, found it nested too deeply"
        ) from error
    if found is None:
        raise InputError(
            f"{path}: expected JSON with one list of records or of [time, value], found "
            f"{shorten(text)!r}"
        )
    return _read_rows(path, *found)


def _read_rows(path: Path, title: str, rows: list[Any]) -> Table:
    """Read rows that are records, or lists of one length.

    :raises InputError: where they are neither, or lines of the recorder's log.
    """
    if all(isinstance(row, dict) for row in rows):
        if rows and all(row.keys() >= _READING for row in rows):
            raise InputError(
                f"{path}: expected a table of dominance, found the recorder's log of readings; "
                f"`{altseason_command('dominance rebuild')}` makes candles of the one in the data "
                f"directory"
            )
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = [[row.get(name) for row in rows] for name in names]
        return _from_records(path, names, columns, len(rows), title=title)
    width = len(rows[0]) if isinstance(rows[0], list) else 0
    if not width or any(not isinstance(row, list) or len(row) != width for row in rows):
        raise InputError(f"{path}: expected JSON rows of one kind and length, found several")
    names = [f"column {number}" for number in range(1, width + 1)]
    if width == len(CANDLE):
        names = CANDLE
    elif width == 2 and title:
        names = ["time", title]
    columns = [[row[number] for row in rows] for number in range(width)]
    is_missing = names[0] == "column 1"
    return _from_records(path, names, columns, len(rows), title, names_missing=is_missing)


def _load_values(text: str) -> list[Any]:
    """Load the JSON values of a text, which are one, or one a line."""
    decoder = json.JSONDecoder(object_pairs_hook=_refuse_repeats)
    text = text.strip()
    values, end = [], 0
    while end < len(text):
        value, end = decoder.raw_decode(text, end)
        values.append(value)
        while text[end : end + 1].isspace():
            end += 1
    return values


def _read_oriented(path: Path, content: Any) -> Table | None:
    """Read a table as `DataFrame.to_json` writes it by column, by row, or with `orient="split"`.

    :return: None where it is none; rows that are one list of records are read elsewhere.
    """
    if not isinstance(content, dict):
        return None
    names, rows = content.get("columns"), content.get("data")
    if isinstance(names, list) and isinstance(rows, list) and names and rows:
        if any(not isinstance(row, list) or len(row) != len(names) for row in rows):
            return None
        columns = [list(column) for column in zip(*rows, strict=True)]
        index = content.get("index")
        index = index if isinstance(index, list) and len(index) == len(rows) else []
    else:
        values = list(content.values())
        if not values or not all(isinstance(value, dict) and value for value in values):
            return None
        inner = values[0].keys()
        is_row, is_column = _are_labels(content), _are_labels(inner)
        if is_row == is_column or any(value.keys() != inner for value in values):
            return None
        names, index = (list(content), list(inner)) if is_column else (list(inner), list(content))
        columns = [
            [content[name][label] if is_column else content[label][name] for label in index]
            for name in names
        ]
    names, columns = _add_index(path, [_as_name(name) for name in names], columns, index)
    return _from_records(path, names, columns, len(columns[0]))


def _are_labels(keys: Iterable[str]) -> bool:
    """Return whether all keys are row numbers, or all are times."""
    return any(all(re.fullmatch(form, key) for key in keys) for form in (r"\d{1,8}", _TIME))


def _as_name(name: Any) -> str:
    """Return a column's name; one of several levels is joined."""
    return " ".join(map(str, name)) if isinstance(name, list | tuple) else str(name)


def _find_caps(content: Any) -> list[Any] | None:
    """Find the market caps in a response of CoinGecko or CoinMarketCap, named as in their files."""
    if not isinstance(content, dict):
        return None
    chart = content.get("market_cap_chart", content)
    # All coins', or one coin's.
    caps = chart.get("market_cap") or chart.get("market_caps") if isinstance(chart, dict) else None
    if isinstance(caps, list) and all(isinstance(row, list) and len(row) == 2 for row in caps):
        return [{"snapped_at": at, "market_cap": cap, "total_volume": None} for at, cap in caps]
    data = content.get("data")
    points = data.get("points") if isinstance(data, dict) else None
    if isinstance(points, list) and all(isinstance(row, dict) for row in points):
        names = {"marketCap": "total market cap", "btcValue": "btc market cap"}
        return [{names.get(name, name): row[name] for name in row} for row in points]
    return None


def _find_rows(content: Any, title: str = "") -> tuple[str, list[Any]] | None:
    """Find the one list of rows in nested JSON, and its key; None where there is none, or more."""
    if isinstance(content, list):
        return (title, content) if content and isinstance(content[0], dict | list) else None
    if not isinstance(content, dict):
        return None
    values = list(content.values())
    if values and all(isinstance(value, int | float | str) for value in values):
        times = [re.fullmatch(_TIME, key) for key in content]
        return (title, [list(pair) for pair in content.items()]) if all(times) else None
    columns = {k: v for k, v in content.items() if isinstance(v, list) and v and _is_column(v)}
    if len(columns) > 1 and len({len(column) for column in columns.values()}) == 1:
        return title, [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    inner = [
        found
        for key, value in content.items()
        if (found := _find_rows(value, title if key.lower() in _CONTAINERS else key.lower()))
    ]
    return inner[0] if len(inner) == 1 else None


def _is_column(values: list[Any]) -> bool:
    return not any(isinstance(value, dict | list) for value in values)


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, whose keys may be times, and refuse two different values of one key."""
    content = dict(pairs)
    if len(content) < len(pairs):
        for key, value in pairs:
            if content[key] != value:
                raise ValueError(f"{shorten(key)!r} has two values")
    return content


def _from_records(
    path: Path,
    names: list[str],
    columns: list[list[Any]],
    count: int,
    title: str = "",
    *,
    names_missing: bool = False,
) -> Table:
    if not count:
        raise InputError(f"{path}: expected rows, found none")
    names, repeated = unique_names([name.strip().lower() for name in names])
    try:
        content = pa.table(dict(zip(names, map(_as_texts, columns), strict=True)))
    except UnicodeEncodeError as error:
        raise InputError(
            f"{path}: expected text, found half of a character (a lone surrogate, such as "
            f"\\ud800); remove it"
        ) from error
    lines = np.arange(1, count + 1, dtype=np.int32)
    return Table(path, content, lines, repeated, names_missing=names_missing, title=title)


def _as_texts(values: list[Any]) -> pa.ChunkedArray:
    parts = [
        pa.array([_as_text(value) for value in values[begin : begin + PIECE]], pa.string())
        for begin in range(0, len(values), PIECE)
    ]
    return pa.chunked_array(parts)


def _as_text(value: Any) -> str:
    is_none = value is None or isinstance(value, bool | dict | list | np.ndarray)
    return "" if is_none or value != value else str(value).strip()
