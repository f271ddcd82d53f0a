"""Set parameters of one strategy object, which Freqtrade's own loading does not override."""

import copy
import math
from collections.abc import Mapping
from typing import Any

from freqtrade.strategy import CategoricalParameter, IntParameter, IStrategy
from freqtrade.strategy.parameters import BaseParameter, NumericParameter

from altseason.errors import InputError


def set_parameters(strategy: IStrategy, values: Mapping[str, Any]) -> None:
    """Give a strategy object values of parameters that override files and defaults.

    They are set when the backtest starts, right after `ft_load_hyper_params` has loaded the others
    for `IStrategy.ft_bot_start`. The parameters have to be the object's own, as those of a gated
    strategy are (`altseason.host.parameters.copy_parameters`); for others call
    `make_own_parameters` first.
    """
    load = strategy.ft_load_hyper_params

    def load_and_set(*args: Any, **kwargs: Any) -> None:
        load(*args, **kwargs)
        for name, value in values.items():
            getattr(strategy, name).value = value

    strategy.ft_load_hyper_params = load_and_set


def validate_parameter(strategy: IStrategy, name: str, value: Any) -> None:
    """Validate the value of a parameter, which Freqtrade does not do when it is set.

    A number may be outside the range that hyperopt tries.

    :raises InputError: where the strategy has no such parameter, or it cannot have the value.
    """
    parameter = getattr(strategy, name, None)
    if not isinstance(parameter, BaseParameter):
        raise InputError(
            f"{name}: expected a parameter of {strategy.get_strategy_name()}, found none of this "
            f"name; `freqtrade list-strategies` and the strategy's file show them"
        )
    if isinstance(parameter, CategoricalParameter) and value not in parameter.opt_range:
        options = ", ".join(map(str, parameter.opt_range))
        raise InputError(f"{name}: expected one of {options}, found {value!r}")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(parameter, NumericParameter) and not (is_number and math.isfinite(value)):
        raise InputError(f"{name}: expected a number, found {value!r}")
    # Libraries that use it as a count refuse a float, even a whole one.
    if isinstance(parameter, IntParameter) and not isinstance(value, int):
        raise InputError(f"{name}: expected a whole number, found {value!r}")


def make_own_parameters(strategy: IStrategy) -> None:
    """Give a strategy object its own copies of the parameters that still are its class's."""
    for name in dir(type(strategy)):
        value = getattr(type(strategy), name)
        if isinstance(value, BaseParameter) and name not in vars(strategy):
            setattr(strategy, name, copy.copy(value))
