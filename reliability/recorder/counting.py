"""Bring a recorder to the point at which a provider's responses count."""

from reliability.recorder.rig import Rig
from reliability.recorder.walk import FALLBACKS, NAMES

# A fallback is calibrated by three comparisons, and counts after the primary failed for 30 minutes.
COMPARISONS = 3
POLLS_UNTIL_FALLBACK = 4


def have_count(rig: Rig, provider: str) -> None:
    """Bring the recorder to where only one provider's responses count."""
    rig.walk.only(*NAMES)
    if provider in FALLBACKS:
        rig.poll(COMPARISONS)
        rig.walk.only(provider)
        rig.poll(POLLS_UNTIL_FALLBACK)
    else:
        rig.walk.only(provider)
        rig.poll()
