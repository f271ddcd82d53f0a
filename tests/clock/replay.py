"""History, traded by a real bot that lives in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from altseason.dominance.store import DominanceStore
from altseason.emulator.dominance import load_dominance
from altseason.emulator.live import LiveMarket
from altseason.emulator.market import Market
from altseason.emulator.overlay import exchange_settings, offline_environment
from altseason.emulator.providers import provider_urls
from altseason.emulator.server import run_emulator
from tests.clock.clock_file import ClockFile, read_clock
from tests.clock.in_thread import in_thread
from tests.conftest import ROOT, STRATEGIES

CONFIG: dict[str, Any] = {
    "stake_currency": "USDT",
    "stake_amount": "unlimited",
    "max_open_trades": 4,
    "dry_run": True,
    "dry_run_wallet": 1000,
    "entry_pricing": {"price_side": "same"},
    "exit_pricing": {"price_side": "same"},
    "pairlists": [{"method": "StaticPairList"}],
    "initial_state": "running",
    # Freqtrade says that it lives once a minute, so in every loop that is longer.
    "internals": {"process_throttle_secs": 300, "heartbeat_interval": 86400},
}
PAIRS = ["ETH/USDT", "BNB/USDT", "SOL/USDT", "ADA/USDT"]


@dataclass(frozen=True)
class Replay:
    """A bot's folder, and the exchange that lives at the bot's time.

    :param url: the emulator's.
    """

    folder: Path
    start: datetime
    url: str
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def clock_file(self) -> Path:
        """Where the bot tells its time."""
        return self.folder / "clock"

    @property
    def datadir(self) -> Path:
        """What the bot has stored."""
        return self.folder / "data"

    @property
    def database(self) -> Path:
        """The bot's trades."""
        return self.folder / "trades.sqlite"

    def words(self, stop_at: datetime) -> list[str]:
        """Give the command that trades until a time."""
        clock = ["--clock-file", str(self.clock_file), "--start", self.start.isoformat()]
        clock += ["--stop-at", stop_at.isoformat()]
        trade = trade_words(self.folder, self.url, self.settings)
        return [sys.executable, "-m", "tests.clock.run_freqtrade", *clock, "--", *trade]

    @property
    def environment(self) -> dict[str, str]:
        """Give the variables with which it runs, and reaches this machine only."""
        return trade_environment(self.url)

    def trade_until(self, stop_at: datetime) -> str:
        """Trade until a time, and give what the bot said."""
        found = subprocess.run(
            self.words(stop_at),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        # Freqtrade's, where it was interrupted.
        assert found.returncode == 130, found.stdout[-5000:]
        return found.stdout


def trade_words(folder: Path, url: str, settings: Mapping[str, Any]) -> list[str]:
    """Write a bot's configuration, and give the arguments with which Freqtrade trades.

    :param folder: of the bot; what it stores is in `data` and `trades.sqlite` there.
    :param url: the emulator's.
    :param settings: what else is in its configuration.
    """
    config = folder / "config.json"
    exchange = {**exchange_settings(url, is_live=True), "pair_whitelist": PAIRS}
    altseason = {"dominance": {"urls": provider_urls(url)}}
    config.write_text(
        json.dumps({**CONFIG, "exchange": exchange, "altseason": altseason, **settings})
    )
    words = ["trade", "-c", config, "--datadir", folder / "data", "--userdir", folder]
    words += ["--strategy", "AltSeasonStrategy", "--strategy-path", STRATEGIES]
    words += ["--db-url", f"sqlite:///{folder / 'trades.sqlite'}"]
    return [str(word) for word in words]


def trade_environment(url: str) -> dict[str, str]:
    """Give the variables with which a bot finds this project, and reaches this machine only."""
    path = os.pathsep.join([str(ROOT), str(STRATEGIES)])
    return {**offline_environment(os.environ, url), "PYTHONPATH": path}


@contextmanager
def replaying(folder: Path, stored: Path, start: datetime, **settings: Any) -> Iterator[Replay]:
    """Serve stored candles and dominance at the time of a bot that starts then.

    :param folder: of the bot, empty.
    :param stored: a data directory; the bot finds the dominance of before its start.
    :param settings: what else is in its configuration.
    """
    now = int(start.timestamp() * 1000)
    dominance = load_dominance(stored, "feather", 0)
    (folder / "data").mkdir()
    dominance.save_until(now, DominanceStore(folder / "data", "feather"))
    ClockFile(folder / "clock", now)
    market = LiveMarket(Market(stored), 0)
    emulator = run_emulator(market, read_clock(folder / "clock"), dominance=dominance)
    with in_thread(emulator) as url:
        yield Replay(folder, start, url, settings)
