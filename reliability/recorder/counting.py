"""Where a provider's answers count: what it takes until they do."""

from reliability.recorder.rig import Rig
from reliability.recorder.walk import FALLBACKS, NAMES

# A fallback's offset is learned of three comparisons, and it counts after 30 minutes of failure.
COMPARISONS = 3
POLLS_UNTIL_FALLBACK = 4


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
