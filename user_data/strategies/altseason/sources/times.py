"""Parse the cells of a column as times that are all written one way."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from altseason.dominance.candles import POSSIBLE_DATES, UNIX_MILLISECONDS, UNIX_SECONDS
from altseason.errors import InputError
from altseason.sources.cells import (
    all_match,
    as_arrow,
    convert,
    is_empty,
    matches,
    pieces,
)
from altseason.sources.table import Table

# From a number to milliseconds, by the name of the unit.
UNIX_UNITS = {
    "seconds": (UNIX_SECONDS, 1e3),
    "milliseconds": (UNIX_MILLISECONDS, 1.0),
    "microseconds": ((1.2e15, 5e15), 1e-3),
    "nanoseconds": ((1.2e18, 5e18), 1e-6),
}
NO_OFFSET = np.zeros(1, dtype="timedelta64[ms]")
_OFFSET = r"[+-]\d\d:?\d\d"
# What `_parse_iso` reads; anything else is parsed more slowly.
_ISO = (
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
    rf"( ?Z| ?UTC| ?{_OFFSET}|[+-]\d\d)?)?"
)
_NUMERIC_DATE = (
    r"(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-](?P<year>\d{4}),?"
    r"(?:[ T]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<seconds>\d\d(?:\.\d+)?))?"
    r"(?: ?(?P<half>[APap])\.?[Mm]\.?)?)?"
)
_ABOVE_12 = r"(1[3-9]|[2-9]\d)"
_NAMED = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d %Y", "%a %b %d %Y",
          "%a, %d %b %Y", "%B %d %Y")  # fmt: skip
_ADVICE = "say how they are written with --date-format, such as '%d.%m.%Y', or write YYYY-MM-DD"
# What is often found instead of a date, and what to do about it.
_SUMS = (
    r"(grand |sub)?(total|sum|average|avg|mean|median|min|max|minimum|maximum|count|std|stdev"
    r"|summe|gesamt|mittelwert|moyenne|promedio|media|somme)\W*"
)
_SHORT_YEARS = (
    "years of two digits; say which part is what with --date-format, such as '%d.%m.%y' or "
    "'%m/%d/%y'"
)
_DAY_NUMBERS = "day numbers of a spreadsheet; have it show them as YYYY-MM-DD, and save it again"
_ROUNDED = "numbers that a spreadsheet has rounded; have it show all digits, and save it again"
_OTHERS = (
    ("", "rows without one; remove them"),
    (_SUMS, "a row that sums up the others; remove it"),
    (r"\d{1,2}[/. -](\d{1,2}|[a-z]{3,})[/. -]\d\d([ ,T].*)?", _SHORT_YEARS),
    (r"(39|4\d|5\d)\d{3}([.,]\d+)?", _DAY_NUMBERS),
    (r"\d[.,]\d+e\+?\d+", _ROUNDED),
)


@dataclass(frozen=True)
class Times:
    """A column of times.

    :param values: as in the cells; in UTC where `has_zone`, else of an unknown zone.
    :param clock: as in the cells, by the clock of whoever wrote them.
    :param has_zone: whether the cells name a zone, and so are instants.
    :param is_day: whether they are plain days, without a time of day.
    :param style: how they are written, for the report.
    """

    values: "pd.Series[Any]"
    clock: "pd.Series[Any]"
    has_zone: bool
    is_day: bool
    style: str


def parse_times(table: Table, column: str, text: Any, date_format: str | None) -> Times:
    """Parse a column of times; what the whole column allows decides how it is written.

    :param text: the cells, empty ones left out.
    :raises InputError: where it is not clear, or some cells are not times.
    """
    problem = f"expected dates in column {column!r}"
    if date_format:
        times = _by_format(table, text, date_format)
    else:
        times = (
            _parse_unix(table, column, text)
            or _parse_iso(text)
            or _parse_written(table, column, text)
        )
        is_wrong = times.values.isna().to_numpy()
        if is_wrong.any():
            for pattern, found in _OTHERS:
                table.refuse(f"{problem}, found {found}", is_wrong & matches(text, pattern), text)
        table.refuse(f"{problem}; {_ADVICE}", is_wrong, text)
    # Bitcoin's first block: an earlier date is a number in another unit, not a time.
    first = POSSIBLE_DATES[0] if times.has_zone else POSSIBLE_DATES[0].tz_localize(None)
    table.refuse(f"{problem} from 2009 on", times.values < first, text)
    return times


def _parse_unix(table: Table, column: str, text: "pd.Series[str]") -> Times | None:
    """Parse unix times, a million a second; None where any cell is something else.

    :raises InputError: where they are of several units.
    """
    # A comma or an exponent would mean that a spreadsheet has rounded it.
    if not all_match(text, r"\d{9,19}(\.\d+)?"):
        return None
    number = convert(text, lambda piece: as_arrow(piece).cast(pa.float64()).to_numpy())
    units = {
        name: (number.between(*bounds), factor) for name, (bounds, factor) in UNIX_UNITS.items()
    }
    for is_unit, factor in units.values():
        if is_unit.all():
            milliseconds = (number * factor).round().astype("int64").to_numpy()
            clock = pd.Series(milliseconds.view("datetime64[ms]"), index=text.index)
            stamps = clock.dt.tz_localize("UTC")
            return Times(stamps, clock, has_zone=True, is_day=False, style="unix time")
    found = [name for name, (is_unit, _) in units.items() if is_unit.any()]
    if len(found) > 1:
        table.refuse(
            f"expected unix times of one unit in column {column!r}, found {' and '.join(found)}",
            ~units[found[0]][0],
            text,
        )
    return None


def _parse_iso(text: "pd.Series[str]") -> Times | None:
    """Parse ISO 8601, all with a zone or all without, a million a second; None otherwise."""
    clocks: list[Any] = []
    offsets: list[Any] = []
    zones, has_clock = set(), False
    for piece in pieces(text):
        cells = as_arrow(piece)
        if not all_match(piece, _ISO):
            return None
        bare = pa.compute.replace_substring_regex(cells, rf" ?(Z|UTC|{_OFFSET})$", "")
        bare = pa.compute.replace_substring_regex(bare, r"(:\d\d(\.\d+)?)[+-]\d\d$", r"\1")
        named = pa.compute.not_equal(pa.compute.utf8_length(bare), pa.compute.utf8_length(cells))
        zones |= set(pa.compute.unique(named).to_pylist())
        try:
            instants = bare.cast(pa.timestamp("ns")).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            return None
        if len(zones) > 1:
            return None
        has_clock |= pa.compute.any(pa.compute.match_substring(bare, ":")).as_py()
        clocks.append(instants.astype("datetime64[ms]"))
        offsets.append(_find_offsets(cells) if True in zones else NO_OFFSET)
    clock: pd.Series[Any] = pd.Series(np.concatenate(clocks), index=text.index)
    if True not in zones:
        return Times(clock, clock, False, not has_clock, "ISO 8601")
    values = clock
    if any(offset is not NO_OFFSET for offset in offsets):
        parts: list[Any] = [part - offset for part, offset in zip(clocks, offsets, strict=True)]
        values = pd.Series(np.concatenate(parts), index=text.index)
    return Times(values.dt.tz_localize("UTC"), clock, True, not has_clock, "ISO 8601")


def _find_offsets(cells: pa.Array) -> "npt.NDArray[np.timedelta64]":
    """Return the offsets from UTC that times are written with."""
    pattern = r":\d\d(?:\.\d+)? ?(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?$"
    found = pa.compute.extract_regex(cells, pattern)
    if found.null_count == len(cells):
        return NO_OFFSET
    minutes = 60 * _integers(found, "hours") + _integers(found, "minutes")
    sign = pa.compute.struct_field(found, "sign")
    is_behind = pa.compute.equal(sign, "-").fill_null(False).to_numpy(zero_copy_only=False)
    return np.where(is_behind, -minutes, minutes).astype("timedelta64[m]").astype("timedelta64[ms]")


def _integers(found: pa.StructArray, name: str) -> "npt.NDArray[np.int64]":
    """Return a group of digits as numbers; 0 where it was not found."""
    return _floats(found, name).astype("int64")


def _floats(found: pa.StructArray, name: str) -> "npt.NDArray[np.float64]":
    text = pa.compute.struct_field(found, name).fill_null("")
    digits = pa.compute.if_else(pa.compute.equal(text, ""), "0", text)
    return np.asarray(digits.cast(pa.float64()).to_numpy(zero_copy_only=False))


def _by_format(table: Table, text: "pd.Series[str]", date_format: str) -> Times:
    # Pandas has words of its own for some formats; with "mixed" it guesses for each cell.
    if "%" not in date_format:
        raise InputError(
            f"--date-format {date_format}: expected directives such as %d.%m.%Y, found none"
        )
    has_zone = "%z" in date_format.lower()
    try:
        clock = convert(text, lambda piece: _parse_format(piece, date_format, has_zone=has_zone))
    except ValueError as error:
        raise InputError(f"--date-format {date_format}: {error}") from error
    table.refuse(f"expected dates written as {date_format!r}", clock.isna(), text)
    is_day = not any(code in date_format for code in ("%H", "%I", "%T", "%X"))
    values = clock.dt.tz_localize("UTC") if has_zone else clock
    return Times(values, clock, has_zone, is_day, f"as {date_format!r}")


def _parse_written(table: Table, column: str, text: "pd.Series[str]") -> Times:
    # JavaScript's way: "Fri Mar 01 2024 00:00:00 GMT+0000 (Coordinated Universal Time)".
    if text.str.contains("(", regex=False).any():
        text = text.str.replace(r"\s*\([^)]*\)$", "", regex=True)
    has_clock = text.str.contains(":", regex=False).to_numpy(dtype=bool)
    named = has_clock & matches(text, rf".*(Z|UTC|GMT|{_OFFSET}|:\d\d[+-]\d\d)")
    if named.any() and not named.all():
        table.refuse(
            f"expected every time in column {column!r} with its time zone, or none",
            named != named[0],
            text,
        )
    if not named.all() or not len(named):
        values, style = _parse_bare(table, column, text)
        return Times(values, values, False, not has_clock.any(), style)
    bare = text.str.replace(rf"\s?(?:Z|UTC|GMT|(?:UTC|GMT)?{_OFFSET})$", "", regex=True)
    bare = bare.str.replace(r"(:\d\d)[+-]\d\d$", r"\1", regex=True)
    clock, style = _parse_bare(table, column, bare)
    parts = [np.broadcast_to(_find_named_offsets(p), len(p)) for p in pieces(text)]
    instants: Any = clock - np.concatenate(parts)
    return Times(instants.dt.tz_localize("UTC"), clock, True, False, style)


def _find_named_offsets(text: "pd.Series[str]") -> "npt.NDArray[np.timedelta64]":
    # "GMT+01:00" after a time is the same as "+01:00".
    cells = pa.compute.replace_substring_regex(as_arrow(text), r"\s?(UTC|GMT)([+-])", r"\2")
    return _find_offsets(cells)


def _parse_bare(table: Table, column: str, text: "pd.Series[str]") -> tuple["pd.Series[Any]", str]:
    if all_match(text, _NUMERIC_DATE):
        is_day_first = _is_day_first(table, column, text)
        values = convert(text, lambda piece: _parse_numeric(piece, is_day_first=is_day_first))
        return values, "day first" if is_day_first else "month first"
    written = _find_named(text.iloc[:1]) if all_match(text, r".*[a-z]{3}.*") else None
    if written is not None:
        return convert(text, lambda piece: _parse_format(piece, written)), "month names"
    return convert(text, _parse_loose_iso), "ISO 8601"


def _find_named(text: "pd.Series[str]") -> str | None:
    """Return how dates with the month's name are written; None where it is not known."""
    for form in _NAMED:
        for clock in ("", " %H:%M:%S", " %H:%M", " %I:%M %p", ", %H:%M:%S"):
            if pd.to_datetime(text, format=form + clock, errors="coerce").notna().all():
                return form + clock
    return None


