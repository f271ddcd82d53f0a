"""The dominance that is stored with a trade at its entry."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freqtrade.persistence import Order, Trade
from freqtrade.strategy import IStrategy
from freqtrade.strategy.strategy_wrapper import strategy_safe_wrapper

from tests.integration.freqtrade_runs import write_subclass
from tests.risk.traders import open_trade
from tests.strategy.trading import MIDNIGHT, Load, store_days


@pytest.fixture
def trade(database: None) -> Trade:
    """A trade with one filled entry."""
    return open_trade(orders=[filled_order("1", "buy")], open_date=MIDNIGHT)


def filled_order(number: str, side: str) -> Order:
    return Order(
        ft_order_side=side,
        ft_pair="ETH/USDT",
        ft_is_open=False,
        ft_amount=1.0,
        ft_price=100.0,
        order_id=number,
        status="closed",
        symbol="ETH/USDT",
        order_type="limit",
        side=side,
        price=100.0,
        average=100.0,
        amount=1.0,
        filled=1.0,
        remaining=0.0,
        order_date=MIDNIGHT + timedelta(hours=2),
    )


def fill(strategy: IStrategy, trade: Trade, order: Order) -> None:
    strategy_safe_wrapper(strategy.order_filled, supress_error=True)(
        pair=trade.pair, trade=trade, order=order, current_time=MIDNIGHT + timedelta(hours=3)
    )


def kept(trade: Trade) -> dict[str, Any]:
    return {data.cd_key: data.value for data in trade.get_all_custom_data()}


def test_trade_keeps_the_dominance_that_it_was_entered_by(
    load_live: Load, tmp_path: Path, trade: Trade
):
    # The newest candle ends after the order.
    store_days(tmp_path, [60.0, 53.12351, 40.0], MIDNIGHT + timedelta(days=1))
    strategy = load_live({"gate_mode": "falling"})
    fill(strategy, trade, trade.orders[0])
    assert kept(trade) == {
        "dominance": 53.1235,
        "dominance_candle": "2026-05-26 00:00",
        "gate_rule": "dominance below its 20-day SMA",
    }
    # Neither a second entry nor an exit changes it.
    store_days(tmp_path, [41.0], MIDNIGHT + timedelta(days=2))
    trade.orders.append(filled_order("2", "sell"))
    fill(strategy, trade, trade.orders[1])
    trade.orders.append(filled_order("3", "buy"))
    fill(strategy, trade, trade.orders[2])
    assert kept(trade)["dominance_candle"] == "2026-05-26 00:00"


def test_trade_without_dominance_keeps_the_rule_alone(load_live: Load, trade: Trade):
    fill(load_live({"gate_mode": "off"}), trade, trade.orders[0])
    assert kept(trade) == {"gate_rule": "off, always open"}


def test_filled_orders_reach_a_subclass_where_describing_dominance_fails(
    load_live: Load, tmp_path: Path, trade: Trade, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    body = """
    def order_filled(self, pair, trade, order, current_time, **kwargs):
        trade.set_custom_data("mine", order.order_id)
"""
    write_subclass(tmp_path, "Mine", body)
    strategy = load_live({"gate_mode": "off"}, strategy="Mine", strategy_path=str(tmp_path))
    monkeypatch.setattr(strategy.alt_season_gate._service, "describe_entry", fail)
    fill(strategy, trade, trade.orders[0])
    assert kept(trade) == {"mine": "1"}


def test_filled_orders_reach_a_subclass_too(load_live: Load, tmp_path: Path, trade: Trade):
    body = """
    def order_filled(self, pair, trade, order, current_time, **kwargs):
        trade.set_custom_data("mine", [pair, order.order_id, trade.get_custom_data("gate_rule")])
"""
    write_subclass(tmp_path, "Mine", body)
    strategy = load_live({"gate_mode": "off"}, strategy="Mine", strategy_path=str(tmp_path))
    fill(strategy, trade, trade.orders[0])
    assert kept(trade)["mine"] == ["ETH/USDT", "1", "off, always open"]
