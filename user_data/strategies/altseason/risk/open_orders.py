"""Orders that are open on the exchange, and that Freqtrade does not know."""

import ccxt  # type: ignore[import-untyped] # it publishes no types
from freqtrade.exceptions import ExchangeError, TemporaryError
from freqtrade.exchange import Exchange
from freqtrade.persistence import Order

from altseason.host.exchange import CcxtOrder, fetch_open_orders


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
