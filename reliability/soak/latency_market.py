"""A market for a moment of real time: a constant price that falls within one minute."""

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType

from tests.conftest import dominance_candles

PAIR = "ETH/USDT"
BEFORE, AFTER = 100.0, 90.0
# More than the bot would fetch.
DAYS = 120


def days_until(now: datetime, ahead: int = 0) -> pd.DataFrame:
    """Return daily dominance below the threshold, until the last midnight or some days later."""
    start = pd.Timestamp(now).floor("D") - pd.Timedelta(days=DAYS)
    return dominance_candles([50.0] * (DAYS + ahead), str(start.date()))


def save_fall(datadir: Path, minute: datetime) -> None:
    """Write candles of a price that falls from `BEFORE` to `AFTER` within a minute.

    :param minute: its beginning.
    """
    datadir.mkdir(parents=True)
    handler = get_datahandler(datadir, "feather")
    hour = minute.replace(minute=0, second=0, microsecond=0)
    for timeframe, first, last in (
        ("1h", hour - timedelta(hours=600), hour + timedelta(hours=1)),
        ("1m", minute - timedelta(hours=3), minute + timedelta(hours=1)),
    ):
        frequency = timeframe.replace("1m", "1min")
        dates = pd.date_range(first, last, freq=frequency, tz="UTC").as_unit("ms")
        candles = pd.DataFrame({"date": dates, "open": BEFORE})
        for name in ("high", "low", "close"):
            candles[name] = BEFORE
        candles["volume"] = 1000.0
        if timeframe == "1m":
            candles.loc[candles["date"] > minute, ["open", "high", "low", "close"]] = AFTER
            candles.loc[candles["date"] == minute, ["low", "close"]] = AFTER
        handler.ohlcv_store(PAIR, timeframe, candles, CandleType.SPOT)


def crossing_time(minute: datetime, price: float) -> datetime:
    """Return when the falling price crosses a price: in the second third of the candle."""
    part = 1 / 3 + (BEFORE - price) / (BEFORE - AFTER) / 3
    return minute + timedelta(minutes=part)
