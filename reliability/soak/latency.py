"""The effect of dead providers on a bot: its loop is not slower, and no stop-loss is late.

python -m reliability.soak.latency
"""

import json
import logging
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import RunMode
from freqtrade.resolvers import StrategyResolver

from altseason.dominance.store import DominanceStore
from altseason.recorder.feed import end_feed
from altseason_lab.emulator.providers import provider_urls
from reliability.soak.latency_bot import LOOP_SECONDS, trade_through_fall
from reliability.soak.latency_market import days_until
from reliability.tally import Tally
from tests.conftest import STRATEGIES

CALLS = 5_000
# The first calls load and cache.
WARM_UP = 200
# So that the calls take as long as several time-outs of the recorder's requests.
PAUSE_SECONDS = 0.005
# A share of a loop that nobody notices.
MAX_ADDED_MS = 1.0
MAX_ADDED_TO_LOOP_SECONDS = 0.1


@contextmanager
def hanging() -> Iterator[str]:
    """Yield the address of a server that accepts every connection, and never responds."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def refusing() -> Iterator[str]:
    """Yield an address at which nobody listens, and nobody else can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def time_calls(folder: Path, url: str | None, calls: int = CALLS) -> list[float]:
    """Call `bot_loop_start` repeatedly, and return how long each call took, in ms.

    :param url: the address of all providers; without it there is no recorder.
    """
    dominance = {"record": False} if url is None else {"urls": provider_urls(url)}
    DominanceStore(folder).append(days_until(datetime.now(UTC)), "1d")
    config = {
        "strategy": "AltSeasonStrategy",
        "strategy_path": str(STRATEGIES),
        "user_data_dir": folder,
        "datadir": folder,
        "runmode": RunMode.DRY_RUN,
        "altseason": {"dominance": dominance},
    }
    strategy = StrategyResolver.load_strategy(config)
    strategy.dp = DataProvider(config, None)
    strategy.ft_bot_start()
    took = []
    try:
        for _ in range(WARM_UP + calls):
            now = datetime.now(UTC)
            begun = time.perf_counter()
            strategy.bot_loop_start(current_time=now)
            took.append((time.perf_counter() - begun) * 1000)
            time.sleep(PAUSE_SECONDS)
    finally:
        end_feed(config)
    return took[WARM_UP:]


def summarize(took: list[float]) -> dict[str, float]:
    """Return the percentiles that are reported."""
    return {
        "p50_ms": round(float(np.percentile(took, 50)), 3),
        "p99_ms": round(float(np.percentile(took, 99)), 3),
        "max_ms": round(max(took), 3),
    }


def measure_calls(folder: Path, dead: Mapping[str, str], tally: Tally) -> dict[str, Any]:
    """Time the calls without a recorder, and with one whose providers are dead."""
    bare = summarize(time_calls(folder / "without_feed", None))
    timed, added = {"without_feed": bare}, {}
    for name, url in dead.items():
        timed[name] = summarize(time_calls(folder / name, url))
        added[name] = {key: round(timed[name][key] - bare[key], 3) for key in bare}
        more = added[name]["p99_ms"]
        with tally.trying(f"bot_loop_start, {name}") as this:
            this.expect(more < MAX_ADDED_MS, f"{more} ms more at the 99th percentile")
    return {"calls": CALLS, **timed, "added": added}


def measure_bots(folder: Path, url: str, tally: Tally) -> dict[str, Any]:
    """Let one bot trade with providers that respond, and one with providers that do not."""
    found: dict[str, Any] = {}
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
        with tally.trying(f"stop-loss, {name}") as this:
            this.expect(bot.exit_reason == "stop_loss", f"left by {bot.exit_reason}")
            is_in_time = 0 <= bot.stop_delay <= 2 * LOOP_SECONDS
            this.expect(is_in_time, f"{bot.stop_delay:.1f} s after the price")
    with tally.trying("loop period") as this:
        added = compare_periods(found)
        this.expect(added <= MAX_ADDED_TO_LOOP_SECONDS, f"{added:.3f} s longer where they hang")
    return {"throttle_s": LOOP_SECONDS, **found}


def compare_periods(bots: Mapping[str, Any]) -> float:
    """Return by how many seconds a loop is longer on average if providers hang."""
    hanging, answering = (
        bots[name]["loop_period_s"]["mean"] for name in ("hanging_providers", "answering_providers")
    )
    return float(hanging - answering)


def measure_latency() -> tuple[dict[str, Any], Tally]:
    """Return the figures, and a tally of those within their limits."""
    logging.getLogger("altseason").setLevel(logging.CRITICAL)
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="latency-") as name, hanging() as url:
        folder = Path(name)
        with refusing() as closed:
            dead = {"hanging_providers": url, "refusing_providers": closed}
            calls = measure_calls(folder, dead, tally)
        bots = measure_bots(folder, url, tally)
    return {"bot_loop_start": calls, "bot": bots}, tally


def main() -> int:
    """Measure and print; return 1 if there is a problem."""
    figures, tally = measure_latency()
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    sys.stdout.writelines(f"{problem}\n" for problem in tally.problems)
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
