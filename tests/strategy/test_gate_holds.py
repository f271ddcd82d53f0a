"""The gate holds in spite of any subclass and any parameter file; exits continue."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from freqtrade.enums import RunMode
from freqtrade.exceptions import OperationalException
from freqtrade.strategy import IStrategy

from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from tests.conftest import STRATEGIES, coin_candles, dominance_candles
from tests.integration.freqtrade_runs import write_subclass
from tests.strategy.gated import OPENED, SHUT, STALE
from tests.strategy.trading import ADJUSTS, MOVES_ORDERS, adjust, replace

Load = Callable[..., IStrategy]
PAIR = {"pair": "ETH/USDT"}
OPEN, CLOSED = 50.0, 60.0
DOMINANCE = [CLOSED] * 9 + [OPEN] * 10 + [CLOSED] * 11
ALWAYS = '        dataframe["enter_long"] = 1\n        dataframe["enter_tag"] = "mine"\n'
ADDS = f"""
    def populate_entry_trend(self, dataframe, metadata):
        dataframe = super().populate_entry_trend(dataframe, metadata)
{ALWAYS}        return dataframe
"""
REPLACES = ADDS.replace("super().populate_entry_trend(dataframe, metadata)", "dataframe.copy()")
LEAVES_OUT = """
    def entry_conditions(self, dataframe, metadata):
        return {"always": is_true(True)}
"""
REORDERS = ADDS.replace(
    "return dataframe\n", "return dataframe.iloc[100:].reset_index(drop=True)\n"
)
OLD_COLUMNS = """
    def populate_entry_trend(self, dataframe, metadata):
        dataframe["buy"] = 1
        dataframe["buy_tag"] = "mine"
        return dataframe
"""
# Without our indicators there is no SMA, and so none of our exits.
ALONE = """
    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe["exit_long"] = 0
        return dataframe
"""
FORGES = ADDS.replace("        return", '        dataframe["alt_season"] = True\n        return')


@pytest.fixture
def derive(load_strategy: Load, tmp_path: Path) -> Load:
    """Load a subclass in its own folder, with dominance as above from 2021-01-02 on."""
    DominanceStore(tmp_path).append(dominance_candles(DOMINANCE, "2021-01-02"), "1d")
    folder = tmp_path / "strategies"
    shutil.copytree(STRATEGIES, folder, ignore=shutil.ignore_patterns("__pycache__", "*.json"))

    def load(body: str, file: dict[str, Any] | None = None, **config: Any) -> IStrategy:
        write_subclass(folder, "Mine", body)
        path = folder / "Mine.py"
        path.write_text("from altseason.gate.conditions import is_true\n" + path.read_text())
        if file is not None:
            content = {"strategy_name": "Mine", "params": file}
            (folder / "Mine.json").write_text(json.dumps(content))
        return load_strategy(strategy="Mine", strategy_path=str(folder), **config)

    return load


def signals(strategy: IStrategy) -> pd.DataFrame:
    candles = coin_candles(24 * 30, start="2021-01-03")
    dataframe = strategy.advise_indicators(candles, PAIR)
    return strategy.ft_advise_signals(dataframe, PAIR).set_index("date")


@pytest.mark.parametrize(
    "body",
    [ADDS, REPLACES, LEAVES_OUT, REORDERS, OLD_COLUMNS, FORGES, REPLACES + ALONE],
    ids=["adds", "replaces", "leaves out", "reorders", "old columns", "forges", "alone"],
)
def test_entries_of_a_subclass_are_gated(derive: Load, body: str):
    entries = signals(derive(body))["enter_long"]
    entered = entries[entries == 1].index
    # The first open day is the 11th, the first closed one the 21st; both are known at their ends,
    # and a row sees at its close what was known then.
    assert entered[0] == pd.Timestamp("2021-01-11 23:00", tz="UTC")
    assert entered[-1] == pd.Timestamp("2021-01-21 22:00", tz="UTC")
    assert len(entered) == 240


def test_gate_that_is_off_takes_no_entry_away(derive: Load):
    entries = signals(derive(ADDS + '    buy_params = {"gate_mode": "off"}\n'))["enter_long"]
    assert (entries == 1).all()


def test_gate_that_is_off_needs_no_dominance_whatever_a_subclass_leaves_out(
    derive: Load, tmp_path: Path
):
    strategy = derive(REPLACES + ALONE + '    buy_params = {"gate_mode": "off"}\n')
    for file in tmp_path.glob("BTCD_USD-*"):
        file.unlink()
    assert (signals(strategy)["enter_long"] == 1).all()


WRONG = {
    "rounded": ({"buy": {"dominance_threshold": 55.25}}, "dominance_threshold"),
    "fraction": ({"buy": {"dominance_threshold": 0.55}}, "dominance_threshold"),
    "unknown mode": ({"buy": {"gate_mode": "levl"}}, "gate_mode"),
    "list": ({"buy": {"gate_mode": ["level"]}}, "gate_mode"),
    "no days": ({"buy": {"gate_sma_days": 0}}, "gate_sma_days"),
    "text": ({"buy": {"dominance_threshold": "55"}}, "dominance_threshold"),
    "null": ({"buy": {"rsi_entry_max": None}}, "rsi_entry_max"),
    "trigger": ({"buy": {"macd_trigger": "crossing"}}, "macd_trigger"),
    "exit": ({"sell": {"rsi_exit_min": "80"}}, "rsi_exit_min"),
}


@pytest.mark.parametrize(("file", "name"), WRONG.values(), ids=WRONG)
def test_wrong_value_in_a_parameter_file_is_refused_in_one_line(
    derive: Load, file: dict[str, Any], name: str
):
    with pytest.raises(OperationalException, match=f"Mine.json: {name}: expected ") as refused:
        derive("    pass\n", file)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("file", "name"), WRONG.values(), ids=WRONG)
def test_wrong_value_closes_the_gate_of_a_bot_and_stops_no_exit(
    derive: Load, file: dict[str, Any], name: str
):
    strategy = derive("    pass\n", file, runmode=RunMode.DRY_RUN)
    for _ in range(2):
        analyzed = signals(strategy)
        assert analyzed["enter_long"].sum() == 0
        assert analyzed["exit_long"].sum() > 0
        strategy.bot_loop_start(current_time=datetime(2021, 1, 15, tzinfo=UTC))
    [told] = [text for text in strategy.dp._msg_queue if name in text]
    assert "The gate is closed" in told
    assert "Exits continue" in told


def test_value_is_named_as_it_is_written(derive: Load):
    with pytest.raises(
        OperationalException, match=r"expected percent between 1 and 100, found 0\.55"
    ):
        derive("    pass\n", {"buy": {"dominance_threshold": 0.55}})


def test_plain_value_in_the_place_of_a_parameter_is_refused(derive: Load):
    with pytest.raises(
        OperationalException, match="gate_mode: expected a parameter, found 'falling'"
    ):
        derive('    gate_mode = "falling"\n')


SETS_PLAIN = """    def __init__(self, config):
        super().__init__(config)
        self.gate_mode = "off"
