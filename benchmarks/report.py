"""Turn the costs of the runs into ratios and a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table


@dataclass(frozen=True)
class Limits:
    """The maximum ratios, strategy to twin."""

    time: float
    memory: float


DEFAULT_LIMITS = Limits(time=1.10, memory=1.05)
# Freqtrade calls custom stops and position sizes for every candle of an open trade, and the rules
# keep the data for these calls next to the candles.
ALL_ON_LIMITS = Limits(time=1.25, memory=1.08)
# A larger spread means that the machine was busy.
NOISE = 0.10
QUANTITIES = (
    ("wall", "wall time, s"),
    ("cpu", "CPU, s"),
    ("memory", "peak memory, MiB"),
)


@dataclass(frozen=True)
class Comparison:
    """One quantity, measured for both in each round.

    :param limit: the maximum ratio of the medians, strategy to twin.
    """

    title: str
    strategy: Sequence[float]
    twin: Sequence[float]
    limit: float

    @property
    def ratio(self) -> float:
        """Return the ratio of the medians, which is compared with the limit."""
        return median(self.strategy) / median(self.twin)

    @property
    def ratio_of_lowest(self) -> float:
        """Return the ratio of the lowest values, an estimate for an idle machine."""
        return min(self.strategy) / min(self.twin)

    @property
    def spread(self) -> float:
        """Return the range of equal runs as a share of their median, the larger of the two."""
        return max((max(runs) - min(runs)) / median(runs) for runs in (self.strategy, self.twin))

    @property
    def is_within(self) -> bool:
        """Return whether the ratio is within its limit."""
        return self.ratio <= self.limit


def compare(
    strategy: Sequence[dict[str, float]],
    twin: Sequence[dict[str, float]],
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Comparison]:
    """Compare the costs of the runs, quantity by quantity."""
    return [
        Comparison(
            title,
            [cost[key] for cost in strategy],
            [cost[key] for cost in twin],
            limits.memory if key == "memory" else limits.time,
        )
        for key, title in QUANTITIES
    ]


def render(comparisons: Sequence[Comparison]) -> Table:
    """Draw the table."""
    table = Table("median of the runs", box=None)
    for name in ("strategy", "twin", "ratio", "limit", "of lowest", "spread"):
        table.add_column(name, justify="right")
    for row in comparisons:
        table.add_row(
            row.title,
            f"{median(row.strategy):.2f}",
            f"{median(row.twin):.2f}",
            f"{row.ratio:.3f}",
            f"{row.limit:.2f}",
            f"{row.ratio_of_lowest:.3f}",
            f"{row.spread:.1%}",
        )
    return table
