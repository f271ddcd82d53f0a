"""Hyperopt's command line, spaces and stored epochs, as Freqtrade itself reads and has them."""

import json
from pathlib import Path
from typing import Any

import pytest
from freqtrade.commands import Arguments
from freqtrade.data.dataprovider import DataProvider
from freqtrade.exceptions import OperationalException
from freqtrade.resolvers import StrategyResolver

from altseason.errors import InputError
from altseason_lab.host.command import parse_command
from altseason_lab.host.hyperopt import (
    Dimension,
    EpochCounter,
    SearchSpace,
    hyperopt_arguments,
    load_loss,
    make_user_directory,
    read_epochs,
    search_arguments,
)
from tests.integration.freqtrade_runs import Home, write_subclass


def configure(home: Home, **changes: Any) -> dict[str, Any]:
    return {
        "strategy": "AltSeasonStrategy",
        "user_data_dir": home.userdir,
        "datadir": home.datadir,
        "runmode": "backtest",
        "timeframe": "1h",
        **changes,
    }


def find_space(home: Home, *spaces: str, **changes: Any) -> tuple[SearchSpace, Any]:
    config = configure(home, **changes)
    space = SearchSpace(config, StrategyResolver.load_strategy(config), spaces)
    strategy: Any = StrategyResolver.load_strategy(config)
    strategy.dp = DataProvider(strategy.config, None)
    return space, strategy


def test_search_has_the_options_of_the_backtest_that_hyperopt_knows(home: Home):
    words = ["-c", "a.json", "-c", "b.json", "--timerange", "2022-", "--pairs", "A/B", "C/B"]
    words += ["--fee", "0.002", "--enable-protections", "--strategy-path", "mine", "-v"]
    words += ["--stake-amount", "unlimited", "--max-open-trades", "3", "--breakdown", "month"]
    command = parse_command(["backtesting", "--cache", "none", *words])
    found = hyperopt_arguments(command, configure(home, hyperopt_min_trades=9))
    options = Arguments(
        [
            *found,
            *search_arguments(
                userdir=home.folder,
                timerange="20220101-20220201",
                spaces=["buy", "sell"],
                epochs=7,
                random_state=1001,
                loss="OnlyProfitHyperOptLoss",
            ),
        ]
    ).get_parsed_arg()
    expected = {
        "command": "hyperopt",
        "config": ["a.json", "b.json"],
        "timerange": "20220101-20220201",
        "pairs": ["A/B", "C/B"],
        "fee": 0.002,
        "enable_protections": True,
        "strategy": "AltSeasonStrategy",
        "strategy_path": "mine",
        "stake_amount": "unlimited",
        "max_open_trades": 3,
        "datadir": str(home.datadir),
        "user_data_dir": str(home.folder),
        "spaces": ["buy", "sell"],
        "epochs": 7,
        "hyperopt_random_state": 1001,
        "hyperopt_jobs": 1,
        "hyperopt_loss": "OnlyProfitHyperOptLoss",
        "disableparamexport": True,
        "hyperopt_min_trades": 9,
    }
    assert {name: options[name] for name in expected} == expected


def test_spaces_are_the_strategys_own_but_its_protections(home: Home):
    space, _ = find_space(home)
    assert space.spaces == ("buy", "sell")
    assert space.dimensions["rsi_exit_min"] == Dimension("rsi_exit_min", "sell", 60, 95)
    assert space.dimensions["macd_trigger"].choices == ("cross", "above")
    assert "cooldown_candles" not in space.dimensions
    assert space.own["rsi_exit_min"] == 80


def test_own_values_are_those_of_the_parameter_file(home: Home):
    content = {"strategy_name": "AltSeasonStrategy", "params": {"sell": {"rsi_exit_min": 75}}}
    (home.strategies / "AltSeasonStrategy.json").write_text(json.dumps(content))
    assert find_space(home)[0].own["rsi_exit_min"] == 75


