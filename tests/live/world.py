"""Four coins on the day on which AltSeasonStrategy enters three of them.

They share the hours before: up in small steps, a dip, and a rise at which the MACD crosses. Then
ETH leaps, SOL falls, and ADA crumbles. BNB does as ADA does, but on the day after, when dominance
has risen and the gate is closed. `tests.strategy.oracle` says what the rules make of it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from altseason.dominance.store import DominanceStore
from altseason_lab.emulator.rules import TradingRules
from tests.conftest import dominance_candles
from tests.exchange.account import Account
from tests.lab.emulator.candle_files import store_candles

HOUR = timedelta(hours=1)
# The signal candles of ETH, SOL and ADA end then, the one of BNB so many hours later.
SIGNAL = datetime(2022, 2, 1, 20, tzinfo=UTC)
BNB_LATER = 6
# Closed from the end of the first of February on.
FIRST_DAY, DOMINANCE = "2022-01-25", [50.0] * 7 + [58.0]
CASH, FEE = Decimal(1000), Decimal("0.001")

STEPS = [0.004, -0.0028] * 220
BEFORE = [*STEPS, *[-0.0015] * 8, *[0.003] * 4, 0.001]
CRUMBLING = [*[-0.003, 0.0] * 4, *[0.0] * 20]
MOVES = {
    "ETH": [*BEFORE, 0.0, 0.12, *[0.0] * 26],
    "SOL": [*BEFORE, 0.0, -0.08, *[0.0] * 26],
    "ADA": [*BEFORE, *CRUMBLING],
    "BNB": [*STEPS[:BNB_LATER], *BEFORE, *CRUMBLING],
}
FIRST_PRICES = {"ETH": 2000.0, "SOL": 80.0, "ADA": 0.9, "BNB": 300.0}
# How far a candle reaches beyond its open and its close: SOL's risk is the largest.
WICKS = {"ETH": 0.002, "SOL": 0.01, "ADA": 0.002, "BNB": 0.002}
RULES = {
    "ETHUSDT": TradingRules(tick=Decimal("0.01"), step=Decimal("0.0001")),
    "SOLUSDT": TradingRules(tick=Decimal("0.01"), step=Decimal("0.01")),
    "ADAUSDT": TradingRules(tick=Decimal("0.0001"), step=Decimal("0.1")),
    "BNBUSDT": TradingRules(tick=Decimal("0.1"), step=Decimal("0.001")),
}
PAIRS = [f"{coin}/USDT" for coin in MOVES]
REASONS = {"ETH/USDT": "roi", "SOL/USDT": "stoploss_on_exchange", "ADA/USDT": "macd_down"}
# A little before the signal; when ETH and SOL have left, when ADA has; when BNB would have entered.
START = SIGNAL - timedelta(minutes=3)
TWO_LEFT, ALL_LEFT = SIGNAL + 2 * HOUR, SIGNAL + 5 * HOUR
BNB_REFUSED = SIGNAL + (BNB_LATER + 1) * HOUR


def make_candles(coin: str) -> pd.DataFrame:
    """Build the hours of a coin."""
    tick = RULES[f"{coin}USDT"].tick
    places = -int(tick.as_tuple().exponent)
    wick, price = WICKS[coin], FIRST_PRICES[coin]
    rows = []
    for move in MOVES[coin]:
        opened, price = price, round(price * (1 + move), places)
        high, low = max(opened, price) * (1 + wick), min(opened, price) * (1 - wick)
        rows.append((opened, round(high, places), round(low, places), price, 1000.0))
    frame = pd.DataFrame(rows, columns=["open", "high", "low", "close", "volume"])
    first = SIGNAL - HOUR * len(BEFORE)
    dates = pd.date_range(first, periods=len(rows), freq="1h").as_unit("ms")
    frame.insert(0, "date", dates)
    return frame


def store_world(folder: Path, coins: Iterable[str] = MOVES) -> Path:
    """Write the candles of the coins, and dominance."""
    for coin in coins:
        store_candles(folder, f"{coin}/USDT", make_candles(coin))
    store_dominance(folder)
    return folder


def store_dominance(folder: Path) -> None:
    """Write the days of dominance."""
    DominanceStore(folder).append(dominance_candles(DOMINANCE, FIRST_DAY), "1d")


def make_account(**words: Any) -> Account:
    """Build an account that has nothing but its cash."""
    made_up = {"key": "emulator-key", "secret": "emulator-secret"}
    return Account(**made_up, balances={"USDT": CASH}, rules=RULES, **words)
