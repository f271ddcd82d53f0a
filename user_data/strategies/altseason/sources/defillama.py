"""DefiLlama: the market cap of all stablecoins by day, since 2017-11-29, without a key.

https://defillama.com/docs/api
"""

from typing import Any

import pandas as pd
import requests

from altseason.dominance.candles import DAY
from altseason.sources.errors import ResponseError, error_for_status
from altseason.sources.http import fetch_response
from altseason.sources.responses import (
    excerpt,
    find,
    is_number,
    parse_json,
    parse_unix_time,
    refuse,
)

PROVIDER = "DefiLlama"
URL = "https://stablecoins.llama.fi"
PATH = "/stablecoincharts/all"
ENDPOINT = f"{PROVIDER} {PATH}"
FIRST_DAY = pd.Timestamp("2017-11-29", tz="UTC")


def fetch_stablecoins(session: requests.Session, *, url: str | None = None) -> "pd.Series[float]":
    """Fetch the market cap of all stablecoins in US dollars, as in `parse_stablecoins`.

    :param url: another address than DefiLlama's own.
    :raises ProviderError: its class shows who has to act.
    """
    return fetch_response(session, (url or URL).rstrip("/") + PATH).parse(parse_stablecoins)


def parse_stablecoins(body: bytes, status: int = 200) -> "pd.Series[float]":
    """Parse the response: one row for each day, of which the last is incomplete.

    Nothing shows whether a row is the value at the beginning of its day or at its end, so the later
    of the two is assumed: it is known at the midnight that ends the day.

    :return: by that midnight, in UTC; stablecoins of all currencies together.
    :raises ProviderError: its class shows who has to act.
    """
    if status != 200:
        raise error_for_status(ENDPOINT, status, excerpt(body))
    rows = parse_json(ENDPOINT, body)
    if not isinstance(rows, list) or len(rows) < 2:
        refuse(ENDPOINT, "a list of days", rows)
    days = pd.DatetimeIndex([_find_day(row) for row in rows]).as_unit("ms")
    caps = pd.Series([_find_cap(row) for row in rows], index=days + DAY, dtype="float64")
    if not days.is_monotonic_increasing or days.has_duplicates:
        raise ResponseError(f"{ENDPOINT}: expected each day once and in rising order")
    return caps.iloc[:-1]


def _find_day(row: Any) -> pd.Timestamp:
    written = find(ENDPOINT, row, "date")
    time = parse_unix_time(written)
    if time is None:
        refuse(ENDPOINT, "unix seconds in date", written)
    return time.floor("D")


def _find_cap(row: Any) -> float:
    by_currency = find(ENDPOINT, row, "totalCirculatingUSD")
    if not (isinstance(by_currency, dict) and by_currency):
        refuse(ENDPOINT, "market caps in totalCirculatingUSD", by_currency)
    for cap in by_currency.values():
        if not (is_number(cap) and cap >= 0):
            refuse(ENDPOINT, "US dollars in totalCirculatingUSD", cap)
    return float(sum(by_currency.values()))
