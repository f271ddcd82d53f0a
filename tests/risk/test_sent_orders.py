"""Notes of the orders that Freqtrade sends, and their use if the exchange does not respond."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ccxt
import pytest
from freqtrade.exceptions import DependencyException, FreqtradeException, TemporaryError
from freqtrade.exchange import Exchange
from freqtrade.persistence import KeyValueStore, Trade, init_db
from freqtrade.strategy import IStrategy
from sqlalchemy import text

from altseason.risk.sent_orders import (
    NOTED_AS,
    SentOrder,
    calculate_wait,
)
from tests.risk.asking import begin_loop, confirms
from tests.risk.ordering import notes, send, send_stop, try_to_send
from tests.risk.traders import PAIR, messages, open_trade

Load = Callable[..., IStrategy]
START = datetime.now(UTC).replace(microsecond=0)
LOST = [ccxt.RequestTimeout("late"), ccxt.NetworkError("gone"), ccxt.ExchangeNotAvailable("503")]
REFUSED = [
    ccxt.InvalidOrder("Filter failure: NOTIONAL"),
    ccxt.InsufficientFunds("no"),
    ccxt.ExchangeError("market is closed"),
    ccxt.DDoSProtection("429"),
]


def test_entry_that_is_answered_holds_nothing_back(strategy: IStrategy, api: Any):
    send(strategy)
    assert notes(strategy).find_entry(PAIR) is None
    assert confirms(strategy, START)


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
def test_entry_without_an_answer_is_not_sent_again_while_it_may_still_come(
    strategy: IStrategy, api: Any, error: Exception
):
    api.answer = error
    try_to_send(strategy)
    sent_at = notes(strategy).find_entry(PAIR)
    assert sent_at is not None
    # A minute at least; here 10 s until ccxt gives up, 10 s of the window, 10 s of the clocks.
    for seconds in (0.3, 10, 59):
        assert not confirms(strategy, sent_at + timedelta(seconds=seconds))
    assert messages(strategy) == []  # it is only a wait, and in the log
    # Then the account is checked again, and it has arrived.
    api.totals["ETH"] = 1.0
    assert not confirms(strategy, sent_at + timedelta(seconds=60))
    assert "the account holds 1 ETH" in messages(strategy)[0]
    api.totals["ETH"] = 0.0
    assert confirms(strategy, sent_at + timedelta(seconds=65))


def test_error_that_is_not_ccxt_s_is_no_refusal(strategy: IStrategy, api: Any):
    """The order may have been accepted."""
    api.answer = ConnectionResetError("half of a response")
    with pytest.raises(ConnectionResetError):
        send(strategy)
    assert not confirms(strategy, datetime.now(UTC))


def test_entry_with_a_broken_answer_waits_as_well(strategy: IStrategy, api: Any):
    api.answer = {"id": None, "status": "open"}
    send(strategy)
    assert not confirms(strategy, datetime.now(UTC))


@pytest.mark.parametrize("error", REFUSED, ids=lambda error: type(error).__name__)
def test_entry_that_is_refused_can_be_sent_again(strategy: IStrategy, api: Any, error: Exception):
    api.answer = error
    try_to_send(strategy)
    assert confirms(strategy, datetime.now(UTC))


def test_orders_are_noted_from_the_start_of_the_bot_on(load_live: Load, api: Any):
    """Before the first loop already, since a person can force an entry."""
    strategy = load_live()
    strategy.dp._exchange._config["dry_run"] = False
    strategy.ft_bot_start()
    api.answer = ccxt.RequestTimeout("late")
    try_to_send(strategy)
    assert notes(strategy).find_entry(PAIR) is not None


def test_wait_outlives_a_restart(strategy: IStrategy, api: Any, load_live: Load):
    api.answer = ccxt.RequestTimeout("late")
    try_to_send(strategy)
    again = load_live()
    assert not confirms(again, datetime.now(UTC))


def test_note_of_the_future_does_not_hold_entries_back_forever(strategy: IStrategy):
    KeyValueStore.store_value(f"altseason_entry_{PAIR}", START.timestamp() + 86_400)
    assert confirms(strategy, START)


def test_entry_that_cannot_be_noted_is_not_sent(
    strategy: IStrategy, api: Any, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(KeyValueStore, "store_value", fail)
    api.create_order = pytest.fail
    with pytest.raises(DependencyException, match="could not note the entry"):
        send(strategy)


def test_exit_that_cannot_be_noted_is_sent_all_the_same(
    strategy: IStrategy, monkeypatch: pytest.MonkeyPatch
):
    trade = open_trade(1.0, 100.0)

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(type(trade), "set_custom_data", fail)
    send(strategy, "sell")


@pytest.mark.parametrize("error", [*LOST, None])
def test_exit_and_stop_without_an_answer_are_kept_with_the_trade(
    strategy: IStrategy, api: Any, error: Exception | None
):
    trade = open_trade(1.0, 100.0)
    api.answer = error or {"id": None, "status": "open"}
    sends = [
        lambda: send(strategy, "sell"),
        lambda: send(strategy, "sell", "market"),
        lambda: send_stop(strategy),
    ]
    for one in sends:
        if error is None:
            one()
        else:
            with pytest.raises(FreqtradeException):
                one()
    unanswered = notes(strategy).find_unanswered(trade)
    found = [(one.side, one.kind, one.amount, one.price) for one in unanswered]
    assert found == [
        ("sell", "limit", 1.0, 100.0),
        ("sell", "market", 1.0, None),
        ("sell", "stop", 1.0, 95.0),
    ]


def test_refused_try_leaves_the_note_of_the_first(strategy: IStrategy, api: Any):
    """The first one locks the coins, so that the next one is refused."""
    trade = open_trade(1.0, 100.0)
    api.answer = ccxt.RequestTimeout("late")
    try_to_send(strategy, "sell")
    api.answer = ccxt.InsufficientFunds("no")
    try_to_send(strategy, "sell")
    assert len(notes(strategy).find_unanswered(trade)) == 1
    api.answer = None
    send(strategy, "sell")
    assert len(notes(strategy).find_unanswered(trade)) == 1


def test_same_order_at_the_same_moment_is_another_one(
    strategy: IStrategy, api: Any, monkeypatch: pytest.MonkeyPatch
):
    """As if a bot was killed, and started again at the same time."""
    trade = open_trade(1.0, 100.0)
    monkeypatch.setattr(notes(strategy), "_clock", lambda: START)
    api.answer = ccxt.RequestTimeout("late")
    try_to_send(strategy, "sell")
    api.answer = ccxt.InsufficientFunds("no")
    try_to_send(strategy, "sell")
    assert len(notes(strategy).find_unanswered(trade)) == 1


@pytest.mark.parametrize(("held", "is_sent"), [(1.0, True), (1.01, True), (6.0, False)])
def test_coins_of_the_user_s_own_are_not_sold_in_place_of_a_second_try(
    strategy: IStrategy, api: Any, held: float, is_sent: bool
):
    """With the trade's coins alone, the exchange itself refuses to sell them twice."""
    api.totals["ETH"] = held
    trade = open_trade(1.0, 100.0)
    begin_loop(strategy, START)  # which reads the wallet
    api.answer = ccxt.RequestTimeout("late")
    try_to_send(strategy, "sell")
    api.answer = None
    if is_sent:
        send(strategy, "sell")
        return
    api.create_order = pytest.fail
    with pytest.raises(TemporaryError, match="has not responded to the last exit order"):
        send(strategy, "sell")
    # A stop is a different order; an entry is held back by its own check.
    assert len(notes(strategy).find_unanswered(trade)) == 1


