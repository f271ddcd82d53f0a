"""What trades leave behind of a coin, too little to be sold."""

from ccxt import TICK_SIZE  # type: ignore[import-untyped] # it publishes no types
from freqtrade.exchange import Exchange
from freqtrade.persistence import LocalTrade, Trade


def find_smallest_order(exchange: Exchange, pair: str, rate: float) -> float:
    """Return the value of the smallest order of a pair, in stake currency; what is less is dust.

    Some exchanges, such as OKX, have a smallest amount, and no smallest cost.
    """
    smallest = exchange.get_min_pair_stake_amount(pair, rate, 0.0) or 0.0
    return max(float(smallest), _find_step(exchange, pair) * rate)


def sum_rests(exchange: Exchange, pair: str) -> float:
    """Return the amount of a coin that the closed trades of a pair have left.

    Exchanges take fees in the coin, and sell whole steps only: each trade leaves less than a step,
    and some tens of them together are worth more than the smallest order.
    """
    step = _find_step(exchange, pair)
    trades = Trade.get_trades_proxy(pair=pair, is_open=False)
    return sum(min(_calculate_rest(trade), step) for trade in trades)


def _calculate_rest(trade: LocalTrade) -> float:
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
    """Return the amount that all amounts of a pair are multiples of; 0 where there is none."""
    precision = exchange.get_precision_amount(pair)
    if precision is None:
        return 0.0
    return float(precision if exchange.precisionMode == TICK_SIZE else 10 ** -int(precision))
