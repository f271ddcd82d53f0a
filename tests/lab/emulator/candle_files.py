"""Seeded candle files for the tests of the emulator, written by Freqtrade's own data handlers."""

from pathlib import Path

import numpy as np
import pandas as pd
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

HOUR = 3_600_000


def make_candles(
    rows: int, *, seed: int = 1, start: str = "2021-01-01", frequency: str = "1h"
) -> pd.DataFrame:
    """A random walk; its prices have as many decimals as a float holds."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, rows)))
    opened = np.concatenate([[100.0], close[:-1]])
    return pd.DataFrame(
        {
            "date": pd.date_range(start, periods=rows, freq=frequency, tz="UTC").as_unit("ms"),
            "open": opened,
            "high": np.maximum(opened, close) * 1.01,
            "low": np.minimum(opened, close) * 0.99,
            "close": close,
            "volume": random.uniform(1, 1e6, rows),
        }
    )


def drop_rows(candles: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Make a gap of the rows from first to last, both included."""
    return candles.drop(range(first, last + 1)).reset_index(drop=True)


def store_candles(
    datadir: Path,
    pair: str,
    candles: pd.DataFrame,
    *,
    timeframe: str = "1h",
    data_format: str = "feather",
) -> None:
    """Write a candle file; the folder is made where it is missing."""
    datadir.mkdir(parents=True, exist_ok=True)
    handler = get_datahandler(datadir, data_format)
    handler.ohlcv_store(pair, timeframe, candles, CandleType.SPOT)


def load_candles(datadir: Path, pair: str, timeframe: str = "1h") -> pd.DataFrame:
    """Read a candle file as it is."""
    return get_datahandler(datadir, "feather").ohlcv_load(
        pair, timeframe, CandleType.SPOT, fill_missing=False
    )
