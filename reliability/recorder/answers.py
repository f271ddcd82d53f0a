"""Scenario: responses without dominance, or with a jump, of each provider, direct and by proxy."""

from collections.abc import Sequence

from reliability.recorder.counting import have_count
from reliability.recorder.jumps import try_jumps
from reliability.recorder.rig import Rig, rigging
from reliability.recorder.shapes import error_shapes
from reliability.recorder.walk import NAMES
from reliability.tally import Setting, Tally
from tests.providers.proxies import WAYS
from tests.providers.serving import Reply

# A response that asks to wait until a distant date is respected for six hours.
FAR_OFF, POLLS_UNTIL_ASKED = "429, Retry-After a date", 37
# The tests try some of them, drawn for each provider, and fewer through each proxy.
SMALL, SMALL_BY_PROXY = 10, 3


def try_answers(setting: Setting, tally: Tally) -> None:
    """Let each provider send each response once, and then a good one; directly, and by proxy."""
    is_full = setting.scale == "full"
    for way in WAYS:
        one = [setting.random.choice(list(NAMES))]
        for provider in NAMES if is_full or way == "direct" else one:
            folder = setting.new_folder(f"{way} {provider}")
            with rigging(folder, setting.random, way=way) as rig:
                have_count(rig, provider)
                names = list(error_shapes(provider, rig.clock()))
                if not is_full:
                    count = SMALL if way == "direct" else SMALL_BY_PROXY
                    names = setting.random.sample(names, count)
                _try_each(rig, provider, names, tally)
    try_jumps(setting, tally)


def _try_each(rig: Rig, provider: str, names: Sequence[str], tally: Tally) -> None:
    for name in names:
        with tally.trying(f"{provider}, {rig.way}, {name}") as this:
            # The clock has advanced by the time of the request.
            fault: Reply = error_shapes(provider, rig.clock())[name]
            rig.walk.faults[provider] = fault
            try:
                counted = rig.poll()
            finally:
                del rig.walk.faults[provider]
            this.lost += len(counted)
            this.expect(not counted, f"recorded was {counted}")
            rig.check_next(this, provider, within=POLLS_UNTIL_ASKED if name == FAR_OFF else 1)
    with tally.trying(f"{provider}, {rig.way}, all of it on disk") as this:
        rig.check(this)
        rig.check_way(this)
