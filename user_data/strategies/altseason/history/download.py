"""Download past days from a provider: from a plan to stored candles.

The user starts a download, or a bot while it trades. No call is made twice on one day, and candles
are stored only when all of them are there.
"""

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import pandas as pd
import requests

from altseason.dominance.candles import DAY
from altseason.dominance.importer import Imported, import_readings
from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.history.shares import (
    History,
    calculate_share_of_coins,
    calculate_share_of_total,
    find_daily_closes,
    make_readings,
)
from altseason.progress import Progress
from altseason.settings import DEFAULT_PAIR, WITHOUT_STABLECOINS
from altseason.sources.coingecko import STABLECOINS, USE_PRO, ApiAccess, fetch_global
from altseason.sources.coingecko_history import (
    BITCOIN,
    DAILY_CLOSE_DELAY,
    FREE_DAYS,
    MIN_DAYS,
    fetch_largest_coins,
    fetch_market_caps,
    fetch_total_market_caps,
    parse_market_caps,
)
from altseason.sources.errors import AccessError, ProviderError, ResponseError
from altseason.sources.reading import ProviderReading, Readings
from altseason.sources.session import RequestPolicy, build_session

Source = Literal["coingecko", "coingecko-pro", "coinmarketcap"]
TIMEFRAME = "1d"
CACHE_FOLDER = ".altseason-download"
COMPARED_DAYS = 30
# In percentage points. Above it two series are hardly of one provider.
MAX_LEVEL_DIFFERENCE = 0.5


@dataclass(frozen=True)
class Plan:
    """What to download.

    :param days: finished days up to `latest`.
    :param latest: the newest midnight at which the provider knows the day that ended.
    :param coins: how many of the largest coins make the sum.
    :param unreached: days between the newest stored candle and these, which stay missing.
    :param keep_outliers: whether days that jump and come back are counted in the mean from now on.
    """

    source: Source
    days: int
    latest: pd.Timestamp
    coins: int
    unreached: int = 0
    keep_outliers: bool = False


@dataclass(frozen=True)
class Downloaded:
    """A history that was downloaded, not stored yet.

    :param current: the current dominance that the history was scaled to; None where it was not.
    :param coins: how many coins make the sum.
    :param kept: how many of their market caps an earlier run has fetched.
    """

    history: History
    current: ProviderReading | None = None
    coins: int = 0
    kept: int = 0


@dataclass(frozen=True)
class LevelDifference:
    """How far a download lies from what was stored before, on the days that both have.

    :param days: how many days were compared.
    :param difference: the median of downloaded minus stored, in percentage points.
    """

    days: int
    difference: float


@dataclass(frozen=True)
class DownloadReport:
    """What was downloaded, and what it changed.

    :param level: how far it lies from what was stored before; None where no day is in both.
    """

    downloaded: Downloaded
    readings: Readings
    imported: list[Imported]
    level: LevelDifference | None


def plan_download(
    source: Source,
    access: ApiAccess,
    now: pd.Timestamp,
    *,
    days: int | None = None,
    newest: pd.Timestamp | None = None,
    coins: int = 100,
) -> Plan:
    """Find out what is missing, and refuse what the key does not allow before a call is made.

    :param days: how many days are wanted; None for those since the newest stored candle.
    :param newest: the end of the newest stored candle, None without any.
    :raises AccessError: where the source or the number of days needs a Pro key.
    """
    latest = (now - DAILY_CLOSE_DELAY).floor("D")
    is_pro = access.tier == "pro"
    if source == "coingecko-pro" and not is_pro:
        raise AccessError(f"--source coingecko-pro: expected a Pro key, found none: {USE_PRO}")
    missing = FREE_DAYS if newest is None else (latest - newest) // DAY
    if days is None:
        days = max(1, missing if is_pro else min(missing, FREE_DAYS))
    elif days > FREE_DAYS and not is_pro:
        raise AccessError(
            f"--days: expected at most {FREE_DAYS}, found {days}: for more, CoinGecko needs a Pro "
            f"key (its error 10012); older dominance can be imported from a file"
        )
    unreached = 0 if newest is None else max(0, missing - days)
    return Plan(source, days, latest, coins, unreached)


def download_history(
    plan: Plan,
    access: ApiAccess,
    datadir: Path,
    store: DominanceStore,
    *,
    calls_per_minute: float | None,
    progress: Progress,
    now: pd.Timestamp,
) -> DownloadReport:
    """Download what a plan needs, and store it once all of it is there.

    :raises ProviderError: where any of it is missing; what was fetched is kept for the day.
    :raises InputError: where no day is finished, or a folder cannot be written.
    """
    cache = SeriesCache(datadir, plan.latest, series_days(plan))
    with build_session(RequestPolicy(calls_per_minute=calls_per_minute)) as session:
        downloaded = fetch_history(session, access, plan, cache, progress, store.pair)
    return store_history(plan, downloaded, store, now)


