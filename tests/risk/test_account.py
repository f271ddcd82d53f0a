"""How a live bot checks the coins of its account: what it requests and reports, and when."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ccxt
import pytest
from freqtrade.strategy import IStrategy

from tests.risk.asking import begin_loop, confirms
from tests.risk.traders import PAIR, Api, messages, open_trade

Load = Callable[..., IStrategy]
START = datetime(2021, 1, 1, 2, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def loop(strategy: IStrategy, now: datetime = START) -> list[str]:
    return begin_loop(strategy, now)


def order_to_buy(number: str = "7") -> dict[str, Any]:
    return {"id": number, "symbol": PAIR, "side": "buy", "remaining": 0.4}


def test_orphan_is_reported_at_the_start_once_and_refused(load_live: Load, api: Api):
    """Also coins that the user already held: the message says what to do in both cases."""
    strategy = load_live()
    api.totals["ETH"] = 0.4
    [told] = loop(strategy)
    assert "Not entering ETH/USDT: the account holds 0.4 ETH" in told
    assert "Sell them, or add ETH to `altseason.risk.kept_coins`." in told
    assert loop(strategy) == loop(strategy, START + HOUR) == []
    assert confirms(strategy) is False
    assert messages(strategy) == []


def test_account_is_read_once_a_candle_and_orders_only_where_money_is_locked(
    load_live: Load, api: Api
):
    strategy = load_live()
    for minutes in (0, 1, 29, 30, 31, 89):
        assert loop(strategy, START + timedelta(minutes=minutes)) == []
    assert (api.balances_asked, api.orders_asked) == (2, 0)
    api.used["USDT"], api.orders = 40.0, [order_to_buy()]
    assert loop(strategy, START + timedelta(minutes=89)) == []
    [told] = loop(strategy, START + 2 * HOUR)
    assert "the account holds 0.4 ETH" in told
    assert (api.balances_asked, api.orders_asked) == (3, 1)


def test_clock_that_was_put_back_keeps_no_orphan_unseen(load_live: Load, api: Api):
    strategy = load_live()
    assert loop(strategy, START + 365 * 24 * HOUR) == []
    api.totals["ETH"] = 0.4
    [told] = loop(strategy)
    assert "the account holds 0.4 ETH" in told
    assert api.balances_asked == 2
    assert loop(strategy, START + HOUR / 3) == []
    assert api.balances_asked == 2


def test_orphan_that_is_over_is_reported_again_when_it_comes_again(load_live: Load, api: Api):
    strategy = load_live()
    told = []
    for number, held in enumerate((0.4, 0.0, 0.4)):
        api.totals["ETH"] = held
        told.append(len(loop(strategy, START + number * HOUR)))
        assert confirms(strategy) is (held == 0)
    assert told == [1, 0, 1]


@pytest.mark.parametrize(("held", "orphan"), [(0.4, ""), (0.44, ""), (0.46, "0.06"), (1.4, "1")])
def test_coins_beside_an_open_trade_are_reported_as_any(
    load_live: Load, api: Api, held: float, orphan: str
):
    """Those of a second buy that the exchange processed late; less than 5 USDT is dust."""
    strategy = load_live(use_exit_signal=True)
    open_trade(0.4, 100.0)
    api.totals["ETH"] = held
    told = loop(strategy)
    assert len(told) == bool(orphan)
    assert all(f"the account holds {orphan} ETH" in message for message in told)
    assert all("They have no stop." in message for message in told)


@pytest.mark.parametrize("kept", [["ETH"], ["eth"], ["BNB", "Eth"]])
def test_kept_coins_are_neither_reported_nor_refused(load_live: Load, api: Api, kept: list[str]):
    strategy = load_live({"kept_coins": kept})
    api.totals["ETH"] = 0.4
    assert loop(strategy) == []
    assert confirms(strategy) is True


def test_coins_that_are_never_entered_are_not_checked(load_live: Load, api: Api):
    strategy = load_live()
    strategy.dp._pairlists.whitelist = ["BTC/USDT"]
    strategy.dp._exchange._klines["BTC/USDT", "1h", "spot"] = strategy.dp.get_pair_dataframe(PAIR)
    api.totals["BTC"] = 1.0
    assert loop(strategy) == []


def test_coins_that_are_never_entered_keep_no_other_from_being_checked(load_live: Load, api: Api):
    strategy = load_live()
    strategy.dp._pairlists.whitelist = ["BTC/USDT", PAIR]
    api.totals["ETH"] = 0.4
    [told] = loop(strategy)
    assert "the account holds 0.4 ETH" in told


def test_entry_is_refused_where_the_amount_of_coins_is_no_number(load_live: Load, api: Api):
    strategy = load_live()
    api.totals["ETH"] = math.nan
    assert confirms(strategy) is False


@pytest.mark.parametrize(
    "order",
    [
        {"side": "buy", "amount": 0.4, "filled": 0.0, "remaining": None},
        {"side": "BUY", "amount": 0.4, "filled": 0.0, "remaining": 0.4},
        {"side": None, "amount": 0.5, "filled": 0.1, "remaining": None},
    ],
    ids=["no remaining", "capitals", "no side"],
)
def test_unknown_buy_is_seen_however_the_exchange_describes_it(
    load_live: Load, api: Api, order: dict[str, Any]
):
    strategy = load_live()
    api.totals["USDT"], api.used["USDT"] = 1000.0, 800.0
    api.orders = [{"id": "7", "symbol": PAIR, "type": "limit", "price": 2000.0, **order}]
    assert confirms(strategy) is False


def test_exchange_that_does_not_respond_is_asked_again_a_minute_later(load_live: Load, api: Api):
    strategy = load_live()
    api.totals["ETH"], api.error = 0.4, ccxt.NetworkError("no answer")
    assert loop(strategy) == []
    api.error = None
    assert loop(strategy, START + timedelta(seconds=59)) == []
    assert len(loop(strategy, START + timedelta(seconds=60))) == 1


def test_entry_is_refused_and_reported_once_while_the_exchange_does_not_respond(
    load_live: Load, api: Api
):
    strategy = load_live()
    api.error = ccxt.NetworkError("no answer")
    assert [confirms(strategy), confirms(strategy)] == [False, False]
    [told] = messages(strategy)
    assert "Refusing entries: the check before an entry failed with TemporaryError" in told
    api.error = None
    assert confirms(strategy) is True


def test_error_that_stays_is_reported_once(load_live: Load, api: Api):
    strategy = load_live()
    api.error = TypeError("broken")
    told = [loop(strategy, START + timedelta(seconds=seconds)) for seconds in (0, 5, 60, 65, 120)]
    assert [len(messages) for messages in told] == [1, 0, 0, 0, 0]
    assert "Could not check the account: TypeError" in told[0][0]


def test_error_with_one_pair_is_reported_and_stops_no_other(load_live: Load, api: Api):
    strategy = load_live()
    strategy.dp._pairlists.whitelist = ["SOL/USDT", PAIR]
    strategy.dp._exchange._klines["SOL/USDT", "1h", "spot"] = strategy.dp.get_pair_dataframe(PAIR)
    api.totals["ETH"] = 0.4
    [other, told] = loop(strategy)
    assert "Could not check coins of SOL/USDT: ValueError" in other
    assert "the account holds 0.4 ETH" in told


def test_error_in_dominance_does_not_keep_lost_orders_lost(load_live: Load, api: Api):
    strategy = load_live()
    api.totals["ETH"] = 0.4
    strategy.alt_season_gate._service = object()
    [of_coins, of_dominance] = loop(strategy)
    assert "the account holds 0.4 ETH" in of_coins
    assert "A check in the bot's loop failed with AttributeError" in of_dominance


def test_profile_checks_the_account_as_well(load_live: Load, api: Api):
    strategy = load_live(strategy="AltSeasonProfile", stake_amount=100)
    api.totals["ETH"] = 0.4
    [told] = loop(strategy)
    assert "Not entering ETH/USDT: the account holds 0.4 ETH" in told
    assert confirms(strategy) is False
    api.totals["ETH"] = 0.0
    assert confirms(strategy) is True
