"""One reading of a provider, and what makes it believable."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from freqtrade.util import dt_now

from altseason.dominance.candles import MAX_PERCENT, MIN_PERCENT
from altseason.sources.errors import NotCurrentError, ResponseError

Clock = Callable[[], pd.Timestamp]
MAX_AGE = pd.Timedelta(hours=1)
# Clocks differ a little, here and there.
MAX_LEAD = pd.Timedelta(minutes=5)


@dataclass(frozen=True)
class ProviderReading:
    """One reading of dominance.

    :param time: when it was true, in UTC; None where the provider does not say it.
    :param dominance: in percent.
    """

    time: pd.Timestamp | None
    dominance: float
    provider: str


def read_clock() -> pd.Timestamp:
    """Return the time now, in UTC."""
    return pd.Timestamp(dt_now())


def build_reading(
    provider: str,
    dominance: float,
    time: pd.Timestamp | None,
    *,
    now: pd.Timestamp,
    max_age: pd.Timedelta = MAX_AGE,
) -> ProviderReading:
    """Make a snapshot of values of the right kind, if they can be true now.

    :raises ResponseError: where it is no percentage that can be believed; a fraction is none.
    :raises NotCurrentError: where the value is older than `max_age`, or of the future.
    """
    if not MIN_PERCENT < dominance < MAX_PERCENT:
        raise ResponseError(
            f"{provider}: expected Bitcoin's dominance between {MIN_PERCENT:g} and "
            f"{MAX_PERCENT:g} percent, found {dominance:g}"
        )
    if time is not None:
        shown, clock = f"{time:%Y-%m-%d %H:%M} UTC", f"{now:%Y-%m-%d %H:%M} UTC"
        # Not the difference: that of centuries is more than pandas can hold.
        if time < now - max_age:
            raise NotCurrentError(
                f"{provider}: expected a value at most {max_age / pd.Timedelta(hours=1):g} hours "
                f"old at {clock}, found one of {shown}"
            )
        if time > now + MAX_LEAD:
            raise NotCurrentError(
                f"{provider}: expected a value of now, found one of {shown} when the clock here "
                f"says {clock}; is that right?"
            )
    return ProviderReading(time, dominance, provider)
