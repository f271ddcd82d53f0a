"""The exchange behind a strategy, by ways that Freqtrade does not promise.

When one of them changes: `find_exchange` and what asks ccxt raise, and live entries are refused;
`attach_order` raises, and a lost order stays lost; each is told. `observe_orders` raises for a buy
whose words it does not know, and lets a sale pass without a note.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from freqtrade.exceptions import DependencyException
from freqtrade.exchange import Exchange
from freqtrade.exchange.okx import Okx
from freqtrade.persistence import Order, Trade

# Not public, and there is no other way to the session in which custom data is stored.
from freqtrade.persistence.custom_data import _CustomData

CcxtOrder = dict[str, Any]
# By the exchanges that ccxt sends a client order id with a prefix of its own to.
PREFIXES: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "binance": lambda options: (options.get("broker") or {}).get("spot"),
    "okx": lambda options: options.get("brokerId"),
}


@dataclass(frozen=True)
class OrderRequest:
    """An order as Freqtrade hands it to its exchange object.

    :param side: "buy" or "sell".
    :param kind: "limit", "market", or "stop" for one that waits on the exchange.
    :param amount: in coins.
    :param price: the limit, or what triggers a stop; None at market.
    """

    pair: str
    side: str
    kind: str
    amount: float
    price: float | None


def find_exchange(strategy: Any) -> Exchange:
    """Return the exchange that a loaded strategy trades on."""
    # The orders that an exchange has are to be had in no other way.
    return strategy.dp._exchange


def fetch_open_orders(exchange: Exchange, pair: str) -> list[CcxtOrder]:
    """Return the open orders of a pair as ccxt has them, stops included.

    Freqtrade has no method for it. Errors are ccxt's own, since its mapping of them is not used.
    """
    found = list(exchange._api.fetch_open_orders(pair))
    if exchange.get_option("stoploss_query_requires_stop_flag"):
        # They are in a list of their own; Freqtrade asks OKX for them by the same words.
        kind = {"ordType": "conditional"} if isinstance(exchange, Okx) else {}
        found += exchange._api.fetch_open_orders(pair, params={"stop": True, **kind})
    return found


def find_request_lifetime(exchange: Exchange) -> timedelta:
    """Return how long after its sending a request may reach the exchange and be taken.

    The time until ccxt gives up, and the time for which Binance takes a signed request
    (`recvWindow`).
    """
    api = exchange._api
    timeout = timedelta(milliseconds=float(getattr(api, "timeout", 0) or 0))
    options = getattr(api, "options", None) or {}
    return timeout + timedelta(milliseconds=float(options.get("recvWindow") or 0))


def find_client_id_prefix(exchange: Exchange) -> str | None:
    """Return what the client ids of orders through ccxt begin with here; None where unknown."""
    api = exchange._api
    find = PREFIXES.get(str(getattr(api, "id", "")))
    return find(getattr(api, "options", None) or {}) if find else None


def observe_orders(
    exchange: Any, send: Callable[[OrderRequest, Callable[[], CcxtOrder]], CcxtOrder]
) -> None:
    """Send every order of an exchange object by way of a function, from now on.

    :param send: takes the order and what sends it, and returns the exchange's response.
    :raises DependencyException: out of the exchange object, for a buy that Freqtrade describes by
        other words than today's, so that none is sent unseen.
    """
    create_order, create_stoploss = exchange.create_order, exchange.create_stoploss

    def create_order_observed(**words: Any) -> CcxtOrder:
        try:
            price = None if words["ordertype"] == "market" else words["rate"]
            order = OrderRequest(
                words["pair"], words["side"], words["ordertype"], words["amount"], price
            )
        except KeyError as error:  # another Freqtrade, with other words
            if words.get("side") == "buy":
                raise DependencyException(f"could not note an entry: {error!r}") from error
            unseen: CcxtOrder = create_order(**words)
            return unseen
        return send(order, lambda: create_order(**words))

    def create_stoploss_observed(
        pair: str, amount: float, stop_price: float, *arguments: Any, **words: Any
    ) -> CcxtOrder:
        def create() -> CcxtOrder:
            order: CcxtOrder = create_stoploss(pair, amount, stop_price, *arguments, **words)
            return order

        return send(OrderRequest(pair, "sell", "stop", amount, stop_price), create)

    exchange.create_order = create_order_observed
    exchange.create_stoploss = create_stoploss_observed


def attach_order(trade: Trade, found: CcxtOrder, side: str, price: float | None) -> None:
    """Add an order of the exchange to a trade, as Freqtrade does with one that it has sent.

    :param side: as `Order.ft_order_side`.
    """
    # Its argument `price` is for tests only, by its docstring.
    order = Order.parse_from_ccxt_object(found, trade.pair, side, price=price)
    trade.orders.append(order)


def roll_back() -> None:
    """Leave Freqtrade's database sessions usable after an error: each has to be rolled back."""
    for session in (Trade.session, _CustomData.session):
        with suppress(Exception):  # the error itself is what matters
            session.rollback()
