"""Give each strategy its own parameters, and read the parameter files of parents.

Freqtrade's parameters are attributes of the class, so strategies in one process that share a parent
class change each other's values (https://github.com/freqtrade/freqtrade/issues/6894). And it reads
only the parameter file named after the strategy itself.
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

# Further attributes of the class that Freqtrade changes, or passes on.
SHARED = ("minimal_roi", "order_types", "order_time_in_force")


def find_parameters(classes: Iterable[type]) -> dict[str, BaseParameter]:
    """Return the parameters that classes define, by name; the first definition counts."""
    found: dict[str, BaseParameter] = {}
    for one in classes:
        for name, value in vars(one).items():
            if isinstance(value, BaseParameter):
                found.setdefault(name, value)
    return found


def parameters_of_file(strategy: Any, space: str) -> dict[str, Any]:
    """Return a space or section of a loaded strategy's parameter file; empty if there is none.

    Freqtrade keeps the file's content in a private attribute of the strategy.
    """
    return strategy._ft_params_from_file.get(space) or {}


def move_section(strategy: Any, source: str, names: Iterable[str]) -> None:
    """Accept the values of parameters in a section of the file other than that of their space."""
    section = strategy._ft_params_from_file.get(source)
    if not isinstance(section, dict):
        return
    for name in names:
        space = getattr(strategy, name).space
        if space != source and name in section:
            strategy._ft_params_from_file.setdefault(space, {}).setdefault(name, section[name])


def source_file(strategy_class: type) -> Path | None:
    """Return the file of a class that is a strategy outside Freqtrade and this package, or None."""
    module = sys.modules.get(strategy_class.__module__)
    # Freqtrade sets the attribute on classes that it has found itself.
    file = vars(strategy_class).get("__file__") or getattr(module, "__file__", None)
    is_own = strategy_class.__module__.partition(".")[0] not in ("freqtrade", "altseason")
    return (
        Path(file) if file and is_own and hasattr(strategy_class, "populate_exit_trend") else None
    )


def parameter_file(strategy: Any) -> Path:
    """Return the parameter file of a strategy: its own, or a parent's if it has none.

    :return: the strategy's own, which does not exist, if no class has one.
    """
    files = [
        file.with_suffix(".json")
        for one in type(strategy).__mro__
        if (file := source_file(one)) is not None
    ]
    own = Path(getattr(strategy, "__file__", "")).with_suffix(".json")
    return next((file for file in (own, *files) if file.is_file()), own)


def load_parents_parameters(strategy: Any) -> dict[str, Any]:
    """Return the content of the nearest parent's parameter file, which Freqtrade silently ignores.

    Empty if the strategy has its own file.

    :raises InputError: if it is the file of another strategy, or no parameter file.
    """
    own = Path(getattr(strategy, "__file__", "")).with_suffix(".json")
    file = parameter_file(strategy)
    if file == own:
        return {}
    try:
        content: dict[str, Any] = HyperoptTools.load_params_from_file(file)
        name = content.get("strategy_name")
    except (ValueError, AttributeError, OperationalException) as error:
        raise InputError(
            f"{file}: expected a parameter file, found something else ({error})"
        ) from error
    if name not in [one.__name__ for one in type(strategy).__mro__]:
        raise InputError(
            f"{file}: expected parameters of a parent of {type(strategy).__name__}, found those "
            f"of {name}"
        )
    logger.warning(f"There is no {own.name}: {type(strategy).__name__} uses {file}.")
    return content


def take_wrong_values(
    strategy: Any,
    names: Iterable[str],
    allowed: Mapping[str, tuple[Any, ...]],
    describe_error: Callable[[str, Any], str] = lambda name, value: "",
) -> list[str]:
    """Remove values of a wrong type or choice from what Freqtrade will load, and describe them.

    Freqtrade accepts values of any type from a parameter file, and from `buy_params` and the like.
    Without the value, the default is used. A number may lie outside its parameter's range.

    :param allowed: values, by name, that hyperopt does not try, but that may be set manually.
    :param describe_error: returns a better description of what is wrong with a value as written,
        before Freqtrade rounds it; empty for none.
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
    """Return what a parameter's value should be; empty if it is valid.

    :param by_hand: choices that hyperopt does not try.
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
    # Freqtrade silently rounds it: 0.55 would become 0.6, and 55.25 a rule that nobody chose.
    if decimals is not None and round(value, decimals) != value:
        return f"a number with at most {decimals} decimal{'s' if decimals > 1 else ''}"
    return ""


def copy_parameters(strategy: Any) -> None:
    """Give a strategy object its own copies of the parameters and settings of its classes.

    :raises InputError: if a subclass has replaced a parameter by something else.
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
        # Not if a subclass has made it a property.
        is_shared = isinstance(value, dict) and (name in SHARED or name.endswith("_params"))
        if is_shared or isinstance(value, BaseParameter):
            # A shallow copy: their content is only ever replaced, and may be of any type.
            setattr(strategy, name, copy.copy(value))
