"""The names of Freqtrade's candle files, and columns that its backtests add to candles."""

from pathlib import Path

from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

# A backtest leaves these in the candles (freqtrade.data.btanalysis.get_tick_size_over_time), and
# every copy of every pair would keep them. If Freqtrade renames them, they only cost memory.
PRECISION_COLUMNS = ["open_count", "high_count", "low_count", "close_count", "max_count"]


def candle_file(
    datadir: Path,
    data_format: str,
    pair: str,
    timeframe: str,
    candle_type: CandleType = CandleType.SPOT,
) -> Path:
    """Return the file that holds a pair's candles, whether it exists or not.

    :param data_format: as Freqtrade's `dataformat_ohlcv` names it.
    """
    # There is no public method. Without this one no strategy loads, with an error that names it.
    handler = get_datahandler(datadir, data_format)
    file: Path = handler._pair_data_filename(datadir, pair, timeframe, candle_type)
    return file
