"""Days that are missing, fetched while the bot trades, so that the gate need not wait for them."""

from pathlib import Path
from typing import Any

import pandas as pd

from altseason.dominance.feed.notices import Notices
from altseason.dominance.history.download import plan_download
from altseason.dominance.history.fill import SAME_LEVEL, TIMEFRAME, fill
from altseason.dominance.sources.coingecko import load_access
from altseason.dominance.sources.coingecko_history import DAY_IS_KNOWN_AFTER
from altseason.dominance.sources.snapshot import Clock, read_clock
from altseason.dominance.store import DominanceStore
from altseason.errors import AltSeasonError

DAY = pd.Timedelta(days=1)
FURTHEST_DAYS = 90
# Fewer than a download takes: a bot should not wait a quarter of an hour. One factor brings either
# to the level of the primary.
COINS = 30
AGAIN_AFTER = pd.Timedelta(hours=1)


def find_missing_days(daily: pd.DataFrame, latest: pd.Timestamp) -> list[pd.Timestamp]:
    """Give the open times of the days that are not stored, out of the last 90.

    :param latest: the newest midnight at which a day that has ended can be fetched.
    """
    wanted = pd.date_range(latest - FURTHEST_DAYS * DAY, latest - DAY, freq="D")
    return list(wanted[~wanted.isin(daily["date"])])


class Backfill:
    """Looks for missing days once a day, and fetches them; tries again after an hour."""

    def __init__(
        self,
        config: dict[str, Any],
        store: DominanceStore,
        notices: Notices,
        clock: Clock = read_clock,
    ) -> None:
        self._config = config
        self._store = store
        self._notices = notices
        self._clock = clock
        self._looked_at: pd.Timestamp | None = None
        self._not_before = pd.Timestamp(0, tz="UTC")

    def run(self) -> None:
        """Fetch what is missing, if it is time to look; takes minutes then, and never raises."""
        now = self._clock()
        latest = (now - DAY_IS_KNOWN_AFTER).floor("D")
        if latest == self._looked_at or now < self._not_before:
            return
        try:
            self._fill(latest, now)
        except (AltSeasonError, OSError) as error:
            self._not_before = now + AGAIN_AFTER
            self._notices.begin(
                "backfill", f"Missing dominance could not be fetched: {error}", is_urgent=False
            )
            return
        self._looked_at = latest
        self._notices.end("backfill", "Missing dominance was fetched.")

    def _fill(self, latest: pd.Timestamp, now: pd.Timestamp) -> None:
        missing = find_missing_days(self._store.load(TIMEFRAME), latest)
        if not missing:
            return
        access = load_access(self._config)
        days = (latest - missing[0]) // DAY
        self._notices.tell(
            f"Dominance of {len(missing)} days since {missing[0]:%Y-%m-%d} is missing: fetching it "
            f"from CoinGecko.",
            is_urgent=False,
        )
        filled = fill(
            plan_download("coingecko", access, now, days=days, coins=COINS),
            access,
            Path(self._config["datadir"]),
            self._store,
            calls_per_minute=access.calls_per_minute,
            progress=_ignore,
            now=now,
        )
        added = sum(one.result.added for one in filled.imported)
        self._notices.tell(
            f"Dominance of {added} of {len(missing)} missing days was fetched and stored."
        )
        if filled.level is not None and abs(filled.level.difference) > SAME_LEVEL:
            self._notices.tell(
                f"What was stored before differs by {-filled.level.difference:+.2f} percentage "
                f"points from CoinGecko: it may be of another provider, whose level is another."
            )


def _ignore(done: int, of: int) -> None:
    """Show no progress: a bot has nobody who watches it."""
