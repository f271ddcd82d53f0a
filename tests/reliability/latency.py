"""What providers cost a bot that never answer: nothing in its loop, and no stop-loss is late.

python -m tests.reliability.latency
"""

import json
import logging
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import RunMode
from freqtrade.resolvers import StrategyResolver

from altseason.dominance.feed.feed import end_feed
from altseason.dominance.store import DominanceStore
from altseason.emulator.providers import provider_urls
from tests.conftest import STRATEGIES
from tests.reliability.latency_bot import LOOP_SECONDS, trade_through_fall
from tests.reliability.latency_market import days_until

CALLS = 5_000
# The first calls load and remember.
WARM_UP = 200
# So that the calls last as long as several time-outs of the feed's requests.
PAUSE_SECONDS = 0.005
# A part of a loop that nobody notices.
MOST_ADDED_MS = 1.0


@contextmanager
def hanging() -> Iterator[str]:
    """Give the address of a server that accepts every connection, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def time_calls(folder: Path, urls: dict[str, str], *, record: bool) -> list[float]:
    """Call `bot_loop_start` again and again, and give how long each call took, in ms."""
    DominanceStore(folder).append(days_until(datetime.now(UTC)), "1d")
    config = {
        "strategy": "AltSeasonStrategy",
        "strategy_path": str(STRATEGIES),
        "user_data_dir": folder,
        "datadir": folder,
        "runmode": RunMode.DRY_RUN,
        "altseason": {"dominance": {"record": record, "urls": urls}},
    }
    strategy = StrategyResolver.load_strategy(config)
    strategy.dp = DataProvider(config, None)
    strategy.ft_bot_start()
    took = []
    try:
        for _ in range(WARM_UP + CALLS):
            now = datetime.now(UTC)
            begun = time.perf_counter()
            strategy.bot_loop_start(current_time=now)
            took.append((time.perf_counter() - begun) * 1000)
            time.sleep(PAUSE_SECONDS)
    finally:
        end_feed(config)
    return took[WARM_UP:]


def summarize(took: list[float]) -> dict[str, float]:
    """Give the percentiles that are reported."""
    return {
        "p50_ms": round(float(np.percentile(took, 50)), 3),
        "p99_ms": round(float(np.percentile(took, 99)), 3),
        "max_ms": round(max(took), 3),
    }


def measure_calls(folder: Path, url: str) -> tuple[dict[str, Any], list[str]]:
    """Time the calls without a feed, and with one whose providers never answer."""
    timed = {
        name: summarize(time_calls(folder / name, provider_urls(url), record=record))
        for name, record in (("without_feed", False), ("hanging_providers", True))
    }
    added = {
        name: round(value - timed["without_feed"][name], 3)
        for name, value in timed["hanging_providers"].items()
    }
    problems = []
    if added["p99_ms"] >= MOST_ADDED_MS:
        problems.append(f"a call takes {added['p99_ms']} ms more at the 99th percentile")
    return {"calls": CALLS, **timed, "added": added}, problems


def measure_bots(folder: Path, url: str) -> tuple[dict[str, Any], list[str]]:
    """Let one bot trade with providers that answer, and one with those that do not."""
    found: dict[str, Any] = {}
    problems = []
    for name, providers in (("answering_providers", None), ("hanging_providers", url)):
        bot = trade_through_fall(folder / name, providers)
        found[name] = {
            "loop_period_s": {
                "mean": round(float(np.mean(bot.periods)), 3),
                "max": round(max(bot.periods), 3),
            },
            "loops": len(bot.periods) + 1,
            "stop_loss_after_s": round(bot.stop_delay, 2),
        }
        if bot.exit_reason != "stop_loss":
            problems.append(f"{name}: left by {bot.exit_reason}")
        if not 0 <= bot.stop_delay <= 2 * LOOP_SECONDS:
            problems.append(f"{name}: the stop-loss came {bot.stop_delay:.1f} s after the price")
    return {"throttle_s": LOOP_SECONDS, **found}, problems


def measure_latency() -> tuple[dict[str, Any], list[str]]:
    """Give the figures, and what is wrong with them."""
    logging.getLogger("altseason").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="latency-") as name, hanging() as url:
        folder = Path(name)
        calls, problems = measure_calls(folder, url)
        bots, more = measure_bots(folder, url)
    return {"bot_loop_start": calls, "bot": bots}, [*problems, *more]


def main() -> int:
    """Measure, print, and tell by the exit code whether all is well."""
    figures, problems = measure_latency()
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