def test_buy_that_asks_no_callback_is_not_sent_again_either(strategy: IStrategy, api: Any):
    """Freqtrade adds to a position without `confirm_trade_entry`."""
    open_trade(1.0, 100.0)
    api.answer = ccxt.RequestTimeout("late")
    try_to_send(strategy)
    api.answer = None
    api.create_order = pytest.fail
    with pytest.raises(TemporaryError, match="has not responded to the last entry order"):
        send(strategy)


def test_of_many_tries_the_last_five_are_kept(strategy: IStrategy, api: Any):
    trade = open_trade(1.0, 100.0)
    api.answer = ccxt.RequestTimeout("late")
    for _ in range(4):
        try_to_send(strategy, "sell")
    first = notes(strategy).find_unanswered(trade)
    assert len(first) == 4
    for _ in range(3):
        try_to_send(strategy, "sell")
    found = notes(strategy).find_unanswered(trade)
    assert (len(found), found[:2]) == (5, first[2:])


def test_notes_of_another_version_hold_no_exit_back(strategy: IStrategy, api: Any):
    api.totals["ETH"] = 6.0
    trade = open_trade(1.0, 100.0)
    begin_loop(strategy, START)
    trade.set_custom_data(NOTED_AS, [{"odd": 1}])
    send(strategy, "sell")
    assert notes(strategy).find_unanswered(trade) == []


