"""CoinLore, the last fallback for the current dominance: its value comes without a time.

https://www.coinlore.com/cryptocurrency-data-api
"""

import re

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
from altseason.sources.responses import excerpt, find, parse_json, refuse

PROVIDER = "CoinLore"
PAIRS = (DEFAULT_PAIR,)
URL = "https://api.coinlore.net/api"
PATH = "/global/"
ENDPOINT = f"{PROVIDER} {PATH}"
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?")


def fetch_coinlore(
    session: requests.Session, *, url: str = URL, clock: Clock = read_clock
) -> ProviderReading:
    """Fetch the current dominance; the reading has no time.

    :raises ProviderError: its class shows who has to act.
    """
    response = fetch_response(session, url.rstrip("/") + PATH)
    return response.parse(parse_coinlore, now=clock())


def parse_coinlore(body: bytes, status: int = 200, *, now: pd.Timestamp) -> ProviderReading:
    """Parse the response: a list of one, with percent from 0 to 100 as a text.

    :param now: unused, since there is no time; every provider's parser is called alike.
    :raises ProviderError: its class shows who has to act.
    """
    if status != 200:
        raise error_for_status(ENDPOINT, status, excerpt(body))
    text = find(ENDPOINT, parse_json(ENDPOINT, body), 0, "btc_d")
    if not (isinstance(text, str) and _PERCENT.fullmatch(text)):
        refuse(ENDPOINT, "a percentage as a text in 0.btc_d", text)
    return build_reading(PROVIDER, float(text), None, now=now)


connect = connect_keyless("coinlore", fetch_coinlore)
