"""Three coins whose day is known: one rises, one falls, and one stays where it is."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from altseason.emulator.account import Account
from altseason.emulator.rules import TradingRules
from tests.emulator.candle_files import store_candles

START = datetime(2022, 2, 1, 2, tzinfo=UTC)
CASH, FEE = Decimal(1000), Decimal("0.001")
# By hour: ETH rises from the fifth on, SOL falls, ADA stays.
MOVES = {"ETH": [0.0] * 5 + [0.02] * 25, "SOL": [0.0] * 5 + [-0.015] * 25, "ADA": [0.0] * 30}
PRICES = {"ETH": 2500.0, "SOL": 100.0, "ADA": 1.1}
RULES = {
    "ETHUSDT": TradingRules(tick=Decimal("0.01"), step=Decimal("0.0001")),
    "SOLUSDT": TradingRules(tick=Decimal("0.01"), step=Decimal("0.01")),
    "ADAUSDT": TradingRules(tick=Decimal("0.0001"), step=Decimal("0.1")),
}
REASONS = {"ETH/USDT": "roi", "SOL/USDT": "stoploss_on_exchange", "ADA/USDT": "exit_signal"}


def make_candles(price: float, moves: list[float]) -> pd.DataFrame:
    """Hours from midnight on, each 0.3 % wider than its move."""
    rows = []
    for number, move in enumerate(moves):
        opened, price = price, round(price * (1 + move), 4)
        high, low = max(opened, price) * 1.003, min(opened, price) * 0.997
        date = pd.Timestamp("2022-02-01", tz="UTC") + pd.Timedelta(hours=number)
        rows.append((date, opened, round(high, 4), round(low, 4), price, 1000.0))
    frame = pd.DataFrame(rows, columns=["date", "open", "high", "low", "close", "volume"])
    frame["date"] = frame["date"].dt.as_unit("ms")
    return frame


def store_world(folder: Path) -> Path:
    """Write the candles of all coins."""
    for coin, moves in MOVES.items():
        store_candles(folder, f"{coin}/USDT", make_candles(PRICES[coin], moves))
    return folder


def make_account(**words: Any) -> Account:
    """An account that has nothing but its cash."""
    made_up = {"key": "emulator-key", "secret": "emulator-secret"}
    return Account(**made_up, balances={"USDT": CASH}, rules=RULES, **words)
