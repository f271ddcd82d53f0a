"""Orders of open trades whose answer was lost or broken, given back to Freqtrade.

Freqtrade knows an order by the exchange's answer to it alone. Without one, a stop or an exit lies
on the exchange, locks the coins, and lets Freqtrade neither stop nor exit. With a broken one it has
an order without a number, and asks for it for ever. Once it has the number, it does all the rest.
(An entry without an answer makes no trade: see orphans.py.)
"""

import math
from datetime import datetime, timedelta

from freqtrade.enums import ExitType
from freqtrade.exchange import Exchange
from freqtrade.persistence import Order, Trade
from freqtrade.util import dt_ts
from freqtrade.wallets import Wallets

from altseason.risk.open_orders import Found, find_unknown_orders, is_unknown
from altseason.risk.trims import CLOCKS_DIFFER_BY, Trim, find_unanswered_trim

# An order this young may be one of which Freqtrade is just being told, in another thread.
SETTLED_AFTER = timedelta(minutes=1)
# Exchanges take fees in the coin.
AMOUNTS_DIFFER_BY = 0.01
STOP = "stoploss"
NAMELESS = ("", "None")


def recover_orders(
    trade: Trade, exchange: Exchange, wallets: Wallets, now: datetime, *, has_stops: bool
) -> list[str]:
    """Give Freqtrade what it lacks of an open trade's orders, and say what that was.

    The exchange is asked only where something is wrong: an open order has no number; or the trade
    has no open order, though coins of it are locked.

    :param has_stops: whether each open trade should have its stop on the exchange, so that the
        lack of one is reason enough to look at the wallet anew.
    """
    nameless = [order for order in trade.orders if order.ft_is_open and _is_nameless(order)]
    # Not `has_open_orders`, which leaves out stops.
    has_open_orders = any(order.ft_is_open for order in trade.orders)
    if nameless:
        found = _name(trade, nameless, exchange, now)
    elif has_open_orders or not trade.has_open_position:
        return []
    else:
        trim = find_unanswered_trim(trade)
        if has_stops or trim:
            wallets.update()
        if not _is_locked(trade, trim, wallets):
            return []
        found = _adopt(trade, trim, exchange, now)
    Trade.commit()
    return [_describe(trade, order) for order in found]


def _is_nameless(order: Order) -> bool:
    return order.order_id in NAMELESS


def _is_locked(trade: Trade, trim: Trim | None, wallets: Wallets) -> bool:
    """Tell whether coins of a position are locked, though Freqtrade has no open order of it."""
    smallest = trim.amount if trim else trade.amount
    # Not exactly zero, since others' dust may be locked; the trade's own is nearly all of it.
    return bool(wallets.get_used(trade.safe_base_currency) > smallest / 2)


def _name(trade: Trade, nameless: list[Order], exchange: Exchange, now: datetime) -> list[Found]:
    """Give orders their numbers; they may be closed by now."""
    since = min(order.order_date_utc for order in nameless)
    candidates = [
        found
        for found in map(dict, exchange.fetch_orders(trade.pair, since))
        if is_unknown(found, trade.pair) and _is_settled(found, now)
    ]
    named = []
    for order in nameless:
        match = _find_match(trade, order, candidates, exchange)
        if match is not None:
            candidates.remove(match)
            order.order_id = str(match["id"])
            named.append(match)
    return named


def _adopt(trade: Trade, trim: Trim | None, exchange: Exchange, now: datetime) -> list[Found]:
    """Take the orders that would sell the position, or trim it, as Freqtrade's own.

    Others are the user's.
    """
    adopted = []
    for found in find_unknown_orders(exchange, trade.pair):
        if found["side"] != trade.exit_side or not _is_settled(found, now):
            continue
        is_whole = _is_amount(found, trade.amount, exchange)
        if is_whole and not _is_stop(found):
            trade.exit_reason = _find_reason(trade, found)
        if is_whole or _is_trim(found, trim, exchange):
            side = STOP if _is_stop(found) else trade.exit_side
            price = found["price"] or _find_stop_price(found)
            order = Order.parse_from_ccxt_object(found, trade.pair, side, price=price)
            trade.orders.append(order)
            adopted.append(found)
    return adopted


def _is_trim(found: Found, trim: Trim | None, exchange: Exchange) -> bool:
    return (
        trim is not None
        and not _is_stop(found)
        and found["timestamp"] >= dt_ts(trim.since)
        and _is_amount(found, trim.amount, exchange)
    )


def _find_reason(trade: Trade, found: Found) -> str:
    """Give the reason of an exit; StoplossGuard counts the stops among them."""
    is_stop = bool(found["price"]) and found["price"] <= trade.stop_loss
    return (ExitType.STOP_LOSS if is_stop else ExitType.SOLD_ON_EXCHANGE).value


def _find_match(
    trade: Trade, order: Order, candidates: list[Found], exchange: Exchange
) -> Found | None:
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
        and _is_amount(found, order.ft_amount, exchange)
    ]
    return max(matches, key=lambda found: int(found["timestamp"]), default=None)


def _is_settled(found: Found, now: datetime) -> bool:
    return bool(found["timestamp"] <= dt_ts(now - SETTLED_AFTER))


def _is_amount(found: Found, amount: float, exchange: Exchange) -> bool:
    """Tell whether an order is of an amount, in the steps of the exchange."""
    wanted = exchange.amount_to_precision(found["symbol"], amount)
    return math.isclose(found["amount"], wanted, rel_tol=AMOUNTS_DIFFER_BY)


def _is_stop(found: Found) -> bool:
    return bool(_find_stop_price(found))


def _find_stop_price(found: Found) -> float | None:
    return found.get("triggerPrice") or found.get("stopPrice") or found.get("stopLossPrice")


def _describe(trade: Trade, found: Found) -> str:
    kind = "stop" if _is_stop(found) else found["side"]
    return (
        f"{trade.pair}: the exchange had a {kind} order, {found['id']} for {found['amount']:.8g} "
        f"{trade.safe_base_currency}, of which it had never told, as after a lost answer. It is "
        f"known again."
    )