def _parse_format(
    text: "pd.Series[str]", written: str, *, has_zone: bool = False
) -> "npt.NDArray[np.datetime64]":
    times = pd.to_datetime(text, format=written, utc=has_zone, errors="coerce")
    return _as_milliseconds(times.dt.tz_localize(None))


def _parse_loose_iso(text: "pd.Series[str]") -> "npt.NDArray[np.datetime64]":
    iso = text.str.replace(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3", regex=True)
    iso = iso.str.replace(r"^(\d{4}-\d\d-\d\d)-(?=\d)", r"\1 ", regex=True)
    iso = iso.where(iso.str.match(r"\d{4}-\d\d-\d\d|\d{8}(\D|$)|\d{4}-\d{1,2}-\d{1,2}"))
    iso = iso.str.replace(r"^(\d{4})-(\d)-", r"\1-0\2-", regex=True)
    iso = iso.str.replace(r"^(\d{4}-\d\d)-(\d)(?=\D|$)", r"\1-0\2", regex=True)
    return _as_milliseconds(pd.to_datetime(iso, format="ISO8601", errors="coerce"))


def _as_milliseconds(values: Any) -> "npt.NDArray[np.datetime64]":
    return np.asarray(values.dt.as_unit("ms").to_numpy())


def _is_day_first(table: Table, column: str, text: "pd.Series[str]") -> bool:
    """Return whether dates of three numbers begin with the day.

    :raises InputError: where no row decides, or some begin with the month.
    """
    is_day_first = bool(matches(text, rf"{_ABOVE_12}[/.-].*").any())
    above_12 = matches(text, rf"\d{{1,2}}[/.-]{_ABOVE_12}[/.-].*")
    if is_day_first:
        table.refuse(
            f"expected either the day or the month first in all of column {column!r}",
            above_12,
            text,
        )
    if is_day_first or above_12.any():
        return is_day_first
    if all_match(text, r"\d{1,2}\..*"):
        return True
    raise InputError(
        f"{table.path}: {text.iloc[0]!r} can begin with the day or the month, and no row of column "
        f"{column!r} decides which; say so with --date-format, such as '%m/%d/%Y' or "
        f"'%d/%m/%Y %H:%M'"
    )


def _parse_numeric(text: "pd.Series[str]", *, is_day_first: bool) -> "npt.NDArray[np.datetime64]":
    found = pa.compute.extract_regex(as_arrow(text), f"^{_NUMERIC_DATE}$")
    first, second = _integers(found, "first"), _integers(found, "second")
    day, month = (first, second) if is_day_first else (second, first)
    months = ((_integers(found, "year") - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    half = pa.compute.utf8_upper(pa.compute.struct_field(found, "half"))
    is_pm, is_am = (
        pa.compute.equal(half, letter).fill_null(False).to_numpy(zero_copy_only=False)
        for letter in "PA"
    )
    hour, minute = _integers(found, "hour"), _integers(found, "minute")
    hour = np.where(is_pm | is_am, hour % 12 + 12 * is_pm, hour)
    seconds = hour * 3600 + minute * 60 + _floats(found, "seconds")
    is_time = (minute < 60) & (seconds <= 24 * 3600)
    is_date = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
    values = days.astype("datetime64[ms]") + np.round(seconds * 1e3).astype("timedelta64[ms]")
    values[~(is_date & is_time)] = np.datetime64("NaT")
    return np.asarray(values)


def looks_like_times(text: "pd.Series[str]") -> bool:
    """Return whether a column's first cells look like dates, whatever its name is."""
    sample = text[~is_empty(text)].iloc[:5]
    pattern = re.compile(
        r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4}).*|\d{10}|\d{13}"
    )
    return bool(len(sample)) and all(pattern.fullmatch(cell) for cell in sample)
