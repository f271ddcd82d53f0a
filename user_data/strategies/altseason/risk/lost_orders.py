"""Orders of open trades whose answer was lost or broken, given back to Freqtrade.

Freqtrade knows an order by the exchange's answer to it alone. Without one, a stop or an exit lies
on the exchange, locks the coins, and lets Freqtrade neither stop nor exit. With a broken one it has
an order without a number, and asks for it for ever. Once it has the number, it does all the rest.
(An entry without an answer makes no trade: see orphans.py.)
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from freqtrade.exceptions import FreqtradeException
from freqtrade.exchange import Exchange
from freqtrade.persistence import Order, Trade
from freqtrade.util import dt_ts
from freqtrade.wallets import Wallets

# An order this young may be one of which Freqtrade is just being told, in another thread.
SETTLED_AFTER = timedelta(minutes=1)
# Exchanges' clocks are not ours.
CLOCKS_DIFFER_BY = timedelta(seconds=10)
STOP = "stoploss"
NAMELESS = ("", "None")

Found = dict[str, Any]


def recover_orders(
    exchange: Exchange, wallets: Wallets, now: datetime, *, has_stops: bool
) -> list[str]:
    """Look for lost orders of the open trades, and say what was found.

    The exchange is asked only where something is wrong: an open order has no number; or the trade
    has no open order, though coins of it are locked.

    :param has_stops: whether each open trade should have its stop on the exchange, so that the
        lack of one is reason enough to look at the wallet anew.
    """
    messages = []
    for trade in Trade.get_open_trades():
        try:
            if _is_suspicious(trade, wallets, has_stops=has_stops):
                messages += _recover(trade, exchange, now)
        except FreqtradeException:
            continue  # the exchange does not answer; the next loop asks again
    return messages


def _is_suspicious(trade: Trade, wallets: Wallets, *, has_stops: bool) -> bool:
    open_orders = [order for order in trade.orders if order.ft_is_open]
    if open_orders or not trade.has_open_position:
        return any(order.order_id in NAMELESS for order in open_orders)
    if has_stops:
        wallets.update()
    # Not exactly zero, since others' dust may be locked; the trade's own is nearly all of it.
    return bool(wallets.get_used(trade.safe_base_currency) > trade.amount / 2)


def _recover(trade: Trade, exchange: Exchange, now: datetime) -> list[str]:
    found = exchange.fetch_orders(trade.pair, trade.open_date_utc - CLOCKS_DIFFER_BY)
    unknown = [
        dict(order) for order in found if Order.order_by_id(str(order["id"]), trade.pair) is None
    ]
    settled = [order for order in unknown if order["timestamp"] <= dt_ts(now - SETTLED_AFTER)]
    messages = []
    for order in trade.orders:
        if order.ft_is_open and order.order_id in NAMELESS:
            match = _find_match(trade, order, settled)
            if match is not None:
                settled.remove(match)
                order.order_id = str(match["id"])
                messages.append(_describe(trade, match))
    for lost in settled:
        if lost["status"] == "open" and lost["side"] == trade.exit_side:
            side = STOP if _is_stop(lost) else trade.exit_side
            trade.orders.append(Order.parse_from_ccxt_object(lost, trade.pair, side))
            messages.append(_describe(trade, lost))
    Trade.commit()
    return messages


def _find_match(trade: Trade, order: Order, candidates: Iterable[Found]) -> Found | None:
    """Find the order on the exchange that one without a number is, the newest of several."""
    is_stop = order.ft_order_side == STOP
    side = trade.exit_side if is_stop else order.ft_order_side
    sent = dt_ts(order.order_date_utc - CLOCKS_DIFFER_BY)
    matches = [
        found
        for found in candidates
        if found["side"] == side
        and _is_stop(found) == is_stop
        and found["timestamp"] >= sent
        and math.isclose(found["amount"], order.ft_amount, rel_tol=0.01)
    ]
    return max(matches, key=lambda found: int(found["timestamp"]), default=None)


def _is_stop(found: Found) -> bool:
    return bool(found.get("triggerPrice") or found.get("stopPrice"))


def _describe(trade: Trade, found: Found) -> str:
    kind = "stop" if _is_stop(found) else found["side"]
    return (
        f"{trade.pair}: the exchange had a {kind} order, {found['id']} for {found['amount']:.8g} "
        f"{trade.safe_base_currency}, of which it had never told, as after a lost answer. It is "
        f"known again."
    )
