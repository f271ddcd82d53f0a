"""What a source returns: the current dominance, or a series of past readings.

The modules of providers return a `ProviderReading`, those of files `Readings`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any, Literal

import pandas as pd
import requests
from freqtrade.util import dt_now

from altseason.dominance.candles import (
    FINE_SPACING,
    MAX_PERCENT,
    MIN_PERCENT,
    describe_duration,
)
from altseason.settings import load_settings
from altseason.sources.errors import NotCurrentError, ResponseError

Clock = Callable[[], pd.Timestamp]
MAX_AGE = pd.Timedelta(hours=1)
# Two clocks are never quite equal.
MAX_LEAD = pd.Timedelta(minutes=5)

Stamp = Literal["open", "snapshot"]
STAMP_MEANING = {
    "open": "a row stamped T covers the time that begins at T",
    "snapshot": "a row stamped T is a reading at T, and closes the candle that ends there",
}
# The names of the columns of open, high, low and close.
Ohlc = tuple[str, str, str, str]


@dataclass(frozen=True)
class ProviderReading:
    """One reading of the current dominance.

    :param time: when it was true, in UTC; None where the provider does not give it.
    :param dominance: in percent.
    """

    time: pd.Timestamp | None
    dominance: float
    provider: str


Fetch = Callable[[requests.Session], ProviderReading]


def connect_keyless(
    provider: str, fetch: Callable[..., ProviderReading]
) -> Callable[[dict[str, Any], Clock], Fetch]:
    """Return the `connect` of a provider that needs an address and no key.

    :param provider: its name in `UrlSettings`.
    :param fetch: takes a session, `clock`, and `url` where the configuration has one.
    """

    def connect(config: dict[str, Any], clock: Clock) -> Fetch:
        url = getattr(load_settings(config).dominance.urls, provider)
        return partial(fetch, clock=clock, **({"url": url} if url else {}))

    return connect


def provider_name(provider: str) -> str:
    """Return the display name of a provider, given its name in our settings."""
    return str(import_module(f"altseason.sources.{provider}").PROVIDER)


def read_clock() -> pd.Timestamp:
    """Return the current time, in UTC."""
    return pd.Timestamp(dt_now())


def build_reading(
    provider: str,
    dominance: float,
    time: pd.Timestamp | None,
    *,
    now: pd.Timestamp,
) -> ProviderReading:
    """Return a reading, if its values are plausible at the current time.

    :raises ResponseError: where the dominance is not a plausible percentage, such as a fraction.
    :raises NotCurrentError: where the value is older than `MAX_AGE`, or in the future.
    """
    if not MIN_PERCENT < dominance < MAX_PERCENT:
        raise ResponseError(
            f"{provider}: expected Bitcoin's dominance between {MIN_PERCENT:g} and "
            f"{MAX_PERCENT:g} percent, found {dominance:g}"
        )
    if time is not None:
        shown, clock = f"{time:%Y-%m-%d %H:%M} UTC", f"{now:%Y-%m-%d %H:%M} UTC"
        # Not the difference: that of centuries is more than pandas can hold.
        if time < now - MAX_AGE:
            raise NotCurrentError(
                f"{provider}: expected a value at most {describe_duration(MAX_AGE)} old at "
                f"{clock}, found one of {shown}"
            )
        if time > now + MAX_LEAD:
            raise NotCurrentError(
                f"{provider}: value is dated {shown}, but the local clock says {clock}; check the "
                f"system clock"
            )
    return ProviderReading(time, dominance, provider)


@dataclass(frozen=True)
class Layout:
    """Where a table's dates and values are, and what its stamps mean.

    :param format: the format's name, for the user.
    :param values: the columns of open, high, low and close; the same name where there is one.
    :param reason: why the stamps mean that.
    :param zone: the zone of the stamps, and why.
    """

    format: str
    date: str
    values: Ohlc
    stamp: Stamp
    reason: str = ""
    zone: str = ""


@dataclass(frozen=True)
class Readings:
    """A series of readings, oldest first.

    :param rows: columns stamp, known (both UTC; when a row was true), open, high, low, close
        (percent).
    :param spacing: the usual time between two rows.
    :param was_sorted: whether the source had them in chronological order.
    :param left_out: the number of rows that were left out, by reason.
    :param notes: whatever else the user should know.
    """

    layout: Layout
    rows: pd.DataFrame
    spacing: pd.Timedelta
    was_sorted: bool
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def timeframes(self) -> tuple[str, ...]:
        """Return the timeframes of the candles that rows of this spacing can make."""
        return ("1h", "1d") if self.spacing <= FINE_SPACING else ("1d",)
