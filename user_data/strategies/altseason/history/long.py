"""Download CoinMarketCap's dominance since 2013 in a few calls, checked before it is stored."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pandas as pd
import requests

from altseason.dominance.candles import DAY, MAX_PERCENT, MIN_PERCENT, is_believable
from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.history.download import (
    MAX_LEVEL_DIFFERENCE,
    TIMEFRAME,
    Downloaded,
    DownloadReport,
    LevelDifference,
    Plan,
    compare_level,
    store_history,
)
from altseason.history.shares import History
from altseason.progress import Progress
from altseason.settings import (
    DEFAULT_PAIR,
    WITHOUT_STABLECOINS,
    DominanceSettings,
    is_loopback,
)
from altseason.sources.coinmarketcap import PROVIDER, fetch_stablecoin_cap
from altseason.sources.coinmarketcap_history import (
    DAILY_CLOSE_DELAY,
    FIRST_DAY,
    MAX_DAYS_PER_CALL,
    URL,
    WebHistory,
    fetch_web_history,
)
from altseason.sources.defillama import FIRST_DAY as FIRST_STABLECOIN_DAY
from altseason.sources.defillama import PROVIDER as STABLECOIN_PROVIDER
from altseason.sources.defillama import fetch_stablecoins
from altseason.sources.errors import RepeatedError, ResponseError
from altseason.sources.session import RequestPolicy, build_session

# A pause of one to two seconds between two calls.
POLICY = RequestPolicy(calls_per_minute=40)
# For less than a minute it may repeat the response to another request.
REPEAT_PAUSE_SECONDS = 65.0
MAX_ATTEMPTS = 3
MIN_COMPARED_DAYS = 3
NAME = f"{PROVIDER}'s dominance at 00:00 UTC"
# Two providers' market caps of stablecoins differ by a few percent; with a larger difference, one
# of them counts something else.
MAX_FACTOR = 1.5
NO_STABLECOINS = "days without the market cap of all coins, or of stablecoins"


@dataclass(frozen=True)
class Stablecoins:
    """What dominance without stablecoins leaves out.

    :param caps: their market caps in US dollars, by midnight, in UTC.
    :param factor: what the provider's market caps were multiplied by.
    """

    caps: "pd.Series[float]"
    factor: float


def plan_long_history(
    now: pd.Timestamp,
    stored: pd.DataFrame,
    *,
    days: int | None = None,
    pair: str = DEFAULT_PAIR,
) -> Plan:
    """Find out which days are missing.

    :param stored: the daily candles of `pair` that are there.
    :param days: how many days are wanted; None for those since the first one that is not stored.
    """
    latest = (now - DAILY_CLOSE_DELAY).floor("D")
    first = FIRST_STABLECOIN_DAY + DAY if pair == WITHOUT_STABLECOINS else FIRST_DAY
    known = pd.date_range(first, latest, freq="D")
    if days is None:
        missing = known[~known.isin(stored["date"] + DAY)]
        days = (latest - missing[0]) // DAY + 1 if len(missing) else 1
    return Plan("coinmarketcap", min(days, len(known)), latest, coins=0)


def download_long_history(
    plan: Plan,
    store: DominanceStore,
    settings: DominanceSettings,
    *,
    progress: Progress,
    now: pd.Timestamp,
    attempts: int = MAX_ATTEMPTS,
) -> DownloadReport:
    """Download what a plan needs, and store it once all of it is there; see `fetch_long_history`.

    :raises ProviderError: where any of it is missing; nothing is stored then.
    :raises InputError: where no day is finished, or its level is not that of what is stored.
    """
    url = settings.urls.coinmarketcap
    policy = replace(POLICY, calls_per_minute=None) if is_loopback(url or URL) else POLICY
    with build_session(policy) as session:
        # First, since these are two calls.
        stablecoins = (
            fetch_scaled_stablecoins(session, settings)
            if store.pair == WITHOUT_STABLECOINS
            else None
        )
        downloaded = fetch_long_history(
            session, plan, progress, url=url, stablecoins=stablecoins, attempts=attempts
        )
    _refuse_other_level(compare_level(downloaded, store.load(TIMEFRAME)), store)
    return store_history(plan, downloaded, store, now)


def _refuse_other_level(level: LevelDifference | None, store: DominanceStore) -> None:
    # It may be another number than that of the documented endpoint, which is the one recorded.
    if (
        level is not None
        and level.days >= MIN_COMPARED_DAYS
        and abs(level.difference) > MAX_LEVEL_DIFFERENCE
    ):
        raise InputError(
            f"{PROVIDER}'s history differs by {level.difference:+.2f} percentage points in the "
            f"median from the last {level.days} days that are stored, so it is another series; "
            f"nothing was stored. To use it, move {store.path(TIMEFRAME)} away and download again"
        )


def fetch_scaled_stablecoins(session: requests.Session, settings: DominanceSettings) -> Stablecoins:
    """Fetch the stablecoins' market caps, scaled to the current one that a bot records by.

    Unscaled, the first recorded reading would step away from the last day of the history.

    :raises ProviderError: where either of the two fails, or they differ too much.
    """
    caps = fetch_stablecoins(session, url=settings.urls.defillama)
    current = fetch_stablecoin_cap(
        session, settings.coinmarketcap_key, url=settings.urls.coinmarketcap
    )
    newest = float(caps.iloc[-1])
    if not newest / MAX_FACTOR <= current <= newest * MAX_FACTOR:
        raise ResponseError(
            f"{PROVIDER} and {STABLECOIN_PROVIDER}: expected about the same market cap of all "
            f"stablecoins, found {current:.4g} and {newest:.4g} US dollars; nothing was stored"
        )
    return Stablecoins(caps * (current / newest), current / newest)


def fetch_long_history(
    session: requests.Session,
    plan: Plan,
    progress: Progress,
    *,
    url: str | None = None,
    stablecoins: Stablecoins | None = None,
    attempts: int = MAX_ATTEMPTS,
    sleep: Callable[[float], object] = time.sleep,
) -> Downloaded:
    """Fetch the days of a plan, in calls of at most 2,000; nothing is written.

    :param progress: called with how many calls are done, and of how many.
    :param url: another address than CoinMarketCap's own.
    :param stablecoins: what is to be subtracted from the total; None for nothing.
    :param attempts: how often a call is made where a response to another request comes back.
    :raises ProviderError: where any of the calls fails; its class shows who has to act.
    """
    spans = list(_split(plan.latest - (plan.days - 1) * DAY, plan.latest))
    fetched = []
    left_out: Counter[str] = Counter()
    for done, span in enumerate(spans):
        progress(done, len(spans))
        fetched.append(_fetch_span(session, span, url, attempts, sleep))
        left_out.update(fetched[-1].left_out)
    progress(len(spans), len(spans))
    percent, name = pd.concat([one.percent for one in fetched]), NAME
    if stablecoins is not None:
        total_caps = pd.concat([one.total_caps for one in fetched])
        whole = len(percent)
        percent = _leave_out(stablecoins.caps, percent, total_caps)
        name = (
            f"{NAME}, without the stablecoins of {STABLECOIN_PROVIDER} times "
            f"{stablecoins.factor:.4f}, so that their newest market cap equals {PROVIDER}'s"
        )
        if left := whole - len(percent):
            left_out[NO_STABLECOINS] = left
    columns = ("timestamp", "btcDominance")
    history = History(percent, name, provider=PROVIDER, columns=columns, skipped=dict(left_out))
    return Downloaded(history)


def _leave_out(
    stablecoins: "pd.Series[float]", percent: "pd.Series[float]", total_caps: "pd.Series[float]"
) -> "pd.Series[float]":
    """Return the share of what is left without stablecoins, on the days that have all values.

    :raises ResponseError: where the share cannot be believed.
    """
    fraction = stablecoins.reindex(percent.index) / total_caps
    without = (percent / (1 - fraction))[fraction.notna()]
    wrong = without[~is_believable(without)]
    if len(wrong):
        raise ResponseError(
            f"{PROVIDER} and {STABLECOIN_PROVIDER}: expected stablecoins to leave Bitcoin a share "
            f"between {MIN_PERCENT:g} and {MAX_PERCENT:g} percent, found {wrong.iloc[0]:.2f} at "
            f"{wrong.index[0]}; nothing was stored"
        )
    return without


def _split(first: pd.Timestamp, last: pd.Timestamp) -> Iterator[tuple[pd.Timestamp, pd.Timestamp]]:
    while first <= last:
        end = min(first + (MAX_DAYS_PER_CALL - 1) * DAY, last)
        yield first, end
        first = end + DAY


def _fetch_span(
    session: requests.Session,
    span: tuple[pd.Timestamp, pd.Timestamp],
    url: str | None,
    attempts: int,
    sleep: Callable[[float], object],
) -> WebHistory:
    for _ in range(attempts - 1):
        try:
            return fetch_web_history(session, *span, url=url)
        except RepeatedError:
            sleep(REPEAT_PAUSE_SECONDS)
    return fetch_web_history(session, *span, url=url)
