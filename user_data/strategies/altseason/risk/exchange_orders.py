"""Orders as the exchange lists them: which of them are unknown to Freqtrade, or are the bot's."""

import math
from datetime import UTC, datetime
from typing import Any

import ccxt  # type: ignore[import-untyped] # it publishes no types
from freqtrade.exceptions import ExchangeError, TemporaryError
from freqtrade.exchange import Exchange
from freqtrade.persistence import Order

from altseason.host.exchange import CcxtOrder, fetch_open_orders, find_client_id_prefix
from altseason.risk.sent_orders import CLOCK_TOLERANCE, SentOrder, calculate_wait


def find_unknown_orders(exchange: Exchange, pair: str) -> list[CcxtOrder]:
    """Return the open orders of a pair that Freqtrade has no record of, as ccxt lists them.

    Not by Freqtrade's own `fetch_orders`: it needs a start time, and Binance limits its requests to
    one day, but these orders may be older.

    :raises TemporaryError: if the exchange does not respond.
    :raises ExchangeError: if it refuses the request.
    """
    try:
        found = fetch_open_orders(exchange, pair)
    except ccxt.OperationFailed as error:
        raise TemporaryError(f"no response with the open orders of {pair}: {error}") from error
    except ccxt.BaseError as error:
        raise ExchangeError(f"refused to list the open orders of {pair}: {error}") from error
    return [order for order in found if is_unknown(order, pair)]


def is_unknown(found: CcxtOrder, pair: str) -> bool:
    """Return whether Freqtrade has no record of an order on the exchange."""
    return Order.order_by_id(str(found["id"]), pair) is None


def is_ours(found: CcxtOrder, sent: SentOrder, exchange: Any) -> bool:
    """Return whether an order on the exchange can only be the one that was sent.

    It must have the side, kind, amount and price that were sent, rounded as by the exchange; a time
    within what `calculate_wait` allows; and, if the exchange has client order ids, ccxt's prefix.
    """
    pair = found["symbol"]
    created = datetime.fromtimestamp(float(found["timestamp"] or 0) / 1000, UTC)
    is_in_time = (
        sent.sent_at - CLOCK_TOLERANCE <= created <= sent.sent_at + calculate_wait(exchange)
    )
    stop_price = find_stop_price(found)
    kind = "stop" if stop_price else found.get("type") or sent.kind
    amount = exchange.amount_to_precision(pair, sent.amount)
    return (
        is_in_time
        and found["side"] == sent.side
        and kind == sent.kind
        and math.isclose(float(found["amount"] or 0), float(amount), rel_tol=1e-9)
        and _is_price(stop_price or found.get("price"), sent.price, exchange, pair)
        and has_own_prefix(found, exchange)
    )


def has_own_prefix(found: CcxtOrder, exchange: Any) -> bool:
    """Return whether an order's client id has ccxt's prefix, or one of the two is unknown."""
    prefix = find_client_id_prefix(exchange)
    client_id = found.get("clientOrderId")
    return not prefix or not client_id or str(client_id).startswith(prefix)


def find_stop_price(found: CcxtOrder) -> float | None:
    """Return the price that triggers an order on the exchange; None for orders without one."""
    return found.get("triggerPrice") or found.get("stopPrice") or found.get("stopLossPrice")


def _is_price(found: float | None, sent: float | None, exchange: Any, pair: str) -> bool:
    """Return whether two prices are the same, rounded either way to the exchange's tick."""
    if sent is None or not found:
        return sent is None  # a market order has no price, or that of its fill
    try:
        tick = exchange.price_get_one_pip(pair, sent) or 0.0
    except (KeyError, TypeError):  # a market without a tick
        tick = 0.0
    return bool(abs(found - sent) <= tick * (1 + 1e-9) + 1e-9 * sent)
