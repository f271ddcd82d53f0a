"""A real bot in real time, during a minute in which the price falls through its stop-loss."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from altseason.dominance.store import DominanceStore
from altseason_lab.emulator.dominance import ReplayedDominance
from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import Market
from altseason_lab.emulator.providers import provider_urls
from altseason_lab.emulator.server import run_emulator
from reliability.soak.latency_market import PAIR, crossing_time, days_until, save_fall
from tests.clock.replay import trade_environment, trade_words
from tests.lab.sandbox.bots import Api

LOOP_SECONDS = 5
# From the start to the fall; the bot needs part of it to start.
LEAD = timedelta(seconds=60)
# How far the emulator's best bid is below the price.
BID = 1 - 0.0001
PATIENCE_SECONDS = 60
LOOP = re.compile(r"^(\S+ \S+) .*Throttling with '_process_running\(\)'", re.MULTILINE)
LOG_TIME = "%Y-%m-%d %H:%M:%S,%f"


@dataclass(frozen=True)
class Fall:
    """What happened to the bot.

    :param periods: seconds from the end of each loop to that of the next.
    :param stop_delay: seconds from when the bid reached the stop-loss to the exit.
    """

    periods: list[float]
    exit_reason: str
    stop_delay: float


def trade_through_fall(folder: Path, providers: str | None) -> Fall:
    """Enter before the fall, and wait for the exit.

    :param folder: a new one.
    :param providers: the address of all providers of dominance; without it the emulator's.
    """
    api = Api()
    now = datetime.now(UTC)
    minute = (now + LEAD + timedelta(minutes=1)).replace(second=0, microsecond=0)
    save_fall(folder / "stored", minute)
    dominance = ReplayedDominance({"1d": days_until(now, ahead=3)})
    dominance.save_until(int(now.timestamp() * 1000), DominanceStore(folder / "data"))
    market = LiveMarket(Market(folder / "stored"), 0)
    with (
        in_thread(run_emulator(market, dominance=dominance)) as url,
        running(folder, url, providers or url, api) as bot,
    ):
        api.wait_until_running(bot)
        api.post("forceenter", pair=PAIR, side="long", ordertype="market")
        entered = api.get("status")[0]
        assert datetime.now(UTC) < minute, "the bot began to trade too late"
        crossed = crossing_time(minute, entered["stop_loss_abs"] / BID)
        closed = wait_for_exit(api, crossed)
    left = datetime.fromtimestamp(closed["close_timestamp"] / 1000, UTC)
    return Fall(
        read_periods((folder / "log.txt").read_text()),
        closed["exit_reason"],
        (left - crossed).total_seconds(),
    )


def wait_for_exit(api: Api, crossed: datetime) -> dict[str, Any]:
    """Wait until the only trade is closed, and return it."""
    while datetime.now(UTC) < crossed + timedelta(seconds=PATIENCE_SECONDS):
        trades: list[dict[str, Any]] = api.get("trades")["trades"]
        if trades and not trades[0]["is_open"]:
            return trades[0]
        time.sleep(1)
    raise AssertionError("the trade was not closed")


def read_periods(log: str) -> list[float]:
    """Read the ends of the loops from the log, and return the seconds between them."""
    ends = [datetime.strptime(time, LOG_TIME).replace(tzinfo=UTC) for time in LOOP.findall(log)]
    return [(after - before).total_seconds() for before, after in pairwise(ends)]


@contextmanager
def running(folder: Path, url: str, providers: str, api: Api) -> Iterator[subprocess.Popen[str]]:
    """Run a bot whose log shows when each loop ended."""
    settings = {
        "internals": {"process_throttle_secs": LOOP_SECONDS},
        "entry_pricing": {"price_side": "other"},
        "exit_pricing": {"price_side": "other"},
        # A limit order would stay unfilled while the price falls on.
        "order_types": {
            "entry": "limit",
            "exit": "limit",
            "stoploss": "market",
            "stoploss_on_exchange": False,
        },
        "exchange": {"pair_whitelist": [PAIR]},
        "altseason": {"risk": {"sizing": False}},
        "api_server": api.section,
        "force_entry_enable": True,
    }
    words = [sys.executable, "-m", "freqtrade", *trade_words(folder, url, settings), "-v"]
    words += ["--logfile", str(folder / "log.txt")]
    asked = {
        f"FREQTRADE__ALTSEASON__DOMINANCE__URLS__{name.upper()}": address
        for name, address in provider_urls(providers).items()
    }
    with (folder / "output.txt").open("w") as output:
        bot = subprocess.Popen(
            words,
            cwd=folder,
            env={**trade_environment(url), **asked},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield bot
    finally:
        bot.kill()
        bot.wait()
