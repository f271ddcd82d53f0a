"""Fixtures of strategies that trade: Freqtrade's own wallet and trades, without a network."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import ccxt
import pandas as pd
import pytest
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType, RunMode
from freqtrade.exchange import Exchange
from freqtrade.persistence import Order, Trade, init_db
from freqtrade.resolvers import ExchangeResolver
from freqtrade.strategy import IStrategy
from freqtrade.wallets import Wallets

from altseason.risk.manager import ATR_COLUMN

PAIR = "ETH/USDT"
TRADING: dict[str, Any] = {
    "runmode": RunMode.DRY_RUN,
    "dry_run": True,
    "dry_run_wallet": 1000,
    "tradable_balance_ratio": 1.0,
    "stake_currency": "USDT",
    "trading_mode": "spot",
    "candle_type_def": CandleType.SPOT,
    "exchange": {"name": "binance", "key": "", "secret": "", "pair_whitelist": [PAIR]},
}

# As ccxt has it: Binance's smallest order is 5 USDT.
MARKET: dict[str, Any] = {
    "symbol": PAIR,
    "precision": {"amount": 0.001, "price": 0.01},
    "limits": {"cost": {"min": 5.0, "max": None}, "amount": {"min": 0.001, "max": None}},
}


@dataclass
class Api:
    """The exchange as ccxt shows it: balances by coin, open orders, or no response; it counts.

    It takes orders, or responds to them with an error, or with nothing that can be used.
    """

    totals: dict[str, float] = field(default_factory=dict)
    used: dict[str, float] = field(default_factory=dict)
    orders: list[dict[str, Any]] = field(default_factory=list)
    error: Exception | None = None
    answer: Any = None
    id: str = "binance"
    timeout: int = 10_000
    options: dict[str, Any] = field(default_factory=lambda: {"recvWindow": 10_000})
    balances_asked: int = 0
    orders_asked: int = 0
    precisionMode: int = ccxt.TICK_SIZE  # noqa: N815 - ccxt's name

    def fetch_balance(self, params: dict[str, Any]) -> dict[str, Any]:
        self.balances_asked += 1
        self.fail()
        return {
            coin: {"free": total - self.used.get(coin, 0.0), "used": self.used.get(coin, 0.0)}
            | {"total": total}
            for coin, total in self.totals.items()
        }

    def fetch_open_orders(self, symbol: str) -> list[dict[str, Any]]:
        self.orders_asked += 1
        self.fail()
        return [order for order in self.orders if order["symbol"] == symbol]

    def create_order(self, *arguments: Any, **words: Any) -> dict[str, Any]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if self.answer is not None else {"id": "7", "status": "open"}

    def fail(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture
def database() -> Iterator[None]:
    """Freqtrade's trades, in memory."""
    init_db("sqlite://")
    yield
    Trade.session.remove()


@pytest.fixture(scope="session")
def exchange() -> Iterator[Exchange]:
    """Freqtrade's exchange, without any requests."""
    exchange = ExchangeResolver.load_exchange(copy.deepcopy(TRADING), validate=False)
    yield exchange
    exchange.close()


@pytest.fixture
def load_trader(
    load_strategy: Callable[..., IStrategy], database: None, exchange: Exchange
) -> Callable[..., Any]:
    """The strategy of a dry run with 1000 USDT, and with one known candle."""

    def load(
        parameters: dict[str, Any] | None = None,
        *,
        atr: float = 1.0,
        close: float = 100.0,
        risk: dict[str, Any] | None = None,
        **config: Any,
    ) -> IStrategy:
        settings = {"dominance": {"record": False}, "risk": risk or {}}
        strategy = load_strategy(parameters, **{**TRADING, "altseason": settings, **config})
        # Without the messages of the start.
        strategy.dp = DataProvider(strategy.config, None)
        strategy.wallets = Wallets(strategy.config, exchange)
        show_candle(strategy, atr=atr, close=close)
        return strategy

    return load


