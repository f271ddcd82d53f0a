"""The known file formats, and which columns of a table to read."""

import re
from dataclasses import dataclass

from altseason.dominance.candles import PRICE_COLUMNS
from altseason.errors import InputError
from altseason.sources.cells import all_match, is_empty
from altseason.sources.identity import (
    BITCOIN_DOMINANCE,
    COIN_TABLE,
    DERIVED,
    DOMINANCE,
    GENERIC_NAMES,
    find_unknown_word,
)
from altseason.sources.reading import Ohlc, Stamp
from altseason.sources.table import Table
from altseason.sources.times import looks_like_times


@dataclass(frozen=True)
class Format:
    """A known kind of file.

    :param columns: the names that it has: more than two, or other tables would be mistaken for it.
    :param date: the column with the time.
    :param stamp: what that time means; None where the file does not show it.
    :param close: the column with the close, where it has another name.
    :param written: the pattern of all its times. Names alone do not show a reading at an instant:
        the label of a day, read as one, would be known a day too early.
    """

    name: str
    columns: frozenset[str]
    date: str
    stamp: Stamp | None = None
    close: str = "close"
    written: str = ""


def _format(
    name: str, columns: str, date: str, stamp: Stamp | None, close: str = "close", written: str = ""
) -> Format:
    return Format(name, frozenset(columns.split("|")), date, stamp, close, written)


# To the millisecond, as CoinMarketCap writes it; the last one of a day, or the first or last one.
_LAST_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:59:59\.999Z"
_DAY_EDGE = r"\d{4}-\d\d-\d\dT(00:0\d:\d\d\.\d{3}|23:59:59\.\d{3})Z"
# As CoinGecko's downloads, and its API in unix milliseconds.
_INSTANT = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)? ?(UTC|Z)|\d{13}"
# The first one that fits is taken.
FORMATS = (
    _format(
        "tvdatafeed table", "datetime|symbol|open|high|low|close|volume", "datetime", "open"
    ),
    _format(
        "CoinMarketCap history of a coin",
        "timeopen|timeclose|open|high|low|close|marketcap|timestamp",
        "timeclose",
        "snapshot",
        written=_LAST_MOMENT,
    ),
    _format(
        "CoinMarketCap series",
        "timestamp|btc_dominance|eth_dominance",
        "timestamp",
        "snapshot",
        "btc_dominance",
        _DAY_EDGE,
    ),
    _format(
        "CoinMarketCap series", "timestamp|btcdominance|quote", "timestamp", "snapshot",
        "btcdominance", _DAY_EDGE,
    ),
    _format(
        "CoinGecko chart", "snapped_at|market_cap|total_volume", "snapped_at", "snapshot",
        "market_cap", _INSTANT,
    ),
    _format(
        "Investing.com history", "date|price|open|high|low|vol.|change %", "date", "open", "price"
    ),
    _format("Freqtrade candle", "date|open|high|low|close|volume", "date", "open"),
    _format("TradingView export", "time|open|high|low|close", "time", "open"),
)  # fmt: skip
DATE_NAMES = (
    "date", "time", "timestamp", "datetime", "day", "last_updated", "snapped_at", "timeclose",
    "unix", "unix time", "unixts", "open time", "d", "t", "ds",
)  # fmt: skip
_DATE_WORD = re.compile(r"(^|[^a-z])(date|time|timestamp|datetime|utc|day|datum|fecha)([^a-z]|$)")


def is_date_name(name: str) -> bool:
    """Return whether a column's name says that it holds times."""
    name = name.strip().lower()
    return name in DATE_NAMES or _DATE_WORD.search(name) is not None


def find_format(table: Table) -> Format | None:
    """Return the known format whose columns and way of writing times a table has."""
    columns = set(table.columns)
    return next((k for k in FORMATS if k.columns <= columns and _is_written_so(table, k)), None)


def _is_written_so(table: Table, known: Format) -> bool:
    if not known.written or known.date in table.repeated:
        return not known.written
    text = table.text(known.date)
    return all_match(text[~is_empty(text)], known.written)


