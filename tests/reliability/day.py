"""Scenario: a day of several processes on one folder costs no more requests than one of them."""

from math import ceil, floor

from tests.providers.serving import serving
from tests.reliability.child import Child, children, run_on_command
from tests.reliability.clock import SharedClock
from tests.reliability.oracle import Key, check_candles, check_log
from tests.reliability.rig import START
from tests.reliability.tally import Setting, Tally
from tests.reliability.walk import make_walk

# A poll every ten minutes makes 144.
MOST_A_DAY, FEWEST_A_DAY = 150, 130
DAY_HOURS = 24
PROCESSES = 3


def try_day(setting: Setting, tally: Tally) -> None:
    """Step three processes through a day, and start one of them anew again and again."""
    folder = setting.new_folder("data")
    clock = SharedClock(setting.folder / "data.clock", START)
    walk = make_walk(clock, setting.random)
    hours = setting.choose(2, DAY_HOURS)
    # The feed looks every ten seconds whether something is due.
    step = setting.choose(60, 10)
    steps = hours * 3600 // step
    restarts = set(setting.random.sample(range(1, steps), setting.choose(3, 20)))
    acknowledged: list[Key] = []
    with serving(walk.answer) as server, tally.trying(f"{hours} hours") as this:
        arguments = (folder, walk.urls(server.url), clock.path, None)
        started = [Child(run_on_command, *arguments) for _ in range(PROCESSES)]
        everyone = list(started)
        try:
            for number in range(steps):
                if number in restarts:
                    # Any of them, so the one that polls as well.
                    place = setting.random.randrange(PROCESSES)
                    started[place].kill()
                    started[place] = Child(run_on_command, *arguments)
                    everyone.append(started[place])
                clock.sleep(step)
                step_all(started)
        finally:
            with children(*started):
                pass
        acknowledged += [key for child in everyone for key in child.acknowledged]
        asked = server.count("/coingecko/global")
        share = hours / DAY_HOURS
        this.expect(asked <= ceil(MOST_A_DAY * share), f"{asked} requests")
        counted = [key for key in acknowledged if key[3] is not None]
        this.expect(len(counted) >= floor(FEWEST_A_DAY * share), f"{len(counted)} readings")
        check_log(this, folder, acknowledged, walk.all_said())
        check_candles(this, folder, clock())


def step_all(started: list[Child]) -> None:
    """Have all make their step at the same time."""
    for child in started:
        child.send("step")
    for child in started:
        child.receive()
