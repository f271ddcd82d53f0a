"""Values that no file overrides, on Freqtrade's own strategy object."""

import json
from typing import Any

from freqtrade.data.dataprovider import DataProvider
from freqtrade.resolvers import StrategyResolver

from altseason_lab.host.parameters import set_parameters
from tests.integration.freqtrade_runs import Home


def load(home: Home) -> Any:
    config = {
        "strategy": "AltSeasonStrategy",
        "strategy_path": str(home.strategies),
        "user_data_dir": home.userdir,
        "datadir": home.datadir,
        "runmode": "backtest",
    }
    strategy = StrategyResolver.load_strategy(config)
    strategy.dp = DataProvider(strategy.config, None)
    return strategy


def test_value_stands_over_the_parameter_file_and_on_one_object_alone(home: Home):
    file = home.strategies / "AltSeasonStrategy.json"
    content = {"strategy_name": "AltSeasonStrategy", "params": {"buy": {"gate_mode": "falling"}}}
    file.write_text(json.dumps(content))
    changed, other = load(home), load(home)
    set_parameters(changed, {"gate_mode": "off"})
    changed.ft_bot_start()
    other.ft_bot_start()
    assert changed.gate_rule.mode == "off"
    assert other.gate_rule.mode == "falling"
