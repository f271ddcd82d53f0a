"""Find coins that no open trade accounts for, such as those of a buy whose response was lost.

Freqtrade keeps no record of an order without a response, and would buy again in its next loop.
"""

import math
from collections.abc import Iterable, Sequence

import ccxt  # type: ignore[import-untyped] # it publishes no types
from freqtrade.exchange import Exchange
from freqtrade.persistence import LocalTrade, Trade
from freqtrade.wallets import Wallets

from altseason.host.exchange import CcxtOrder
from altseason.risk.exchange_orders import find_unknown_orders


def describe_orphan(
    pair: str, rate: float, *, exchange: Exchange, wallets: Wallets, kept: Iterable[str]
) -> str | None:
    """Return a message about coins of a pair that no open trade accounts for; None if all are.

    The wallet must be up to date. Orders are requested only if more stake currency is locked than
    Freqtrade's own entries need.

    :param rate: the coin's price.
    :param kept: coins that the user holds on purpose.
    """
    coin, stake_currency = pair.split("/")
    if coin in kept:
        return None
    trades = Trade.get_open_trades()
    min_order = find_min_order(exchange, pair, rate)
    held = wallets.get_total(coin)
    if not math.isfinite(held):
        raise ValueError(f"the exchange reports {held} {coin} in the account")
    if wallets.get_used(stake_currency) - _sum_entry_costs(trades) > min_order:
        held += _sum_unknown_buys(pair, exchange)
    amounts = [_calculate_explained(trade) for trade in trades if trade.safe_base_currency == coin]
    orphan = calculate_orphan(held, amounts, rate, min_order)
    if orphan:
        # This reads all closed trades, so only if it matters.
        orphan = calculate_orphan(held, [*amounts, sum_dust(exchange, pair)], rate, min_order)
    if not orphan:
        return None
    return (
        f"Not entering {pair}: the account holds {orphan:.8g} {coin}, filled or on order, that no "
        f"open trade accounts for: your own coins, or a buy whose response was lost. They have no "
        f"stop. Sell them, or add {coin} to `altseason.risk.kept_coins`."
    )


def calculate_orphan(
    held: float, explained: Iterable[float], price: float, min_order: float
) -> float:
    """Return the amount of a coin that nothing accounts for; 0 if it is dust.

    :param held: the total amount of the coin, including open orders.
    :param explained: the amounts of the open trades, and the dust of closed ones.
    :param price: the price of the coin, in stake currency.
    :param min_order: the value of the smallest order, in stake currency; less is dust.
    """
    amount = held - sum(explained)
    # Without a smallest order, a rounding error would count as a coin.
    is_rounding = amount <= 1e-9 * held
    return amount if amount * price >= min_order and not is_rounding else 0.0


def find_min_order(exchange: Exchange, pair: str, rate: float) -> float:
    """Return the value of the smallest order of a pair, in stake currency.

    Some exchanges, such as OKX, have a smallest amount instead of a smallest cost.
    """
    smallest = exchange.get_min_pair_stake_amount(pair, rate, 0.0) or 0.0
    return max(float(smallest), _find_step(exchange, pair) * rate)


def sum_dust(exchange: Exchange, pair: str) -> float:
    """Return the amount of a coin that the closed trades of a pair have left behind.

    Exchanges take fees in the coin and sell only whole steps: each trade leaves less than a step,
    but dozens of them together are worth more than the smallest order.
    """
    step = _find_step(exchange, pair)
    trades = Trade.get_trades_proxy(pair=pair, is_open=False)
    return sum(min(_calculate_unsold(trade), step) for trade in trades)


def _calculate_unsold(trade: LocalTrade) -> float:
    bought = sum(
        order.safe_amount_after_fee
        for order in trade.orders
        if order.ft_order_side == trade.entry_side
    )
    sold = sum(
        order.safe_filled for order in trade.orders if order.ft_order_side != trade.entry_side
    )
    return max(bought - sold, 0.0)


def _find_step(exchange: Exchange, pair: str) -> float:
    """Return the step of a pair's amounts, which are multiples of it; 0 if there is none."""
    precision = exchange.get_precision_amount(pair)
    if precision is None:
        return 0.0
    return float(precision if exchange.precisionMode == ccxt.TICK_SIZE else 10 ** -int(precision))


def _calculate_explained(trade: Trade) -> float:
    """Return how much of its coin a trade can have: its position and its open entries.

    Before anything is filled, Freqtrade records the ordered amount as the position.
    """
    entries = [order for order in trade.open_orders if order.ft_order_side == trade.entry_side]
    has_filled = any(
        order.safe_filled > 0 for order in trade.orders if order.ft_order_side == trade.entry_side
    )
    position = trade.amount if has_filled else 0.0
    return max(trade.amount, position + sum(order.safe_remaining for order in entries))


def _sum_entry_costs(trades: Sequence[Trade]) -> float:
    """Return what the open entries known to Freqtrade may still cost."""
    return sum(
        order.safe_remaining * order.safe_price
        for trade in trades
        for order in trade.open_orders
        if order.ft_order_side == trade.entry_side
    )


def _sum_unknown_buys(pair: str, exchange: Exchange) -> float:
    """Return how much of a coin may still be bought by orders that Freqtrade has no record of."""
    return sum(
        _find_remaining(order)
        for order in find_unknown_orders(exchange, pair)
        # An order without a side may be a buy.
        if str(order.get("side")).lower() != "sell"
    )


def _find_remaining(order: CcxtOrder) -> float:
    """Return how much of an order is not filled; not every exchange reports it."""
    remaining = order.get("remaining")
    if remaining is None:
        remaining = float(order.get("amount") or 0) - float(order.get("filled") or 0)
    return float(remaining)
