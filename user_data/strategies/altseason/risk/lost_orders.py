"""Orders of open trades whose response was lost or broken, given back to Freqtrade.

Freqtrade knows an order by the exchange's response to it alone. Without one, a stop or an exit lies
on the exchange, locks the coins, and lets Freqtrade neither stop nor exit. With a broken one it has
an order without an id, and asks for it for ever. Once it has the id, it does all the rest. (An
entry without a response makes no trade: see orphans.py.)

Only an order that can be nothing else than what the bot has sent is touched (`is_ours`). Whatever
else lies on the account is the user's, or another bot's: it is reported and left alone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from freqtrade.enums import ExitType
from freqtrade.exchange import Exchange
from freqtrade.persistence import Order, Trade
from freqtrade.util import dt_ts
from freqtrade.wallets import Wallets

from altseason.host.exchange import CcxtOrder, attach_order
from altseason.risk.holdings import POSITION_AMOUNT_TOLERANCE, find_unknown_orders, is_unknown
from altseason.risk.sent_orders import (
    CLOCK_TOLERANCE,
    NO_ID,
    SentOrder,
    SentOrders,
    calculate_wait,
    describe_sent,
    find_stop_price,
    is_ours,
)

# An order this young may be one of which Freqtrade is just being told, in another thread.
MIN_ORDER_AGE = timedelta(minutes=1)
STOP = "stoploss"


@dataclass
class Recovery:
    """What came of looking after one trade.

    :param recovered: messages about orders that Freqtrade knows again.
    :param foreign: a message about orders that hold the trade's coins and are not provably the
        bot's; empty where there are none.
    """

    recovered: list[str] = field(default_factory=list)
    foreign: str = ""


def recover_orders(
    trade: Trade, sent: SentOrders, exchange: Exchange, wallets: Wallets, now: datetime
) -> Recovery:
    """Hand Freqtrade what it lacks of an open trade's orders, and return what that was.

    The exchange is asked only where something is wrong: an open order has no id; what was sent to
    sell has no response; or the trade has no open order, though coins of it are locked.
    """
    missing_ids = [order for order in trade.orders if order.ft_is_open and order.order_id in NO_ID]
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
    """Assign orders their ids; they may be closed by now."""
    since = min(order.order_date_utc for order in orders)
    unknown = [
        found
        for found in map(dict, exchange.fetch_orders(trade.pair, since))
        if is_unknown(found, trade.pair)
    ]
    recovery = Recovery()
    for order in orders:
        matches = [found for found in unknown if is_ours(found, describe_sent(order), exchange)]
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
    """Attach what was sent to sell the position, or a part of it, and lies on the exchange."""
    unanswered = sent.find_unanswered(trade)
    if unanswered:
        wallets.update()
    is_locked = wallets.get_used(trade.safe_base_currency) > _smallest(trade, unanswered) / 2
    if not is_locked and not (unanswered and sent.has_spare(trade)):
        _expire(trade, unanswered, sent, exchange, now)
        return Recovery()
    unknown = _find_unknown(trade, unanswered, sent, exchange)
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
    if not find_stop_price(match) and _is_whole(match, trade, exchange):
        trade.exit_reason = _find_reason(trade, match)
    side = STOP if find_stop_price(match) else trade.exit_side
    # Freqtrade keeps none without a price; one at market may have none before it is filled.
    price = match["price"] or find_stop_price(match) or match.get("average") or trade.open_rate
    # Open for Freqtrade whatever it is by now, so that it asks for it and does what follows.
    attach_order(trade, {**match, "status": "open"}, side, price)
    _forget(trade, match, sent, exchange)
    return Recovery([_describe(trade, match)])


def _find_unknown(
    trade: Trade, unanswered: list[SentOrder], sent: SentOrders, exchange: Exchange
) -> list[CcxtOrder]:
    """Return the orders to sell that Freqtrade does not know: those that are open.

    Where the account has other coins of the kind, those that are filled as well: nothing else would
    show that the position is sold, and Freqtrade would sell the others.
    """
    found = {str(order["id"]): order for order in find_unknown_orders(exchange, trade.pair)}
    if unanswered and sent.has_spare(trade):
        since = min(one.sent_at for one in unanswered) - CLOCK_TOLERANCE
        for order in map(dict, exchange.fetch_orders(trade.pair, since)):
            if is_unknown(order, trade.pair) and order.get("filled"):
                found.setdefault(str(order["id"]), order)
    return [order for order in found.values() if order["side"] == trade.exit_side]


def _smallest(trade: Trade, unanswered: list[SentOrder]) -> float:
    """Return the least that may be locked: not zero, since others' dust may be locked as well."""
    return min([trade.amount, *(one.amount for one in unanswered)])


def _is_free(trade: Trade, wallets: Wallets) -> bool:
    """Return whether all of a position could be sold, whatever else is locked."""
    coin = trade.safe_base_currency
    free = wallets.get_total(coin) - wallets.get_used(coin)
    return bool(free >= trade.amount * (1 - POSITION_AMOUNT_TOLERANCE))


def _expire(
    trade: Trade, unanswered: list[SentOrder], sent: SentOrders, exchange: Exchange, now: datetime
) -> None:
    """Forget what was sent so long ago that the exchange cannot process it any more."""
    for one in unanswered:
        if now - one.sent_at > calculate_wait(exchange) + MIN_ORDER_AGE:
            sent.forget(trade, one)


def _forget(trade: Trade, found: CcxtOrder, sent: SentOrders, exchange: Exchange) -> None:
    for one in sent.find_unanswered(trade):
        if is_ours(found, one, exchange):
            sent.forget(trade, one)
    if found["side"] == trade.entry_side:
        sent.forget_entry(trade.pair)


def _is_whole(found: CcxtOrder, trade: Trade, exchange: Exchange) -> bool:
    return bool(found["amount"] >= exchange.amount_to_precision(trade.pair, trade.amount))


def _find_reason(trade: Trade, found: CcxtOrder) -> str:
    """Return the reason of an exit; StoplossGuard counts the stops among them."""
    is_stop = bool(found["price"]) and found["price"] <= trade.stop_loss
    return (ExitType.STOP_LOSS if is_stop else ExitType.SOLD_ON_EXCHANGE).value


def _is_settled(found: CcxtOrder, now: datetime) -> bool:
    return bool(found["timestamp"] <= dt_ts(now - MIN_ORDER_AGE))


def _describe(trade: Trade, found: CcxtOrder) -> str:
    kind = "stop" if find_stop_price(found) else found["side"]
    return (
        f"{trade.pair}: found {kind} order {found['id']} ({found['amount']:.8g} "
        f"{trade.safe_base_currency}) on the exchange, of which Freqtrade had no record, probably "
        f"after a lost response. Freqtrade tracks it again."
    )


def _describe_ambiguous(trade: Trade, found: list[CcxtOrder]) -> str:
    orders = ", ".join(f"{one['id']} ({one['amount']:.8g})" for one in found[:5])
    return (
        f"{trade.pair}: coins of the open trade may be held by orders that are not provably the "
        f"bot's: {orders}. They are left alone. If they are not yours, cancel them, or the bot "
        f"cannot sell."
    )
