"""Trades without their stop, or whose exit is refused, are reported."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ccxt
import pytest
from freqtrade.exceptions import FreqtradeException
from freqtrade.strategy import IStrategy

from altseason.risk.sent_orders import Failure, watch_orders
from altseason.risk.unserved import find_unserved
from tests.risk.asking import begin_loop
from tests.risk.ordering import notes, send_stop, try_to_send
from tests.risk.records import order_of_freqtrade
from tests.risk.traders import PAIR, open_trade

Load = Callable[..., IStrategy]
START = datetime.now(UTC).replace(microsecond=0)


def test_trade_without_its_stop_is_reported_after_a_minute_with_the_exchange_s_words(
    load_live: Load, api: Any
):
    strategy = load_live(
        order_types={"entry": "limit", "exit": "limit", "stoploss": "limit"}
        | {"stoploss_on_exchange": True}
    )
    strategy.dp._exchange._config["dry_run"] = False
    watch_orders(strategy.dp._exchange)
    trade = open_trade(1.0, 100.0)
    api.totals["ETH"] = 1.0
    api.answer = ccxt.ExchangeError("binance Market is closed.")

    begun = datetime.now(UTC)
    with pytest.raises(FreqtradeException):
        send_stop(strategy)
    assert begin_loop(strategy, begun + timedelta(seconds=5)) == []
    [told] = begin_loop(strategy, begun + timedelta(seconds=65))
    assert "ETH/USDT has had no stop on the exchange for 1 min" in told
    assert "binance Market is closed." in told
    assert begin_loop(strategy, begun + timedelta(seconds=125)) == []
    api.answer = None
    send_stop(strategy)
    # Freqtrade stores it with the trade.
    trade.orders.append(order_of_freqtrade("7", "stoploss", is_open=True))
    [told] = begin_loop(strategy, begun + timedelta(seconds=130))
    assert "Stop of ETH/USDT: it was accepted" in told


def test_exit_that_is_refused_again_and_again_is_reported(strategy: IStrategy, api: Any):
    open_trade(1.0, 100.0)
    api.totals["ETH"] = 1.0
    api.answer = ccxt.ExchangeError("market is halted")
    try_to_send(strategy, "sell")
    now = datetime.now(UTC)
    assert begin_loop(strategy, now + timedelta(seconds=5)) == []
    [told] = begin_loop(strategy, now + timedelta(seconds=65))
    assert "The exit of ETH/USDT has been refused for 1 min" in told
    assert "market is halted" in told
    # The signal is over: there are no further tries.
    assert len(begin_loop(strategy, now + timedelta(minutes=10))) == 1
    assert begin_loop(strategy, now + timedelta(minutes=11)) == []


def test_old_refusal_is_no_reason_for_a_new_lack(database: None):
    trade = open_trade(1.0, 100.0)
    now = START + timedelta(hours=1)
    failures = {(PAIR, "stop"): Failure(START, START, "long ago")}
    [lack] = find_unserved([trade], failures, now, has_stops=True).values()
    assert (lack.since, lack.reason) == (None, "")
    assert find_unserved([trade], failures, now, has_stops=False) == {}


def test_entry_that_is_not_filled_hides_no_trade_without_its_stop(database: None):
    unfilled, trade = open_trade(0.0, 100.0), open_trade(1.0, 100.0)
    found = find_unserved([unfilled, trade], {}, START, has_stops=True)
    assert list(found) == [f"Stop of {PAIR}"]
    assert find_unserved([unfilled], {}, START, has_stops=True) == {}


def test_refusals_with_a_pause_between_are_not_in_a_row(
    strategy: IStrategy, api: Any, monkeypatch: pytest.MonkeyPatch
):
    """After three minutes without a try it is another exit, perhaps of another trade."""
    open_trade(1.0, 100.0)
    api.answer = ccxt.ExchangeError("market is halted")
    found = []
    for seconds in (0, 180, 361):
        monkeypatch.setattr(notes(strategy), "_clock", lambda: START + timedelta(seconds=seconds))  # noqa: B023 - called in this round
        try_to_send(strategy, "sell")
        found.append(notes(strategy).failures[PAIR, "exit"].since - START)
    assert found == [timedelta(0), timedelta(0), timedelta(seconds=361)]
