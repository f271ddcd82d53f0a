"""From a plan to stored candles: the download that both a person and a trading bot start."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from altseason.dominance.candles import DAY
from altseason.dominance.importer import Imported, import_readings
from altseason.dominance.store import DominanceStore
from altseason.history.cache import SeriesCache
from altseason.history.download import (
    Downloaded,
    Plan,
    download,
    series_days,
)
from altseason.history.shares import make_readings
from altseason.progress import Progress
from altseason.sources.coingecko import Access
from altseason.sources.files import Readings
from altseason.sources.session import Manners, build_session

TIMEFRAME = "1d"
COMPARED_DAYS = 30
# Above this difference two series are hardly of one provider.
SAME_LEVEL = 0.5


@dataclass(frozen=True)
class Level:
    """How the download lies to what was stored before, on days that both have.

    :param days: how many such days were compared.
    :param difference: median of downloaded minus stored, in percentage points.
    """

    days: int
    difference: float


def compare_level(downloaded: Downloaded, stored: pd.DataFrame) -> Level | None:
    """Compare the newest days that both have; None without any.

    :param stored: the candles from before the download.
    """
    closes = pd.Series(stored["close"].to_numpy(), index=pd.DatetimeIndex(stored["date"] + DAY))
    differences = (downloaded.history.percent - closes).dropna().tail(COMPARED_DAYS)
    if differences.empty:
        return None
    return Level(len(differences), float(differences.median()))


@dataclass(frozen=True)
class Filled:
    """What was downloaded, and what it changed.

    :param level: how it lies to what was stored before.
    """

    downloaded: Downloaded
    readings: Readings
    imported: list[Imported]
    level: Level | None


def fill(
    plan: Plan,
    access: Access,
    datadir: Path,
    store: DominanceStore,
    *,
    calls_per_minute: float | None,
    progress: Progress,
    now: pd.Timestamp,
) -> Filled:
    """Download what a plan asks for, and store it when all of it is there.

    :raises ProviderError: where any of it is missing; what was fetched is kept for the day.
    :raises InputError: where no day is finished, or a folder cannot be written.
    """
    stored = store.load(TIMEFRAME)
    cache = SeriesCache(datadir, plan.latest, series_days(plan))
    with build_session(Manners(calls_per_minute=calls_per_minute)) as session:
        downloaded = download(session, access, plan, cache, progress)
    readings = make_readings(downloaded.history, plan.days, plan.latest)
    imported = import_readings(readings, store, now)
    return Filled(downloaded, readings, imported, compare_level(downloaded, stored))
