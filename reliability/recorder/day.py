"""Scenario: a day of several processes on one folder costs no more requests than one of them."""

from math import floor

from reliability.recorder.child import Child, children, run_on_command
from reliability.recorder.clock import SharedClock
from reliability.recorder.oracle import Key, check_candles, check_log
from reliability.recorder.rig import INTERVAL_SECONDS, START
from reliability.recorder.walk import DOWN, make_walk
from reliability.tally import Setting, Tally
from tests.providers.serving import serving

# A poll every ten minutes makes 145 in a day, including both ends; 150 are promised.
MAX_A_DAY, MIN_A_DAY = 150, 130
POLLS_AN_HOUR = 6
DAY_HOURS = 24
PROCESSES = 3


def try_day(setting: Setting, tally: Tally) -> None:
    """Run through a day with a primary that responds, and one with a primary that often fails."""
    _try_day(setting, tally, "the primary answers", is_failing=False)
    _try_day(setting, tally, "the primary fails at every other poll", is_failing=True)


def _try_day(setting: Setting, tally: Tally, name: str, *, is_failing: bool) -> None:
    """Step three processes through it, and restart one of them repeatedly."""
    folder = setting.new_folder(name.replace(" ", "-"))
    clock = SharedClock(setting.folder / f"{folder.name}.clock", START)
    walk = make_walk(clock, setting.random)
    hours = setting.choose(2, DAY_HOURS)
    # The recorder checks every ten seconds whether something is due.
    step = setting.choose(60, 10)
    steps = hours * 3600 // step
    restarts = set(setting.random.sample(range(1, steps), setting.choose(3, 20)))
    acknowledged: list[Key] = []
    with serving(walk.answer) as server, tally.trying(f"{hours} hours, {name}") as this:
        arguments = (folder, walk.urls(server.url), clock.path, None)
        started = [Child(run_on_command, *arguments) for _ in range(PROCESSES)]
        everyone = list(started)
        try:
            for number in range(steps):
                if number in restarts:
                    # Any of them, so also the one that polls.
                    place = setting.random.randrange(PROCESSES)
                    started[place].kill()
                    started[place] = Child(run_on_command, *arguments)
                    everyone.append(started[place])
                clock.sleep(step)
                is_down = is_failing and number * step // INTERVAL_SECONDS % 2
                walk.faults = {"coingecko": DOWN} if is_down else {}
                step_all(started)
        finally:
            with children(*started):
                pass
        acknowledged += [key for child in everyone for key in child.acknowledged]
        asked = server.count("/coingecko/")
        most = MAX_A_DAY - (DAY_HOURS - hours) * POLLS_AN_HOUR
        this.expect(asked <= most, f"{asked} requests")
        counted = [key for key in acknowledged if key[3] is not None]
        fewest = MIN_A_DAY * hours / DAY_HOURS / (2 if is_failing else 1)
        this.expect(len(counted) >= floor(fewest), f"{len(counted)} readings")
        check_log(this, folder, acknowledged, walk.all_said())
        check_candles(this, folder, clock())


def step_all(started: list[Child]) -> None:
    """Let all of them make a step at the same time."""
    for child in started:
        child.send("step")
    for child in started:
        child.receive()
