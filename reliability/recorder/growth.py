"""Scenario: a process that polls for long does not use more and more memory, threads or files."""

import pyarrow

from reliability.recorder.child import Child, children, run_on_command
from reliability.recorder.clock import SharedClock
from reliability.recorder.oracle import check_candles, check_log
from reliability.recorder.rig import START
from reliability.recorder.walk import make_walk
from reliability.tally import Setting, Tally
from tests.providers.serving import serving

MIB = 1024 * 1024
# The stored candles grow by less than this, including what the allocator keeps.
GROWTH_MIB = 12
PART = 100


def try_growth(setting: Setting, tally: Tally) -> None:
    """Measure after the first polls, and after all of them."""
    first, polls = setting.choose(50, 1_000), setting.choose(150, 10_000)
    folder = setting.new_folder("data")
    clock = SharedClock(setting.folder / "data.clock", START)
    walk = make_walk(clock, setting.random)
    with serving(walk.answer) as server, tally.trying(f"{polls} polls") as this:
        child = Child(run_on_command, folder, walk.urls(server.url), clock.path, None)
        with children(child):
            _poll(child, first)
            early = child.command("measure")
            _poll(child, polls - first)
            late = child.command("measure")
        growth = (late["memory"] - early["memory"]) / MIB
        this.expect(growth <= GROWTH_MIB, f"memory grew by {growth:.1f} MiB")
        for kind in ("threads", "files"):
            this.expect(late[kind] == early[kind], f"{kind}: {early[kind]} became {late[kind]}")
        # pyarrow starts its threads when it needs them.
        pools = pyarrow.cpu_count() + pyarrow.io_thread_count()
        this.expect(late["native"] <= late["threads"] + pools, f"{late} with {pools} of pyarrow")
        counted = [key for key in child.acknowledged if key[3] is not None]
        this.expect(len(counted) == polls, f"{len(counted)} of {polls} were recorded")
        check_log(this, folder, child.acknowledged, walk.all_said())
        check_candles(this, folder, clock())


def _poll(child: Child, times: int) -> None:
    for part in range(0, times, PART):
        child.command("poll", min(PART, times - part))
