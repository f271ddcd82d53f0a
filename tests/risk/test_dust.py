"""Dust: amounts that are too small to sell, by the exchange's limits and by closed trades."""

from typing import Any

import ccxt
import pytest
from freqtrade.exchange import Exchange
from freqtrade.persistence import Order, Trade

from altseason.risk.orphans import describe_orphan, find_min_order, sum_dust
from tests.risk.records import Wallet
from tests.risk.traders import MARKET, PAIR, Api, open_trade


@pytest.fixture
def market(exchange: Exchange, api: Api, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The limits of ETH/USDT on Freqtrade's own exchange; the price is 2000."""
    limits = {name: {"min": None, "max": None} for name in ("cost", "amount")}
    market = {**MARKET, "limits": limits, "precision": {"amount": None}}
    monkeypatch.setattr(exchange, "_api", api)
    monkeypatch.setattr(exchange, "_markets", {PAIR: market})
    return market


@pytest.mark.parametrize(
    ("cost", "amount", "step", "smallest"),
    [
        # Freqtrade keeps a distance of 5 % to both limits.
        (5.0, 0.0001, 0.0001, 5.25),
        (None, 0.001, 0.0001, 2.1),  # OKX
        (None, None, 0.0001, 0.2),
        (0.1, None, 0.001, 2.0),
        (None, None, None, 0.0),
    ],
)
def test_smallest_order_by_all_limits_that_there_are(
    exchange: Exchange,
    market: dict[str, Any],
    cost: float | None,
    amount: float | None,
    step: float | None,
    smallest: float,
):
    market["limits"]["cost"]["min"] = cost
    market["limits"]["amount"]["min"] = amount
    market["precision"]["amount"] = step
    assert find_min_order(exchange, PAIR, 2000.0) == pytest.approx(smallest)


def test_step_in_decimal_places(exchange: Exchange, market: dict[str, Any], api: Api):
    market["precision"]["amount"] = 4
    api.precisionMode = ccxt.DECIMAL_PLACES
    assert find_min_order(exchange, PAIR, 2000.0) == pytest.approx(0.2)
    # Whole coins only.
    market["precision"]["amount"] = 0
    assert find_min_order(exchange, PAIR, 2000.0) == pytest.approx(2000.0)


def close_trades(
    count: int, *, sold: float, side: str = "stoploss", fee: float | None = None
) -> list[Trade]:
    """Buy a tenth of a coin, less a fee of 0.1 %, and sell an amount of it.

    :param side: how Freqtrade names the order that sells.
    :param fee: the fee of that order, in the coin.
    """
    trades = []
    for _ in range(count):
        trade = open_trade(0.0999, 2000.0)
        orders = (("buy", 0.1, 0.0001), (side, sold, fee))
        for order_side, filled, order_fee in orders:
            trade.orders.append(
                Order(
                    ft_order_side=order_side,
                    ft_pair=PAIR,
                    ft_is_open=False,
                    ft_amount=filled,
                    ft_price=2000.0,
                    order_id=f"{trade.id} {order_side}",
                    filled=filled,
                    ft_fee_base=order_fee,
                )
            )
        trade.is_open = False
        trades.append(trade)
    Trade.commit()
    return trades


def describe(exchange: Exchange, held: float) -> str | None:
    words: dict[str, Any] = {
        "exchange": exchange,
        "wallets": Wallet(total={"ETH": held}),
        "kept": [],
    }
    return describe_orphan(PAIR, 2000.0, **words)


def test_dust_of_many_trades_is_no_orphan_and_hides_none(
    database: None, exchange: Exchange, market: dict[str, Any]
):
    market["limits"]["cost"]["min"] = 5.0
    market["precision"]["amount"] = 0.001
    # Each leaves 0.0999 - 0.099 = 0.0009 coins, and 200 of them 0.18, which is 360 USDT.
    close_trades(200, sold=0.099)
    assert sum_dust(exchange, PAIR) == pytest.approx(0.18)
    assert describe(exchange, 0.18) is None
    assert "the account holds 0.05 ETH" in (describe(exchange, 0.18 + 0.05) or "")


def test_trade_never_explains_more_than_a_step(
    database: None, exchange: Exchange, market: dict[str, Any]
):
    """As if the records of its sales were incomplete."""
    market["precision"]["amount"] = 0.001
    close_trades(3, sold=0.01)
    assert sum_dust(exchange, PAIR) == pytest.approx(0.003)
    close_trades(3, sold=0.11)
    assert sum_dust(exchange, PAIR) == pytest.approx(0.003)


@pytest.mark.parametrize("side", ["sell", "stoploss"])
def test_whatever_order_has_sold_the_rest_is_what_it_left(
    database: None, exchange: Exchange, market: dict[str, Any], side: str
):
    """A fee that was paid in the coin is not left either."""
    market["precision"]["amount"] = 0.001
    close_trades(1, sold=0.0995, side=side, fee=0.0002)
    # 0.1 were bought, 0.0001 of them went in the fee of that.
    assert sum_dust(exchange, PAIR) == pytest.approx(0.0004)


def test_other_pairs_and_open_trades_leave_no_rest_of_a_pair(
    database: None, exchange: Exchange, market: dict[str, Any]
):
    """The coins of an open trade are in its amount; to count them here would hide an orphan."""
    market["precision"]["amount"] = 0.001
    _, other, still_open = close_trades(3, sold=0.099)
    other.pair = "SOL/USDT"
    still_open.is_open = True
    Trade.commit()
    assert sum_dust(exchange, PAIR) == pytest.approx(0.0009)
