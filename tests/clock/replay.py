"""History, traded by a real bot that lives in it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from freqtrade.misc import deep_merge_dicts

from altseason.dominance.store import DominanceStore
from altseason_lab.emulator.dominance import ReplayedDominance, load_dominance
from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import Market, MillisecondClock
from altseason_lab.emulator.providers import ProviderFaults, provider_urls
from altseason_lab.emulator.server import run_emulator
from altseason_lab.host.overlay import exchange_settings, offline_environment
from tests.clock.clock_file import ClockFile, read_clock
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
    "strategy": "AltSeasonStrategy",
    "strategy_path": str(STRATEGIES),
    # Freqtrade says that it lives once a minute, so in every loop that is longer.
    "internals": {"process_throttle_secs": 300, "heartbeat_interval": 86400},
    "exchange": {"pair_whitelist": ["ETH/USDT", "BNB/USDT", "SOL/USDT", "ADA/USDT"]},
}


@dataclass(frozen=True)
class Replay:
    """A bot's folder, and the exchange that lives at the bot's time.

    :param url: the emulator's.
    :param overlays: configuration files that are read after its own.
    """

    folder: Path
    start: datetime
    url: str
    settings: dict[str, Any] = field(default_factory=dict)
    overlays: Sequence[Path] = ()

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
        trade += [word for overlay in self.overlays for word in ("-c", str(overlay))]
        return [sys.executable, "-m", "tests.clock.run_freqtrade", *clock, "--", *trade]

    @property
    def environment(self) -> dict[str, str]:
        """Give the variables with which it runs, and reaches this machine only."""
        return trade_environment(self.url)

    def begin(
        self, stop_at: datetime, environment: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """Let it trade until a time, in a process whose output is a pipe.

        :param environment: variables besides its own.
        """
        return subprocess.Popen(
            self.words(stop_at),
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def trade_until(self, stop_at: datetime, environment: Mapping[str, str] | None = None) -> str:
        """Trade until a time, and give what the bot said."""
        process = self.begin(stop_at, environment)
        output, _ = process.communicate()
        # Freqtrade's, where it was interrupted.
        assert process.returncode == 130, output[-5000:]
        return output


def trade_words(folder: Path, url: str, settings: Mapping[str, Any]) -> list[str]:
    """Write a bot's configuration, and give the arguments with which Freqtrade trades.

    :param folder: of the bot; what it stores is in `data` and `trades.sqlite` there.
    :param url: the emulator's.
    :param settings: what else is in its configuration.
    """
    config = folder / "config.json"
    wanted = deep_merge_dicts(settings, deepcopy(CONFIG))
    # The settings may be a user's, who has other addresses.
    loopback = {
        "exchange": exchange_settings(url, is_live=True),
        "altseason": {"dominance": {"urls": provider_urls(url)}},
    }
    config.write_text(json.dumps(deep_merge_dicts(loopback, wanted)))
    words = ["trade", "-c", config, "--datadir", folder / "data", "--userdir", folder]
    words += ["--db-url", f"sqlite:///{folder / 'trades.sqlite'}"]
    return [str(word) for word in words]


def trade_environment(url: str) -> dict[str, str]:
    """Give the variables with which a bot finds this project, and reaches this machine only."""
    path = os.pathsep.join([str(ROOT), str(STRATEGIES)])
    return {**offline_environment(os.environ, url), "PYTHONPATH": path}


@dataclass(frozen=True)
class InterruptedDominance(ReplayedDominance):
    """Dominance that no provider answers with for a while: they give status 503 then.

    :param outage: when that begins and ends, in milliseconds.
    """

    clock: MillisecondClock
    outage: tuple[int, int]

    def percent(self, time: int) -> float | None:
        begin, end = self.outage
        return None if begin <= self.clock() < end else super().percent(time)


@contextmanager
def replaying(
    folder: Path,
    stored: Path,
    start: datetime,
    *,
    outage: tuple[datetime, datetime] | None = None,
    faults: ProviderFaults | None = None,
    is_empty: bool = False,
    **settings: Any,
) -> Iterator[Replay]:
    """Serve stored candles and dominance at the time of a bot that starts then.

    :param folder: of the bot, empty.
    :param stored: a data directory; the bot finds the dominance of before its start.
    :param outage: from when to when all providers of dominance fail.
    :param faults: how single ones fail.
    :param is_empty: whether the bot finds no dominance at all.
    :param settings: what else is in its configuration.
    """
    now = to_milliseconds(start)
    dominance = load_dominance(stored, "feather", 0)
    (folder / "data").mkdir()
    if not is_empty:
        dominance.save_until(now, DominanceStore(folder / "data", "feather"))
    ClockFile(folder / "clock", now)
    clock = read_clock(folder / "clock")
    if outage is not None:
        begin, end = map(to_milliseconds, outage)
        dominance = InterruptedDominance(dominance.candles, clock, (begin, end))
    market = LiveMarket(Market(stored), 0)
    emulator = run_emulator(market, clock, dominance=dominance, faults=faults)
    with in_thread(emulator) as url:
        yield Replay(folder, start, url, settings)


def to_milliseconds(moment: datetime) -> int:
    """Give the milliseconds since 1970."""
    return int(moment.timestamp() * 1000)
