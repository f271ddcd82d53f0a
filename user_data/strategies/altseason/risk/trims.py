"""Whether a position can be trimmed: all of it has to be there, and free."""

from freqtrade.persistence import Trade
from freqtrade.wallets import Wallets

# As Freqtrade has it: what fees and steps take of a position is less.
POSITION_AMOUNT_TOLERANCE = 0.02


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
