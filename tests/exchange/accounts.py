"""An account on a market whose prices are known, for tests of signed orders."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pandas as pd

from altseason_lab.emulator.live import LiveMarket
from altseason_lab.emulator.market import Market, Symbol
from altseason_lab.emulator.rules import TradingRules
from altseason_lab.host.overlay import exchange_settings
from tests.exchange.account import Account
from tests.lab.emulator.candle_files import store_candles

ETH = Symbol("ETH", "USDT")
MINUTE = 60_000
START = int(datetime(2022, 2, 1, tzinfo=UTC).timestamp() * 1000)
RULES = {"ETHUSDT": TradingRules(tick=Decimal("0.01"), step=Decimal("0.001"))}
KEYS = {"key": "emulator-key", "secret": "emulator-secret"}
# Open, high, low, close of hours from START on: by the path of `altseason_lab.emulator.live` at
# 100 for an hour, down to 90 in 20 minutes and up to 110 in another 20, then 110 to 105; a jump to
# 80.
HOURS = [(100, 100, 100, 100), (100, 110, 90, 105), (80, 80, 80, 80), (80, 80, 80, 80)]


class HandClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now

    def set_minute(self, minute: float) -> int:
        """Put it to a minute after START."""
        self.now = START + int(minute * MINUTE)
        return self.now


def store_hours(folder: Path, hours: list[tuple[float, ...]] = HOURS) -> LiveMarket:
    """Write the hours of ETH, and give the market of them."""
    frame = pd.DataFrame(hours, columns=["open", "high", "low", "close"], dtype="float64")
    dates = pd.date_range("2022-02-01", periods=len(hours), freq="1h", tz="UTC").as_unit("ms")
    frame.insert(0, "date", dates)
    store_candles(folder, "ETH/USDT", frame.assign(volume=1000.0))
    return LiveMarket(Market(folder), 0)


def make_account(balances: Mapping[str, Any] | None = None, **words: Any) -> Account:
    """An account with 1000 USDT and 10 ETH."""
    amounts = balances or {"USDT": 1000, "ETH": 10}
    decimals = {asset: Decimal(amount) for asset, amount in amounts.items()}
    return Account(**KEYS, balances=decimals, **{"rules": RULES, **words})


def connect(url: str, clock: HandClock, **keys: str) -> ccxt.binance:
    """The real ccxt, with the account's keys, at the time of the exchange."""
    settings = exchange_settings(url, is_live=True)["ccxt_config"]
    words = {"key": KEYS["key"], "secret": KEYS["secret"], **keys}
    client = ccxt.binance({**settings, "apiKey": words["key"], "secret": words["secret"]})
    client.milliseconds = clock
    return client
