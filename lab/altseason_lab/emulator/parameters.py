"""Parse the parameters of a request, and refuse wrong ones as Binance does."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from altseason_lab.emulator import errors
from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.market import INTERVALS, Symbol

SYMBOL_PATTERN = "^[A-Z0-9-_.]{1,20}$"
SYMBOLS_PATTERN = '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$'
NUMBER_PATTERN = "^[0-9]{1,20}$"
DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
DEFAULT_DEPTH = 100
MAX_DEPTH = 5000


@dataclass(frozen=True, kw_only=True)
class KlinesQuery:
    """What to select from the candles; times in milliseconds, both ends inclusive."""

    symbol: Symbol
    interval: str
    start: int | None
    end: int | None
    limit: int


def parse_klines_query(parameters: Mapping[str, str], symbols: Mapping[str, Symbol]) -> KlinesQuery:
    """Parse the parameters of `GET /api/v3/klines`.

    :raises BinanceError: with the code that Binance has for what is wrong.
    """
    query = KlinesQuery(
        symbol=parse_symbol(required(parameters, "symbol"), symbols),
        interval=parse_interval(required(parameters, "interval")),
        start=parse_number(parameters, "startTime"),
        end=parse_number(parameters, "endTime"),
        limit=parse_limit(parameters),
    )
    refuse_unread(parameters, ("symbol", "interval", "startTime", "endTime", "limit"))
    return query


def parse_depth_query(
    parameters: Mapping[str, str], symbols: Mapping[str, Symbol]
) -> tuple[Symbol, int]:
    """Parse the parameters of `GET /api/v3/depth`: the market, and the number of levels.

    :raises BinanceError: with the code that Binance has for what is wrong.
    """
    symbol = parse_symbol(required(parameters, "symbol"), symbols)
    limit = parse_limit(parameters, default=DEFAULT_DEPTH, maximum=MAX_DEPTH)
    refuse_unread(parameters, ("symbol", "limit"))
    return symbol, limit


def required(parameters: Mapping[str, str], name: str) -> str:
    """Return a mandatory parameter."""
    if name not in parameters:
        raise BinanceError(
            errors.MANDATORY_PARAMETER_MISSING,
            f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.",
        )
    refuse_empty(parameters, name)
    return parameters[name]


def parse_symbol(text: str, symbols: Mapping[str, Symbol]) -> Symbol:
    """Parse the symbol of a market."""
    # First, since a folder may have pairs that another exchange writes in lower case.
    if text in symbols:
        return symbols[text]
    if not re.fullmatch(SYMBOL_PATTERN, text):
        raise illegal_characters("symbol", SYMBOL_PATTERN)
    raise BinanceError(errors.BAD_SYMBOL, "Invalid symbol.")


def parse_symbols(parameters: Mapping[str, str], symbols: Mapping[str, Symbol]) -> list[Symbol]:
    """Parse a JSON list of symbols; without one return all symbols."""
    if "symbols" not in parameters:
        return list(symbols.values())
    refuse_empty(parameters, "symbols")
    try:
        names = json.loads(parameters["symbols"])
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise illegal_characters("symbols", SYMBOLS_PATTERN)
    return [parse_symbol(name, symbols) for name in names]


def parse_interval(text: str) -> str:
    """Parse an interval, whether or not candles of it are stored."""
    if text not in INTERVALS:
        raise BinanceError(errors.BAD_INTERVAL, "Invalid interval.")
    return text


def parse_number(parameters: Mapping[str, str], name: str) -> int | None:
    """Parse a whole number from 0; None where it was not sent."""
    if name not in parameters:
        return None
    refuse_empty(parameters, name)
    if not re.fullmatch(NUMBER_PATTERN, parameters[name]):
        raise illegal_characters(name, NUMBER_PATTERN)
    return int(parameters[name])


def parse_limit(
    parameters: Mapping[str, str], *, default: int = DEFAULT_LIMIT, maximum: int = MAX_LIMIT
) -> int:
    """Parse the maximum number of candles or levels."""
    limit = parse_number(parameters, "limit")
    if limit is None:
        return default
    if not 1 <= limit <= maximum:
        raise BinanceError(
            errors.INVALID_PARAMETER, "Data sent for parameter 'limit' is not valid."
        )
    return limit


def refuse_empty(parameters: Mapping[str, str], name: str) -> None:
    """Refuse a parameter that was sent without a value."""
    if not parameters[name]:
        raise BinanceError(errors.PARAMETER_EMPTY, f"Parameter '{name}' was empty.")


def refuse_unread(parameters: Mapping[str, str], known: Iterable[str]) -> None:
    """Refuse parameters that the endpoint does not have."""
    read = set(known) & set(parameters)
    if len(read) < len(parameters):
        raise BinanceError(
            errors.UNREAD_PARAMETERS,
            f"Not all sent parameters were read; read '{len(read)}' parameter(s) but was sent "
            f"'{len(parameters)}'.",
        )


def illegal_characters(name: str, pattern: str) -> BinanceError:
    """Build the error for a value that does not match its pattern."""
    return BinanceError(
        errors.ILLEGAL_CHARACTERS,
        f"Illegal characters found in parameter '{name}'; legal range is '{pattern}'.",
    )
