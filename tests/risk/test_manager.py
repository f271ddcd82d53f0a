"""The strategy's callbacks on Freqtrade's own wallet and trades."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.enums import RunMode
from freqtrade.strategy import IStrategy
from hypothesis import given
from hypothesis import strategies as st

from altseason.errors import SettingsError
from altseason.risk.manager import CandleLookup, RiskManager
from altseason.settings import load_settings
from tests.risk.asking import ask_stake
from tests.risk.traders import PAIR, FixedStrategy, open_trade

Load = Callable[..., IStrategy]
NOW = datetime(2022, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "found"),
    [
        (-1, None),
        (59, None),  # the first candle is not over
        (60, (1.0, 100.0)),  # it is known at its end
        (119, (1.0, 100.0)),
        (120, (2.0, 101.0)),
        (179, (2.0, 101.0)),
        (180, None),  # the candle that ends now is missing
        (239, None),
        (240, (3.0, 102.0)),
        (299, (3.0, 102.0)),
        (300, None),
    ],
)
def test_candle_that_had_just_closed(minutes: int, found: tuple[float, float] | None):
    hours = [0, 1, 3]
    dates = pd.DatetimeIndex([NOW + timedelta(hours=hour) for hour in hours])
    columns = {"date": dates, "atr": [1.0, 2.0, 3.0], "close": [100.0, 101.0, 102.0]}
    lookup = CandleLookup.from_candles(pd.DataFrame(columns), "atr", "1h")
    assert lookup.closed_at(NOW + timedelta(minutes=minutes)) == found


@pytest.mark.parametrize(
    ("atr", "config", "stake"),
    [
        # 20 USDT of 1000 may be lost, and 20 / 0.05 = 400.
        (1.0, {}, 400.0),
        # 5 x 2.5 % = 12.5 %, and 20 / 0.125 = 160.
        (2.5, {}, 160.0),
        # Equity is what Freqtrade may use: 1000 x 0.99 x 0.02 / 0.05.
        (1.0, {"tradable_balance_ratio": 0.99}, 396.0),
        # The user's stop: 20 / 0.10.
        (1.0, {"stoploss": -0.10}, 200.0),
        # 1000 x 0.01 / (3 x 2.5 %).
        (2.5, {"risk": {"risk_factor": 0.01, "atr_multiple": 3.0}}, 133.3333),
        (2.5, {"risk": {"sizing": False}}, 990.0),
    ],
)
def test_stake_by_the_wallet_the_stop_and_the_newest_candle(
    load_trader: Load, atr: float, config: dict[str, Any], stake: float
):
    assert ask_stake(load_trader(atr=atr, **config)) == pytest.approx(stake)


def test_stake_counts_what_is_tied_up_as_equity(load_trader: Load):
    strategy = load_trader()
    open_trade(4.0, 100.0)
    strategy.wallets.update()
    # 600 USDT are free and 400 tied up: still 1000 x 0.02 / 0.05.
    assert strategy.wallets.get_free("USDT") == 600.0
    assert ask_stake(strategy, proposed_stake=600.0, max_stake=600.0) == pytest.approx(400.0)


def test_fixed_stake_is_only_ever_lowered(load_trader: Load):
    strategy = load_trader(atr=2.5)
    assert ask_stake(strategy, proposed_stake=50.0) == 50.0
    assert ask_stake(strategy, proposed_stake=170.0) == pytest.approx(160.0)


def test_stake_below_the_minimum_is_none_and_reported_once(
    load_trader: Load, caplog: pytest.LogCaptureFixture
):
    strategy = load_trader()
    for min_stake in (401.0, 500.0):
        assert ask_stake(strategy, min_stake=min_stake) == 0.0
    said = [record.message for record in caplog.records if "Not entering" in record.message]
    assert said == [f"Not entering {PAIR}: the stake is below the exchange's minimum."]


@given(
    st.floats(1e-4, 1e4),
    st.floats(1e-3, 1e4),
    st.floats(0.001, 0.5),
    st.floats(0.1, 100),
)
def test_settings_that_are_accepted_never_risk_more_than_their_factor(
    atr: float, close: float, risk_factor: float, atr_multiple: float
):
    """The sizing of the manager on a wallet of 1000, over the whole space of the settings."""
    risk = {"risk_factor": risk_factor, "atr_multiple": atr_multiple}
    settings = load_settings({"altseason": {"risk": risk}}).risk
    manager = RiskManager(FixedStrategy(atr, close), settings, {})
    limits = {"proposed": 990.0, "min_stake": None, "max_stake": 990.0}
    stake = manager.calculate_stake("X/USDT", NOW, **limits).amount
    assert 0 < stake <= 990
    assert stake * 0.05 <= 1000 * risk_factor * (1 + 1e-9)
    assert stake * atr_multiple * atr / close <= 1000 * risk_factor * (1 + 1e-9)


def test_default_needs_the_atr_and_switched_off_rules_do_not(load_trader: Load):
    assert load_trader().settings.risk.needs_atr is True
    assert load_trader(risk={"sizing": False}).settings.risk.needs_atr is False
    for name in ("atr_trailing", "rebalancing"):
        assert load_trader(risk={"sizing": False, name: True}).settings.risk.needs_atr is True


@pytest.mark.parametrize("where", ["config", "file", "class"])
def test_two_trailing_stops_are_refused_in_one_line(
    load_strategy: Load, tmp_path: Path, where: str
):
    """Freqtrade reads trailing_stop from the config, the parameter file or the class."""
    body = "trailing_stop = True" if where == "class" else "pass"
    write_strategy(tmp_path, body)
    if where == "file":
        write_parameters(tmp_path, trailing_stop=True)
    config = {"trailing_stop": True} if where == "config" else {}
    with pytest.raises(SettingsError, match=r"risk\.atr_trailing: expected") as error:
        load_mine(load_strategy, tmp_path, **config)
    assert "\n" not in str(error.value)


def test_trailing_stop_is_what_freqtrade_will_have_in_the_end(load_strategy: Load, tmp_path: Path):
    write_strategy(tmp_path, "trailing_stop = True")
    write_parameters(tmp_path, trailing_stop=False)
    strategy = load_mine(load_strategy, tmp_path)
    assert (strategy.trailing_stop, strategy.use_custom_stoploss) == (False, True)
    write_parameters(tmp_path, trailing_stop=True)
    strategy = load_mine(load_strategy, tmp_path, trailing_stop=False)
    assert (strategy.trailing_stop, strategy.use_custom_stoploss) == (False, True)


@pytest.mark.parametrize("spaces", [["buy", "trailing"], ["all"]])
def test_hyperopt_of_the_other_trailing_stop_is_refused_in_one_line(
    load_strategy: Load, spaces: list[str]
):
    settings = {"risk": {"atr_trailing": True}}
    hyperopt = {"runmode": RunMode.HYPEROPT, "altseason": settings}
    with pytest.raises(SettingsError, match=r"expected --spaces without trailing") as error:
        load_strategy(**hyperopt, spaces=spaces)
    assert "\n" not in str(error.value)
    load_strategy(**hyperopt, spaces=["default", "stoploss"])
    load_strategy(**hyperopt | {"altseason": {}}, spaces=spaces)


@pytest.mark.parametrize(
    ("rule", "attribute"),
    [("atr_trailing", "use_custom_stoploss"), ("rebalancing", "position_adjustment_enable")],
)
def test_configuration_that_would_silence_a_rule_is_refused(
    load_strategy: Load, rule: str, attribute: str
):
    settings = {"risk": {rule: True}}
    assert getattr(load_strategy(altseason=settings), attribute) is True
    assert getattr(load_strategy(altseason=settings, **{attribute: True}), attribute) is True
    with pytest.raises(SettingsError, match=f"risk.{rule}: expected {attribute} to be") as error:
        load_strategy(altseason=settings, **{attribute: False})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("risk", "message"),
    [
        ({"risk_factor": 0}, "risk_factor: Input should be greater than 0"),
        ({"risk_factor": 0.51}, "risk_factor: Input should be less than or equal to 0.5"),
        ({"risk_factor": float("nan")}, "risk_factor: "),
        ({"risk_factor": "2%"}, "risk_factor: Input should be a valid number"),
        ({"atr_multiple": -1}, "atr_multiple: Input should be greater than 0"),
        ({"atr_multiple": float("inf")}, "atr_multiple: "),
        ({"regime_exit": 1}, "regime_exit: Input should be a valid boolean"),
        ({"protections": []}, "protections: Input should be a valid boolean"),
        ({"kept_coins": ["ETH/USDT"]}, "kept_coins.0: expected the code of a coin"),
        ({"kept_coins": [""]}, "kept_coins.0: expected the code of a coin"),
        ({"kept_coins": "BNB"}, "kept_coins: Input should be a valid list"),
        ({"trailing": True}, "risk.trailing is not known; allowed here: atr_multiple, atr_"),
    ],
)
def test_settings_out_of_range_are_refused_in_one_line(risk: dict[str, Any], message: str):
    with pytest.raises(SettingsError) as error:
        load_settings({"altseason": {"risk": risk}})
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def write_strategy(folder: Path, body: str) -> None:
    text = (
        "from AltSeasonStrategy import AltSeasonStrategy\nfrom freqtrade.strategy import IStrategy"
    )
    (folder / "Mine.py").write_text(f"{text}\n\n\nclass Mine(AltSeasonStrategy):\n    {body}\n")


def write_parameters(folder: Path, **trailing: Any) -> None:
    content = {"strategy_name": "Mine", "params": {"trailing": trailing}}
    (folder / "Mine.json").write_text(json.dumps(content))


def load_mine(load_strategy: Load, folder: Path, **config: Any) -> IStrategy:
    settings = {"dominance": {"record": False}, "risk": {"atr_trailing": True}}
    names = {"strategy": "Mine", "strategy_path": str(folder)}
    return load_strategy(**names, altseason=settings, **config)
