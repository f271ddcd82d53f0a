"""Four providers whose values change with every request, and which remember what they reported."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from tests.providers.serving import Reply, Request
from tests.providers.web_history import PATH as WEB_HISTORY
from tests.providers.world import Market

PRIMARY = "coingecko"
FALLBACKS = ("coinmarketcap", "coinpaprika", "coinlore")
NAMES = {
    "coingecko": "CoinGecko",
    "coinmarketcap": "CoinMarketCap",
    "coinpaprika": "CoinPaprika",
    "coinlore": "CoinLore",
}
DOWN = Reply(b"<html>503 Service Unavailable</html>", 503)
# The offsets of the fallbacks from the primary; real ones are up to several points.
LEVELS = {"coingecko": 0.0, "coinmarketcap": 1.5, "coinpaprika": 0.25, "coinlore": -2.0}


@dataclass
class Walk(Market):
    """Every response has a new value.

    :param skew: how far a provider's clock is ahead.
    :param jumps: by how many percentage points a provider is off.
    :param said: the values reported so far, by provider.
    :param told: the same, with the time of each.
    """

    random: Random = field(default_factory=lambda: Random(1))
    skew: timedelta = timedelta(0)
    said: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    told: dict[str, list[tuple[datetime, float]]] = field(default_factory=lambda: defaultdict(list))
    jumps: dict[str, float] = field(default_factory=dict)
    base: float = 56.0

    def answer(self, request: Request) -> Reply:
        name = request.path.split("/")[1]
        is_history = request.path.endswith(WEB_HISTORY)
        if name not in self.faults and not is_history:
            self.base = min(65.0, max(45.0, self.base + self.random.gauss(0, 0.05)))
            self.percent[name] = self.draw(name)
            self.renewed_at[name] = self.clock() + self.skew
            self.said[name].append(self.percent[name])
            self.told[name].append((self.clock(), self.percent[name]))
        return super().answer(request)

    def draw(self, name: str) -> float:
        """Draw a value that differs from the last one."""
        while True:
            level = self.base + LEVELS[name] + self.jumps.get(name, 0.0)
            value = round(level + self.random.gauss(0, 0.01), 2 if name == "coinlore" else 12)
            if [value] != self.said[name][-1:]:
                return value

    def all_said(self) -> set[float]:
        return {value for values in self.said.values() for value in values}

    def only(self, *names: str) -> None:
        """Let these providers respond, and the others be down."""
        for name in NAMES:
            if name in names:
                self.faults.pop(name, None)
            else:
                self.faults[name] = DOWN


def make_walk(clock: Callable[[], datetime], random: Random) -> Walk:
    return Walk(clock, random=random)
