"""Scenario: several processes with one folder; one polls, and another takes its place."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from reliability.recorder.child import Child, children, run_on_command
from reliability.recorder.clock import SharedClock
from reliability.recorder.day import step_all
from reliability.recorder.oracle import check_candles, check_log, read_log
from reliability.recorder.rig import INTERVAL_SECONDS, START
from reliability.recorder.walk import NAMES, make_walk
from reliability.report import ROOT
from reliability.tally import Setting, Tally, Try
from tests.providers.serving import Provider, serving
from tests.providers.world import global_body, reply

STEP_SECONDS = 60
LONG_AGO = "2020-01-01T00:00:00+00:00"
REAL_STEP_SECONDS = 10
START_SECONDS = 60


def try_processes(setting: Setting, tally: Tally) -> None:
    """Try two and three processes with a simulated clock, and two real recorders."""
    hours = setting.choose(1, 6)
    for repetition in range(setting.choose(1, 3)):
        for count in (2, 3):
            with tally.trying(f"{count} processes") as this:
                _take_over(this, setting, f"{repetition}-{count}", count, hours)
    if setting.scale == "full":
        with tally.trying("two real recorders") as this:
            _record_for_real(this, setting.new_folder("real"))


def _take_over(this: Try, setting: Setting, name: str, count: int, hours: int) -> None:
    folder = setting.new_folder(name)
    clock = SharedClock(setting.folder / f"{name}.clock", START)
    walk = make_walk(clock, setting.random)
    with serving(walk.answer) as server:
        arguments = (folder, walk.urls(server.url), clock.path, None)
        everyone = [Child(run_on_command, *arguments) for _ in range(count)]
        alive = list(everyone)
        with children(*everyone):
            while True:
                before = server.count("/coingecko/global")
                _live(alive, clock, hours * 3600)
                asked = server.count("/coingecko/global") - before
                most = hours * 3600 // INTERVAL_SECONDS + 1
                this.expect(asked <= most, f"{asked} requests in {hours} hours")
                if len(alive) == 1:
                    break
                _kill_holder(this, alive, clock)
        acknowledged = [key for child in everyone for key in child.acknowledged]
        check_log(this, folder, acknowledged, walk.all_said())
        check_candles(this, folder, clock())


def _kill_holder(this: Try, alive: list[Child], clock: SharedClock) -> None:
    """Kill the one that recorded last; another has to record within two polls."""
    holder = max(alive, key=lambda child: child.acknowledged[-1:])
    alive.remove(holder)
    holder.kill()
    before = sum(len(child.acknowledged) for child in alive)
    _live(alive, clock, 2 * INTERVAL_SECONDS)
    after = sum(len(child.acknowledged) for child in alive)
    this.expect(after > before, "nobody took over within two polls")


def _live(alive: list[Child], clock: SharedClock, seconds: int) -> None:
    for _ in range(seconds // STEP_SECONDS):
        clock.sleep(STEP_SECONDS)
        step_all(alive)


def _record_for_real(this: Try, folder: Path) -> None:
    """Run the command twice, kill the one that polls, and expect the other one to continue."""
    said = [56.25, 56.5]

    def answer(_: object) -> Any:
        return reply(global_body(said[min(len(read_log(folder).readings), 1)]))

    with serving(answer) as server:
        recorders = [_start_recorder(folder, server) for _ in range(2)]
        try:
            _wait_for_readings(folder, 1)
            time.sleep(2 * REAL_STEP_SECONDS)
            asked = server.count("/coingecko/global")
            this.expect(asked == 1, f"two recorders asked {asked} times")
            lock = folder / ".altseason-feed.lock"
            holder = next(one for one in recorders if _is_open(one.pid, lock))
            holder.kill()
            holder.wait()
            # As if ten minutes had passed since the last poll.
            lock.write_text(LONG_AGO)
            _wait_for_readings(folder, 2)
        finally:
            for recorder in recorders:
                recorder.kill()
                recorder.wait()
    raws = [key[2] for key in read_log(folder).readings]
    this.lost += raws != said
    this.expect(raws == said, f"recorded was {raws}")


def _start_recorder(folder: Path, server: Provider) -> "subprocess.Popen[bytes]":
    prefix = "FREQTRADE__ALTSEASON__DOMINANCE__"
    variables = {f"{prefix}URLS__{name.upper()}": f"{server.url}/{name}" for name in NAMES}
    folders = ["--datadir", str(folder), "--userdir", str(folder.parent)]
    return subprocess.Popen(
        [sys.executable, "-m", "altseason", "dominance", "record", *folders],
        cwd=folder,
        env={**os.environ, **variables, f"{prefix}BACKFILL": "false", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_for_readings(folder: Path, count: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while len([key for key in read_log(folder).readings if key[1] == "CoinGecko"]) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"there are not {count} readings after {START_SECONDS} s")
        time.sleep(0.1)


def _is_open(pid: int, path: Path) -> bool:
    files = Path(f"/proc/{pid}/fd")
    return any(link.exists() and link.samefile(path) for link in files.iterdir())
