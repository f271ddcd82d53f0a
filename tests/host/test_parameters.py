"""Freqtrade keeps parameters on the class, and the content of the parameter file separately."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.enums import RunMode
from freqtrade.strategy import IntParameter, IStrategy

from altseason.host.parameters import copy_parameters, parameters_of_file, take_wrong_values
from tests.integration.freqtrade_runs import write_subclass

Load = Callable[..., IStrategy]


@pytest.fixture
def load_mine(load_strategy: Load, tmp_path: Path) -> Load:
    """A strategy in its own file, with a parameter file."""

    def load(**parameters: dict[str, Any]) -> IStrategy:
        write_subclass(tmp_path, "Mine", "    pass")
        content = {"strategy_name": "Mine", "params": parameters}
        (tmp_path / "Mine.json").write_text(json.dumps(content))
        return load_strategy(strategy="Mine", strategy_path=str(tmp_path))

    return load


def test_values_of_the_parameter_file_are_kept_apart(load_mine: Load):
    strategy = load_mine(buy={"gate_sma_days": 9}, trailing={"trailing_stop": False})
    assert parameters_of_file(strategy, "buy") == {"gate_sma_days": 9}
    assert parameters_of_file(strategy, "trailing") == {"trailing_stop": False}
    assert parameters_of_file(strategy, "sell") == {}


class Plain(IStrategy):
    """A strategy that does not copy its parameters."""

    days = IntParameter(1, 60, default=20, space="buy")

    def __init__(self) -> None:
        super().__init__({"runmode": RunMode.BACKTEST})

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict) -> pd.DataFrame:
        return dataframe


def test_freqtrade_s_parameters_are_of_the_class_until_they_are_copied():
    shared, own = Plain(), Plain()
    copy_parameters(own)
    assert shared.days is Plain.days
    assert own.days is not Plain.days


def test_freqtrade_loads_a_value_of_any_type_unless_it_is_taken():
    loaded = {}
    for is_taken in (False, True):
        strategy = Plain()
        copy_parameters(strategy)
        strategy._ft_params_from_file = {"buy": {"days": "9"}}
        if is_taken:
            [wrong] = take_wrong_values(strategy, ["days"], {})
            assert wrong == "days: expected a whole number, found '9'"
        strategy.ft_load_hyper_params()
        loaded[is_taken] = strategy.days.value
    assert loaded == {False: "9", True: 20}
