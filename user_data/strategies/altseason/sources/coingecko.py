"""CoinGecko, the default provider: its keys, its errors, and the current dominance.

https://docs.coingecko.com/reference/crypto-global
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import pandas as pd
import requests

from altseason.settings import (
    DEFAULT_PAIR,
    WITHOUT_STABLECOINS,
    is_loopback,
    is_sendable_key,
    load_settings,
)
from altseason.sources.errors import (
    AccessError,
    ProviderError,
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
    find_number,
    find_unix_time,
    parse_json,
    refuse,
)

PROVIDER = "CoinGecko"
PAIRS = (DEFAULT_PAIR, WITHOUT_STABLECOINS)
# The coins that dominance without stablecoins leaves out: symbols in `/global`, and ids. Others are
# small, and not always in that response: each time that one comes or goes would be a jump.
STABLECOINS = {"usdt": "tether", "usdc": "usd-coin"}
Tier = Literal["keyless", "demo", "pro"]
PUBLIC_URL = "https://api.coingecko.com/api/v3"
PRO_URL = "https://pro-api.coingecko.com/api/v3"
KEY_HEADERS = {"demo": "x-cg-demo-api-key", "pro": "x-cg-pro-api-key"}
# CoinGecko guarantees no rate without a key, and 30 calls a minute or more with one.
CALLS_PER_MINUTE = {"keyless": 6, "demo": 30, "pro": 250}

USE_DEMO = f"a Demo key goes to {PUBLIC_URL} in {KEY_HEADERS['demo']} (coingecko.is_demo: true)"
USE_PRO = f"a Pro key goes to {PRO_URL} in {KEY_HEADERS['pro']} (coingecko.is_demo: false)"
ADVICE = {
    1020: "the firewall refuses this machine's address, as it does many of cloud providers",
    10002: f"the key is missing: {USE_DEMO}; {USE_PRO}",
    10005: "your plan does not include this call",
    10010: f"a Pro key was sent to the public host: {USE_PRO}",
    10011: f"a Demo key was sent to the Pro host: {USE_DEMO}",
    10012: "without a Pro key only the past 365 days are available",
}


@dataclass(frozen=True)
class ApiAccess:
    """The address and the key that CoinGecko is called with.

    :raises AccessError: where the key cannot be sent.
    """

    tier: Tier = "keyless"
    key: str = field(default="", repr=False)
    url: str = PUBLIC_URL

    def __post_init__(self) -> None:
        """Refuse a key that could not be sent."""
        if not is_sendable_key(self.key):
            raise AccessError(
                "coingecko.api_key: expected the key as CoinGecko shows it, found other characters"
            )

    @property
    def headers(self) -> dict[str, str]:
        """Return the header that holds the key; none without one."""
        return {} if self.tier == "keyless" else {KEY_HEADERS[self.tier]: self.key}

    @property
    def calls_per_minute(self) -> float | None:
        """Return the rate limit of the plan; None, no limit, for a server on this machine."""
        return None if is_loopback(self.url) else CALLS_PER_MINUTE[self.tier]


def load_access(config: dict[str, Any]) -> ApiAccess:
    """Read Freqtrade's own section `coingecko`, as Freqtrade does: a key is a Demo key by default.

    :raises SettingsError: where our own section, which may name another address, is wrong.
    """
    url = load_settings(config).dominance.urls.coingecko
    section = config.get("coingecko") or {}
    key = str(section.get("api_key") or "")
    if not key:
        return ApiAccess(url=url or PUBLIC_URL)
    if section.get("is_demo", True):
        return ApiAccess("demo", key, url or PUBLIC_URL)
    return ApiAccess("pro", key, url or PRO_URL)


def connect(config: dict[str, Any], clock: Clock) -> Fetch:
    """Return a function that fetches the current dominance, as a configuration says.

    :raises AccessError: where the key cannot be sent.
    :raises SettingsError: where our own section is wrong.
    """
    pair = load_settings(config).dominance.pair
    return partial(fetch_global, access=load_access(config), clock=clock, pair=pair)


def fetch_global(
    session: requests.Session,
    access: ApiAccess | None = None,
    clock: Clock = read_clock,
    *,
    pair: str = DEFAULT_PAIR,
) -> ProviderReading:
    """Fetch the current dominance; CoinGecko updates it every 10 minutes.

    :param pair: as in our settings.
    :raises ProviderError: its class shows who has to act.
    """
    response = fetch_path(session, access or ApiAccess(), "/global")
    return response.parse(parse_global, now=clock(), pair=pair)


def fetch_path(session: requests.Session, access: ApiAccess, path: str, **params: str) -> Response:
    """Fetch one path of CoinGecko's API."""
    url = access.url.rstrip("/") + path
    return fetch_response(session, url, params=params, headers=access.headers)


