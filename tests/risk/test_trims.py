"""Trims by Freqtrade's own wallet and trades: how much is sold, and only of a whole position."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import ccxt
import pytest
from freqtrade.persistence import Order, Trade
from freqtrade.strategy import IStrategy
from hypothesis import given
from hypothesis import strategies as st

from altseason.risk.manager import RiskManager
from altseason.risk.sent_orders import NOTED_AS, SentOrder
from altseason.settings import load_settings
from tests.risk.asking import ask_trim, begin_loop
from tests.risk.traders import PAIR, Api, FixedStrategy, make_trade, open_trade

Load = Callable[..., IStrategy]
NOW = datetime(2022, 2, 1, tzinfo=UTC)
START = datetime(2021, 1, 1, 2, 30, tzinfo=UTC)
REBALANCING = {"rebalancing": True}


def trim(strategy: IStrategy, trade: Trade, rate: float, min_stake: float | None = 10.0) -> Any:
    """Call it with a wallet that was updated after the trade was opened."""
    strategy.wallets.update()
    return ask_trim(strategy, trade, rate, min_stake)


def test_position_within_its_budget_is_left_alone(load_trader: Load):
    strategy = load_trader(risk=REBALANCING)
    trade = open_trade(4.0, 100.0)
    # 400 x 5 % is the budget of 20; 600 x 5 % is 1.5 times, and not past it.
    for rate in (50.0, 100.0, 150.0):
        assert trim(strategy, trade, rate) is None


def test_position_that_has_outgrown_its_risk_is_trimmed_back_to_the_budget(load_trader: Load):
    strategy = load_trader(atr=2.5, risk=REBALANCING)
    trade = open_trade(4.0, 100.0)
    # 400 USDT x 12.5 % = 50 USDT at risk, 20 allowed: 0.6 of it goes, and 160 USDT stay.
    assert trim(strategy, trade, 100.0) == pytest.approx(-0.6 * 400)


def test_trimmed_part_is_one_of_the_stake_as_freqtrade_counts_it(load_trader: Load):
    strategy = load_trader(risk=REBALANCING)
    trade = open_trade(4.0, 100.0)
    # 4 coins at 200 risk 800 x 5 % = 40: half goes, 2 coins, which were bought for 200 USDT.
    assert trim(strategy, trade, 200.0) == pytest.approx(-200.0)


@pytest.mark.parametrize(
    ("min_stake", "stake"),
    [
        (None, -240.0),
        (160.0, -240.0),  # what remains is just enough
        (160.5, None),  # what remains is too little; 240 would be sold
    ],
)
def test_trim_leaves_no_rest_below_the_exchange_s_minimum(
    load_trader: Load, min_stake: float | None, stake: float | None
):
    strategy = load_trader(atr=2.5, risk=REBALANCING)
    found = trim(strategy, open_trade(4.0, 100.0), 100.0, min_stake)
    assert found == (stake if stake is None else pytest.approx(stake))


def test_trim_sells_no_part_below_the_exchange_s_minimum(load_trader: Load):
    strategy = load_trader(risk=REBALANCING)
    trade = open_trade(7.0, 100.0)
    # 700 x 5 % = 35 of 20: 3/7 goes, 300 USDT, and 400 stay.
    assert trim(strategy, trade, 100.0, 300.0) == pytest.approx(-300.0)
    assert trim(strategy, trade, 100.0, 300.5) is None


def test_trim_waits_for_open_orders(load_trader: Load):
    strategy = load_trader(atr=2.5, risk=REBALANCING)
    trade = open_trade(4.0, 100.0)
    order = {"ft_order_side": "sell", "ft_pair": PAIR, "ft_is_open": True, "order_id": "1"}
    trade.orders.append(Order(ft_amount=1.0, ft_price=100.0, symbol=PAIR, side="sell", **order))
    assert trim(strategy, trade, 100.0) is None


@given(st.floats(0.01, 1e6), st.floats(1e-3, 1e6), st.floats(allow_nan=True), st.floats(0, 1e5))
def test_trim_never_adds_and_sells_no_more_than_there_is(
    amount: float, rate: float, atr: float, min_stake: float
):
    settings = load_settings({"altseason": {"risk": REBALANCING}}).risk
    manager = RiskManager(FixedStrategy(atr, 100.0), settings, {})
    trade = make_trade(amount, 100.0)
    found = manager.calculate_trim(trade, NOW, rate, min_stake)
    if found is not None:
        part = -found / trade.stake_amount
        assert 0 < part <= 1
        value = amount * rate
        assert value * part >= min_stake * (1 - 1e-9)
        assert value * (1 - part) >= min_stake * (1 - 1e-9)


# Of 4 coins at 100, which risk 50 USDT of 20, 2.4 are too many.
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
    assert ask_trim(strategy, trade) == (pytest.approx(-240.0) if is_trimmed else None)


@pytest.mark.parametrize(
    ("is_open", "used", "is_trimmed"),
    [(True, 4.0, True), (True, 4.1, False), (False, 4.0, False)],
)
def test_coins_that_the_trade_s_own_stop_holds_are_there(
    load_live: Load, api: Api, *, is_open: bool, used: float, is_trimmed: bool
):
    """Freqtrade cancels its stop before it sells; other locked coins are not its own."""
    api.totals |= {"ETH": 4.0, "USDT": 600.0}
    strategy = load_live(REBALANCING)
    trade = open_trade(4.0, 100.0)
    stop = Order(ft_order_side="stoploss", ft_is_open=is_open, order_id="7", side="sell")
    stop.ft_pair, stop.ft_amount, stop.ft_price, stop.amount = PAIR, 4.0, 95.0, 4.0
    stop.remaining = 4.0
    trade.orders.append(stop)
    api.used["ETH"] = used
    assert ask_trim(strategy, trade) == (pytest.approx(-240.0) if is_trimmed else None)


def test_position_is_not_trimmed_again_before_the_first_is_answered(load_live: Load, api: Api):
    api.totals |= {"ETH": 4.0, "USDT": 600.0}
    strategy = load_live(REBALANCING)
    trade = open_trade(4.0, 100.0)
    trade.set_custom_data(NOTED_AS, [asdict(SentOrder("sell", "limit", 2.4, 100.0, 0.0))])
    assert ask_trim(strategy, trade) is None
    trade.set_custom_data(NOTED_AS, [])
    assert ask_trim(strategy, trade) == pytest.approx(-240.0)
    # What Freqtrade does not send leaves no note, so that nothing is requested in each loop.
    assert begin_loop(strategy, START) == []
    asked = api.balances_asked
    begin_loop(strategy, START + timedelta(seconds=5))
    assert api.balances_asked == asked
