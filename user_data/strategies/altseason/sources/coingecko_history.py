"""CoinGecko's history: the largest coins of today, and market caps day by day.

https://docs.coingecko.com/reference/coins-markets
https://docs.coingecko.com/reference/coins-id-market-chart
https://docs.coingecko.com/reference/global-market-cap-chart (paid)
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pandas as pd
import requests

from altseason.dominance.candles import UNIX_MILLISECONDS
from altseason.sources.coingecko import PROVIDER, ApiAccess, fetch_path, parse_content
from altseason.sources.responses import find, is_number, refuse

BITCOIN = "bitcoin"
FREE_DAYS = 365
# Up to 90 days are hourly; longer ranges are daily, at 00:00 UTC.
MIN_DAYS = 91
# "The last completed UTC day (00:00) is available 35 minutes after midnight (00:35). The cache will
# always expire at 00:40 UTC."
DAILY_CLOSE_DELAY = pd.Timedelta(minutes=40)
PAGE = 250
MAX_ID_LENGTH = 200
COINS, CHART, TOTAL = "/coins/markets", "/coins/{}/market_chart", "/global/market_cap_chart"


@dataclass(frozen=True)
class Coin:
    """A coin and its current market cap, in US dollars."""

    id: str
    market_cap: float


def fetch_largest_coins(session: requests.Session, access: ApiAccess, count: int) -> list[Coin]:
    """Fetch the coins with the largest current market caps, largest first.

    :raises ProviderError: its class shows who has to act.
    """
    coins: dict[str, Coin] = {}
    per_page = min(count, PAGE)
    for page in range(1, -(-count // per_page) + 1):
        response = fetch_path(
            session,
            access,
            COINS,
            vs_currency="usd",
            order="market_cap_desc",
            per_page=str(per_page),
            page=str(page),
        )
        # A coin that moves from one page to the next meanwhile is on both.
        coins |= {coin.id: coin for coin in response.parse(parse_coins)}
    largest = sorted(coins.values(), key=lambda coin: coin.market_cap, reverse=True)[:count]
    if BITCOIN not in [coin.id for coin in largest]:
        refuse(f"{PROVIDER} {COINS}", BITCOIN, [coin.id for coin in largest])
    return largest


def fetch_market_caps(
    session: requests.Session, access: ApiAccess, coin: str, days: int
) -> "pd.Series[float]":
    """Fetch the market caps of one coin, as in `parse_market_caps`; daily from 91 days on.

    :raises ProviderError: its class shows who has to act.
    """
    path = CHART.format(quote(coin, safe=""))
    response = fetch_path(session, access, path, vs_currency="usd", days=str(days))
    return response.parse(parse_market_caps, coin=coin)


def fetch_total_market_caps(
    session: requests.Session, access: ApiAccess, days: int
) -> "pd.Series[float]":
    """Fetch the market cap of all coins together; only a Pro plan has this call.

    :raises ProviderError: its class shows who has to act.
    """
    response = fetch_path(session, access, TOTAL, vs_currency="usd", days=str(days))
    return response.parse(parse_total_market_caps)


def parse_coins(body: bytes, status: int = 200) -> list[Coin]:
    """Parse a page of `/coins/markets`; coins without a market cap are left out.

    :raises ProviderError: its class shows who has to act.
    """
    endpoint = f"{PROVIDER} {COINS}"
    content = parse_content(endpoint, body, status)
    if not isinstance(content, list):
        refuse(endpoint, "a list of coins", content)
    coins = []
    for entry in content:
        coin, cap = find(endpoint, entry, "id"), find(endpoint, entry, "market_cap")
        if not _is_id(coin):
            refuse(endpoint, "a text in id", coin)
        if cap is not None and not _is_cap(cap):
            refuse(endpoint, f"a market cap or null for {coin}", cap)
        if cap:
            coins.append(Coin(coin, float(cap)))
    return coins


def parse_market_caps(body: bytes, status: int = 200, *, coin: str = BITCOIN) -> "pd.Series[float]":
    """Parse the response of `/coins/{id}/market_chart`.

    :return: US dollars by time (UTC), oldest first; NaN where CoinGecko has none. A point is a
        reading at its time; the last one is the current one.
    :raises ProviderError: its class shows who has to act.
    """
    endpoint = f"{PROVIDER} {CHART.format(coin)}"
    return _read_points(endpoint, parse_content(endpoint, body, status), "market_caps")


def parse_total_market_caps(body: bytes, status: int = 200) -> "pd.Series[float]":
    """Parse the response of `/global/market_cap_chart`; returns as `parse_market_caps`.

    :raises ProviderError: its class shows who has to act.
    """
    endpoint = f"{PROVIDER} {TOTAL}"
    content = parse_content(endpoint, body, status)
    return _read_points(endpoint, content, "market_cap_chart", "market_cap")


def _read_points(endpoint: str, content: Any, *path: str) -> "pd.Series[float]":
    points = find(endpoint, content, *path)
    name = ".".join(path)
    if not (isinstance(points, list) and points):
        refuse(endpoint, f"a list of points in {name}", points)
    for point in points:
        if not (isinstance(point, list) and len(point) == 2):
            refuse(endpoint, f"pairs of time and market cap in {name}", point)
        time, cap = point
        if not (is_number(time) and UNIX_MILLISECONDS[0] < time < UNIX_MILLISECONDS[1]):
            refuse(endpoint, f"times in unix milliseconds in {name}", time)
        if cap is not None and not _is_cap(cap):
            refuse(endpoint, f"market caps from 0 or null in {name}", cap)
    times = pd.to_datetime([int(time) for time, _ in points], unit="ms", utc=True)
    # CoinGecko also writes 0 where it does not know a market cap.
    caps = pd.Series([cap or None for _, cap in points], index=times, dtype="float64")
    return caps.sort_index(kind="stable")


def _is_id(value: Any) -> bool:
    # It becomes part of a URL and of a file name.
    return (
        isinstance(value, str)
        and value.isprintable()
        and 0 < len(quote(value, safe="")) <= MAX_ID_LENGTH
    )


def _is_cap(value: Any) -> bool:
    return is_number(value) and value >= 0
