"""Parameters of a strategy's own, and the files that their values come from.

Freqtrade's parameters are attributes of the class, so strategies of one process that share a parent
class change each other's values (https://github.com/freqtrade/freqtrade/issues/6894). It reads the
parameter file of a strategy's own name alone.
"""

import copy
import logging
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from freqtrade.exceptions import OperationalException
from freqtrade.optimize.hyperopt_tools import HyperoptTools
from freqtrade.strategy import CategoricalParameter, DecimalParameter, IntParameter
from freqtrade.strategy.parameters import BaseParameter

from altseason.errors import InputError

logger = logging.getLogger(__name__)

# Of the class as well, and changed or handed on by Freqtrade.
SHARED = ("minimal_roi", "order_types", "order_time_in_force")


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


def move_section(strategy: Any, source: str, names: Iterable[str]) -> None:
    """Let a parameter file have values in another section than that of the parameters' space."""
    section = strategy._ft_params_from_file.get(source)
    if not isinstance(section, dict):
        return
    for name in names:
        space = getattr(strategy, name).space
        if space != source and name in section:
            strategy._ft_params_from_file.setdefault(space, {}).setdefault(name, section[name])


def source_file(strategy_class: type) -> Path | None:
    """Return the file of a class that is a strategy of a user's own; None for others."""
    module = sys.modules.get(strategy_class.__module__)
    # Freqtrade notes the file with a class that it has found itself.
    file = vars(strategy_class).get("__file__") or getattr(module, "__file__", None)
    is_own = strategy_class.__module__.partition(".")[0] not in ("freqtrade", "altseason")
    return (
        Path(file) if file and is_own and hasattr(strategy_class, "populate_exit_trend") else None
    )


def parameter_file(strategy: Any) -> Path:
    """Return the parameter file of a strategy: its own, or where there is none a parent's.

    :return: where the strategy's own would be where no class has one.
    """
    files = [
        file.with_suffix(".json")
        for one in type(strategy).__mro__
        if (file := source_file(one)) is not None
    ]
    own = Path(getattr(strategy, "__file__", "")).with_suffix(".json")
    return next((file for file in (own, *files) if file.is_file()), own)


def load_parents_parameters(strategy: Any) -> dict[str, Any]:
    """Return what the parameter file of the nearest parent that has one holds.

    Freqtrade ignores it without a word. Empty where the strategy has a file of its own.

    :raises InputError: where it is the file of another strategy, or none at all.
    """
    own = Path(getattr(strategy, "__file__", "")).with_suffix(".json")
    file = parameter_file(strategy)
    if file == own:
        return {}
    try:
        content: dict[str, Any] = HyperoptTools.load_params_from_file(file)
        name = content.get("strategy_name")
    except (ValueError, AttributeError, OperationalException) as error:
        raise InputError(f"{file}: expected a parameter file, found none ({error})") from error
    if name not in [one.__name__ for one in type(strategy).__mro__]:
        raise InputError(
            f"{file}: expected parameters of a parent of {type(strategy).__name__}, found those "
            f"of {name}"
        )
    logger.warning(f"There is no {own.name}: {type(strategy).__name__} trades by {file}.")
    return content


def take_wrong_values(
    strategy: Any,
    names: Iterable[str],
    allowed: Mapping[str, tuple[Any, ...]],
    describe_error: Callable[[str, Any], str] = lambda name, value: "",
) -> list[str]:
    """Take values of a wrong type or choice from what Freqtrade will load, and describe them.

    Freqtrade takes any value from a parameter file or from `buy_params` and its like, of whatever
    type. What is taken leaves the default. A number may lie outside of its parameter's range.

    :param allowed: values by name that no optimizer tries, and may be set by hand.
    :param describe_error: returns what else is wrong with a value as it was written; Freqtrade
        rounds it before anybody else sees it.
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
                expected = describe_expected(parameter, values[name], allowed.get(name, ()))
                if expected:
                    value = values.pop(name)
                    text = f"{name}: expected {expected}, found {value!r}"
                    wrong.append(describe_error(name, value) or text)
    return wrong


def describe_expected(parameter: BaseParameter, value: Any, by_hand: tuple[Any, ...] = ()) -> str:
    """Return what a parameter's value should be; empty where it is that.

    :param by_hand: choices that no optimizer tries.
    """
    if isinstance(parameter, CategoricalParameter):
        # A list: a value of a parameter file need not be hashable.
        choices = list(dict.fromkeys([*parameter.opt_range, *by_hand]))
        return "" if value in choices else f"one of {', '.join(map(str, choices))}"
    is_whole = isinstance(parameter, IntParameter)
    decimals = parameter.decimals if isinstance(parameter, DecimalParameter) else None
    is_number = isinstance(value, int if is_whole else int | float) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value)):
        return "a whole number" if is_whole else "a number"
    # Freqtrade rounds it without a word: 0.55 would be 0.6, and 55.25 a rule that nobody chose.
    if decimals is not None and round(value, decimals) != value:
        return f"a number with at most {decimals} decimal{'s' if decimals > 1 else ''}"
    return ""


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
            # No deep copy: what they hold is replaced, never changed, and may be of any kind.
            setattr(strategy, name, copy.copy(value))
