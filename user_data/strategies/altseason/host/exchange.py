"""The exchange behind a strategy, by internals of Freqtrade.

When these change, `find_exchange` and the functions that call ccxt raise, and live entries are
refused; `attach_order` raises, and lost orders stay lost; both are reported. `observe_orders` then
refuses buys, and lets sales pass unobserved.
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

# Not public, but the only access to the database session of custom data.
from freqtrade.persistence.custom_data import _CustomData

CcxtOrder = dict[str, Any]
# The prefix of the client order ids that ccxt sends, by exchange.
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
    :param price: the limit price, or the one that triggers a stop; None for a market order.
    """

    pair: str
    side: str
    kind: str
    amount: float
    price: float | None


def find_exchange(strategy: Any) -> Exchange:
    """Return the exchange that a loaded strategy trades on."""
    # There is no public access to the open orders of an exchange.
    return strategy.dp._exchange


def find_fee(strategy: Any, config: dict[str, Any]) -> float:
    """Return the fee of an order, a ratio, as Freqtrade's backtests determine it.

    That is the fee of the configuration, or the larger of the exchange's two for the first pair.
    """
    if config.get("fee") is not None:
        return float(config["fee"])
    exchange, pair = find_exchange(strategy), config["exchange"]["pair_whitelist"][0]
    fees = [exchange.get_fee(symbol=pair, taker_or_maker=kind) for kind in ("taker", "maker")]
    return float(max(fee for fee in fees if fee is not None))


def fetch_open_orders(exchange: Exchange, pair: str) -> list[CcxtOrder]:
    """Return the open orders of a pair as ccxt lists them, stops included.

    Freqtrade has no method for it, so errors are ccxt's own.
    """
    found = list(exchange._api.fetch_open_orders(pair))
    if exchange.get_option("stoploss_query_requires_stop_flag"):
        # Stops are listed separately; Freqtrade requests those of OKX with the same parameters.
        kind = {"ordType": "conditional"} if isinstance(exchange, Okx) else {}
        found += exchange._api.fetch_open_orders(pair, params={"stop": True, **kind})
    return found


def find_request_lifetime(exchange: Exchange) -> timedelta:
    """Return for how long after sending a request the exchange may accept it.

    That is ccxt's timeout plus the time for which Binance accepts a signed request (`recvWindow`).
    """
    api = exchange._api
    timeout = timedelta(milliseconds=float(getattr(api, "timeout", 0) or 0))
    options = getattr(api, "options", None) or {}
    return timeout + timedelta(milliseconds=float(options.get("recvWindow") or 0))


def find_client_id_prefix(exchange: Exchange) -> str | None:
    """Return the prefix of the client order ids that ccxt sends; None if unknown."""
    api = exchange._api
    find = PREFIXES.get(str(getattr(api, "id", "")))
    return find(getattr(api, "options", None) or {}) if find else None


def observe_orders(
    exchange: Any, send: Callable[[OrderRequest, Callable[[], CcxtOrder]], CcxtOrder]
) -> None:
    """Pass every order of an exchange object through a function from now on.

    From then on the exchange object raises a DependencyException for a buy whose arguments have
    other names than in this version of Freqtrade, so that no buy is sent unobserved.

    :param send: takes the order and the function that sends it, and returns the response.
    """
    create_order, create_stoploss = exchange.create_order, exchange.create_stoploss

    def create_order_observed(**kwargs: Any) -> CcxtOrder:
        try:
            price = None if kwargs["ordertype"] == "market" else kwargs["rate"]
            order = OrderRequest(
                kwargs["pair"], kwargs["side"], kwargs["ordertype"], kwargs["amount"], price
            )
        except KeyError as error:  # another version of Freqtrade
            if kwargs.get("side") == "buy":
                raise DependencyException(f"could not note an entry: {error!r}") from error
            unobserved: CcxtOrder = create_order(**kwargs)
            return unobserved
        return send(order, lambda: create_order(**kwargs))

    def create_stoploss_observed(
        pair: str, amount: float, stop_price: float, *args: Any, **kwargs: Any
    ) -> CcxtOrder:
        def create() -> CcxtOrder:
            order: CcxtOrder = create_stoploss(pair, amount, stop_price, *args, **kwargs)
            return order

        return send(OrderRequest(pair, "sell", "stop", amount, stop_price), create)

    exchange.create_order = create_order_observed
    exchange.create_stoploss = create_stoploss_observed


def attach_order(trade: Trade, found: CcxtOrder, side: str, price: float | None) -> None:
    """Add an order on the exchange to a trade, as Freqtrade adds one that it has sent.

    :param side: as `Order.ft_order_side`.
    """
    # Its docstring says that the argument `price` is only for tests.
    order = Order.parse_from_ccxt_object(found, trade.pair, side, price=price)
    trade.orders.append(order)


def roll_back() -> None:
    """Roll back both of Freqtrade's database sessions, so that they are usable after an error."""
    for session in (Trade.session, _CustomData.session):
        with suppress(Exception):  # the original error matters more
            session.rollback()