def test_check_that_fails_holds_no_exit_back_and_refuses_entries(
    strategy: IStrategy, monkeypatch: pytest.MonkeyPatch
):
    open_trade(1.0, 100.0)

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(notes(strategy), "_find_last", fail)
    send(strategy, "sell")
    with pytest.raises(DependencyException, match="could not check the entry"):
        send(strategy)


def test_order_in_other_words_is_sent_if_it_sells(strategy: IStrategy, monkeypatch: Any):
    exchange = strategy.dp._exchange
    with pytest.raises(DependencyException, match="could not note an entry"):
        exchange.create_order(symbol=PAIR, side="buy")
    with pytest.raises(TypeError, match="create_order"):  # Freqtrade's own answer
        exchange.create_order(symbol=PAIR, side="sell")


def test_pairs_with_long_names_have_notes_of_their_own(strategy: IStrategy):
    first, second = (f"{'A' * 40}{number}/USDT" for number in (1, 2))
    notes(strategy)._note(first, SentOrder("buy", "limit", 1.0, 1.0, START.timestamp()))
    assert notes(strategy).find_entry(first) == START
    assert notes(strategy).find_entry(second) is None


@pytest.mark.parametrize("length", [34, 35, 50])
def test_notes_of_entries_fit_into_the_database(strategy: IStrategy, length: int):
    """Freqtrade's column holds 50 characters; SQLite does not mind, PostgreSQL refuses more."""
    pair = "A" * (length - 5) + "/USDT"
    notes(strategy)._note(pair, SentOrder("buy", "limit", 1.0, 1.0, START.timestamp()))
    [key] = Trade.session.scalars(text("select key from KeyValueStore")).all()
    assert len(key) <= 50
    assert (pair in key) == (length == 34)


@pytest.mark.slow  # SQLite waits 5 seconds for a lock
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_locked_database_leaves_freqtrade_s_sessions_usable(
    strategy: IStrategy, api: Any, tmp_path: Any, side: str
):
    Trade.session.remove()
    init_db(f"sqlite:///{tmp_path / 'trades.sqlite'}")
    trade = open_trade(1.0, 100.0)
    other = sqlite3.connect(tmp_path / "trades.sqlite")
    other.execute("begin immediate")
    if side == "buy":
        with pytest.raises(DependencyException, match="could not note the entry"):
            send(strategy)
    else:
        send(strategy, "sell")
    other.rollback()
    assert [one.pair for one in Trade.get_open_trades()] == [PAIR]
    Trade.commit()
    trade = Trade.get_open_trades()[0]
    trade.set_custom_data("x", 1)
    assert trade.get_custom_data("x") == 1


@pytest.mark.parametrize(
    ("timeout", "window", "seconds"),
    [(10_000, 10_000, 60), (10_000, 60_000, 80), (60_000, 0, 70), (None, None, 60)],
)
def test_wait_is_as_long_as_the_exchange_may_take(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, timeout: Any, window: Any, seconds: int
):
    monkeypatch.setattr(exchange._api, "timeout", timeout)
    monkeypatch.setitem(exchange._api.options, "recvWindow", window)
    assert calculate_wait(exchange) == timedelta(seconds=seconds)
