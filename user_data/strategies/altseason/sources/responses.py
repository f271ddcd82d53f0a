"""Read values from JSON responses: each is of the documented kind, or refused.

Without models of pydantic: only a few values of each response are read, and an error is one line
with the endpoint, what was expected and an excerpt of what was found.
"""

import json
import math
import reprlib
from typing import Any, NoReturn

import pandas as pd

from altseason.dominance.candles import UNIX_SECONDS
from altseason.sources.errors import ResponseError, error_for_status

SHOWN = 60
# Deep nesting is cut as well: showing it must not fail where reading it did not.
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, SHOWN, SHOWN


def parse_json(endpoint: str, body: bytes, status: int = 200) -> Any:
    """Parse standard JSON, which has neither NaN nor Infinity.

    :param endpoint: the provider and path, for the message.
    :param status: the HTTP status, which decides on the error where the body is not JSON.
    :raises ProviderError: its class shows who has to act.
    """
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if status != 200:
            raise error_for_status(endpoint, status, excerpt(body)) from error
        raise ResponseError(f"{endpoint}: expected JSON, found {excerpt(body)}") from error


def find(endpoint: str, content: Any, *path: str | int) -> Any:
    """Return the value at a path of keys and list positions.

    :raises ResponseError: where there is nothing at the path.
    """
    found = content
    for depth, step in enumerate(path, start=1):
        if isinstance(step, str):
            is_there = isinstance(found, dict) and step in found
        else:
            is_there = isinstance(found, list) and step < len(found)
        if not is_there:
            refuse(endpoint, _name(path[:depth]), found)
        found = found[step]
    return found


def find_number(endpoint: str, content: Any, *path: str | int) -> float:
    """Return the number at a path.

    :raises ResponseError: where it is missing or not a finite number, such as text or a boolean.
    """
    found = find(endpoint, content, *path)
    if not is_number(found):
        refuse(endpoint, f"a number in {_name(path)}", found)
    return float(found)


def find_unix_time(endpoint: str, content: Any, *path: str | int) -> pd.Timestamp:
    """Return the time at a path, written in unix seconds.

    :raises ResponseError: where it is missing or not such a time.
    """
    found = find(endpoint, content, *path)
    time = None if isinstance(found, str) else parse_unix_time(found)
    if time is None:
        refuse(endpoint, f"unix seconds in {_name(path)}", found)
    return time


def parse_unix_time(value: Any) -> pd.Timestamp | None:
    """Return the time of unix seconds, written as a number or as text; None for other values."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if not (is_number(value) and UNIX_SECONDS[0] < value < UNIX_SECONDS[1]):
        return None
    return pd.Timestamp(float(value), unit="s", tz="UTC")


def parse_iso_time(endpoint: str, name: str, text: Any) -> pd.Timestamp:
    """Return a full time that is written in ISO 8601; one without a zone is in UTC.

    :param name: where it was found, for the message.
    :raises ResponseError: where it is not such a time.
    """
    # Only a full time: pandas would also read "now", or a year alone.
    if not (isinstance(text, str) and text[4:5] == "-" and "T" in text):
        refuse(endpoint, f"an ISO 8601 time in {name}", text)
    time = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    if pd.isna(time):
        refuse(endpoint, f"an ISO 8601 time in {name}", text)
    return time


def is_number(value: Any) -> bool:
    """Return whether a JSON value is a finite number that fits a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 and not math.isnan(value)


def excerpt(value: Any) -> str:
    """Return the beginning of what was found, on one line."""
    if isinstance(value, bytes):
        value = value[:SHOWN].decode(errors="replace")
    return _SHORT.repr(value)


def refuse(endpoint: str, expected: str, found: Any) -> NoReturn:
    """Refuse a value.

    :raises ResponseError: always.
    """
    raise ResponseError(f"{endpoint}: expected {expected}, found {excerpt(found)}")


def _name(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
