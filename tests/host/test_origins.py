"""Where each value of a strategy comes from, as a bot reports it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from freqtrade.strategy import IStrategy

from altseason.host.origins import find_traded_values
from altseason.host.parameters import parameter_file
from tests.integration.freqtrade_runs import write_subclass

Load = Callable[..., IStrategy]


@pytest.fixture
def load_mine(load_strategy: Load, tmp_path: Path) -> Load:
    """A strategy in its own file, with a parameter file if there are parameters."""

    def load(body: str, parameters: dict[str, Any] | None = None, **config: Any) -> IStrategy:
        write_subclass(tmp_path, "Mine", body)
        if parameters:
            content = {"strategy_name": "Mine", "params": parameters}
            (tmp_path / "Mine.json").write_text(json.dumps(content))
        return load_strategy(strategy="Mine", strategy_path=str(tmp_path), **config)

    return load


def origins(strategy: IStrategy) -> dict[str, tuple[Any, str]]:
    return {one.name: (one.value, one.origin) for one in find_traded_values(strategy).values}


def test_values_of_a_strategy_as_it_is_are_defaults(load_strategy: Load):
    found = find_traded_values(load_strategy(altseason={})).values
    assert {one.origin for one in found} == {"default"}
    assert {one.name: one.value for one in found}["dominance_threshold"] == 55


def test_each_value_is_of_the_place_that_freqtrade_takes_it_from(load_mine: Load, tmp_path: Path):
    body = """
    stoploss = -0.07
    buy_params = {"gate_mode": "falling", "rsi_entry_max": 65, "gate_sma_days": 9}
    macd_trigger = CategoricalParameter(["cross", "above"], default="above", load=False,
        space="buy")"""
    parameters = {
        "buy": {"gate_mode": "off", "gate_sma_days": 12, "macd_trigger": "cross"},
        "stoploss": {"stoploss": -0.2},
        "trailing": {"trailing_stop": True},
        "roi": {"0": 0.5},
    }
    config = {"stoploss": -0.1, "altseason": {"risk": {"risk_factor": 0.01}}}
    strategy = load_mine(body, parameters, **config, original_config=config)
    found = origins(strategy)
    assert {name: found[name] for name in found if found[name][1] != "default"} == {
        "gate_mode": ("off", "parameter file"),
        "gate_sma_days": (12, "parameter file"),
        "rsi_entry_max": (65, "strategy"),
        "stoploss": (-0.1, "config"),
        "trailing_stop": (True, "parameter file"),
        "minimal_roi": ({0: 0.5}, "parameter file"),
        "altseason.risk.risk_factor": (0.01, "config"),
    }
    # A parameter with load=False keeps its value.
    assert found["macd_trigger"] == ("above", "default")
    assert parameter_file(strategy) == tmp_path / "Mine.json"


RISK = {"risk_factor": 0.01, "sizing": False, "kept_coins": ["BNB"]}


@pytest.mark.parametrize(
    ("base", "module", "names"),
    [
        ("AltSeasonGate", "altseason.strategy", []),
        ("AltSeasonProfile", "AltSeasonProfile", ["kept_coins"]),
        ("AltSeasonStrategy", "AltSeasonStrategy", ["kept_coins", "risk_factor", "sizing"]),
    ],
)
def test_settings_of_risk_are_those_that_apply_to_the_strategy(
    load_strategy: Load, tmp_path: Path, base: str, module: str, names: list[str]
):
    (tmp_path / "Mine.py").write_text(f"""
from {module} import {base}


class Mine({base}):
    stoploss = -0.1
    timeframe = "1h"

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
""")
    strategy = load_strategy(strategy="Mine", strategy_path=str(tmp_path), altseason={"risk": RISK})
    found = [name.removeprefix("altseason.risk.") for name in origins(strategy) if ".risk." in name]
    assert sorted(found) == names


def test_no_optimizer_can_take_the_gate_away(load_strategy: Load):
    searched = load_strategy().gate_mode
    assert list(searched.opt_range) == ["level", "falling", "level_and_falling"]


@pytest.mark.parametrize("place", ["buy_params", "parameter file"])
def test_gate_can_be_taken_away_by_hand(load_mine: Load, place: str):
    off = {"gate_mode": "off"}
    body = f"    buy_params = {off}" if place == "buy_params" else "    pass"
    strategy = load_mine(body, {"buy": off} if place == "parameter file" else None)
    assert strategy.gate_rule.mode == "off"
