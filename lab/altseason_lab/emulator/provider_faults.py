"""What providers of dominance were seen to do wrong, for an emulator that shall do so as well."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ProviderFaults:
    """When which provider fails, by its name in the settings; times in milliseconds.

    :param outages: from when to when it responds with status 503.
    :param steps: from when on its level is another, and by how many percentage points; for what was
        true then as well.
    :param repeats_for: how long CoinMarketCap's history repeats its last response to each request.
    """

    outages: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    steps: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    repeats_for: int = 0

    def is_down(self, provider: str, now: int) -> bool:
        """Return whether a provider is in its outage."""
        begin, end = self.outages.get(provider, (0, 0))
        return begin <= now < end

    def shift(self, provider: str, time: int) -> float:
        """Return by how many percentage points a value of a time is moved."""
        begin, points = self.steps.get(provider, (0, 0.0))
        return points if time >= begin else 0.0
