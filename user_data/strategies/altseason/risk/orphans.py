"""Coins that no open trade explains: what a lost answer to a buy order leaves behind.

Freqtrade keeps no record of an order whose answer never came, and would buy again in its next loop.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from freqtrade.persistence import Trade
from freqtrade.wallets import Wallets


def calculate_orphan(held: float, explained: Iterable[float], price: float, dust: float) -> float:
    """Give the amount of a coin that open trades do not explain; 0 where it is dust.

    :param held: all there is of the coin, also what is in open orders.
    :param explained: the amounts of the open trades.
    :param price: of the coin, in stake currency.
    :param dust: a value in stake currency; an order is never so small.
    """
    amount = held - sum(explained)
    return amount if amount * price >= dust and amount > 0 else 0.0


def describe_orphan(
    pair: str, rate: float, *, wallets: Wallets, market: Mapping[str, Any], kept: Iterable[str]
) -> str | None:
    """Look into the wallet before an entry, and say what is wrong; None where nothing is.

    :param rate: the price of the entry.
    :param market: as ccxt describes it; its smallest order is the limit of dust.
    :param kept: coins that the user holds on purpose.
    """
    coin = pair.partition("/")[0]
    if coin in kept:
        return None
    wallets.update()
    amounts = [
        trade.amount for trade in Trade.get_open_trades() if trade.safe_base_currency == coin
    ]
    dust = float(market["limits"]["cost"]["min"] or 0)
    orphan = calculate_orphan(wallets.get_total(coin), amounts, rate, dust)
    if not orphan:
        return None
    return (
        f"{pair} is not entered: the wallet holds {orphan:.8g} {coin} that no open trade explains, "
        f"as after an order whose answer was lost. Sell them, or name {coin} in "
        f"`altseason.risk.kept_coins`."
    )
