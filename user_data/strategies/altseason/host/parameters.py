"""Parameters of a strategy's own.

Freqtrade's parameters are attributes of the class, so strategies of one process that share a parent
class change each other's values (https://github.com/freqtrade/freqtrade/issues/6894).
"""

import copy
from typing import Any

from freqtrade.strategy.parameters import BaseParameter

# Of the class as well, and changed or handed on by Freqtrade.
SHARED = ("minimal_roi", "order_types", "order_time_in_force")


def parameters_of_file(strategy: Any, space: str) -> dict[str, Any]:
    """Return what a loaded strategy's parameter file has for a space or section; empty if nothing.

    Freqtrade keeps it aside when it loads the strategy, and has no public way to ask for it.
    """
    return strategy._ft_params_from_file.get(space) or {}


def copy_parameters(strategy: Any) -> None:
    """Give a strategy object copies of the parameters and settings that its classes share."""
    strategy_class = type(strategy)
    for name in dir(strategy_class):
        value = getattr(strategy_class, name)
        is_shared = name in SHARED and isinstance(value, dict)  # and no property of a subclass
        if is_shared or isinstance(value, BaseParameter):
            setattr(strategy, name, copy.deepcopy(value))
