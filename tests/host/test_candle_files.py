"""Freqtrade stores candles in the file that we name, and adds the columns that we drop."""

from pathlib import Path

import pytest
from freqtrade.data.btanalysis import get_tick_size_over_time
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from altseason.host.candle_files import PRECISION_COLUMNS, candle_file
from tests.conftest import coin_candles


@pytest.mark.parametrize("data_format", ["feather", "parquet", "json", "jsongz"])
def test_candle_file_is_the_one_that_freqtrade_writes(tmp_path: Path, data_format: str):
    handler = get_datahandler(tmp_path, data_format)
    handler.ohlcv_store("BTCD/USD", "1h", coin_candles(5), CandleType.SPOT)
    assert [candle_file(tmp_path, data_format, "BTCD/USD", "1h")] == list(tmp_path.iterdir())


def test_precision_columns_are_those_that_a_backtest_leaves_in_the_candles():
    candles = coin_candles(300)
    before = set(candles.columns)
    get_tick_size_over_time(candles)
    assert set(candles.columns) - before == set(PRECISION_COLUMNS)
