"""Scenario: processes are killed at random moments while they write, all in one folder."""

import time
from pathlib import Path

from reliability.recorder.child import Child, children, run_freely, run_on_command
from reliability.recorder.clock import SharedClock
from reliability.recorder.oracle import LOG, Key, check_candles, check_log, read_log
from reliability.recorder.rig import START
from reliability.recorder.walk import make_walk
from reliability.tally import Setting, Tally, Try
from tests.providers.serving import serving

# A child builds candles with every sixth poll. The wait lets the kill hit any moment of that.
MAX_READINGS = 14
MAX_WAIT_SECONDS = 0.2
TORN_SHARE = 0.3
# More than an hour, so that there are candles.
POLLS_AFTERWARDS = 7


def try_kills(setting: Setting, tally: Tally) -> None:
    """Kill at a random moment, check what is on disk, and let the next process continue."""
    folder = setting.new_folder("data")
    clock = SharedClock(setting.folder / "data.clock", START)
    walk = make_walk(clock, setting.random)
    acknowledged: list[Key] = []
    with serving(walk.answer) as server:
        for number in range(setting.choose(5, 100)):
            with tally.trying(f"kill {number + 1}") as this:
                before = len(read_log(folder).readings)
                child = Child(run_freely, folder, walk.urls(server.url), clock.path)
                with children(child):
                    child.wait_for(setting.random.randint(0, MAX_READINGS))
                    time.sleep(setting.random.uniform(0, MAX_WAIT_SECONDS))
                acknowledged += child.acknowledged
                if setting.random.random() < TORN_SHARE:
                    _tear(folder, setting)
                check_log(this, folder, acknowledged, walk.all_said())
                check_candles(this, folder, clock(), all_there=False)
                _check_unsaid(this, len(read_log(folder).readings) - before, child)
        with tally.trying("the next process goes on") as this:
            child = Child(run_on_command, folder, walk.urls(server.url), clock.path, None)
            with children(child):
                child.command("poll", POLLS_AFTERWARDS)
            this.expect(len(child.acknowledged) >= POLLS_AFTERWARDS, "it recorded too little")
            check_log(this, folder, acknowledged + child.acknowledged, walk.all_said())
            check_candles(this, folder, clock())


def _tear(folder: Path, setting: Setting) -> None:
    """Leave a part of a line, as after a power failure during a write."""
    log = folder / LOG
    line = log.read_bytes().splitlines()[-1] if log.exists() else b""
    with log.open("ab") as file:
        file.write(line[: setting.random.randint(0, len(line))])


def _check_unsaid(this: Try, added: int, child: Child) -> None:
    """At most one reading may be on disk that the child had no time to report."""
    unsaid = added - len(child.acknowledged)
    this.expect(unsaid in (0, 1), f"{unsaid} readings are there that were not acknowledged")
