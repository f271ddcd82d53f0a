"""The cells of a column as numbers and times: one way of writing for the whole column, or none."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from altseason.dominance.candles import POSSIBLE_DATES
from altseason.dominance.sources.table import Table
from altseason.errors import InputError

UNIX_SECONDS = (1.2e9, 5e9)
UNIX_MILLISECONDS = (1.2e12, 5e12)
UNIX_MICROSECONDS = (1.2e15, 5e15)
EMPTY = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "--", "#n/a"})
# Units, and what parts thousands without meaning anything else.
_DECORATION = r"[\s'\u00a0\u2009\u202f$€%]"
_PLAIN = r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?"
_COMMA = r"[+-]?\d+,\d+"
_THOUSANDS = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"
_EUROPEAN = r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?"
_ZONE = r"\s?(?:Z|UTC|GMT(?![+-])|(?:UTC|GMT)?[+-]\d\d:?\d\d|(?<=:\d\d)[+-]\d\d)$"
# What `_parse_iso` reads; anything else takes the time to be looked at closely.
_ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?( UTC|Z)?)?$"
_CLOCK = r"(?:[ T]+(\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[APap]\.?[Mm]\.?)?))?"
_NUMERIC_DATE = rf"(\d{{1,2}})([/.-])(\d{{1,2}})[/.-](\d{{4}}),?{_CLOCK}"
_NAMED = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%b %d %Y", "%a %b %d %Y",
          "%a, %d %b %Y", "%B %d %Y")  # fmt: skip
_ADVICE = "say how they are written with --date-format, such as '%d.%m.%Y', or write YYYY-MM-DD"


@dataclass(frozen=True)
class Times:
    """A column of times.

    :param values: as in the cells; in UTC where `has_zone`, else of an unknown zone.
    :param clock: as in the cells, by the clock of whoever wrote them.
    :param has_zone: whether the cells say which instant they are.
    :param is_day: whether they are plain days, without a time of day.
    :param style: how they are written, for the report.
    """

    values: "pd.Series[Any]"
    clock: "pd.Series[Any]"
    has_zone: bool
    is_day: bool
    style: str


def is_empty(text: "pd.Series[str]") -> "pd.Series[bool]":
    """Return which cells hold no value."""
    return text.str.lower().isin(EMPTY)


def parse_numbers(table: Table, column: str) -> "pd.Series[float]":
    """Parse a column of numbers; empty cells are NaN.

    :raises InputError: naming the rows that hold something else, or are written another way.
    """
    text = table.text(column)
    empty = is_empty(text)
    simple = _parse_simple_numbers(text, empty)
    if simple is not None:
        return simple
    plain = text
    if text.str.contains(_DECORATION, regex=True).any():
        plain = text.str.replace(_DECORATION, "", regex=True)
    written = plain[~empty]
    if not written.str.fullmatch(_PLAIN, case=False).all() and len(written):
        commas = written.str.contains(",", regex=False)
        if written.str.fullmatch(rf"\d+|{_COMMA}").all() and _is_decimal_comma(table, written):
            plain = plain.str.replace(",", ".", regex=False)
        elif written.str.fullmatch(rf"{_THOUSANDS}|{_PLAIN}").all() and (
            written.str.contains(r",.*[,.]").any()
        ):
            plain = plain.str.replace(",", "", regex=False)
        elif written.str.fullmatch(rf"{_EUROPEAN}|\d+(,\d+)?").all():
            plain = plain.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        elif commas.any() and written.str.fullmatch(rf"\d+|{_THOUSANDS}").all():
            example = written[commas].iloc[0]
            raise InputError(
                f"{table.path}: expected to know whether the comma in {example!r} (column "
                f"{column!r}) is a decimal comma; write the numbers with a decimal point"
            )
    values = pd.to_numeric(plain.where(~empty), errors="coerce").astype("float64")
    wrong = ~empty & ~values.abs().lt(np.inf)
    table.refuse(f"expected numbers written one way in column {column!r}", wrong, text)
    return values


def _parse_simple_numbers(
    text: "pd.Series[str]", empty: "pd.Series[bool]"
) -> "pd.Series[float] | None":
    """Parse numbers with a decimal point and nothing else, a million a second; else None."""
    cells = pa.compute.if_else(pa.array(empty.to_numpy(dtype=bool)), None, _as_arrow(text))
    try:
        values = pd.Series(cells.cast(pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return None
    # Arrow knows infinity by its name; those are refused by who reads word for word.
    return values.set_axis(text.index) if np.isfinite(values[~empty.to_numpy()]).all() else None


def _is_decimal_comma(table: Table, written: "pd.Series[str]") -> bool:
    # "1,234" alone can be either, unless it cannot be thousands everywhere.
    all_three = written.str.fullmatch(rf"\d+|{_THOUSANDS}").all()
    # A percentage has no thousands.
    is_percentage = written.str.fullmatch(r"\d\d?(,\d+)?").all()
    return bool(not all_three or is_percentage)


def parse_times(table: Table, column: str, text: Any, date_format: str | None) -> Times:
    """Parse a column of times; what the whole column allows decides how it is written.

    :param text: the cells, empty ones left out.
    :raises InputError: where it is not clear, or some are no times.
    """
    problem = f"expected dates in column {column!r}"
    if date_format:
        return _by_format(table, text, date_format)
    unix, iso = _parse_unix(text), _parse_iso(text)
    if unix is not None:
        clock = unix.dt.tz_localize(None)
        times = Times(unix, clock, has_zone=True, is_day=False, style="unix time")
    else:
        times = iso or _parse_written(table, column, text)
    table.refuse(f"{problem}; {_ADVICE}", times.values.isna(), text)
    # Bitcoin's first block: an earlier date is a number in another unit, not a time.
    first = POSSIBLE_DATES[0] if times.has_zone else POSSIBLE_DATES[0].tz_localize(None)
    table.refuse(f"{problem} from 2009 on", times.values < first, text)
    return times


def _parse_unix(text: "pd.Series[str]") -> "pd.Series[Any] | None":
    # A comma or an exponent would mean that a spreadsheet has rounded it.
    if not text.str.fullmatch(r"\d{9,16}(\.\d+)?").all():
        return None
    number = pd.to_numeric(text).astype("float64")
    for bounds, unit in (
        (UNIX_SECONDS, 1e3),
        (UNIX_MILLISECONDS, 1.0),
        (UNIX_MICROSECONDS, 1e-3),
    ):
        if number.between(*bounds).all():
            return pd.to_datetime((number * unit).round(), unit="ms", utc=True).dt.as_unit("ms")
    return None


def _as_arrow(text: "pd.Series[str]") -> pa.Array:
    cells = pa.array(text).cast(pa.string())
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells


def _parse_iso(text: "pd.Series[str]") -> Times | None:
    """Parse ISO 8601 in UTC, or all without a zone, a million a second; else None."""
    cells = _as_arrow(text)
    if not pa.compute.all(pa.compute.match_substring_regex(cells, _ISO)).as_py():
        return None
    bare = pa.compute.replace_substring_regex(cells, "(Z| UTC)$", "")
    named = pa.compute.not_equal(pa.compute.utf8_length(bare), pa.compute.utf8_length(cells))
    has_zone = pa.compute.all(named).as_py()
    has_clock = pa.compute.any(pa.compute.match_substring(cells, ":")).as_py()
    if not has_zone and pa.compute.any(named).as_py():
        return None
    try:
        instants = bare.cast(pa.timestamp("ns")).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    values = pd.Series(instants.astype("datetime64[ms]"), index=text.index)
    times = values.dt.tz_localize("UTC") if has_zone else values
    return Times(times, values, has_zone, not has_clock, "ISO 8601")


def _by_format(table: Table, text: "pd.Series[str]", date_format: str) -> Times:
    has_zone = "%z" in date_format
    try:
        values = pd.to_datetime(text, format=date_format, utc=has_zone, errors="coerce")
    except ValueError as error:
        raise InputError(f"--date-format {date_format}: {error}") from error
    table.refuse(f"expected dates written as {date_format!r}", values.isna(), text)
    is_day = not any(code in date_format for code in ("%H", "%I", "%T", "%X"))
    clock = values.dt.tz_localize(None)
    return Times(values.dt.as_unit("ms"), clock, has_zone, is_day, f"as {date_format!r}")


def _parse_written(table: Table, column: str, text: "pd.Series[str]") -> Times:
    # JavaScript's way: "Fri Mar 01 2024 00:00:00 GMT+0000 (Coordinated Universal Time)".
    text = text.str.replace(r"\s*\([^)]*\)$", "", regex=True)
    zone = text.str.extract(f"({_ZONE})", expand=False).fillna("").str.strip()
    has_clock = text.str.contains(":", regex=False)
    named = zone.ne("") & has_clock
    if named.any() and not named.all():
        table.refuse(
            f"expected every time in column {column!r} with its time zone, or none",
            named != named.iloc[0],
            text,
        )
    has_zone = bool(named.all())
    bare = text.str.replace(_ZONE, "", regex=True) if has_zone else text
    values, style = _parse_bare(table, column, bare)
    clock = values
    if has_zone:
        offset = zone.str.replace(r"^(UTC|GMT|Z)", "", regex=True).str.replace(":", "")
        sign = np.where(offset.str.startswith("-"), -1, 1)
        digits = pd.to_numeric(offset.str[1:].replace("", "0")).where(offset.ne(""), 0)
        short = offset.str.len() <= 3
        minutes = np.where(short, digits * 60, digits // 100 * 60 + digits % 100)
        values = (values - pd.to_timedelta(sign * minutes, unit="m")).dt.tz_localize("UTC")
    return Times(values.dt.as_unit("ms"), clock, has_zone, not has_clock.any(), style)


def _parse_bare(table: Table, column: str, text: "pd.Series[str]") -> tuple["pd.Series[Any]", str]:
    parts = text.str.extract(f"^{_NUMERIC_DATE}$")
    if parts[0].notna().all():
        return _parse_numeric(table, column, text, parts)
    if text.str.contains(r"[A-Za-z]{3}", regex=True).all():
        for form in _NAMED:
            for clock in ("", " %H:%M:%S", " %H:%M", " %I:%M %p", ", %H:%M:%S"):
                first = pd.to_datetime(text.iloc[:1], format=form + clock, errors="coerce")
                if first.notna().all():
                    values = pd.to_datetime(text, format=form + clock, errors="coerce")
                    return values, "month names"
    iso = text.str.replace(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})", r"\1-\2-\3", regex=True)
    iso = iso.str.replace(r"^(\d{4}-\d\d-\d\d)-(?=\d)", r"\1 ", regex=True)
    iso = iso.where(iso.str.match(r"\d{4}-\d\d-\d\d|\d{8}(\D|$)|\d{4}-\d{1,2}-\d{1,2}"))
    iso = iso.str.replace(r"^(\d{4})-(\d)-", r"\1-0\2-", regex=True)
    iso = iso.str.replace(r"^(\d{4}-\d\d)-(\d)(?=\D|$)", r"\1-0\2", regex=True)
    return pd.to_datetime(iso, format="ISO8601", errors="coerce"), "ISO 8601"


def _parse_numeric(
    table: Table, column: str, text: "pd.Series[str]", parts: pd.DataFrame
) -> tuple["pd.Series[Any]", str]:
    first, second = pd.to_numeric(parts[0]), pd.to_numeric(parts[2])
    is_day_first, is_month_first = bool((first > 12).any()), bool((second > 12).any())
    if is_day_first and is_month_first:
        table.refuse(
            f"expected either the day or the month first in all of column {column!r}",
            second > 12,
            text,
        )
    if parts[1].eq(".").all() and not is_month_first:
        is_day_first = True
    if not (is_day_first or is_month_first):
        raise InputError(
            f"{table.path}: expected to know whether {text.iloc[0]!r} begins with the day or the "
            f"month, which no row of column {column!r} decides; say so with --date-format, such "
            f"as '%m/%d/%Y' or '%d/%m/%Y %H:%M'"
        )
    day, month = (first, second) if is_day_first else (second, first)
    clock = parts[4].fillna("00:00").str.upper().str.replace(".", "", regex=False)
    is_pm, is_am = clock.str.contains("P"), clock.str.contains("A")
    pieces = clock.str.replace(r" ?[AP]M", "", regex=True).str.split(":", expand=True)
    hour = pd.to_numeric(pieces[0])
    hour = hour.where(~(is_pm | is_am), hour % 12) + 12 * is_pm
    second_of = pd.to_numeric(pieces[2]).fillna(0) if 2 in pieces else 0
    days = pd.to_datetime(
        pd.DataFrame({"year": pd.to_numeric(parts[3]), "month": month, "day": day}),
        errors="coerce",
    )
    seconds = hour * 3600 + pd.to_numeric(pieces[1]) * 60 + second_of
    values = days + pd.to_timedelta(seconds, unit="s")
    return values, "day first" if is_day_first else "month first"


def looks_like_times(text: "pd.Series[str]") -> bool:
    """Return whether a column's first cells look like dates, whatever its name is."""
    sample = text[~is_empty(text)].iloc[:5]
    pattern = re.compile(
        r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4}).*|\d{10}|\d{13}"
    )
    return bool(len(sample)) and all(pattern.fullmatch(cell) for cell in sample)
