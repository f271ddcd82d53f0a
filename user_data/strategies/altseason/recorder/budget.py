"""How often a poll may ask again: few times, however often a provider fails."""

from dataclasses import replace

import pandas as pd

from altseason.recorder.claim import Claim
from altseason.sources.reading import Clock

# With a poll every ten minutes, 145 in any 24 hours, that makes 150 requests at the most.
AT_ONCE = 2
ONE_MORE_AFTER = pd.Timedelta(hours=8)


class RetryBudget:
    """Two retries at once, and one more every eight hours, of all processes in a folder together.

    The generic cell rate algorithm, which needs to remember one time only: the one at which
    everything that was taken would have come back (ITU-T recommendation I.371).
    """

    def __init__(self, claim: Claim, clock: Clock) -> None:
        self._claim = claim
        self._clock = clock

    def take(self) -> bool:
        """Take one retry; tell whether there was one."""
        now, asked = self._clock(), self._claim.load()
        due = max(asked.retried or now, now)
        if due - now > AT_ONCE * ONE_MORE_AFTER:
            due = now  # written by a clock that has been put back since
        if due - now > (AT_ONCE - 1) * ONE_MORE_AFTER:
            return False
        self._claim.save(replace(asked, retried=due + ONE_MORE_AFTER))
        return True