@pytest.mark.parametrize("spaces", [["enter"], ["buy", "trades"], ["all"]])
def test_unknown_space_is_refused_with_those_there_are(home: Home, spaces: list[str]):
    known = "buy, protection, sell, roi, stoploss, trailing"
    with pytest.raises(InputError, match=f"expected some of {known}, .* found {spaces[-1]}"):
        find_space(home, *spaces)


def test_strategy_without_parameters_is_refused_where_no_space_is_named(home: Home, write_clock):
    write_clock()
    with pytest.raises(InputError, match="found none in Clock; name a space of Freqtrade's own"):
        find_space(home, strategy="Clock")
    assert find_space(home, "stoploss", strategy="Clock")[0].own == {}


def test_values_are_set_on_one_object_alone_also_of_a_strategy_without_a_gate(
    home: Home, write_clock
):
    write_clock(
        methods="""
    from freqtrade.strategy import IntParameter
    days = IntParameter(1, 9, default=2, space="buy")
    minimal_roi = {"0": 0.5}
"""
    )
    space, strategy = find_space(home, "buy", "roi", "stoploss", "trailing", strategy="Clock")
    other: Any = StrategyResolver.load_strategy(configure(home, strategy="Clock"))
    other.dp = strategy.dp
    values = dict.fromkeys(space.dimensions, True) | {"days": 7, "stoploss": -0.2}
    values |= {"roi_t1": 60, "roi_t2": 30, "roi_t3": 10, "roi_p1": 0.01, "roi_p2": 0.02}
    values |= {"roi_p3": 0.04, "trailing_stop_positive": 0.05}
    values |= {"trailing_stop_positive_offset_p1": 0.01}
    space.set_values(strategy, values)
    strategy.ft_bot_start()
    other.ft_bot_start()
    assert (strategy.days.value, other.days.value) == (7, 2)
    assert (strategy.stoploss, other.stoploss) == (-0.2, -0.9)
    assert strategy.minimal_roi == pytest.approx({0: 0.07, 10: 0.03, 40: 0.01, 100: 0})
    assert other.minimal_roi == {0: 0.5}
    assert strategy.trailing_stop
    assert strategy.trailing_stop_positive_offset == pytest.approx(0.06)


def test_what_hyperopt_changes_of_a_configuration_is_changed(home: Home):
    write_subclass(home.strategies, "Mine", "    pass")
    for spaces, expected in [
        (["buy"], {}),
        (["sell", "protection"], {"use_exit_signal": True, "enable_protections": True}),
    ]:
        config: dict[str, Any] = {}
        find_space(home, *spaces, strategy="Mine")[0].configure(config)
        assert config == expected


def test_unknown_loss_is_refused(home: Home):
    load_loss(configure(home), "CalmarHyperOptLoss")
    with pytest.raises(OperationalException, match="Impossible to load HyperoptLoss 'Nothing'"):
        load_loss(configure(home), "Nothing")


def test_user_directory_has_the_strategies_and_nothing_of_an_earlier_search(
    home: Home, tmp_path: Path
):
    (home.userdir / "hyperopt_results").mkdir()
    (home.userdir / "hyperopt_results" / "old.fthypt").write_text("{}\n")
    make_user_directory(tmp_path / "new", home.userdir)
    assert (tmp_path / "new" / "strategies" / "AltSeasonStrategy.py").is_file()
    assert EpochCounter(tmp_path / "new").count() == 0
    assert read_epochs(tmp_path / "new") == []
    assert not (tmp_path / "new" / "hyperopts").exists()


def test_epochs_are_counted_as_they_are_stored(tmp_path: Path):
    counter = EpochCounter(tmp_path)
    assert counter.count() == 0
    (tmp_path / "hyperopt_results").mkdir()
    file = tmp_path / "hyperopt_results" / "a.fthypt"
    for text, expected in [('{"a": 1}\n{"a"', 1), (": 2}\n", 2), ("", 2), ("{}\n{}\n", 4)]:
        with file.open("a") as stream:
            stream.write(text)
        assert counter.count() == expected
