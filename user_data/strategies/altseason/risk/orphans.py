"""Coins that no open trade explains: what a lost answer to a buy order leaves behind.

Freqtrade keeps no record of an order whose answer never came, and would buy again in its next loop.
"""

import math
from collections.abc import Iterable, Sequence

from freqtrade.exchange import Exchange
from freqtrade.persistence import Trade
from freqtrade.wallets import Wallets

from altseason.host.exchange import CcxtOrder
from altseason.risk.holdings import find_smallest_order, find_unknown_orders, sum_rests


def calculate_orphan(held: float, explained: Iterable[float], price: float, dust: float) -> float:
    """Return the amount of a coin that open trades do not explain; 0 where it is dust.

    :param held: all there is of the coin, also what is in open orders.
    :param explained: the amounts of the open trades, and what closed ones have left.
    :param price: of the coin, in stake currency.
    :param dust: a value in stake currency; an order is never so small.
    """
    amount = held - sum(explained)
    # What floats leave of a difference is no coin, where the market has no smallest order.
    is_rest = amount <= 1e-9 * held
    return amount if amount * price >= dust and not is_rest else 0.0


def describe_orphan(
    pair: str, rate: float, *, exchange: Exchange, wallets: Wallets, kept: Iterable[str]
) -> str | None:
    """Look into the account, and say what of a pair's coin is not explained; None where all is.

    The wallet is taken as it was last read. Orders are asked for only where more stake currency is
    locked than the entries that Freqtrade knows need.

    :param rate: the coin's price.
    :param kept: coins that the user holds on purpose.
    """
    coin, stake_currency = pair.split("/")
    if coin in kept:
        return None
    trades = Trade.get_open_trades()
    dust = find_smallest_order(exchange, pair, rate)
    held = wallets.get_total(coin)
    if not math.isfinite(held):
        raise ValueError(f"the exchange says that the account has {held} {coin}")
    if wallets.get_used(stake_currency) - _sum_of_entries(trades) > dust:
        held += _find_unknown_amount(pair, exchange)
    amounts = [_explain(trade) for trade in trades if trade.safe_base_currency == coin]
    orphan = calculate_orphan(held, amounts, rate, dust)
    if orphan:
        # All closed trades are read for this, so only where it matters.
        orphan = calculate_orphan(held, [*amounts, sum_rests(exchange, pair)], rate, dust)
    if not orphan:
        return None
    return (
        f"Not entering {pair}: the account holds {orphan:.8g} {coin}, filled or on order, that no "
        f"open trade accounts for: your own coins, or a buy whose response was lost. They have no "
        f"stop. Sell them, or add {coin} to `altseason.risk.kept_coins`."
    )


def _explain(trade: Trade) -> float:
    """Return how much of its coin a trade can have: its position, and what its entries still buy.

    Before anything is filled, Freqtrade has the amount that was ordered as the position.
    """
    entries = [order for order in trade.open_orders if order.ft_order_side == trade.entry_side]
    has_filled = any(
        order.safe_filled > 0 for order in trade.orders if order.ft_order_side == trade.entry_side
    )
    position = trade.amount if has_filled else 0.0
    return max(trade.amount, position + sum(order.safe_remaining for order in entries))


def _sum_of_entries(trades: Sequence[Trade]) -> float:
    """Return what the open entries that Freqtrade knows may still cost."""
    return sum(
        order.safe_remaining * order.safe_price
        for trade in trades
        for order in trade.open_orders
        if order.ft_order_side == trade.entry_side
    )


def _find_unknown_amount(pair: str, exchange: Exchange) -> float:
    """Return how much of a coin is still to be bought by orders that Freqtrade does not know."""
    return sum(
        _find_remaining(order)
        for order in find_unknown_orders(exchange, pair)
        # Without a side it may be one.
        if str(order.get("side")).lower() != "sell"
    )


def _find_remaining(order: CcxtOrder) -> float:
    """Return how much of an order is not filled; not every exchange says so."""
    remaining = order.get("remaining")
    if remaining is None:
        remaining = float(order.get("amount") or 0) - float(order.get("filled") or 0)
    return float(remaining)
