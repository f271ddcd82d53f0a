"""How far a parameter moves from window to window: one that is all over its range fits noise."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from altseason_lab.host.hyperopt import Dimension, SearchSpace


@dataclass(frozen=True)
class Stability:
    """The values of a parameter in all windows.

    :param values: by window; None where a window kept the strategy's own.
    :param own: the strategy's own value; None for spaces such as ROI, which are no parameters.
    """

    dimension: Dimension
    values: tuple[Any, ...]
    own: Any = None

    @property
    def spread(self) -> float | None:
        """Return the spread, from 0 (the same in all windows) to 1 (all over the range).

        For a number, it is the largest value less the smallest, as a share of the range that
        hyperopt searches; for a choice, the share of windows that differ from the most frequent
        one. None where fewer than two windows have a value.
        """
        found = [value for value in self.values if value is not None]
        if len(found) < 2:
            return None
        if self.dimension.choices:
            return 1 - Counter(found).most_common(1)[0][1] / len(found)
        width = self.dimension.high - self.dimension.low
        return (max(found) - min(found)) / width if width else 0.0


def find_stability(space: SearchSpace, found: Sequence[dict[str, Any]]) -> list[Stability]:
    """Return the stability of each parameter that is searched.

    :param found: the parameters of each window, empty where it kept the strategy's own.
    """
    return [
        Stability(
            dimension, tuple(parameters.get(name) for parameters in found), space.own.get(name)
        )
        for name, dimension in space.dimensions.items()
    ]
