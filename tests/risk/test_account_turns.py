"""A pair for which the exchange never responds keeps no other trade from its recovery."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import ccxt
import pytest
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy

from altseason.risk.sent_orders import NOTED_AS, SentOrder
from tests.risk.traders import MARKET, Api, make_trade

Load = Callable[..., IStrategy]
START = datetime(2021, 1, 1, 2, 30, tzinfo=UTC)
COINS = ["ETH", "BNB", "SOL"]


@dataclass
class PartialApi(Api):
    """An exchange that does not respond to requests for the orders of some pairs."""

    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def fetch_open_orders(self, symbol: str) -> list[dict[str, Any]]:
        coin = symbol.split("/")[0]
        # Freqtrade itself tries five times.
        if self.asked[-1:] != [coin]:
            self.asked.append(coin)
        if coin in self.silent:
            raise ccxt.NetworkError("no answer")
        return super().fetch_open_orders(symbol)


@pytest.fixture
def api() -> PartialApi:
    amounts = dict.fromkeys(COINS, 0.4)
    return PartialApi(totals={"USDT": 1000.0, **amounts}, used=amounts)


@pytest.fixture
def strategy(load_live: Load, api: PartialApi) -> IStrategy:
    """A bot with a trade of each coin, and an unanswered stop for each."""
    strategy = load_live()
    for coin in COINS:
        trade = make_trade(0.4, 100.0)
        trade.pair = f"{coin}/USDT"
        strategy.wallets._exchange._markets[trade.pair] = {**MARKET, "symbol": trade.pair}
        Trade.session.add(trade)
        Trade.commit()
        sent = SentOrder("sell", "stop", 0.4, 95.0, START.timestamp())
        trade.set_custom_data(NOTED_AS, [asdict(sent)])
    return strategy


def ask(strategy: IStrategy, api: PartialApi, seconds: int) -> list[str]:
    """Begin a loop, and return the coins whose orders were requested."""
    api.asked.clear()
    strategy.bot_loop_start(current_time=START + timedelta(seconds=seconds))
    return list(api.asked)


def test_pair_that_always_fails_comes_last(strategy: IStrategy, api: PartialApi):
    api.silent = {"ETH"}
    assert ask(strategy, api, 0) == ["ETH"]
    for seconds in (5, 10, 15):
        assert ask(strategy, api, seconds) == ["BNB", "SOL", "ETH"]


def test_several_pairs_that_fail_take_turns_with_the_others(strategy: IStrategy, api: PartialApi):
    api.silent = {"ETH", "SOL"}
    asked = [ask(strategy, api, seconds) for seconds in range(0, 30, 5)]
    assert asked == [["ETH"], ["BNB", "SOL"], ["ETH"], ["BNB", "SOL"], ["ETH"], ["BNB", "SOL"]]


def test_exchange_that_responds_to_nothing_is_asked_for_one_trade_in_each_loop(
    strategy: IStrategy, api: PartialApi
):
    api.silent = set(COINS)
    asked = [ask(strategy, api, seconds) for seconds in range(0, 30, 5)]
    assert asked == [["ETH"], ["BNB"], ["SOL"], ["ETH"], ["BNB"], ["SOL"]]


def test_clock_that_is_put_back_leaves_the_turns_as_they_are(strategy: IStrategy, api: PartialApi):
    api.silent = {"ETH"}
    ask(strategy, api, 0)
    assert ask(strategy, api, -7200) == ["BNB", "SOL", "ETH"]
    assert ask(strategy, api, -7195) == ["BNB", "SOL", "ETH"]
