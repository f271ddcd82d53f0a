"""The calls of a download: which are made, in which order, and which are not made twice."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd
import requests

from altseason.dominance.candles import DAY
from altseason.history.cache import SeriesCache
from altseason.history.shares import (
    History,
    calculate_share_of_coins,
    calculate_share_of_total,
    find_daily_closes,
)
from altseason.progress import Progress
from altseason.sources.coingecko import USE_PRO, Access, fetch_global
from altseason.sources.coingecko_history import (
    BITCOIN,
    DAY_IS_KNOWN_AFTER,
    FREE_DAYS,
    MIN_DAYS,
    fetch_largest_coins,
    fetch_market_caps,
    fetch_total_market_caps,
)
from altseason.sources.errors import AccessError, ProviderError
from altseason.sources.snapshot import Snapshot

Source = Literal["coingecko", "coingecko-pro"]


@dataclass(frozen=True)
class Plan:
    """What is to be downloaded.

    :param days: finished days up to `latest`.
    :param latest: the newest midnight at which CoinGecko knows the day that ended.
    :param coins: how many of the largest coins make the sum.
    :param unreached: days between the newest stored candle and these, which stay missing.
    """

    source: Source
    days: int
    latest: pd.Timestamp
    coins: int
    unreached: int = 0


@dataclass(frozen=True)
class Downloaded:
    """What came of it.

    :param current: the dominance of now that the history was scaled to, where it was.
    :param kept: how many of the series were fetched by an earlier run.
    """

    history: History
    current: Snapshot | None = None
    coins: int = 0
    kept: int = 0


def plan_download(
    source: Source,
    access: Access,
    now: pd.Timestamp,
    *,
    days: int | None = None,
    newest: pd.Timestamp | None = None,
    coins: int = 100,
) -> Plan:
    """Find out what is missing, and refuse what the key does not give before a call is made.

    :param days: how many days are wanted; None for those since the newest stored candle.
    :param newest: the end of the newest stored candle, None without any.
    :raises AccessError: where the source or the number of days needs a Pro key.
    """
    latest = (now - DAY_IS_KNOWN_AFTER).floor("D")
    is_pro = access.tier == "pro"
    if source == "coingecko-pro" and not is_pro:
        raise AccessError(f"--source coingecko-pro: expected a Pro key, found none: {USE_PRO}")
    missing = FREE_DAYS if newest is None else (latest - newest) // DAY
    if days is None:
        days = max(1, missing if is_pro else min(missing, FREE_DAYS))
    elif days > FREE_DAYS and not is_pro:
        raise AccessError(
            f"--days: expected at most {FREE_DAYS}, found {days}: CoinGecko gives more with a Pro "
            f"key only (it would answer with error 10012); older dominance can be imported "
            f"from a file"
        )
    unreached = 0 if newest is None else max(0, missing - days)
    return Plan(source, days, latest, coins, unreached)


def download(
    session: requests.Session, access: Access, plan: Plan, cache: SeriesCache, progress: Progress
) -> Downloaded:
    """Fetch what the plan needs, and make dominance of it; nothing but the cache is written.

    :param progress: told how many coins are done, and of how many.
    :raises ProviderError: where any series is missing; the kind says who must act.
    """
    if plan.source == "coingecko-pro":
        days = max(MIN_DAYS, plan.days)
        total = fetch_total_market_caps(session, access, days)
        bitcoin = fetch_market_caps(session, access, BITCOIN, days)
        return Downloaded(calculate_share_of_total(bitcoin, total, plan.latest))
    current = fetch_global(session, access)
    coins = fetch_largest_coins(session, access, plan.coins)
    series: dict[str, pd.Series[float]] = {}
    kept = 0
    for done, coin in enumerate(coins):
        progress(done, len(coins))
        caps = cache.load(coin.id)
        if caps is None:
            caps = _fetch_one(session, access, coin.id, plan, f"{done} of {len(coins)} coins")
            if plan.latest in find_daily_closes(caps, plan.latest):
                cache.save(coin.id, caps)  # else the newest day may be there in a while
        else:
            kept += 1
        series[coin.id] = caps
    progress(len(coins), len(coins))
    history = calculate_share_of_coins(series, coins, current.dominance, plan.latest)
    return Downloaded(history, current, len(coins), kept)


def series_days(plan: Plan) -> int:
    """How many days each coin's series is asked for: always a year, so that it serves any plan."""
    return max(FREE_DAYS, plan.days)


def _fetch_one(
    session: requests.Session, access: Access, coin: str, plan: Plan, done: str
) -> "pd.Series[float]":
    try:
        return fetch_market_caps(session, access, coin, series_days(plan))
    except ProviderError as error:
        # One coin less would be another dominance: so all of them, or nothing.
        raise error.add(
            f"nothing was stored. {done} are kept for today: run the same command again to go on "
            f"with {coin}"
        ) from error
