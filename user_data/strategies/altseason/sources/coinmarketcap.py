"""CoinMarketCap, a provider of the current dominance: without a key, or with a free one.

https://coinmarketcap.com/api/documentation/v1/#operation/getV1GlobalmetricsQuotesLatest
"""

from functools import partial
from typing import Any

import pandas as pd
import requests

from altseason.settings import DEFAULT_PAIR, WITHOUT_STABLECOINS, load_settings
from altseason.sources.errors import (
    AccessError,
    RateLimitedError,
    ResponseError,
    error_for_status,
)
from altseason.sources.http import Response, fetch_response
from altseason.sources.reading import (
    Clock,
    Fetch,
    ProviderReading,
    build_reading,
    read_clock,
)
from altseason.sources.responses import (
    excerpt,
    find,
    find_number,
    parse_iso_time,
    parse_json,
    refuse,
)

PROVIDER = "CoinMarketCap"
PAIRS = (DEFAULT_PAIR, WITHOUT_STABLECOINS)
KEYED_URL = "https://pro-api.coinmarketcap.com"
KEYLESS_URL = f"{KEYED_URL}/public-api"
PATH = "/v1/global-metrics/quotes/latest"
KEY_HEADER = "X-CMC_PRO_API_KEY"
ENDPOINT = f"{PROVIDER} {PATH}"
# https://coinmarketcap.com/api/documentation/v1/#section/Errors-and-Rate-Limits
KEY_CODES = range(1001, 1008)
LIMIT_CODES = range(1008, 1012)


def connect(config: dict[str, Any], clock: Clock) -> Fetch:
    """Return a function that fetches the current dominance, as a configuration says.

    :raises SettingsError: where our own section is wrong.
    """
    settings = load_settings(config).dominance
    return partial(
        fetch_coinmarketcap,
        key=settings.coinmarketcap_key,
        url=settings.urls.coinmarketcap,
        clock=clock,
        pair=settings.pair,
    )


def fetch_coinmarketcap(
    session: requests.Session,
    key: str = "",
    *,
    url: str | None = None,
    clock: Clock = read_clock,
    pair: str = DEFAULT_PAIR,
) -> ProviderReading:
    """Fetch the current dominance.

    :param key: a free key is enough; without one the keyless address is used.
    :param pair: as in our settings.
    :raises ProviderError: its class shows who has to act.
    """
    return _fetch(session, key, url).parse(parse_coinmarketcap, now=clock(), pair=pair)


def fetch_stablecoin_cap(
    session: requests.Session, key: str = "", *, url: str | None = None
) -> float:
    """Fetch the market cap, in US dollars, of what dominance without stablecoins leaves out.

    :raises ProviderError: its class shows who has to act.
    """
    return _fetch(session, key, url).parse(parse_stablecoin_cap)


def _fetch(session: requests.Session, key: str, url: str | None) -> Response:
    base = url or (KEYED_URL if key else KEYLESS_URL)
    headers = {KEY_HEADER: key} if key else {}
    return fetch_response(
        session, base.rstrip("/") + PATH, params={"convert": "USD"}, headers=headers
    )


def parse_coinmarketcap(
    body: bytes, status: int = 200, *, now: pd.Timestamp, pair: str = DEFAULT_PAIR
) -> ProviderReading:
    """Parse the response: percent from 0 to 100, and when it was true in ISO 8601.

    :param pair: as in our settings.
    :raises ProviderError: its class shows who has to act.
    """
    content = parse_content(ENDPOINT, body, status)
    percent = find_number(ENDPOINT, content, "data", "btc_dominance")
    if pair == WITHOUT_STABLECOINS:
        stablecoins, total = _find_caps(content)
        percent /= 1 - stablecoins / total
    written = find(ENDPOINT, content, "data", "last_updated")
    time = parse_iso_time(ENDPOINT, "data.last_updated", written)
    return build_reading(PROVIDER, percent, time, now=now)


def parse_stablecoin_cap(body: bytes, status: int = 200) -> float:
    """Parse the stablecoins' market cap in US dollars from the same response.

    :raises ProviderError: its class shows who has to act.
    """
    return _find_caps(parse_content(ENDPOINT, body, status))[0]


def _find_caps(content: Any) -> tuple[float, float]:
    """Return the market caps of all stablecoins, and of all crypto assets, in US dollars."""
    names = ("stablecoin_market_cap", "total_market_cap")
    stablecoins, total = (
        find_number(ENDPOINT, content, "data", "quote", "USD", name) for name in names
    )
    if not 0 < stablecoins < total:
        refuse(ENDPOINT, "stablecoins above 0 and below the total market cap", (stablecoins, total))
    return stablecoins, total


def parse_content(endpoint: str, body: bytes, status: int) -> Any:
    """Parse JSON, or raise the error that it reports: `error_code` decides, then the HTTP status.

    :param endpoint: the provider and path, for the message.
    :raises ProviderError: its class shows who has to act.
    """
    content = parse_json(endpoint, body, status)
    said = content.get("status") if isinstance(content, dict) else None
    said = said if isinstance(said, dict) else {}
    code, message = str(said.get("error_code")), excerpt(said.get("error_message"))
    found = f"{endpoint}: found the error {code}: {message}"
    if code in map(str, KEY_CODES):
        raise AccessError(
            f"{found}; a key goes to {KEYED_URL} in {KEY_HEADER}, and {KEYLESS_URL} needs none"
        )
    if code in map(str, LIMIT_CODES):
        raise RateLimitedError(f"{found}; too many calls, try again later")
    if status != 200:
        raise error_for_status(endpoint, status, message)
    if code != "0":
        shown = excerpt(said.get("error_code"))
        raise ResponseError(f"{endpoint}: expected status.error_code 0, found {shown}: {message}")
    return content
