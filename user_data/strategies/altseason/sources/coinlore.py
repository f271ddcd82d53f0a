"""CoinLore, the last fallback for the dominance of now: it does not say when its value was true.

https://www.coinlore.com/cryptocurrency-data-api
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import requests

from altseason.settings import load_settings
from altseason.sources.errors import error_for_status
from altseason.sources.http import fetch_response
from altseason.sources.reading import Clock, ProviderReading, build_reading, read_clock
from altseason.sources.responses import excerpt, find, parse_json, refuse

PROVIDER = "CoinLore"
URL = "https://api.coinlore.net/api"
PATH = "/global/"
ENDPOINT = f"{PROVIDER} {PATH}"
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?")


def connect(config: dict[str, Any], clock: Clock) -> Callable[[requests.Session], ProviderReading]:
    """Return what asks for the current dominance, with the key and the address of a configuration.

    :raises SettingsError: where our own section is wrong.
    """
    url = load_settings(config).dominance.urls.coinlore or URL
    return partial(fetch_coinlore, url=url, clock=clock)


def fetch_coinlore(
    session: requests.Session, *, url: str = URL, clock: Clock = read_clock
) -> ProviderReading:
    """Ask for the dominance of now; the snapshot has no time.

    :raises ProviderError: the kind says who must act.
    """
    response = fetch_response(session, url.rstrip("/") + PATH)
    return response.parse(parse_coinlore, now=clock())


def parse_coinlore(body: bytes, status: int = 200, *, now: pd.Timestamp) -> ProviderReading:
    """Read the content: a list of one, with percent from 0 to 100 as a text.

    :param now: not needed to read it; every provider's parser is called alike.
    :raises ProviderError: the kind says who must act.
    """
    if status != 200:
        raise error_for_status(ENDPOINT, status, excerpt(body))
    text = find(ENDPOINT, parse_json(ENDPOINT, body), 0, "btc_d")
    if not (isinstance(text, str) and _PERCENT.fullmatch(text)):
        refuse(ENDPOINT, "a percentage as a text in 0.btc_d", text)
    return build_reading(PROVIDER, float(text), None, now=now)
