"""A real bot is reloaded, stopped and started again and again: its feed stays one."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from altseason.dominance.store import DominanceStore
from altseason_lab.emulator.dominance import ReplayedDominance
from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import Market
from altseason_lab.emulator.server import run_emulator
from reliability.soak.latency_market import PAIR, days_until, save_fall
from tests.clock.replay import trade_environment, trade_words
from tests.conftest import ROOT
from tests.lab.sandbox.bots import Api

TIMES = 20
RECORDER = ROOT / "reliability" / "soak" / "thread_recorder.py"
FEED, LOCK, READINGS = "altseason-feed", ".altseason-feed.lock", "BTCD_USD-readings.jsonl"


def wait_until(is_true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline, f"it never came to {what}"
        time.sleep(0.02)


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """An exchange whose price stands, and dominance of which the bot has stored the past."""
    now = datetime.now(UTC)
    later = now.replace(second=0, microsecond=0) + timedelta(minutes=50)
    save_fall(folder / "stored", later)
    dominance = ReplayedDominance({"1d": days_until(now, ahead=3)})
    dominance.save_until(int(now.timestamp() * 1000), DominanceStore(folder / "data"))
    market = LiveMarket(Market(folder / "stored"), 0)
    with in_thread(run_emulator(market, dominance=dominance)) as url:
        yield url


@contextmanager
def trading(folder: Path, url: str, **settings: Any) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "freqtrade", *trade_words(folder, url, settings)]
    with (folder / "log.txt").open("w") as log:
        bot = subprocess.Popen(
            words,
            cwd=folder,
            env=trade_environment(url),
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield bot
        assert bot.poll() is None
    finally:
        bot.kill()
        bot.wait()


def test_bot_that_is_reloaded_and_restarted_keeps_one_thread_and_one_lock(tmp_path: Path):
    api, log, loops = Api(), tmp_path / "log.txt", tmp_path / "loops.jsonl"
    (tmp_path / "strategies").mkdir()
    shutil.copy(RECORDER, tmp_path / "strategies" / "ThreadRecorder.py")
    settings = {
        "strategy": "ThreadRecorder",
        "strategy_path": str(tmp_path / "strategies"),
        "thread_file": str(loops),
        "api_server": api.section,
        "exchange": {"pair_whitelist": [PAIR]},
        "internals": {"process_throttle_secs": 0},
    }

    def wait_for_state(state: str, times: int) -> None:
        wait_until(lambda: log.read_text().count(f"to: {state}\n") >= times, state)

    def read_threads() -> list[str]:
        """The threads of a loop that begins from now on."""
        loops.write_text("")
        wait_until(lambda: loops.read_text().endswith("\n"), "another loop")
        return list(json.loads(loops.read_text().splitlines()[0]))

    with emulator(tmp_path) as url, trading(tmp_path, url, **settings) as bot:
        api.wait_until_running(bot)
        wait_until((tmp_path / "data" / READINGS).exists, "a reading")
        before = read_threads()
        for number in range(1, TIMES + 1):
            api.post("reload_config")
            wait_for_state("RUNNING", 2 * number)
            api.post("stop")
            wait_for_state("STOPPED", number)
            api.post("start")
            wait_for_state("RUNNING", 2 * number + 1)
        after = read_threads()
        opened = [Path(file.path).name for file in psutil.Process(bot.pid).open_files()]
    assert after.count(FEED) == before.count(FEED) == 1
    assert opened.count(LOCK) == 1
