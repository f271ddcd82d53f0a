"""The sample market gives the strategy enough to do with every gate.

The signals are counted here with the rules as written in the README, not with the strategy's code:
a sample on which one gate never lets anything through would show nothing.
"""

from collections import Counter

import pandas as pd
import pytest
import talib
from freqtrade.data.converter import clean_ohlcv_dataframe

from altseason_lab.sample.model import DEFAULT_SEED, SampleMarket, generate_market

ALTCOINS = ["ETH/USDT", "BNB/USDT", "SOL/USDT", "ADA/USDT"]
ENOUGH_TRADES = 30


def entry_times(candles: pd.DataFrame, pair: str) -> "pd.Series[pd.Timestamp]":
    """Return the close of every candle with an entry signal, whatever the gate."""
    filled = clean_ohlcv_dataframe(
        candles.copy(), "1h", pair=pair, fill_missing=True, drop_incomplete=False
    )
    close = filled["close"]
    macd, signal, _ = talib.MACD(close, 12, 26, 9)
    is_entry = (
        (close > talib.SMA(close, 50))
        & (close > talib.SMA(close, 200))
        & (talib.RSI(close, 14) < 70)
        & (macd > signal)
        & (macd.shift() <= signal.shift())
        & (filled["volume"] > 0)
    )
    return filled.loc[is_entry, "date"] + pd.Timedelta(hours=1)


def count_entries(market: SampleMarket) -> Counter[str]:
    """Count entry signals by the gate that lets them through."""
    daily = market.dominance["1d"]
    known = pd.DatetimeIndex(daily["date"] + pd.Timedelta(days=1))
    is_low = (daily["close"] < 55).to_numpy()
    is_falling = (daily["close"] < daily["close"].rolling(20).mean()).to_numpy()
    counts: Counter[str] = Counter()
    for pair in ALTCOINS:
        for time in entry_times(market.candles[pair], pair):
            day = known.searchsorted(time, side="right") - 1
            counts["none"] += 1
            counts["level"] += day >= 0 and is_low[day]
            counts["falling"] += day >= 0 and is_falling[day]
            counts["both"] += day >= 0 and is_low[day] and is_falling[day]
    return counts


@pytest.mark.parametrize("seed", [DEFAULT_SEED, 0])
def test_every_gate_lets_enough_entries_through(seed: int) -> None:
    counts = count_entries(generate_market(seed))
    # Far more signals than trades: a signal does nothing while its coin is held.
    assert min(counts.values()) > 3 * ENOUGH_TRADES
    assert counts["both"] < min(counts["level"], counts["falling"])
    assert max(counts["level"], counts["falling"]) < counts["none"]
