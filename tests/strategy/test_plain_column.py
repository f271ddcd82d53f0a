"""Dominance and the gate as columns, for a strategy that is not derived from the gate."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.enums import RunMode
from freqtrade.exceptions import OperationalException
from freqtrade.strategy import IStrategy

from altseason.dominance.store import DominanceStore
from altseason.gate.rule import BREADTH_MODES
from tests.conftest import coin_candles, dominance_candles
from tests.strategy.gated import DOMINANCE, FIRST_OPEN, LAST_OPEN, OPEN_ROWS, PAIR, PLAIN

Load = Callable[..., IStrategy]
USES = PLAIN.replace(
    "        return dataframe\n",
    "        return add_alt_season(self, dataframe, mode=MODE)\n",
    1,
).replace('["enter_long"] = 1', '["enter_long"] = dataframe["alt_season"].astype(int)')


@pytest.fixture
def load(load_strategy: Load, tmp_path: Path) -> Load:
    def load(mode: str = "level", **config: object) -> IStrategy:
        text = "from altseason.strategy import add_alt_season\n" + USES.replace("MODE", repr(mode))
        (tmp_path / "Parent.py").write_text(text)
        return load_strategy(strategy="Parent", strategy_path=str(tmp_path), **config)

    return load


@pytest.mark.parametrize("runmode", [RunMode.BACKTEST, RunMode.HYPEROPT, RunMode.DRY_RUN])
def test_columns_are_the_same_in_every_run_mode(load: Load, tmp_path: Path, runmode: RunMode):
    DominanceStore(tmp_path).append(dominance_candles(DOMINANCE, "2021-01-02"), "1d")
    candles = coin_candles(24 * 30, start="2021-01-03")
    rows = load(runmode=runmode).advise_indicators(candles, PAIR).set_index("date")
    opened = rows.index[rows["alt_season"]]
    assert (opened[0], opened[-1], len(opened)) == (FIRST_OPEN, LAST_OPEN, OPEN_ROWS)
    assert rows.loc[FIRST_OPEN, "close_btcd"] == 50.0
    assert rows.loc[FIRST_OPEN - pd.Timedelta(hours=1), "close_btcd"] == 60.0


def test_backtest_without_dominance_is_refused(load: Load):
    with pytest.raises(OperationalException, match="no dominance is stored"):
        load().advise_indicators(coin_candles(48), PAIR)


def test_bot_without_dominance_has_no_alt_season_and_goes_on(load: Load):
    rows = load(runmode=RunMode.DRY_RUN).advise_indicators(coin_candles(48), PAIR)
    assert not rows["alt_season"].any()
    assert rows["close_btcd"].isna().all()


def test_wrong_rule_is_refused_in_a_line(load: Load):
    with pytest.raises(OperationalException, match="gate_mode: expected one of level, falling"):
        load("typo").advise_indicators(coin_candles(48), PAIR)


@pytest.mark.parametrize("mode", BREADTH_MODES)
def test_mode_whose_candles_nobody_asks_for_is_refused_in_a_line(load: Load, mode: str):
    with pytest.raises(OperationalException, match=f"mode: expected one of level.* found {mode}"):
        load(mode).advise_indicators(coin_candles(48), PAIR)
