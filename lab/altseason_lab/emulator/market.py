"""The markets of the emulator: a view of the candle files in a data directory."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pandas as pd
from freqtrade.data.history.datahandlers import get_datahandler
from freqtrade.enums import CandleType, TradingMode
from freqtrade.exchange import timeframe_to_msecs

from altseason.errors import InputError
from altseason.settings import PAIRS

# https://developers.binance.com/docs/binance-spot-api-docs/enums#kline-candlestick-chart-intervals
INTERVALS = frozenset("1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M".split())

DAY_IN_MS = 24 * 60 * 60 * 1000

# Returns the exchange's time; an emulator may have another time than this machine.
MillisecondClock = Callable[[], int]


def wall_clock() -> int:
    """Return the time in milliseconds."""
    return int(time.time() * 1000)


@dataclass(frozen=True)
class Symbol:
    """A spot market: what Freqtrade calls ETH/USDT is ETHUSDT for Binance."""

    base: str
    quote: str

    @property
    def name(self) -> str:
        """Return Binance's name."""
        return self.base + self.quote

    @property
    def pair(self) -> str:
        """Return Freqtrade's name."""
        return f"{self.base}/{self.quote}"


class Market:
    """The spot markets that have candle files in a data directory, and those candles.

    A file is read once, when its candles are first requested.
    """

    def __init__(self, datadir: Path, data_format: str = "feather") -> None:
        """Find the candle files.

        :param data_format: as Freqtrade's `dataformat_ohlcv` names it.
        :raises InputError: where the folder cannot be read as a data directory.
        """
        self.datadir = datadir
        self.data_format = data_format
        try:
            self._handler = get_datahandler(datadir, data_format)
            available = self._handler.ohlcv_get_available_data(datadir, TradingMode.SPOT)
        except ValueError as error:
            # An unknown format, or a name such as ETH_USDT-1h-backup.feather.
            raise InputError(
                f"{datadir}: expected a Freqtrade data directory, found: {error}"
            ) from error
        self._stored = {
            (pair, timeframe)
            for pair, timeframe, candle_type in available
            if candle_type == CandleType.SPOT and is_spot_market(pair)
        }
        self._loaded: dict[tuple[str, str], pd.DataFrame] = {}
        found = (Symbol(*pair.split("/")) for pair in sorted({pair for pair, _ in self._stored}))
        self.symbols = {symbol.name: symbol for symbol in found}

    def at(self, now: int) -> Self:
        """Return itself: stored candles are the same at any time."""
        return self

    def intervals(self, symbol: Symbol) -> list[str]:
        """Return the intervals that have a candle file, the shortest first."""
        stored = [timeframe for pair, timeframe in self._stored if pair == symbol.pair]
        return sorted(stored, key=timeframe_to_msecs)

    def load_candles(self, symbol: Symbol, interval: str) -> pd.DataFrame:
        """Load all stored candles of a market; gaps stay gaps.

        :return: Freqtrade's candle columns, ascending, and `open_time` in milliseconds;
            no rows where nothing is stored. Not to be modified.
        """
        key = (symbol.pair, interval)
        if key not in self._loaded:
            self._loaded[key] = self._read(*key)
        return self._loaded[key]

    def select(
        self,
        symbol: Symbol,
        interval: str,
        *,
        start: int | None = None,
        end: int | None = None,
        limit: int,
    ) -> pd.DataFrame:
        """Select stored candles like `select_candles`."""
        candles = self.load_candles(symbol, interval)
        return select_candles(candles, start=start, end=end, limit=limit)

    def _read(self, pair: str, interval: str) -> pd.DataFrame:
        if (pair, interval) not in self._stored:
            return pd.DataFrame({"open_time": pd.Series(dtype="int64")})
        candles = self._handler.ohlcv_load(
            pair, interval, CandleType.SPOT, fill_missing=False, warn_no_data=False
        )
        dates = pd.to_datetime(candles["date"], utc=True).dt.as_unit("ms")
        return candles.assign(open_time=dates.astype("int64"))


def is_spot_market(pair: str) -> bool:
    """Return whether a pair, as named by the data handler, can be traded on a spot exchange."""
    base, _, quote = pair.partition("/")
    return bool(base and quote) and ":" not in quote and pair not in PAIRS


def select_candles(
    candles: pd.DataFrame, *, start: int | None, end: int | None, limit: int
) -> pd.DataFrame:
    """Select the candles that Binance would return.

    :param candles: as from `Market.load_candles`.
    :param start: the first open time requested, in milliseconds, inclusive; without it the newest
        candles are selected.
    :param end: the last open time requested, in milliseconds, inclusive.
    :param limit: the maximum number of candles.
    """
    opened = candles["open_time"].to_numpy()
    last = len(opened) if end is None else int(opened.searchsorted(end, side="right"))
    if start is None:
        return candles.iloc[max(last - limit, 0) : last]
    first = int(opened.searchsorted(start))
    return candles.iloc[first : min(first + limit, last)]


def close_times(dates: "pd.Series[pd.Timestamp]", interval: str) -> list[int]:
    """Return the last millisecond of each candle."""
    if interval == "1M":
        # Months have different lengths.
        ends = dates + pd.offsets.MonthBegin()
    else:
        ends = dates + pd.Timedelta(milliseconds=timeframe_to_msecs(interval))
    milliseconds = ends.dt.as_unit("ms").astype("int64") - 1
    return [int(value) for value in milliseconds]
