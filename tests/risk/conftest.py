"""Strategies that trade: Freqtrade's own wallet, trades and data provider, without a network."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from freqtrade.data.dataprovider import DataProvider
from freqtrade.enums import CandleType, RunMode
from freqtrade.exchange import Exchange
from freqtrade.persistence import Trade, init_db
from freqtrade.resolvers import ExchangeResolver
from freqtrade.strategy import IStrategy
from freqtrade.wallets import Wallets

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


@pytest.fixture
def database() -> Iterator[None]:
    """Freqtrade's trades, in memory."""
    init_db("sqlite://")
    yield
    Trade.session.remove()


@pytest.fixture(scope="session")
def exchange() -> Iterator[Exchange]:
    """Freqtrade's exchange, which is asked nothing."""
    exchange = ExchangeResolver.load_exchange(copy.deepcopy(TRADING), validate=False)
    yield exchange
    exchange.close()


@pytest.fixture
def load_trader(
    load_strategy: Callable[..., IStrategy], database: None, exchange: Exchange
) -> Callable[..., Any]:
    """The strategy of a dry run with 1000 USDT, and with one candle that is known."""

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
        strategy.dp = DataProvider(strategy.config, None)
        strategy.wallets = Wallets(strategy.config, exchange)
        show_candle(strategy, atr=atr, close=close)
        return strategy

    return load


def show_candle(strategy: IStrategy, **columns: float) -> None:
    """Have the strategy know a candle, after one with other values."""
    earlier = dict.fromkeys(columns, 77.0)
    candles = pd.DataFrame([earlier, columns])
    candles.insert(0, "date", pd.date_range("2021-01-01", periods=2, freq="1h", tz="UTC"))
    strategy.dp._set_cached_df(PAIR, "1h", candles, CandleType.SPOT)


def open_trade(amount: float, rate: float) -> Trade:
    """A trade that was opened at a rate, as Freqtrade keeps it."""
    trade = make_trade(amount, rate)
    Trade.session.add(trade)
    Trade.commit()
    return trade


def make_trade(amount: float, rate: float) -> Trade:
    return Trade(
        pair=PAIR,
        stake_amount=amount * rate,
        amount=amount,
        open_rate=rate,
        max_rate=rate,
        fee_open=0.001,
        fee_close=0.001,
        exchange="binance",
        open_date=pd.Timestamp("2021-01-01", tz="UTC").to_pydatetime(),
        is_open=True,
        is_short=False,
        leverage=1.0,
    )


def messages(strategy: IStrategy) -> list[str]:
    """What waits for Telegram."""
    return list(strategy.dp._msg_queue)
