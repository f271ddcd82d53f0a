"""A live bot recovers the orders of open trades in each loop, whatever fails."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import ccxt
import pytest
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy

from altseason.risk.sent_orders import NOTED_AS, SentOrder
from tests.risk.asking import begin_loop
from tests.risk.records import milliseconds, order_of_exchange
from tests.risk.traders import Api, open_trade

Load = Callable[..., IStrategy]
START = datetime(2021, 1, 1, 2, 30, tzinfo=UTC)
ORDER_TYPES = {"entry": "limit", "exit": "limit", "stoploss": "limit"}


def make_order(number: str, amount: float) -> dict[str, Any]:
    """An order to sell an amount, created two minutes before the first loop."""
    timestamp = milliseconds(START) - 120_000
    return order_of_exchange(number, amount=amount, remaining=amount, timestamp=timestamp)


def loop(strategy: IStrategy, now: datetime = START) -> list[str]:
    return begin_loop(strategy, now)


def test_exchange_that_is_down_is_not_asked_for_each_trade(load_live: Load, api: Api):
    strategy = load_live(order_types={**ORDER_TYPES, "stoploss_on_exchange": True})
    for _ in range(3):
        open_trade(0.4, 100.0)
    api.error = ccxt.NetworkError("no answer")
    assert loop(strategy) == []
    # Freqtrade itself tries five times.
    assert api.balances_asked == 5


def test_trade_without_its_stop_is_reported_while_the_exchange_does_not_respond(
    load_live: Load, api: Api
):
    """An unanswered order causes a request in every loop, and each of them fails."""
    strategy = load_live(order_types={**ORDER_TYPES, "stoploss_on_exchange": True})
    trade = open_trade(0.4, 100.0)
    sent = SentOrder("sell", "stop", 0.4, 95.0, START.timestamp())
    trade.set_custom_data(NOTED_AS, [asdict(sent)])
    api.error = ccxt.NetworkError("no answer")
    assert loop(strategy) == []
    [told] = loop(strategy, START + timedelta(seconds=65))
    assert "ETH/USDT has had no stop on the exchange for 1 min" in told
    assert loop(strategy, START + timedelta(seconds=70)) == []


def test_error_with_one_trade_is_reported_once_and_stops_no_other(load_live: Load, api: Api):
    strategy = load_live()
    trades = [open_trade(amount, 100.0) for amount in (0.4, 0.5)]
    for trade in trades:
        sent = SentOrder("sell", "limit", trade.amount, 110.0, START.timestamp() - 120)
        trade.set_custom_data(NOTED_AS, [asdict(sent)])
    api.totals["ETH"] = api.used["ETH"] = 0.9
    api.orders = [make_order("8", 0.4) | {"timestamp": "soon"}, make_order("9", 0.5)]
    [told] = loop(strategy)
    assert "Could not check orders of ETH/USDT: ValueError" in told
    api.orders = [make_order("9", 0.5)]
    [foreign, told] = loop(strategy)
    assert "9 (0.5). They are left alone." in foreign
    assert "order 9 (0.5 ETH)" in told
    assert [len(trade.orders) for trade in trades] == [0, 1]


def test_orders_of_others_are_asked_for_once_a_minute(load_live: Load, api: Api):
    """An order of the user locks the coins of a trade."""
    strategy = load_live()
    open_trade(0.4, 100.0)
    api.totals["ETH"] = api.used["ETH"] = 0.4
    api.orders = [make_order("7", 0.4)]
    asked = []
    # The wallet is read at the end of the first loop; at last the clock is put back.
    for seconds in (0, 60, 65, 119, 120, -3600):
        api.orders_asked = 0
        loop(strategy, START + timedelta(seconds=seconds))
        asked.append(api.orders_asked)
    assert asked == [0, 1, 0, 0, 1, 1]


def test_trade_whose_turn_has_not_come_keeps_no_other_waiting(load_live: Load, api: Api):
    strategy = load_live()
    trades = [open_trade(amount, 100.0) for amount in (0.4, 0.5)]
    api.totals["ETH"] = 0.9
    assert loop(strategy) == []
    sent = SentOrder("sell", "limit", 0.5, 110.0, START.timestamp() - 120)
    trades[1].set_custom_data(NOTED_AS, [asdict(sent)])
    api.used["ETH"], api.orders = 0.5, [make_order("9", 0.5)]
    [told] = loop(strategy, START + timedelta(seconds=5))
    assert "order 9 (0.5 ETH)" in told


def test_half_done_recovery_is_rolled_back(
    load_live: Load, api: Api, monkeypatch: pytest.MonkeyPatch
):
    strategy = load_live()
    trade = open_trade(0.4, 100.0)

    def fail(one: Trade, *_: Any) -> None:
        one.exit_reason = "half done"
        raise KeyError("x")

    monkeypatch.setattr("altseason.risk.account.recover_orders", fail)
    loop(strategy)
    Trade.commit()
    assert trade.exit_reason is None
