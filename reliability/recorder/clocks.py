"""Scenario: clocks that differ, go back, or jump."""

from collections.abc import Callable
from datetime import timedelta

import pandas as pd

from reliability.recorder.rig import Rig, rigging
from reliability.recorder.walk import NAMES
from reliability.tally import Setting, Tally, Try

MINUTE = pd.Timedelta(minutes=1)
HOUR = pd.Timedelta(hours=1)
DAY = pd.Timedelta(days=1)
POLLS_AN_HOUR = 6
WEEK_OF_HOURS = 7 * 24


def try_clocks(setting: Setting, tally: Tally) -> None:
    """Try each kind, with random times."""
    kinds: dict[str, Callable[[Rig, Setting, Try], None]] = {
        "the provider's clock two hours ahead": lambda rig, _, this: _skew(rig, 2, this),
        "the provider's clock two hours behind": lambda rig, _, this: _skew(rig, -2, this),
        "this clock, which was ahead, put right": _correct,
        "this clock put back by hours, then right again": _put_back,
        "this clock put back by seconds": _put_back_a_little,
        "this clock ahead for a while": _run_ahead,
        "this machine asleep for days": _sleep,
    }
    for repetition in range(setting.choose(1, 10)):
        for number, (name, live_through) in enumerate(kinds.items()):
            folder = setting.new_folder(f"{repetition}-{number}")
            with rigging(folder, setting.random) as rig, tally.trying(name) as this:
                rig.walk.only(*NAMES)
                rig.poll(setting.random.randint(4, setting.choose(8, 4 * POLLS_AN_HOUR)))
                live_through(rig, setting, this)
                rig.check(this)


def _skew(rig: Rig, hours: int, this: Try) -> None:
    rig.walk.only("coingecko")
    rig.walk.skew = timedelta(hours=hours)
    counted = rig.counted(POLLS_AN_HOUR)
    rig.walk.skew = timedelta(0)
    this.lost += len(counted)
    this.expect(not counted, f"recorded was {counted}")
    rig.check_next(this)


def _correct(rig: Rig, setting: Setting, this: Try) -> None:
    """A clock that was ahead is corrected: no reading may be stored before an existing one."""
    ahead = setting.random.randint(15, 50) * MINUTE
    rig.walk.skew = -ahead.to_pytimedelta()
    rig.poll(POLLS_AN_HOUR)
    rig.feed.notifier.drain()
    rig.walk.skew = timedelta(0)
    rig.clock.set(rig.clock() - ahead)
    rig.feed.step()
    rig.poll(int(ahead / (10 * MINUTE)))
    told = rig.feed.notifier.drain()
    this.expect(bool(told) and len(told) == len(set(told)), f"told was {told}")
    rig.check_next(this, within=2)


def _put_back(rig: Rig, setting: Setting, this: Try) -> None:
    """A clock goes back by hours and is corrected: recording continues at once."""
    back = setting.random.randint(60, 600) * MINUTE
    rig.walk.skew = back.to_pytimedelta()
    rig.clock.set(rig.clock() - back)
    counted = rig.counted(POLLS_AN_HOUR)
    this.expect(not counted, f"recorded was {counted} by a wrong clock")
    rig.walk.skew = timedelta(0)
    rig.clock.set(rig.clock() + back)
    rig.check_next(this)


def _put_back_a_little(rig: Rig, setting: Setting, this: Try) -> None:
    rig.clock.set(rig.clock() - setting.random.randint(1, 120) * MINUTE / 60)
    rig.check_next(this, within=2)
    rig.poll(POLLS_AN_HOUR)


def _run_ahead(rig: Rig, setting: Setting, this: Try) -> None:
    """Old values do not count as current; once the clock is corrected, recording continues."""
    hours = setting.random.randint(2, WEEK_OF_HOURS)
    right = rig.clock()
    rig.walk.skew = timedelta(hours=-hours)
    rig.clock.set(right + hours * HOUR)
    counted = rig.counted(POLLS_AN_HOUR)
    this.lost += len(counted)
    this.expect(not counted, f"recorded was {counted} by a wrong clock")
    rig.walk.skew = timedelta(0)
    rig.clock.set(right + HOUR)
    rig.check_next(this)


def _sleep(rig: Rig, setting: Setting, this: Try) -> None:
    """Earlier readings have to become candles, however long the machine was asleep."""
    rig.clock.set(rig.clock() + setting.random.uniform(2, 5) * DAY)
    rig.check_next(this)
    rig.poll(POLLS_AN_HOUR)