def store_history(
    plan: Plan, downloaded: Downloaded, store: DominanceStore, now: pd.Timestamp
) -> DownloadReport:
    """Store the days of a plan that were downloaded; what is stored already stays.

    :raises InputError: where no day is finished.
    """
    stored = store.load(TIMEFRAME)
    readings = make_readings(downloaded.history, plan.days, plan.latest)
    imported = import_readings(readings, store, now, keep_outliers=plan.keep_outliers)
    return DownloadReport(downloaded, readings, imported, compare_level(downloaded, stored))


def series_days(plan: Plan) -> int:
    """Return how many days of each coin are fetched: always a year, so that it serves any plan."""
    return max(FREE_DAYS, plan.days)


class SeriesCache:
    """Keeps the market caps that were fetched today, so that an interrupted download can continue.

    There is a file for each coin, in a folder for the day.

    :param latest: the day's midnight; the folders of other days are removed.
    :param days: how far the series go back.
    """

    def __init__(self, datadir: Path, latest: pd.Timestamp, days: int) -> None:
        root = datadir / CACHE_FOLDER
        today = f"{latest:%Y-%m-%d}"
        self.folder = root / f"{today}-{days}d"
        for other in root.glob("????-??-??-*d"):
            if not other.name.startswith(today):
                shutil.rmtree(other, ignore_errors=True)

    def load(self, coin: str) -> "pd.Series[float] | None":
        """Load a coin's market caps, or None where they were not fetched yet today."""
        # What cannot be read is fetched again.
        with contextlib.suppress(OSError, ResponseError):
            return parse_market_caps(self._path(coin).read_bytes(), coin=coin)
        return None

    def save(self, coin: str, caps: "pd.Series[float]") -> None:
        """Store a coin's market caps.

        :raises InputError: where the folder cannot be written.
        """
        milliseconds = pd.DatetimeIndex(caps.index).as_unit("ms").astype("int64").tolist()
        values = [None if pd.isna(cap) else cap for cap in caps.tolist()]
        points = list(zip(milliseconds, values, strict=True))
        path = self._path(coin)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({"market_caps": points}))
            part.replace(path)
        except OSError as error:
            raise InputError(
                f"{self.folder}: expected a folder that can be written, but {error.strerror}"
            ) from error

    def _path(self, coin: str) -> Path:
        return self.folder / f"{quote(coin, safe='')}.json"


def fetch_history(
    session: requests.Session,
    access: ApiAccess,
    plan: Plan,
    cache: SeriesCache,
    progress: Progress,
    pair: str = DEFAULT_PAIR,
) -> Downloaded:
    """Fetch what the plan needs, and make dominance of it; nothing but the cache is written.

    :param progress: called with how many coins are done, and of how many.
    :param pair: as in our settings.
    :raises ProviderError: where any series is missing; its class shows who has to act.
    """
    left_out = STABLECOINS.values() if pair == WITHOUT_STABLECOINS else ()
    if plan.source == "coingecko-pro":
        days = max(MIN_DAYS, plan.days)
        total = fetch_total_market_caps(session, access, days)
        bitcoin = fetch_market_caps(session, access, BITCOIN, days)
        without = [fetch_market_caps(session, access, coin, days) for coin in left_out]
        return Downloaded(calculate_share_of_total(bitcoin, total, plan.latest, without))
    current = fetch_global(session, access, pair=pair)
    largest = fetch_largest_coins(session, access, plan.coins)
    coins = [coin for coin in largest if coin.id not in left_out]
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


def compare_level(downloaded: Downloaded, stored: pd.DataFrame) -> LevelDifference | None:
    """Compare the newest days that both have; None without any.

    :param stored: the candles from before the download.
    """
    # In one unit: pandas does not align an index of milliseconds with one of microseconds.
    ends = pd.DatetimeIndex(stored["date"] + DAY).as_unit("ms")
    percent = downloaded.history.percent
    percent = percent.set_axis(pd.DatetimeIndex(percent.index).as_unit("ms"))
    differences = (percent - pd.Series(stored["close"].to_numpy(), ends)).dropna()
    differences = differences.tail(COMPARED_DAYS)
    if differences.empty:
        return None
    return LevelDifference(len(differences), float(differences.median()))


def _fetch_one(
    session: requests.Session, access: ApiAccess, coin: str, plan: Plan, done: str
) -> "pd.Series[float]":
    try:
        return fetch_market_caps(session, access, coin, series_days(plan))
    except ProviderError as error:
        # Without one of the coins it would be another dominance, so it is all of them or nothing.
        raise error.add(
            f"nothing was stored. {done} are kept for today: run the same command again to go on "
            f"with {coin}"
        ) from error
