"""Change dominance from a day on: no row whose candle closes before that day's end may change."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.strategy import IStrategy

from altseason.dominance.candles import candle_length
from altseason.dominance.store import DominanceStore
from altseason.gate.rule import MODES
from tests.conftest import coin_candles, dominance_candles

Load = Callable[..., IStrategy]
START = "2021-01-01"
DAYS = 40


def waves(per_day: int) -> list[float]:
    """Dominance between 47 and 63 percent that crosses the level and its mean again and again."""
    return [55 + 8 * ((i // per_day * 37) % 11 - 5) / 5 for i in range(DAYS * per_day)]


def analyze(load: Load, folder: Path, timeframe: str, mode: str, changed_from: str | None):
    for path in folder.glob("BTCD*"):
        path.unlink()
    for stored, per_day in (("1d", 1), ("1h", 24)):
        candles = dominance_candles(waves(per_day), START, stored)
        if changed_from:
            is_changed = candles["date"] >= changed_from
            candles.loc[is_changed, ["open", "high", "low", "close"]] = 110 - candles["close"]
        DominanceStore(folder).append(candles, stored)
    strategy = load(
        {"gate_mode": mode, "gate_sma_days": 5, "gate_band": 1, "macd_trigger": "above"},
        altseason={"dominance": {"timeframe": timeframe}},
    )
    dataframe = strategy.advise_indicators(
        coin_candles(24 * DAYS, start=START), {"pair": "ETH/USDT"}
    )
    return strategy.ft_advise_signals(dataframe, {"pair": "ETH/USDT"})


def rows_that_know_too_early(
    load: Load, folder: Path, timeframe: str, mode: str, day: str
) -> list[pd.Timestamp]:
    before = analyze(load, folder, timeframe, mode, changed_from=None)
    after = analyze(load, folder, timeframe, mode, changed_from=day)
    known_from = pd.Timestamp(day, tz="UTC") + candle_length(timeframe)
    is_same = (before == after) | (before.isna() & after.isna())
    closes = before["date"] + candle_length("1h")
    if mode != "off":
        assert not is_same["alt_season"].all()
    assert before.loc[~is_same["close_btcd"], "date"].iloc[0] + candle_length("1h") == known_from
    return list(before.loc[~is_same.all(axis=1) & (closes < known_from), "date"])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("timeframe", ["1d", "1h"])
@pytest.mark.parametrize("day", ["2021-01-12", "2021-01-29"])
def test_no_row_knows_a_day_before_its_end(
    load_strategy: Load, tmp_path: Path, timeframe: str, mode: str, day: str
):
    assert rows_that_know_too_early(load_strategy, tmp_path, timeframe, mode, day) == []


def test_the_check_catches_a_strategy_that_reads_the_day_itself(
    load_strategy: Load, tmp_path: Path
):
    """Freqtrade's lookahead-analysis passes this one; the check above must not."""

    def load(*arguments, **config) -> IStrategy:
        strategy = load_strategy(*arguments, **config)
        honest = strategy.populate_entry_trend

        def peek(dataframe: pd.DataFrame, metadata: dict) -> pd.DataFrame:
            dataframe = honest(dataframe, metadata)
            dataframe["alt_season"] = dataframe["alt_season"].shift(-1, fill_value=False)
            return dataframe

        strategy.populate_entry_trend = peek
        return strategy

    early = rows_that_know_too_early(load, tmp_path, "1d", "level", "2021-01-12")
    assert early == [pd.Timestamp("2021-01-12 22:00", tz="UTC")]
