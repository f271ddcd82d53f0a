"""CoinMarketCap's web history: its dominance at each 00:00 UTC since 2013, without a key.

The endpoint belongs to CoinMarketCap's own charts and is not documented: it is known from public
clients such as CRAN's crypto2 alone. So it is only used where the user chooses it, every response
is checked against the request, and nothing but this module knows its shape. The terms of the site
allow internal use and no redistribution: none of the data is shipped.
"""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import requests

from altseason.dominance.candles import DAY, MAX_PERCENT, MIN_PERCENT, POSSIBLE_DATES
from altseason.sources.coinmarketcap import PROVIDER, parse_content
from altseason.sources.errors import RepeatedError, ResponseError, UnavailableError
from altseason.sources.http import fetch_response
from altseason.sources.responses import (
    find,
    is_number,
    parse_iso_time,
    parse_unix_time,
    refuse,
)

URL = "https://api.coinmarketcap.com"
PATH = "/data-api/v3/global-metrics/quotes/historical"
ENDPOINT = f"{PROVIDER} {PATH}"
US_DOLLAR = "2781"
FIRST_DAY = pd.Timestamp("2013-04-29", tz="UTC")
MAX_DAYS_PER_CALL = 2000
# Not documented either: assumed to be CoinGecko's.
DAILY_CLOSE_DELAY = pd.Timedelta(minutes=40)
# Days that may be missing at either end: single days are missing, and the newest may come later.
MAX_MISSING_AT_END = 3 * DAY
NO_VALUE, NOT_MIDNIGHT = "days without a value", "readings at another time than 00:00 UTC"


@dataclass(frozen=True)
class WebHistory:
    """Dominance and total market cap of a stretch of days.

    :param percent: by the midnight of the reading, which ends the day before, in UTC.
    :param total_caps: the market cap of all coins in US dollars at the same times; NaN where it is
        missing.
    :param left_out: the number of readings that were left out, by reason.
    """

    percent: "pd.Series[float]"
    total_caps: "pd.Series[float]"
    left_out: dict[str, int] = field(default_factory=dict)


def fetch_web_history(
    session: requests.Session, first: pd.Timestamp, last: pd.Timestamp, *, url: str | None = None
) -> WebHistory:
    """Fetch the readings at each midnight of at most 2,000 days.

    :param first: the first midnight, as `last` in UTC.
    :param url: another address than CoinMarketCap's own.
    :raises ProviderError: its class shows who has to act.
    """
    response = fetch_response(
        session,
        (url or URL).rstrip("/") + PATH,
        params={
            "convertId": US_DOLLAR,
            "interval": "1d",
            "timeStart": str(int(first.timestamp())),
            "timeEnd": str(int(last.timestamp())),
        },
    )
    return response.parse(parse_web_history, first=first, last=last)


def parse_web_history(
    body: bytes, status: int = 200, *, first: pd.Timestamp, last: pd.Timestamp
) -> WebHistory:
    """Parse the response, and check that its days are those that were requested.

    :raises RepeatedError: where they are not.
    :raises ProviderError: for anything else; its class shows who has to act.
    """
    quotes = find(ENDPOINT, parse_content(ENDPOINT, body, status), "data", "quotes")
    if not isinstance(quotes, list):
        refuse(ENDPOINT, "a list in data.quotes", quotes)
    times = pd.DatetimeIndex([_find_time(quote) for quote in quotes], tz="UTC")
    values = [_find_percent(quote) for quote in quotes]
    percent = pd.Series(values, index=times, dtype="float64").sort_index(kind="stable")
    is_midnight = percent.index == pd.DatetimeIndex(percent.index).floor("D")
    _check_days(pd.DatetimeIndex(percent.index[is_midnight]), first, last)
    has_value = percent.notna().to_numpy()
    left_out = {
        NO_VALUE: int((is_midnight & ~has_value).sum()),
        NOT_MIDNIGHT: int((~is_midnight).sum()),
    }
    kept = _find_one_each(percent[is_midnight & has_value])[first:last]
    caps = pd.Series([_find_total_cap(quote) for quote in quotes], index=times, dtype="float64")
    return WebHistory(
        kept,
        caps.groupby(level=0).first().reindex(kept.index),
        {reason: count for reason, count in left_out.items() if count},
    )


def _check_days(days: pd.DatetimeIndex, first: pd.Timestamp, last: pd.Timestamp) -> None:
    """Refuse other days than those from `first` to `last`; a day more at either end is dropped."""
    problem = f"{ENDPOINT}: expected the days {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    if days.empty:
        raise UnavailableError(f"{problem}, found none; try again later")
    is_within = first - DAY <= days[0] and days[-1] <= last + DAY
    reaches = days[0] <= first + MAX_MISSING_AT_END and days[-1] >= last - MAX_MISSING_AT_END
    if not (is_within and reaches):
        raise RepeatedError(
            f"{problem}, found {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}: it probably repeated its "
            f"response to another request; try again in a minute"
        )


def _find_one_each(percent: "pd.Series[float]") -> "pd.Series[float]":
    """Return one value for each time, or refuse two that differ."""
    by_time = percent.groupby(level=0)
    differs = by_time.nunique() > 1
    if differs.any():
        raise ResponseError(
            f"{ENDPOINT}: expected one value a day, found two at {differs.idxmax()}"
        )
    return by_time.first()


def _find_time(quote: Any) -> pd.Timestamp:
    written = find(ENDPOINT, quote, "timestamp")
    if (time := parse_unix_time(written)) is not None:
        return time.as_unit("ms")
    time = parse_iso_time(ENDPOINT, "timestamp", written)
    if not POSSIBLE_DATES[0] <= time <= POSSIBLE_DATES[1]:
        refuse(ENDPOINT, f"times from {POSSIBLE_DATES[0]:%Y} to {POSSIBLE_DATES[1]:%Y}", written)
    return time.as_unit("ms")


def _find_percent(quote: Any) -> float | None:
    """Return the dominance; None where it is missing, which may be written as 0."""
    percent = find(ENDPOINT, quote, "btcDominance")
    if percent is None or (is_number(percent) and percent == 0):
        return None
    if not (is_number(percent) and MIN_PERCENT < percent < MAX_PERCENT):
        refuse(ENDPOINT, f"btcDominance from {MIN_PERCENT:g} to {MAX_PERCENT:g} percent", percent)
    return float(percent)


def _find_total_cap(quote: Any) -> float | None:
    """Return the market cap of all coins; None where it is missing: not every pair needs it."""
    values = quote.get("quote") if isinstance(quote, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    cap: Any = first.get("totalMarketCap") if isinstance(first, dict) else None
    return float(cap) if is_number(cap) and cap > 0 else None
