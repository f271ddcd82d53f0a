"""Scenario: answers that say no dominance, from the primary and from each fallback."""

from collections.abc import Sequence

from tests.providers.serving import Reply
from tests.reliability.rig import Rig, rigging
from tests.reliability.shapes import error_shapes
from tests.reliability.tally import Setting, Tally
from tests.reliability.walk import FALLBACKS, NAMES

# A fallback's offset is learnt of three comparisons, and it counts after 30 minutes of failure.
COMPARISONS = 3
POLLS_UNTIL_FALLBACK = 4
# After an answer that wants to be left alone until a date that is far off, it is for six hours.
FAR_OFF, POLLS_UNTIL_ASKED = "429, Retry-After a date", 37
# The tests try some of them, drawn anew for each provider.
SMALL = 10


def try_answers(setting: Setting, tally: Tally) -> None:
    """Have each provider give each answer once, with a good one after it."""
    for provider in NAMES:
        with rigging(setting.new_folder(provider), setting.random) as rig:
            have_count(rig, provider)
            names = list(error_shapes(provider, rig.clock()))
            if setting.scale == "small":
                names = setting.random.sample(names, SMALL)
            _try_each(rig, provider, names, tally)


def have_count(rig: Rig, provider: str) -> None:
    """Bring the feed to where a provider's answers count, and nobody else's."""
    rig.walk.only(*NAMES)
    if provider in FALLBACKS:
        rig.poll(COMPARISONS)
        rig.walk.only(provider)
        rig.poll(POLLS_UNTIL_FALLBACK)
    else:
        rig.walk.only(provider)
        rig.poll()


def _try_each(rig: Rig, provider: str, names: Sequence[str], tally: Tally) -> None:
    for name in names:
        with tally.trying(f"{provider}, {name}") as this:
            # The clock has gone on by the time of the question.
            fault: Reply = error_shapes(provider, rig.clock())[name]
            rig.walk.faults[provider] = fault
            try:
                counted = rig.poll()
            finally:
                del rig.walk.faults[provider]
            this.lost += len(counted)
            this.expect(not counted, f"recorded was {counted}")
            rig.check_next(this, provider, within=POLLS_UNTIL_ASKED if name == FAR_OFF else 1)
    with tally.trying(f"{provider}, all of it on disk") as this:
        rig.check(this)
