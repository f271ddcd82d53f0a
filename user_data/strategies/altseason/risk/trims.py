"""Trims that were ordered: without a memory of them, one whose answer was lost would be doubled."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from freqtrade.persistence import Trade
from freqtrade.wallets import Wallets

REMEMBERED_AS = "trim"
# Exchanges' clocks are not ours.
CLOCKS_DIFFER_BY = timedelta(seconds=10)
# As Freqtrade has it: what fees and steps take of a position is less.
AMOUNTS_DIFFER_BY = 0.02


@dataclass(frozen=True)
class Trim:
    """A part of a position that was to be sold.

    :param amount: in coins.
    :param since: an order for it cannot be older.
    """

    amount: float
    since: datetime


def remember_trim(trade: Trade, amount: float, now: datetime) -> None:
    """Keep with a trade, also for after a restart, that a part of it is to be sold."""
    trade.set_custom_data(REMEMBERED_AS, {"amount": amount, "time": now.timestamp()})


def find_unanswered_trim(trade: Trade) -> Trim | None:
    """Give the newest trim of a trade if Freqtrade knows of no exit since."""
    kept = trade.get_custom_data(REMEMBERED_AS)
    if kept is None:
        return None
    since = datetime.fromtimestamp(kept["time"], UTC) - CLOCKS_DIFFER_BY
    is_answered = any(
        order.ft_order_side == trade.exit_side and order.order_date_utc >= since
        for order in trade.orders
    )
    return None if is_answered else Trim(kept["amount"], since)


def is_all_there(trade: Trade, wallets: Wallets) -> bool:
    """Tell whether the account has a position, and no order on it that Freqtrade does not know."""
    wallets.update()
    coin = trade.safe_base_currency
    known = sum(
        order.safe_remaining
        for order in trade.orders
        if order.ft_is_open and order.ft_order_side != trade.entry_side
    )
    tolerated = AMOUNTS_DIFFER_BY * trade.amount
    return bool(
        wallets.get_total(coin) >= trade.amount - tolerated
        and wallets.get_used(coin) <= known + tolerated
    )
