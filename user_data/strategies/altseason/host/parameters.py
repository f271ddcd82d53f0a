"""Parameters of a strategy's own.

Freqtrade's parameters are attributes of the class, so strategies of one process that share a parent
class change each other's values (https://github.com/freqtrade/freqtrade/issues/6894).
"""

import copy
import math
from collections.abc import Iterable
from typing import Any

from freqtrade.strategy import CategoricalParameter, IntParameter
from freqtrade.strategy.parameters import BaseParameter

from altseason.errors import InputError

# Of the class as well, and changed or handed on by Freqtrade.
SHARED = ("minimal_roi", "order_types", "order_time_in_force")
# Values that no optimizer tries.
ALLOWED_BY_HAND = {"gate_mode": ("off",)}


def find_parameters(classes: Iterable[type]) -> dict[str, BaseParameter]:
    """Return the parameters that classes define, by name; of the first that does."""
    found: dict[str, BaseParameter] = {}
    for one in classes:
        for name, value in vars(one).items():
            if isinstance(value, BaseParameter):
                found.setdefault(name, value)
    return found


def parameters_of_file(strategy: Any, space: str) -> dict[str, Any]:
    """Return what a loaded strategy's parameter file has for a space or section; empty if nothing.

    Freqtrade keeps it aside when it loads the strategy, and has no public way to ask for it.
    """
    return strategy._ft_params_from_file.get(space) or {}


def take_wrong_values(strategy: Any, names: Iterable[str]) -> list[str]:
    """Take values of a wrong type or choice from what Freqtrade will load, and describe them.

    Freqtrade takes any value from a parameter file or from `buy_params` and its like, of whatever
    type. What is taken leaves the default. A number may lie outside of its parameter's range.
    """
    wrong = []
    for name in names:
        parameter = getattr(strategy, name)
        attribute = f"{parameter.space}_params"
        for values in (
            strategy._ft_params_from_file.get(parameter.space),
            getattr(strategy, attribute, None),
        ):
            if isinstance(values, dict) and name in values:
                expected = _describe_expected(name, parameter, values[name])
                if expected:
                    wrong.append(f"{name}: expected {expected}, found {values.pop(name)!r}")
    return wrong


def _describe_expected(name: str, parameter: BaseParameter, value: Any) -> str:
    """Return what a parameter's value should be; empty where it is that."""
    if isinstance(parameter, CategoricalParameter):
        # A list: a value of a parameter file need not be hashable.
        allowed = list(dict.fromkeys([*parameter.opt_range, *ALLOWED_BY_HAND.get(name, ())]))
        return "" if value in allowed else f"one of {', '.join(map(str, allowed))}"
    is_whole = isinstance(parameter, IntParameter)
    is_number = isinstance(value, int if is_whole else int | float) and not isinstance(value, bool)
    if is_number and math.isfinite(value):
        return ""
    return "a whole number" if is_whole else "a number"


def copy_parameters(strategy: Any) -> None:
    """Set copies of the parameters and settings that its classes share on a strategy object.

    :raises InputError: where a subclass has something else in the place of a parameter.
    """
    strategy_class = type(strategy)
    for name, defined in find_parameters(strategy_class.__mro__[1:]).items():
        found = getattr(strategy_class, name)
        if not isinstance(found, BaseParameter):
            raise InputError(
                f"{strategy_class.__name__}: {name}: expected a parameter, found {found!r}; write "
                f'`{defined.space}_params = {{"{name}": {found!r}}}` instead'
            )
    for name in dir(strategy_class):
        value = getattr(strategy_class, name)
        # No property of a subclass.
        is_shared = isinstance(value, dict) and (name in SHARED or name.endswith("_params"))
        if is_shared or isinstance(value, BaseParameter):
            setattr(strategy, name, copy.deepcopy(value))