@pytest.fixture
def api() -> Api:
    """An account with 1000 USDT, and nothing else."""
    return Api(totals={"USDT": 1000.0})


@pytest.fixture
def load_live(
    load_strategy: Callable[..., IStrategy], database: None, api: Api
) -> Iterator[Callable[..., Any]]:
    """The strategy of a live bot that trades on `api`, and notifies of everything."""
    exchanges = []

    def load(risk: dict[str, Any] | None = None, **config: Any) -> IStrategy:
        settings = {"dominance": {"record": False}, "risk": risk or {}}
        live = {"runmode": RunMode.LIVE, "dry_run": False, "altseason": settings}
        strategy = load_strategy({"gate_mode": "off"}, **{**TRADING, **live, **config})
        exchange = ExchangeResolver.load_exchange(copy.deepcopy(TRADING), validate=False)
        exchanges.append(exchange)
        exchange._api = api
        exchange._markets = {PAIR: MARKET}
        candles = pd.DataFrame({"date": [pd.Timestamp("2021-01-01", tz="UTC")], "close": [100.0]})
        exchange._klines[PAIR, "1h", CandleType.SPOT] = candles
        strategy.dp = DataProvider(strategy.config, exchange)
        strategy.dp.add_pairlisthandler(SimpleNamespace(whitelist=[PAIR]))
        strategy.wallets = Wallets(strategy.config, exchange)
        show_candle(strategy, atr=2.5, close=100.0)
        # It would notify of dominance that is missing.
        strategy.alt_season_gate._service = None
        api.balances_asked = 0
        return strategy

    yield load
    for exchange in exchanges:
        exchange._api = ccxt.binance()
        exchange.close()


def show_candle(strategy: IStrategy, **columns: float) -> None:
    """Give the strategy a known candle, after some with other values; `atr` is the rules' own."""
    columns = {ATR_COLUMN if name == "atr" else name: value for name, value in columns.items()}
    earlier = dict.fromkeys(columns, 77.0)
    candles = pd.DataFrame([earlier, earlier, columns])
    candles.insert(0, "date", pd.date_range("2021-01-01", periods=3, freq="1h", tz="UTC"))
    strategy.dp._set_cached_df(PAIR, "1h", candles, CandleType.SPOT)


def open_trade(
    amount: float = 1.0, rate: float = 100.0, orders: Sequence[Order] = (), **changes: Any
) -> Trade:
    """A trade that was opened at a rate, as Freqtrade keeps it."""
    trade = make_trade(amount, rate, **changes)
    trade.orders.extend(orders)
    Trade.session.add(trade)
    Trade.commit()
    return trade


def make_trade(amount: float, rate: float, **changes: Any) -> Trade:
    """A trade that is not in the database."""
    values = {
        "pair": PAIR,
        "base_currency": "ETH",
        "stake_currency": "USDT",
        "stake_amount": amount * rate,
        "amount": amount,
        "open_rate": rate,
        "max_rate": rate,
        "fee_open": 0.001,
        "fee_close": 0.001,
        "exchange": "binance",
        "open_date": pd.Timestamp("2021-01-01", tz="UTC").to_pydatetime(),
        "is_open": True,
        "is_short": False,
        "leverage": 1.0,
    }
    return Trade(**{**values, **changes})


class FixedStrategy:
    """All that the manager reads of a strategy, with 1000 USDT and a stop at 5 %.

    Loading a real one for every example of a property would take minutes.
    """

    stoploss = -0.05
    timeframe = "1h"
    trailing_stop = False

    def __init__(self, atr: float, close: float) -> None:
        self._candles = pd.DataFrame({ATR_COLUMN: [atr], "close": [close]})
        self.wallets = self.dp = self

    def get_total_stake_amount(self) -> float:
        return 1000.0

    def get_analyzed_dataframe(self, pair: str, timeframe: str) -> tuple[Any, None]:
        return self._candles, None


def messages(strategy: IStrategy) -> list[str]:
    """The messages that wait for Telegram."""
    return list(strategy.dp._msg_queue)