def find_column(table: Table, wanted: str, option: str) -> str:
    """Return the column that an option names.

    :raises InputError: where there is none.
    """
    if wanted.strip().lower() in table.columns:
        return wanted.strip().lower()
    found = ", ".join(table.columns)
    raise InputError(f"{table.path}: expected the column {wanted!r} ({option}), found {found}")


def find_dates(table: Table, wanted: str | None, known: Format | None) -> str:
    """Return the column with the time.

    :raises InputError: where no name shows it, and not exactly one column has dates in it.
    """
    if wanted is not None:
        return find_column(table, wanted, "--date-column")
    if known is not None and not _is_clock(table, known.date):
        return known.date
    for name in DATE_NAMES:
        if name in table.columns and not _is_clock(table, name):
            return name
    named = [name for name in table.columns if _DATE_WORD.search(name)]
    usable = [name for name in table.columns if name not in table.repeated]
    dated = [name for name in usable if looks_like_times(table.head(name))]
    for found in ([name for name in named if name in dated], dated):
        if len(found) == 1:
            return found[0]
    raise InputError(
        f"{table.path}: expected a column named like {', '.join(DATE_NAMES[:3])}, found "
        f"{', '.join(table.columns)}; name the one to read with --date-column"
    )


def find_clock(table: Table, date: str) -> str | None:
    """Return the column with the time of day, where the date's has only days."""
    for name in ("time", "hour", "time of day", "clock", "time (utc)"):
        if name != date and name in table.columns and _is_clock(table, name):
            return name
    return None


def _is_clock(table: Table, name: str) -> bool:
    if name in table.repeated:
        return False
    return bool(table.head(name, 5).str.fullmatch(r"\d{1,2}:\d\d(:\d\d)?.{0,6}").all())


def find_values(table: Table, wanted: str | None, dates: str, known: Format | None) -> Ohlc:
    """Return the columns of open, high, low and close; one name four times where there is one.

    What is named Bitcoin's dominance comes first, whatever else there is.

    :raises InputError: where it is not clear which one is meant.
    """
    columns = [name for name in table.columns if name not in (dates, "")]
    if wanted is not None:
        return (find_column(table, wanted, "--column"),) * 4
    named = [name for name in columns if _is_bitcoin_dominance(name)]
    groups = {_without_price(name) for name in named}
    if len(groups) > 1 or (len(named) > 1 and not any(_price(name) for name in named)):
        raise InputError(_ask(table, f"several of Bitcoin's dominance ({', '.join(named)})"))
    if named:
        by_price = {_price(name): name for name in named}
        close = by_price.get("close") or by_price.get("")
        if close is None:
            raise InputError(_ask(table, f"no close ({', '.join(named)})"))
        if all(price in by_price for price in PRICE_COLUMNS):
            return by_price["open"], by_price["high"], by_price["low"], by_price["close"]
        return (close,) * 4
    close = known.close if known is not None else "close"
    if {"open", "high", "low", close} <= set(columns):
        return "open", "high", "low", close
    for names in (
        [n for n in columns if DOMINANCE.match(n)],
        [n for n in GENERIC_NAMES if n in columns],
    ):
        if names:
            return (names[0],) * 4
    if len(columns) == 1:
        return (columns[0],) * 4
    raise InputError(_ask(table, ", ".join(table.columns)))


def _is_bitcoin_dominance(name: str) -> bool:
    rest = BITCOIN_DOMINANCE.sub("", name)
    return rest != name and not DERIVED.search(rest) and find_unknown_word(name) is None


def _ask(table: Table, found: str) -> str:
    if any(COIN_TABLE.match(name) for name in table.columns):
        found += (
            "; market caps are not dominance: import the file of Bitcoin's market cap, and name "
            "that of the total with `--total FILE`"
        )
    return (
        f"{table.path}: expected a column named like dominance, btc_dominance or BTC.D, found "
        f"{found}; name the one to read with --column"
    )


def _price(name: str) -> str:
    match = re.search(r"(open|high|low|close)\)?$", name)
    return match[1] if match else ""


def _without_price(name: str) -> str:
    return re.sub(r"[ :_.(-]*(open|high|low|close)\)?$", "", name)
