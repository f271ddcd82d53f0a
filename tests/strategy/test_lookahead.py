"""Change dominance or coins from a day on: no row that closes before the day's end may change."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from freqtrade.strategy import IStrategy

from altseason.dominance.candles import candle_length
from altseason.dominance.store import DominanceStore
from altseason.gate.rule import BREADTH_MODES, MODES
from tests.conftest import coin_candles, dominance_candles
from tests.gate.coin_days import store_coins

Load = Callable[..., IStrategy]
START = "2021-01-01"
DAYS = 40
COINS = ["AAA", "BBB", "CCC", "DDD", "EEE"]
PARAMETERS = {
    "gate_sma_days": 5,
    "gate_band": 1,
    "macd_trigger": "above",
    "breadth_days": 5,
    "breadth_min": 60,
}


def waves(per_day: int) -> list[float]:
    """Dominance between 47 and 63 percent that often crosses the threshold and its mean."""
    return [55 + 8 * ((i // per_day * 37) % 11 - 5) / 5 for i in range(DAYS * per_day)]


def store_days_of_coins(folder: Path, changed_from: str | None) -> None:
    """Store coins of which different ones beat Bitcoin over five days each day."""
    first = pd.Timestamp(changed_from or "2100-01-01")
    days = pd.date_range(START, periods=DAYS)
    closes = {
        coin: [
            (5 + (day * step) % 11) * (2 if date >= first and day % 3 else 1)
            for day, date in enumerate(days)
        ]
        for coin, step in zip(COINS, (37, 29, 17, 7, 3), strict=True)
    }
    store_coins(folder, {**closes, "BTC": [100.0] * DAYS}, START)


def analyze(
    load: Load,
    folder: Path,
    timeframe: str,
    mode: str,
    changed_from: str | None,
    coins_changed_from: str | None = None,
):
    for path in folder.glob("*-1?.*"):
        path.unlink()
    store_days_of_coins(folder, coins_changed_from or changed_from)
    for stored, per_day in (("1d", 1), ("1h", 24)):
        candles = dominance_candles(waves(per_day), START, stored)
        if changed_from:
            is_changed = candles["date"] >= changed_from
            candles.loc[is_changed, ["open", "high", "low", "close"]] = 110 - candles["close"]
        DominanceStore(folder).append(candles, stored)
    strategy = load(
        {**PARAMETERS, "gate_mode": mode},
        altseason={"dominance": {"timeframe": timeframe}, "breadth": {"coins": COINS}},
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


@pytest.mark.parametrize("mode", BREADTH_MODES)
@pytest.mark.parametrize("day", ["2021-01-12", "2021-01-29"])
def test_no_row_knows_a_day_of_the_coins_before_its_end(
    load_strategy: Load, tmp_path: Path, mode: str, day: str
):
    before = analyze(load_strategy, tmp_path, "1d", mode, None)
    after = analyze(load_strategy, tmp_path, "1d", mode, None, coins_changed_from=day)
    is_same = (before == after) | (before.isna() & after.isna())
    assert not is_same["alt_season"].all()
    closes = before["date"] + candle_length("1h")
    known_from = pd.Timestamp(day, tz="UTC") + candle_length("1d")
    assert closes[~is_same["breadth"]].iloc[0] == known_from
    assert closes[~is_same.all(axis=1)].iloc[0] == known_from


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
