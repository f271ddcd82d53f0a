"""The middle of the best epochs, not the best one: at a peak, luck was largest.

The best of several hundred sets of parameters also had the best luck on its train part, which no
test part repeats. Where many neighbors are about as good, their middle depends less on luck.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median_low, mode
from typing import Any

from altseason_lab.host.hyperopt import Dimension, Epoch

# Of the distinct sets of parameters that have traded.
SHARE = 0.1
MIN_EPOCHS = 5


def find_plateau(epochs: Iterable[Epoch]) -> list[Epoch]:
    """Return the best tenth of the epochs that traded, at least five, by their loss.

    :param epochs: of all seeds; a set of parameters that several have tried counts once.
    :return: the best first; empty where none has traded.
    """
    different: dict[tuple[Any, ...], Epoch] = {}
    for epoch in epochs:
        if epoch.is_valid:
            different.setdefault(tuple(sorted(epoch.parameters.items())), epoch)
    best = sorted(different.values(), key=lambda epoch: epoch.loss)
    return best[: max(MIN_EPOCHS, math.ceil(len(best) * SHARE))]


def find_middle(plateau: Sequence[Epoch], dimensions: Mapping[str, Dimension]) -> dict[str, Any]:
    """Return for each parameter the median of the epochs' values, or the most frequent choice.

    Of two values in the middle it is the lower one, which hyperopt can choose; of two equally
    frequent choices, that of the better epoch.
    """
    return {
        # The mode is the first of equally frequent ones, and the epochs are sorted.
        name: mode(values) if dimension.choices else median_low(values)
        for name, dimension in dimensions.items()
        if (values := [epoch.parameters[name] for epoch in plateau])
    }
