"""Fetch missing days while the bot trades, so that the gate need not wait for them."""

import logging
from typing import Any

import pandas as pd

from altseason.dominance.candles import DAY
from altseason.dominance.store import DominanceStore
from altseason.errors import AltSeasonError
from altseason.history.download import (
    MAX_LEVEL_DIFFERENCE,
    TIMEFRAME,
    DownloadReport,
    download_history,
    plan_download,
)
from altseason.history.long import download_long_history, plan_long_history
from altseason.host.configuration import data_directory
from altseason.notifications import Notifier
from altseason.progress import Progress, no_progress
from altseason.recorder.backoff import Backoff
from altseason.settings import load_settings
from altseason.sources.coingecko import load_access
from altseason.sources.coingecko_history import DAILY_CLOSE_DELAY
from altseason.sources.reading import Clock, provider_name, read_clock

logger = logging.getLogger(__name__)

MAX_BACKFILL_DAYS = 90
# Fewer than a download takes: a bot should not wait a quarter of an hour. One factor brings either
# to the level of the primary.
COINS = 30
ENDPOINT_NOTES = {"coinmarketcap": ", through an undocumented endpoint of its website"}
AGAIN_AFTER = pd.Timedelta(hours=1)


def find_missing_days(daily: pd.DataFrame, latest: pd.Timestamp) -> list[pd.Timestamp]:
    """Return the open times of the days that are not stored, out of the last 90.

    :param latest: the newest midnight at which a day that has ended can be fetched.
    """
    wanted = pd.date_range(latest - MAX_BACKFILL_DAYS * DAY, latest - DAY, freq="D")
    return list(wanted[~wanted.isin(daily["date"])])


class Backfill:
    """Find missing days once a day, and fetch them; try again later where that fails.

    A day that is still missing afterwards is not requested again by this process, unless it is the
    newest, which may not have been available yet.

    :param progress: called now and then during a download; may raise to end it.
    """

    def __init__(
        self,
        config: dict[str, Any],
        store: DominanceStore,
        notifier: Notifier,
        clock: Clock = read_clock,
        progress: Progress = no_progress,
    ) -> None:
        self._config = config
        self._store = store
        self._notifier = notifier
        self._clock = clock
        self._progress = progress
        self._checked_at: pd.Timestamp | None = None
        self._unfillable: set[pd.Timestamp] = set()
        self._backed_off = Backoff(self._fill, clock, first=AGAIN_AFTER, longest=DAY)

    def run(self) -> None:
        """Fetch what is missing, if a check is due; takes minutes then.

        :raises BaseException: only what `progress` raises that is not an Exception.
        """
        latest = _find_latest(self._clock())
        if latest == self._checked_at:
            return
        try:
            self._backed_off()
        except Exception as error:  # the thread goes on, and tries again after a while
            is_foreseen = isinstance(error, AltSeasonError | OSError)
            reason = str(error) if is_foreseen else type(error).__name__
            text = f"Could not fetch missing dominance: {reason}"
            if self._notifier.raise_alert("backfill", text, is_urgent=False) and not is_foreseen:
                logger.exception("Fetching missing dominance failed")
            return
        self._checked_at = latest
        self._notifier.clear("backfill", "Missing dominance was fetched.")

    def _find_missing(self, latest: pd.Timestamp) -> list[pd.Timestamp]:
        missing = find_missing_days(self._store.load(TIMEFRAME), latest)
        return [day for day in missing if day not in self._unfillable]

    def _fill(self) -> None:
        now = self._clock()
        latest = _find_latest(now)
        missing = self._find_missing(latest)
        if not missing:
            return
        provider = self._store.provider
        self._notifier.notify(
            f"Dominance of {len(missing)} days since {missing[0]:%Y-%m-%d} is missing: fetching it "
            f"from {provider_name(provider)}{ENDPOINT_NOTES.get(provider, '')}.",
            is_urgent=False,
        )
        report = self._download((latest - missing[0]) // DAY, now)
        self._unfillable.update(day for day in self._find_missing(latest) if day < latest - DAY)
        added = sum(one.result.added for one in report.imported)
        self._notifier.notify(
            f"Dominance of {added} of {len(missing)} missing days was fetched and stored."
        )
        if report.level is not None and abs(report.level.difference) > MAX_LEVEL_DIFFERENCE:
            self._notifier.notify(
                f"Stored dominance differs from {report.downloaded.history.provider} by "
                f"{-report.level.difference:+.2f} percentage points; it probably comes from "
                f"another provider."
            )

    def _download(self, days: int, now: pd.Timestamp) -> DownloadReport:
        if self._store.provider == "coinmarketcap":
            stored, pair = self._store.load(TIMEFRAME), self._store.pair
            return download_long_history(
                plan_long_history(now, stored, days=days, pair=pair),
                self._store,
                load_settings(self._config).dominance,
                progress=self._progress,
                now=now,
                attempts=1,  # the thread has to record meanwhile
            )
        access = load_access(self._config)
        return download_history(
            plan_download("coingecko", access, now, days=days, coins=COINS),
            access,
            data_directory(self._config),
            self._store,
            calls_per_minute=access.calls_per_minute,
            progress=self._progress,
            now=now,
        )


def _find_latest(now: pd.Timestamp) -> pd.Timestamp:
    return (now - DAILY_CLOSE_DELAY).floor("D")
