"""CoinPaprika, a fallback for the dominance of now.

https://api.coinpaprika.com/#tag/Global
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import requests

from altseason.settings import load_settings
from altseason.sources.answers import (
    excerpt,
    find_number,
    find_unix_time,
    parse_json,
)
from altseason.sources.errors import error_for_status
from altseason.sources.http import fetch_answer
from altseason.sources.snapshot import Clock, Snapshot, build_snapshot, read_clock

PROVIDER = "CoinPaprika"
URL = "https://api.coinpaprika.com/v1"
PATH = "/global"
ENDPOINT = f"{PROVIDER} {PATH}"


def connect(config: dict[str, Any], clock: Clock) -> Callable[[requests.Session], Snapshot]:
    """Return what asks for the current dominance, with the key and the address of a configuration.

    :raises SettingsError: where our own section is wrong.
    """
    url = load_settings(config).dominance.urls.coinpaprika or URL
    return partial(fetch_coinpaprika, url=url, clock=clock)


def fetch_coinpaprika(
    session: requests.Session, *, url: str = URL, clock: Clock = read_clock
) -> Snapshot:
    """Ask for the dominance of now; there are 20,000 calls a month.

    :raises ProviderError: the kind says who must act.
    """
    answer = fetch_answer(session, url.rstrip("/") + PATH)
    return answer.read(parse_coinpaprika, now=clock())


def parse_coinpaprika(body: bytes, status: int = 200, *, now: pd.Timestamp) -> Snapshot:
    """Read the answer: percent from 0 to 100, and when it was true.

    :raises ProviderError: the kind says who must act.
    """
    if status != 200:
        raise error_for_status(ENDPOINT, status, excerpt(body))
    answer = parse_json(ENDPOINT, body)
    return build_snapshot(
        PROVIDER,
        find_number(ENDPOINT, answer, "bitcoin_dominance_percentage"),
        find_unix_time(ENDPOINT, answer, "last_updated"),
        now=now,
    )
