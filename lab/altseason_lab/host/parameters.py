"""Parameters of one strategy object, set where Freqtrade's own loading does not override them."""

from collections.abc import Mapping
from typing import Any

from freqtrade.strategy import IStrategy


def set_parameters(strategy: IStrategy, values: Mapping[str, Any]) -> None:
    """Give a strategy object values of parameters, over those of files and defaults.

    They are set when the backtest begins: `IStrategy.ft_bot_start` loads the others just before, by
    `ft_load_hyper_params`. The parameters have to be the object's own, as those of a gated strategy
    are (`altseason.host.parameters.copy_parameters`).
    """
    load = strategy.ft_load_hyper_params

    def load_and_set(*args: Any, **kwargs: Any) -> None:
        load(*args, **kwargs)
        for name, value in values.items():
            getattr(strategy, name).value = value

    strategy.ft_load_hyper_params = load_and_set
