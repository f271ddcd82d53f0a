"""Freqtrade's candle files and frames, beyond what its data handlers offer."""

from pathlib import Path

from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

# A backtest leaves these in the candles (freqtrade.data.btanalysis.get_tick_size_over_time), and
# every copy of every pair would carry them on. Under other names they would cost memory, no more.
PRECISION_COLUMNS = ["open_count", "high_count", "low_count", "close_count", "max_count"]


def candle_file(datadir: Path, data_format: str, pair: str, timeframe: str) -> Path:
    """Return the file that holds a pair's spot candles, whether it exists or not.

    :param data_format: as Freqtrade's `dataformat_ohlcv` names it.
    """
    # There is no public way to ask for it. Without it nothing loads, in an error that names it.
    handler = get_datahandler(datadir, data_format)
    file: Path = handler._pair_data_filename(datadir, pair, timeframe, CandleType.SPOT)
    return file
