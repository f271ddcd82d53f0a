"""CoinPaprika, a fallback for the dominance of now.

https://api.coinpaprika.com/#tag/Global
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import requests

from altseason.settings import load_settings
from altseason.sources.errors import error_for_status
from altseason.sources.http import fetch_response
from altseason.sources.reading import Clock, ProviderReading, build_reading, read_clock
from altseason.sources.responses import (
    excerpt,
    find_number,
    find_unix_time,
    parse_json,
)

PROVIDER = "CoinPaprika"
URL = "https://api.coinpaprika.com/v1"
PATH = "/global"
ENDPOINT = f"{PROVIDER} {PATH}"


def connect(config: dict[str, Any], clock: Clock) -> Callable[[requests.Session], ProviderReading]:
    """Return what asks for the current dominance, with the key and the address of a configuration.

    :raises SettingsError: where our own section is wrong.
    """
    url = load_settings(config).dominance.urls.coinpaprika or URL
    return partial(fetch_coinpaprika, url=url, clock=clock)


def fetch_coinpaprika(
    session: requests.Session, *, url: str = URL, clock: Clock = read_clock
) -> ProviderReading:
    """Ask for the dominance of now; there are 20,000 calls a month.

    :raises ProviderError: the kind says who must act.
    """
    response = fetch_response(session, url.rstrip("/") + PATH)
    return response.parse(parse_coinpaprika, now=clock())


def parse_coinpaprika(body: bytes, status: int = 200, *, now: pd.Timestamp) -> ProviderReading:
    """Read the content: percent from 0 to 100, and when it was true.

    :raises ProviderError: the kind says who must act.
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
