"""Return to Freqtrade those orders of open trades whose response was lost or broken.

Freqtrade knows an order only by the exchange's response. Without one, a stop or an exit stays on
the exchange and locks the coins, so that Freqtrade can place neither. After a broken one it has an
order without an id, and requests it forever. Once it has the id, it does the rest by itself. (An
entry without a response makes no trade: see orphans.py.)

Only orders that must have been sent by the bot are touched (`is_ours`). All others may be the
user's or another bot's: they are reported and left alone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from freqtrade.enums import ExitType
from freqtrade.exchange import Exchange
from freqtrade.persistence import Order, Trade
from freqtrade.util import dt_ts
from freqtrade.wallets import Wallets

from altseason.host.exchange import CcxtOrder, attach_order
from altseason.risk.exchange_orders import (
    find_stop_price,
    find_unknown_orders,
    is_ours,
    is_unknown,
)
from altseason.risk.sent_orders import (
    CLOCK_TOLERANCE,
    MISSING_IDS,
    SentOrder,
    SentOrders,
    calculate_wait,
)

# Freqtrade may just be handling the response to a younger order, in another thread.
MIN_ORDER_AGE = timedelta(minutes=1)
# A position may be smaller by this ratio, by which Freqtrade allows for fees and steps.
POSITION_AMOUNT_TOLERANCE = 0.02
STOP = "stoploss"


@dataclass
class Recovery:
    """The result for one trade.

    :param recovered: messages about orders that Freqtrade tracks again.
    :param foreign: a message about orders that lock the trade's coins and are not provably the
        bot's; empty if there are none.
    """

    recovered: list[str] = field(default_factory=list)
    foreign: str = ""


def recover_orders(
    trade: Trade, sent: SentOrders, exchange: Exchange, wallets: Wallets, now: datetime
) -> Recovery:
    """Return to Freqtrade the orders of an open trade that it has no record of.

    Requests are sent only if something is wrong: an open order has no id, a sell order is
    unanswered, or the trade has no open order although coins of it are locked.
    """
    missing_ids = [
        order for order in trade.orders if order.ft_is_open and order.order_id in MISSING_IDS
    ]
    # Not `has_open_orders`, which leaves out stops.
    has_open_orders = any(order.ft_is_open for order in trade.orders)
    if missing_ids:
        recovery = _assign_ids(trade, missing_ids, sent, exchange, now)
    elif has_open_orders or not trade.has_open_position:
        return Recovery()
    else:
        recovery = _attach_orders(trade, sent, exchange, wallets, now)
    Trade.commit()
    return recovery


def _assign_ids(
    trade: Trade, orders: list[Order], sent: SentOrders, exchange: Exchange, now: datetime
) -> Recovery:
    """Assign their ids to orders that lack one, and that the exchange may have closed by now."""
    since = min(order.order_date_utc for order in orders)
    unknown = [
        found
        for found in map(dict, exchange.fetch_orders(trade.pair, since))
        if is_unknown(found, trade.pair)
    ]
    recovery = Recovery()
    for order in orders:
        as_sent = SentOrder.from_record(order)
        matches = [found for found in unknown if is_ours(found, as_sent, exchange)]
        if len(matches) > 1:
            recovery.foreign = _describe_ambiguous(trade, matches)
        elif matches and _is_settled(matches[0], now):
            [match] = matches
            unknown.remove(match)
            order.order_id = str(match["id"])
            recovery.recovered.append(_describe(trade, match))
            _forget(trade, match, sent, exchange)
    return recovery


def _attach_orders(
    trade: Trade, sent: SentOrders, exchange: Exchange, wallets: Wallets, now: datetime
) -> Recovery:
    """Attach the order on the exchange that was sent to sell the position or a part of it."""
    unanswered = sent.find_unanswered(trade)
    if unanswered:
        wallets.update()
    smallest = min([trade.amount, *(one.amount for one in unanswered)])
    # More than half, since foreign orders may lock some dust.
    is_locked = wallets.get_used(trade.safe_base_currency) > smallest / 2
    if not is_locked and not (unanswered and sent.has_spare(trade)):
        _expire(trade, unanswered, sent, exchange, now)
        return Recovery()
    unknown = _find_unknown_sales(trade, unanswered, sent, exchange)
    matches = [
        found for found in unknown if any(is_ours(found, one, exchange) for one in unanswered)
    ]
    if len(matches) != 1:
        _expire(trade, unanswered, sent, exchange, now)
        is_held = unknown and not _is_free(trade, wallets)
        return Recovery(foreign=_describe_ambiguous(trade, matches or unknown) if is_held else "")
    [match] = matches
    if not _is_settled(match, now):
        return Recovery()
    if not find_stop_price(match) and _sells_all(match, trade, exchange):
        trade.exit_reason = _find_exit_reason(trade, match)
    side = STOP if find_stop_price(match) else trade.exit_side
    # Freqtrade keeps no order without a price; a market order may have none before it is filled.
    price = match["price"] or find_stop_price(match) or match.get("average") or trade.open_rate
    # Open in any case, so that Freqtrade fetches the order and handles its fills.
    attach_order(trade, {**match, "status": "open"}, side, price)
    _forget(trade, match, sent, exchange)
    return Recovery([_describe(trade, match)])


def _find_unknown_sales(
    trade: Trade, unanswered: list[SentOrder], sent: SentOrders, exchange: Exchange
) -> list[CcxtOrder]:
    """Return the open sell orders that Freqtrade has no record of.

    If the account has further coins of that kind, include filled orders: nothing else would show
    that the position has been sold, and Freqtrade would sell the further coins.
    """
    found = {str(order["id"]): order for order in find_unknown_orders(exchange, trade.pair)}
    if unanswered and sent.has_spare(trade):
        since = min(one.sent_at for one in unanswered) - CLOCK_TOLERANCE
        for order in map(dict, exchange.fetch_orders(trade.pair, since)):
            if is_unknown(order, trade.pair) and order.get("filled"):
                found.setdefault(str(order["id"]), order)
    return [order for order in found.values() if order["side"] == trade.exit_side]


def _is_free(trade: Trade, wallets: Wallets) -> bool:
    """Return whether a whole position could be sold in spite of locked coins."""
    coin = trade.safe_base_currency
    free = wallets.get_total(coin) - wallets.get_used(coin)
    return bool(free >= trade.amount * (1 - POSITION_AMOUNT_TOLERANCE))


def _expire(
    trade: Trade, unanswered: list[SentOrder], sent: SentOrders, exchange: Exchange, now: datetime
) -> None:
    """Remove the notes of orders that are too old for the exchange to process."""
    for one in unanswered:
        if now - one.sent_at > calculate_wait(exchange) + MIN_ORDER_AGE:
            sent.forget(trade, one)


def _forget(trade: Trade, found: CcxtOrder, sent: SentOrders, exchange: Exchange) -> None:
    for one in sent.find_unanswered(trade):
        if is_ours(found, one, exchange):
            sent.forget(trade, one)
    if found["side"] == trade.entry_side:
        sent.forget_entry(trade.pair)


def _sells_all(found: CcxtOrder, trade: Trade, exchange: Exchange) -> bool:
    return bool(found["amount"] >= exchange.amount_to_precision(trade.pair, trade.amount))


def _find_exit_reason(trade: Trade, found: CcxtOrder) -> str:
    """Return Freqtrade's reason for an exit, since StoplossGuard counts stop-losses."""
    is_stop = bool(found["price"]) and found["price"] <= trade.stop_loss
    return (ExitType.STOP_LOSS if is_stop else ExitType.SOLD_ON_EXCHANGE).value


def _is_settled(found: CcxtOrder, now: datetime) -> bool:
    return bool(found["timestamp"] <= dt_ts(now - MIN_ORDER_AGE))


def _describe(trade: Trade, found: CcxtOrder) -> str:
    kind = "stop" if find_stop_price(found) else found["side"]
    return (
        f"{trade.pair}: found {kind} order {found['id']} ({found['amount']:.8g} "
        f"{trade.safe_base_currency}) on the exchange that Freqtrade had no record of, probably "
        f"after a lost response. Freqtrade tracks it again."
    )


def _describe_ambiguous(trade: Trade, found: list[CcxtOrder]) -> str:
    orders = ", ".join(f"{one['id']} ({one['amount']:.8g})" for one in found[:5])
    return (
        f"{trade.pair}: coins of the open trade may be held by orders that are not provably the "
        f"bot's: {orders}. They are left alone. If they are not yours, cancel them: until then the "
        f"bot cannot sell."
    )
