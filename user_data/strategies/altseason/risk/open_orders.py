"""Orders that are open on the exchange, and that Freqtrade does not know."""

from typing import Any

import ccxt  # type: ignore[import-untyped] # it publishes no types
from freqtrade.exceptions import ExchangeError, TemporaryError
from freqtrade.exchange import Exchange
from freqtrade.exchange.okx import Okx
from freqtrade.persistence import Order

Found = dict[str, Any]


def find_unknown_orders(exchange: Exchange, pair: str) -> list[Found]:
    """Give the open orders of a pair that Freqtrade has no record of, as ccxt has them.

    Freqtrade's own `fetch_orders` asks for those since a time, and Binance says that it tells of
    one day at once; these may be older.

    :raises TemporaryError: where the exchange does not answer.
    :raises ExchangeError: where it refuses to.
    """
    try:
        found = _fetch_open_orders(exchange, pair)
    except ccxt.OperationFailed as error:
        raise TemporaryError(f"no answer to what is open of {pair}: {error}") from error
    except ccxt.BaseError as error:
        raise ExchangeError(f"refused to tell what is open of {pair}: {error}") from error
    return [order for order in found if is_unknown(order, pair)]


def is_unknown(order: Found, pair: str) -> bool:
    """Tell whether Freqtrade has no record of an order of the exchange."""
    return Order.order_by_id(str(order["id"]), pair) is None


def _fetch_open_orders(exchange: Exchange, pair: str) -> list[Found]:
    found = list(exchange._api.fetch_open_orders(pair))
    if exchange.get_option("stoploss_query_requires_stop_flag"):
        # They are in a list of their own; Freqtrade asks OKX for them by the same words.
        kind = {"ordType": "conditional"} if isinstance(exchange, Okx) else {}
        found += exchange._api.fetch_open_orders(pair, params={"stop": True, **kind})
    return found
