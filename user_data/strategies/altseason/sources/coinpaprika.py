"""CoinPaprika, a fallback for the current dominance.

https://api.coinpaprika.com/#tag/Global
"""

import pandas as pd
import requests

from altseason.settings import DEFAULT_PAIR
from altseason.sources.errors import error_for_status
from altseason.sources.http import fetch_response
from altseason.sources.reading import (
    Clock,
    ProviderReading,
    build_reading,
    connect_keyless,
    read_clock,
)
from altseason.sources.responses import (
    excerpt,
    find_number,
    find_unix_time,
    parse_json,
)

PROVIDER = "CoinPaprika"
PAIRS = (DEFAULT_PAIR,)
URL = "https://api.coinpaprika.com/v1"
PATH = "/global"
ENDPOINT = f"{PROVIDER} {PATH}"


def fetch_coinpaprika(
    session: requests.Session, *, url: str = URL, clock: Clock = read_clock
) -> ProviderReading:
    """Fetch the current dominance; the free plan has 20,000 requests a month.

    :raises ProviderError: its class shows who has to act.
    """
    response = fetch_response(session, url.rstrip("/") + PATH)
    return response.parse(parse_coinpaprika, now=clock())


def parse_coinpaprika(body: bytes, status: int = 200, *, now: pd.Timestamp) -> ProviderReading:
    """Parse the response: percent from 0 to 100, and when it was true.

    :raises ProviderError: its class shows who has to act.
    """
    if status != 200:
        raise error_for_status(ENDPOINT, status, excerpt(body))
    content = parse_json(ENDPOINT, body)
    return build_reading(
        PROVIDER,
        find_number(ENDPOINT, content, "bitcoin_dominance_percentage"),
        find_unix_time(ENDPOINT, content, "last_updated"),
        now=now,
    )


connect = connect_keyless("coinpaprika", fetch_coinpaprika)
