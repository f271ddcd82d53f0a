"""A live bot's look into its account: what it asks, what it tells, and when."""

import math
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import ccxt
import pytest
from freqtrade.persistence import Order, Trade
from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from altseason.risk.sent_orders import NOTED_AS, SentOrder
from tests.risk.conftest import PAIR, Api, messages, open_trade

Load = Callable[..., IStrategy]
START = datetime(2021, 1, 1, 2, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def loop(strategy: IStrategy, now: datetime = START) -> list[str]:
    """Begin a loop as Freqtrade does, and give what is to be told since the last one."""
    strategy_safe_wrapper(strategy.bot_loop_start, supress_error=True)(current_time=now)
    told = messages(strategy)
    strategy.dp._msg_queue.clear()
    return told


def confirms(strategy: IStrategy, pair: str = PAIR) -> bool:
    """Ask before an entry as Freqtrade does, for which an error would be consent."""
    return strategy_safe_wrapper(strategy.confirm_trade_entry, default_retval=True)(
        pair=pair,
        order_type="limit",
        amount=1.0,
        rate=100.0,
        time_in_force="GTC",
        current_time=datetime.now(UTC),
        entry_tag=None,
        side="long",
    )


def order_to_buy(number: str = "7") -> dict[str, Any]:
    return {"id": number, "symbol": PAIR, "side": "buy", "remaining": 0.4}


def test_orphan_is_told_at_the_start_once_and_refused(load_live: Load, api: Api):
    """Also coins that the user held before: the message names what to do in both cases."""
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


def test_orphan_that_is_over_is_told_again_when_it_comes_again(load_live: Load, api: Api):
    strategy = load_live()
    told = []
    for number, held in enumerate((0.4, 0.0, 0.4)):
        api.totals["ETH"] = held
        told.append(len(loop(strategy, START + number * HOUR)))
        assert confirms(strategy) is (held == 0)
    assert told == [1, 0, 1]


@pytest.mark.parametrize(("held", "orphan"), [(0.4, ""), (0.44, ""), (0.46, "0.06"), (1.4, "1")])
def test_coins_beside_an_open_trade_are_told_as_any(
    load_live: Load, api: Api, held: float, orphan: str
):
    """Of a second buy that the exchange processed late; what is below 5 USDT is dust."""
    strategy = load_live(use_exit_signal=True)
    open_trade(0.4, 100.0)
    api.totals["ETH"] = held
    told = loop(strategy)
    assert len(told) == bool(orphan)
    assert all(f"the account holds {orphan} ETH" in message for message in told)
    assert all("They have no stop." in message for message in told)


@pytest.mark.parametrize("kept", [["ETH"], ["eth"], ["BNB", "Eth"]])
def test_kept_coins_are_neither_told_nor_refused(load_live: Load, api: Api, kept: list[str]):
    strategy = load_live({"kept_coins": kept})
    api.totals["ETH"] = 0.4
    assert loop(strategy) == []
    assert confirms(strategy) is True


def test_coins_that_are_never_entered_are_not_looked_at(load_live: Load, api: Api):
    strategy = load_live()
    strategy.dp._pairlists.whitelist = ["BTC/USDT"]
    strategy.dp._exchange._klines["BTC/USDT", "1h", "spot"] = strategy.dp.get_pair_dataframe(PAIR)
    api.totals["BTC"] = 1.0
    assert loop(strategy) == []


def test_coins_that_are_never_entered_keep_no_other_from_being_looked_at(load_live: Load, api: Api):
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


def test_exchange_that_does_not_answer_is_asked_again_a_minute_later(load_live: Load, api: Api):
    strategy = load_live()
    api.totals["ETH"], api.error = 0.4, ccxt.NetworkError("no answer")
    assert loop(strategy) == []
    api.error = None
    assert loop(strategy, START + timedelta(seconds=59)) == []
    assert len(loop(strategy, START + timedelta(seconds=60))) == 1


def test_entry_is_refused_and_told_once_while_the_exchange_does_not_answer(
    load_live: Load, api: Api
):
    strategy = load_live()
    api.error = ccxt.NetworkError("no answer")
    assert [confirms(strategy), confirms(strategy)] == [False, False]
    [told] = messages(strategy)
    assert "Refusing entries: the check before an entry failed with TemporaryError" in told
    api.error = None
    assert confirms(strategy) is True


def test_exchange_that_is_down_is_not_asked_for_each_trade(load_live: Load, api: Api):
    strategy = load_live(order_types={**ORDER_TYPES, "stoploss_on_exchange": True})
    for _ in range(3):
        open_trade(0.4, 100.0)
    api.error = ccxt.NetworkError("no answer")
    assert loop(strategy) == []
    # Freqtrade itself tries five times.
    assert api.balances_asked == 5


def test_trade_without_its_stop_is_told_while_the_exchange_does_not_answer(
    load_live: Load, api: Api
):
    """What was sent and not answered is asked for in every loop, and each of them fails."""
    strategy = load_live(order_types={**ORDER_TYPES, "stoploss_on_exchange": True})
    trade = open_trade(0.4, 100.0)
    sent = SentOrder("sell", "stop", 0.4, 95.0, START.timestamp())
    trade.set_custom_data(NOTED_AS, [asdict(sent)])
    api.error = ccxt.NetworkError("no answer")
    assert loop(strategy) == []
    [told] = loop(strategy, START + timedelta(seconds=65))
    assert "ETH/USDT has had no stop on the exchange for 1 min" in told
    assert loop(strategy, START + timedelta(seconds=70)) == []


def test_error_with_one_trade_is_told_once_and_stops_no_other(load_live: Load, api: Api):
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


def test_error_that_stays_is_told_once(load_live: Load, api: Api):
    strategy = load_live()
    api.error = TypeError("broken")
    told = [loop(strategy, START + timedelta(seconds=seconds)) for seconds in (0, 5, 60, 65, 120)]
    assert [len(messages) for messages in told] == [1, 0, 0, 0, 0]
    assert "Could not check the account: TypeError" in told[0][0]


def test_error_with_one_pair_is_told_and_stops_no_other(load_live: Load, api: Api):
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
    strategy._live = object()
    assert len(loop(strategy)) == 1


ORDER_TYPES = {"entry": "limit", "exit": "limit", "stoploss": "limit"}


def make_order(number: str, amount: float) -> dict[str, Any]:
    return {
        "id": number,
        "symbol": PAIR,
        "side": "sell",
        "type": "limit",
        "status": "open",
        "amount": amount,
        "filled": 0.0,
        "remaining": amount,
        "price": 110.0,
        "timestamp": int(START.timestamp() * 1000) - 120_000,
    }


def test_orders_of_others_are_asked_for_once_a_minute(load_live: Load, api: Api):
    """The user's own order holds the coins of a trade, and the bot has a request to spare."""
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


REBALANCING = {"rebalancing": True}


def trim(strategy: IStrategy, trade: Trade) -> Any:
    """Ask as Freqtrade does; of 4 coins at 100, which risk 50 USDT of 20, 2.4 are too many."""
    profit = trade.calc_profit_ratio(100.0)
    stake, _ = strategy._adjust_trade_position_internal(
        trade=trade,
        current_time=datetime.now(UTC),
        current_rate=100.0,
        current_profit=profit,
        min_stake=10.0,
        max_stake=500.0,
        current_entry_rate=100.0,
        current_exit_rate=100.0,
        current_entry_profit=profit,
        current_exit_profit=profit,
    )
    return stake


@pytest.mark.parametrize(
    ("total", "used", "error", "is_trimmed"),
    [
        (4.0, 0.0, None, True),
        (3.93, 0.07, None, True),  # fees, and others' dust
        (1.6, 0.0, None, False),  # sold already
        (4.0, 2.4, None, False),  # on sale already
        (4.0, 0.0, ccxt.NetworkError("no answer"), False),
    ],
)
def test_position_is_trimmed_only_where_all_of_it_is_there(
    load_live: Load,
    api: Api,
    total: float,
    used: float,
    error: Exception | None,
    is_trimmed: bool,
):
    api.totals |= {"ETH": 4.0, "USDT": 600.0}
    strategy = load_live(REBALANCING)
    trade = open_trade(4.0, 100.0)
    api.totals["ETH"], api.used["ETH"], api.error = total, used, error
    assert trim(strategy, trade) == (pytest.approx(-240.0) if is_trimmed else None)


@pytest.mark.parametrize(
    ("is_open", "used", "is_trimmed"),
    [(True, 4.0, True), (True, 4.1, False), (False, 4.0, False)],
)
def test_coins_that_the_trade_s_own_stop_holds_are_there(
    load_live: Load, api: Api, *, is_open: bool, used: float, is_trimmed: bool
):
    """Freqtrade takes its stop back before it sells; what else is locked is not its own."""
    api.totals |= {"ETH": 4.0, "USDT": 600.0}
    strategy = load_live(REBALANCING)
    trade = open_trade(4.0, 100.0)
    stop = Order(ft_order_side="stoploss", ft_is_open=is_open, order_id="7", side="sell")
    stop.ft_pair, stop.ft_amount, stop.ft_price, stop.amount = PAIR, 4.0, 95.0, 4.0
    stop.remaining = 4.0
    trade.orders.append(stop)
    api.used["ETH"] = used
    assert trim(strategy, trade) == (pytest.approx(-240.0) if is_trimmed else None)


def test_position_is_not_trimmed_again_before_the_first_is_answered(load_live: Load, api: Api):
    api.totals |= {"ETH": 4.0, "USDT": 600.0}
    strategy = load_live(REBALANCING)
    trade = open_trade(4.0, 100.0)
    trade.set_custom_data(NOTED_AS, [asdict(SentOrder("sell", "limit", 2.4, 100.0, 0.0))])
    assert trim(strategy, trade) is None
    trade.set_custom_data(NOTED_AS, [])
    assert trim(strategy, trade) == pytest.approx(-240.0)
    # What Freqtrade does not send leaves no memory, so that nothing is asked for in each loop.
    assert loop(strategy) == []
    asked = api.balances_asked
    loop(strategy, START + timedelta(seconds=5))
    assert api.balances_asked == asked


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
