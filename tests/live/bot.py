"""A real `freqtrade trade` in live mode, on the emulator, in simulated time."""

import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import requests
from freqtrade.misc import deep_merge_dicts

from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import Market
from tests.clock.clock_file import ClockFile, read_clock
from tests.clock.replay import Replay, to_milliseconds
from tests.conftest import ROOT
from tests.exchange.account import Account
from tests.exchange.server import run_exchange
from tests.live.world import PAIRS, store_dominance

TIMEOUT_SECONDS = 10
OVERLAYS = ROOT / "user_data" / "overlays"
Orders = Literal["limit_orders", "market_orders"]
SETTINGS: dict[str, Any] = {
    "dry_run": False,
    "exchange": {"pair_whitelist": PAIRS},
    "altseason": {"dominance": {"record": False}},
    "internals": {"process_throttle_secs": 60},
}


@dataclass(frozen=True)
class LiveBot:
    """A bot's folder, and the account on which it trades."""

    replay: Replay
    account: Account

    def begin(self, stop_at: datetime) -> "subprocess.Popen[str]":
        """Let it trade until a time, in a process."""
        return self.replay.begin(stop_at, self._secrets)

    def trade_until(self, stop_at: datetime) -> str:
        """Trade until a time, and give what the bot said."""
        return self.replay.trade_until(stop_at, self._secrets)

    def started_anew(self, later: timedelta = timedelta()) -> "LiveBot":
        """Give the bot as it would start now or later, after its process has ended."""
        return replace(self, replay=replace(self.replay, start=self.now() + later))

    def now(self) -> datetime:
        """Tell the time at which the bot lives."""
        milliseconds = read_clock(self.replay.clock_file)()
        return datetime.fromtimestamp(milliseconds / 1000, UTC)

    def ledger(self) -> Any:
        """Ask for everything that the exchange has booked."""
        return requests.get(f"{self.replay.url}/control/ledger", timeout=TIMEOUT_SECONDS).json()

    def set_faults(self, *rules: Mapping[str, Any]) -> None:
        """Let requests fail from now on."""
        answer = requests.post(
            f"{self.replay.url}/control/faults", json=rules, timeout=TIMEOUT_SECONDS
        )
        assert answer.status_code == 200, answer.text

    def count_faults(self) -> int:
        """Tell how many requests have failed."""
        url = f"{self.replay.url}/control/faults"
        return sum(rule["failed"] for rule in requests.get(url, timeout=TIMEOUT_SECONDS).json())

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Read the bot's database."""
        with closing(sqlite3.connect(self.replay.database)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query)]

    @property
    def _secrets(self) -> dict[str, str]:
        # The configuration blanks these, under every name; a variable wins over it.
        names = {"API_KEY": self.account.key, "SECRET": self.account.secret}
        return {f"FREQTRADE__EXCHANGE__{name}": value for name, value in names.items()}


@contextmanager
def live_bot(
    folder: Path,
    stored: Path,
    start: datetime,
    account: Account,
    *,
    orders: Orders = "limit_orders",
    pairs: Sequence[str] = PAIRS,
    **settings: Any,
) -> Iterator[LiveBot]:
    """Serve stored candles, at their own time, to a bot that trades live.

    :param folder: of the bot, empty.
    :param stored: a data directory.
    :param orders: the overlay that says how it orders.
    :param pairs: which it may trade.
    :param settings: what else is in its configuration.
    """
    (folder / "data").mkdir(parents=True)
    store_dominance(folder / "data")
    ClockFile(folder / "clock", to_milliseconds(start))
    clock = read_clock(folder / "clock")
    # A copy, since Freqtrade merges into what it is given.
    defaults = {**deepcopy(SETTINGS), "exchange": {"pair_whitelist": list(pairs)}}
    wanted = deep_merge_dicts(settings, defaults)
    emulator = run_exchange(LiveMarket(Market(stored), 0), account, clock)
    with in_thread(emulator) as url:
        overlays = (OVERLAYS / f"{orders}.json",)
        yield LiveBot(Replay(folder, start, url, wanted, overlays), account)
