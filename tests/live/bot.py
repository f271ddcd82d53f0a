"""A real `freqtrade trade` in live mode, on the emulator, in simulated time."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from altseason.emulator.account import Account
from altseason.emulator.live import LiveMarket
from altseason.emulator.market import Market
from altseason.emulator.server import run_emulator
from tests.clock.clock_file import ClockFile, read_clock
from tests.clock.in_thread import in_thread
from tests.clock.replay import Replay
from tests.live.world import REASONS

TIMEOUT_SECONDS = 10
SETTINGS: dict[str, Any] = {
    "dry_run": False,
    "strategy": "LiveStrategy",
    "strategy_path": str(Path(__file__).parent / "strategies"),
    "stake_amount": 200,
    "exchange": {"pair_whitelist": list(REASONS)},
}


@dataclass(frozen=True)
class LiveBot:
    """A bot's folder, and the account on which it trades."""

    replay: Replay
    account: Account

    def trade_until(self, stop_at: datetime) -> str:
        """Trade until a time, and give what the bot said."""
        # The configuration blanks these, under every name; a variable wins over it.
        names = {"API_KEY": self.account.key, "SECRET": self.account.secret}
        variables = {f"FREQTRADE__EXCHANGE__{name}": value for name, value in names.items()}
        return self.replay.trade_until(stop_at, variables)

    def ledger(self) -> Any:
        """Ask for everything that the exchange has booked."""
        return requests.get(f"{self.replay.url}/control/ledger", timeout=TIMEOUT_SECONDS).json()

    def set_faults(self, *rules: Mapping[str, Any]) -> None:
        """Let requests fail from now on."""
        answer = requests.post(
            f"{self.replay.url}/control/faults", json=rules, timeout=TIMEOUT_SECONDS
        )
        assert answer.status_code == 200, answer.text

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Read the bot's database."""
        with closing(sqlite3.connect(self.replay.database)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query)]


@contextmanager
def live_bot(
    folder: Path, stored: Path, start: datetime, account: Account, **settings: Any
) -> Iterator[LiveBot]:
    """Serve stored candles, at their own time, to a bot that trades live.

    :param folder: of the bot, empty.
    :param stored: a data directory.
    :param settings: what else is in its configuration.
    """
    (folder / "data").mkdir(parents=True)
    ClockFile(folder / "clock", int(start.timestamp() * 1000))
    clock = read_clock(folder / "clock")
    emulator = run_emulator(LiveMarket(Market(stored), 0), clock, account=account)
    with in_thread(emulator) as url:
        yield LiveBot(Replay(folder, start, url, {**SETTINGS, **settings}), account)
