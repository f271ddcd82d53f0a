"""Part of the responses: a reading that jumps, once or for good, with a restart or a kill between.

The oracle calculates the expected log from what the provider reported and when.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import Literal

from reliability.recorder.child import Child, children, run_on_command
from reliability.recorder.counting import COMPARISONS, POLLS_UNTIL_FALLBACK, have_count
from reliability.recorder.oracle import check_counted, reckon_jumps
from reliability.recorder.rig import Rig, rigging
from reliability.recorder.walk import FALLBACKS, NAMES, PRIMARY
from reliability.tally import Setting, Tally, Try

Between = Literal["nothing", "a restart", "a kill"]
BETWEEN: tuple[Between, ...] = ("nothing", "a restart", "a kill")
# In percentage points: further than a market moves in ten minutes, and still a percentage.
MIN_JUMP, MAX_UP, MAX_DOWN = 3.0, 30.0, 40.0
# More than an hour, so that candles are made of it.
READINGS_AFTERWARDS = 8
SMALL = 3


def try_jumps(setting: Setting, tally: Tally) -> None:
    """Let each provider's readings jump, once or for good."""
    tries: dict[str, Callable[[Try], None]] = {
        f"{provider} jumps {'for good' if lasts else 'once'}, {between} in between": partial(
            _try_jump, setting, provider, lasts, between
        )
        for provider in NAMES
        for lasts in (False, True)
        for between in BETWEEN
    }
    witnesses: dict[str, Callable[[Try], None]] = {
        f"coingecko jumps, and the fallbacks {'too' if is_real else 'do not'}": partial(
            _try_witnesses, setting, is_real
        )
        for is_real in (False, True)
    }
    if setting.scale == "small":
        tries = {name: tries[name] for name in setting.random.sample(list(tries), SMALL)}
    for name, attempt in {**tries, **witnesses}.items():
        with tally.trying(name) as this:
            attempt(this)


def _try_jump(setting: Setting, provider: str, lasts: bool, between: Between, this: Try) -> None:
    folder = setting.new_folder(f"{provider} {'lasts' if lasts else 'once'} {between}")
    with rigging(folder, setting.random) as rig:
        have_count(rig, provider)
        before = len(rig.walk.told[provider])
        rig.walk.jumps[provider] = _draw_size(setting)
        restarts = {"nothing": set(), "a restart": {1}, "a kill": {0, 1}}
        if between == "a kill":
            rig.feed.close()
            with _process(rig) as poll:
                _poll_until_said(rig, provider, 1, poll)
        else:
            _poll_until_said(rig, provider, 1, rig.poll)
        if not lasts:
            rig.walk.jumps.clear()
        if between == "a restart":
            rig.restart()
        if between == "a kill":
            with _process(rig) as poll:
                _poll_until_said(rig, provider, READINGS_AFTERWARDS, poll)
        else:
            _poll_until_said(rig, provider, READINGS_AFTERWARDS, rig.poll)
        _check(rig, provider, before, restarts[between], this)


def _try_witnesses(setting: Setting, is_real: bool, this: Try) -> None:
    """Let the primary jump while calibrated fallbacks can confirm or deny the jump."""
    folder = setting.new_folder(f"witnesses {is_real}")
    with rigging(folder, setting.random) as rig:
        rig.walk.only(*NAMES)
        rig.poll(COMPARISONS)
        before = len(rig.walk.told[PRIMARY])
        jumping = NAMES if is_real else (PRIMARY,)
        rig.walk.jumps = dict.fromkeys(jumping, _draw_size(setting))
        rig.poll()
        if not is_real:
            rig.walk.jumps.clear()
        rig.poll(READINGS_AFTERWARDS)
        _check(rig, PRIMARY, before, (), this, confirmed={0} if is_real else ())


def _draw_size(setting: Setting) -> float:
    up, down = setting.random.uniform(MIN_JUMP, MAX_UP), setting.random.uniform(MIN_JUMP, MAX_DOWN)
    return setting.random.choice((up, -down))


@contextmanager
def _process(rig: Rig) -> Iterator[Callable[[], object]]:
    """Yield a function that polls once in a separate process, which is killed at the end."""
    child = Child(run_on_command, rig.folder, rig.urls(), rig.clock.path, None)
    with children(child):
        yield partial(child.command, "poll", 1)
    rig.acknowledged += child.acknowledged


def _poll_until_said(rig: Rig, provider: str, times: int, poll: Callable[[], object]) -> None:
    """Poll until a provider was asked so often; a new process first waits for the primary."""
    said = rig.walk.told[provider]
    wanted = len(said) + times
    for _ in range(times + POLLS_UNTIL_FALLBACK):
        if len(said) < wanted:
            poll()
    if len(said) != wanted:
        raise AssertionError(f"{provider} was asked {len(said)} times in place of {wanted}")


def _check(
    rig: Rig,
    provider: str,
    before: int,
    restarts: Collection[int],
    this: Try,
    confirmed: Collection[int] = (),
) -> None:
    told = rig.walk.told
    offset = 0.0
    if provider in FALLBACKS:
        compared = zip(told[provider], told[PRIMARY][:COMPARISONS], strict=False)
        offset = median(theirs - primary for (_, theirs), (_, primary) in compared)
    time, last = told[provider][before - 1]
    counted = reckon_jumps(
        (time, last - offset), told[provider][before:], offset, restarts, confirmed
    )
    said = [(when, NAMES[provider], value) for when, value in told[provider][before:]]
    check_counted(this, rig.folder, said, counted)
    rig.check(this)
