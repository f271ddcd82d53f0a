"""What the account holds of a coin, beside what Freqtrade has recorded of it.

Orders that Freqtrade does not know, what closed trades leave behind, and whether a position is
whole and free.
"""

import ccxt  # type: ignore[import-untyped] # it publishes no types
from freqtrade.exceptions import ExchangeError, TemporaryError
from freqtrade.exchange import Exchange
from freqtrade.persistence import LocalTrade, Order, Trade
from freqtrade.wallets import Wallets

from altseason.host.exchange import CcxtOrder, fetch_open_orders

# As Freqtrade has it: what fees and steps take of a position is less.
POSITION_AMOUNT_TOLERANCE = 0.02


def find_unknown_orders(exchange: Exchange, pair: str) -> list[CcxtOrder]:
    """Return the open orders of a pair that Freqtrade has no record of, as ccxt has them.

    Freqtrade's own `fetch_orders` asks for those since a time, and Binance says that it tells of
    one day at once; these may be older.

    :raises TemporaryError: where the exchange does not answer.
    :raises ExchangeError: where it refuses to.
    """
    try:
        found = fetch_open_orders(exchange, pair)
    except ccxt.OperationFailed as error:
        raise TemporaryError(f"no answer to what is open of {pair}: {error}") from error
    except ccxt.BaseError as error:
        raise ExchangeError(f"refused to tell what is open of {pair}: {error}") from error
    return [order for order in found if is_unknown(order, pair)]


def is_unknown(order: CcxtOrder, pair: str) -> bool:
    """Return whether Freqtrade has no record of an order of the exchange."""
    return Order.order_by_id(str(order["id"]), pair) is None


def is_all_there(trade: Trade, wallets: Wallets) -> bool:
    """Return whether the account has a position, and no order on it that Freqtrade does not know.

    The wallet is read anew.
    """
    wallets.update()
    coin = trade.safe_base_currency
    known = sum(
        order.safe_remaining
        for order in trade.orders
        if order.ft_is_open and order.ft_order_side != trade.entry_side
    )
    tolerated = POSITION_AMOUNT_TOLERANCE * trade.amount
    return bool(
        wallets.get_total(coin) >= trade.amount - tolerated
        and wallets.get_used(coin) <= known + tolerated
    )


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
    return float(precision if exchange.precisionMode == ccxt.TICK_SIZE else 10 ** -int(precision))