"""


def test_plain_value_that_a_constructor_sets_is_refused(derive: Load):
    with pytest.raises(
        InputError, match=r"gate_mode: expected a parameter, found 'off'; write `self.gate_mode.va"
    ):
        derive(SETS_PLAIN)


@pytest.mark.parametrize("answer", ["20.0", '(20.0, "dca")'])
def test_position_grows_only_while_the_gate_is_open(derive: Load, answer: str):
    strategy = derive(ADJUSTS.format(answer=answer))
    assert adjust(strategy, OPENED)[0] == 20.0
    assert adjust(strategy, SHUT)[0] is None
    assert adjust(strategy, STALE)[0] is None


def test_position_shrinks_whatever_the_gate_says(derive: Load):
    strategy = derive(ADJUSTS.format(answer='(-20.0, "part")'))
    assert [adjust(strategy, time) for time in (OPENED, SHUT, STALE)] == [(-20.0, "part")] * 3


@pytest.mark.parametrize(
    "body",
    [
        MOVES_ORDERS,
        MOVES_ORDERS.replace("entry_price", "order_price").replace("side,", "side, is_entry,"),
    ],
)
def test_entry_order_is_not_replaced_while_the_gate_is_closed(derive: Load, body: str):
    strategy = derive(body)
    assert [replace(strategy, time) for time in (OPENED, SHUT, STALE)] == [101.0, 100.0, 100.0]


def test_exit_order_is_replaced_whatever_the_gate_says(derive: Load):
    body = MOVES_ORDERS.replace("entry_price", "order_price").replace("side,", "side, is_entry,")
    assert replace(derive(body), SHUT, is_entry=False) == 101.0


def test_column_of_a_subclass_changes_no_stake(derive: Load):
    body = """
    def populate_indicators(self, dataframe, metadata):
        dataframe = super().populate_indicators(dataframe, metadata)
        dataframe["atr"] = {value}
        return dataframe
"""
    kept = []
    for value in (0.001, 50.0):
        strategy = derive(body.format(value=value), altseason={"risk": {"sizing": True}})
        signals(strategy)
        kept.append(strategy._risk._candles["ETH/USDT"].atr.tolist())
    assert len(kept[0]) > 0
    assert kept[0] == kept[1]