def parse_global(
    body: bytes, status: int = 200, *, now: pd.Timestamp, pair: str = DEFAULT_PAIR
) -> ProviderReading:
    """Parse the response of `/global`: percent from 0 to 100, and when it was true.

    :param pair: as in our settings.
    :raises ProviderError: its class shows who has to act.
    """
    endpoint = f"{PROVIDER} /global"
    content = parse_content(endpoint, body, status)
    percent = find_number(endpoint, content, "data", "market_cap_percentage", "btc")
    if pair == WITHOUT_STABLECOINS:
        percent *= 100 / (100 - _find_stablecoins(endpoint, content))
    time = find_unix_time(endpoint, content, "data", "updated_at")
    return build_reading(PROVIDER, percent, time, now=now)


def _find_stablecoins(endpoint: str, content: Any) -> float:
    """Return the share of the stablecoins, in percent; all of them have to be there."""
    shares = {
        symbol: find_number(endpoint, content, "data", "market_cap_percentage", symbol)
        for symbol in STABLECOINS
    }
    total = sum(shares.values())
    if min(shares.values()) <= 0 or total >= 100:
        refuse(endpoint, "stablecoins' shares above 0 and below 100 percent", shares)
    return total


def parse_content(endpoint: str, body: bytes, status: int) -> Any:
    """Parse JSON, or raise the error that it reports: `error_code` decides, then the HTTP status.

    :raises ProviderError: its class shows who has to act.
    """
    content = parse_json(endpoint, body, status)
    code, message = find_error(content)
    if code is not None:
        raise error_for_code(endpoint, code, message, status)
    if status != 200:
        raise error_for_status(endpoint, status, excerpt(message or body))
    if message is not None:
        raise ResponseError(f"{endpoint}: expected a value, found the error {excerpt(message)}")
    return content


def find_error(content: Any) -> tuple[int | None, str | None]:
    """Return the error's code and message, in whatever form CoinGecko writes them."""
    if not isinstance(content, dict):
        return None, None
    error = content.get("error")
    if isinstance(error, str) and error:
        return None, error
    inner = error if isinstance(error, dict) else content
    status = inner.get("status")
    status = status if isinstance(status, dict) else {}
    codes = [_as_code(part.get("error_code")) for part in (inner, status)]
    code = next((code for code in codes if code), None)
    message = status.get("error_message") or inner.get("error_message")
    if message is None and inner is error:
        message = str(error)
    return code, None if message is None else str(message)


def error_for_code(endpoint: str, code: int, message: str | None, status: int) -> ProviderError:
    """Return the error of the provider's own code."""
    found = f"{endpoint}: found the error {code}: {excerpt(message or '')}"
    if code == 429:
        return RateLimitedError(f"{found}; too many calls, try again later")
    if code in ADVICE:
        return AccessError(f"{found}; {ADVICE[code]}")
    if 400 <= code < 600:
        return error_for_status(endpoint, code, excerpt(message or ""))
    if status != 200:
        return error_for_status(endpoint, status, f"error {code}: {excerpt(message or '')}")
    return ResponseError(found)


def _as_code(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
