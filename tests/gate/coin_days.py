"""Daily candles of coins with given closes; None for a day without a candle."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from altseason.gate.breadth import CoinPrices, calculate_prices

Closes = Sequence[float | None]


def coin_days(closes: Closes, start: str = "2026-05-01") -> pd.DataFrame:
    """Candles of consecutive days, as Freqtrade has them."""
    dates = pd.date_range(start, periods=len(closes), freq="1D", tz="UTC").as_unit("ms")
    close = pd.Series(closes, dtype="float64")
    candles = pd.DataFrame(
        {"date": dates, "open": close, "high": close, "low": close, "close": close, "volume": 7.0}
    )
    return candles.dropna().reset_index(drop=True)


def coin_prices(
    coins: Mapping[str, Closes], bitcoin: Closes, start: str = "2026-05-01"
) -> CoinPrices:
    """Prices of coins from their closes and Bitcoin's."""
    candles = {f"{coin}/USDT": coin_days(closes, start) for coin, closes in coins.items()}
    return CoinPrices(calculate_prices(candles, coin_days(bitcoin, start)), tuple(candles))


def store_coins(
    datadir: Path, coins: Mapping[str, Closes], start: str, quote: str = "USDT"
) -> None:
    """Store daily candles, Bitcoin's among them, as Freqtrade does."""
    datadir.mkdir(parents=True, exist_ok=True)
    handler = get_datahandler(datadir, "feather")
    for coin, closes in coins.items():
        handler.ohlcv_store(f"{coin}/{quote}", "1d", coin_days(closes, start), CandleType.SPOT)
