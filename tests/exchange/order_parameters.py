"""The parameters of orders, validated at the boundary and refused as Binance refuses them."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from altseason_lab.emulator import errors
from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.market import Symbol
from altseason_lab.emulator.parameters import (
    illegal_characters,
    parse_number,
    parse_symbol,
    refuse_empty,
    refuse_unread,
    required,
)
from tests.exchange import codes
from tests.exchange.orders import WITH_STOP, NewOrder, Order

DECIMAL_PATTERN = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
CLIENT_ID_PATTERN = r"^[\.A-Z\:/a-z0-9_-]{1,36}$"
PLACES = 8
SIDES = ("BUY", "SELL")
TIMES_IN_FORCE = ("GTC", "IOC", "FOK")
RESPONSES = ("ACK", "RESULT", "FULL")
# What each type has to name; a market order names its quantity or its cost.
MANDATORY = {
    "LIMIT": ("timeInForce", "quantity", "price"),
    "LIMIT_MAKER": ("quantity", "price"),
    "MARKET": (),
    **dict.fromkeys(WITH_STOP, ("timeInForce", "quantity", "price", "stopPrice")),
}
KNOWN = (
    "symbol",
    "side",
    "type",
    "timeInForce",
    "quantity",
    "quoteOrderQty",
    "price",
    "stopPrice",
    "newClientOrderId",
    "newOrderRespType",
    "selfTradePreventionMode",
)


def parse_order(parameters: Mapping[str, str], symbols: Mapping[str, Symbol]) -> NewOrder:
    """Read the parameters of `POST /api/v3/order`.

    :raises BinanceError: with the code that Binance has for what is wrong.
    """
    symbol = parse_symbol(required(parameters, "symbol"), symbols)
    choices: dict[str, Any] = {
        "side": choose(required(parameters, "side"), SIDES, codes.BAD_SIDE, "side"),
        "type": choose(required(parameters, "type"), MANDATORY, codes.BAD_ORDER_TYPE, "orderType"),
    }
    for name in MANDATORY[choices["type"]]:
        required(parameters, name)
    if "timeInForce" in parameters:
        sent = parameters["timeInForce"]
        choices["time_in_force"] = choose(
            sent, TIMES_IN_FORCE, codes.BAD_TIME_IN_FORCE, "timeInForce"
        )
    refuse_unread(parameters, KNOWN)
    is_market = choices["type"] == "MARKET"
    if is_market and ("quantity" in parameters) == ("quoteOrderQty" in parameters):
        raise BinanceError(
            errors.MANDATORY_PARAMETER_MISSING,
            "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
        )
    for name in ("price", "timeInForce") if is_market else ("quoteOrderQty",):
        refuse_unwanted(parameters, name)
    if choices["type"] not in WITH_STOP:
        refuse_unwanted(parameters, "stopPrice")
    return NewOrder(
        symbol=symbol,
        quantity=parse_decimal(parameters, "quantity"),
        cost=parse_decimal(parameters, "quoteOrderQty"),
        price=parse_decimal(parameters, "price"),
        stop_price=parse_decimal(parameters, "stopPrice"),
        client_id=parse_client_id(parameters, "newClientOrderId") or "",
        **choices,
    )


def parse_response(parameters: Mapping[str, str], order_type: str) -> str:
    """Read how much of an answer to a new order is wanted."""
    default = "FULL" if order_type in ("LIMIT", "MARKET") else "ACK"
    sent = parameters.get("newOrderRespType", default)
    return choose(sent, RESPONSES, errors.INVALID_PARAMETER, "newOrderRespType")


def find_order(
    parameters: Mapping[str, str], orders: Iterable[Order], refusal: BinanceError
) -> Order:
    """Find the order that a request names, by either of its ids; the newest, where two have one.

    :raises BinanceError: the refusal, where there is none.
    """
    number = parse_number(parameters, "orderId")
    client_id = parse_client_id(parameters, "origClientOrderId")
    if number is None and client_id is None:
        raise BinanceError(
            errors.MANDATORY_PARAMETER_MISSING,
            "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
        )
    symbol = parameters["symbol"]
    for order in reversed(list(orders)):
        is_meant = (
            order.symbol.name == symbol
            and number in (None, order.number)
            and client_id in (None, order.client_id)
        )
        if is_meant:
            return order
    raise refusal


def parse_decimal(parameters: Mapping[str, str], name: str) -> Decimal:
    """Read an amount or a price; zero where it was not sent."""
    if name not in parameters:
        return Decimal()
    refuse_empty(parameters, name)
    if not re.fullmatch(DECIMAL_PATTERN, parameters[name], re.ASCII):
        raise illegal_characters(name, DECIMAL_PATTERN)
    if len(parameters[name].partition(".")[2].rstrip("0")) > PLACES:
        raise BinanceError(
            codes.TOO_MUCH_PRECISION,
            f"Parameter '{name}' has too much precision.",
        )
    return Decimal(parameters[name])


def parse_client_id(parameters: Mapping[str, str], name: str) -> str | None:
    """Read the id that the client gave an order."""
    if name not in parameters:
        return None
    refuse_empty(parameters, name)
    if not re.fullmatch(CLIENT_ID_PATTERN, parameters[name]):
        raise illegal_characters(name, CLIENT_ID_PATTERN)
    return parameters[name]


def choose(text: str, choices: Iterable[str], code: int, what: str) -> str:
    """Read one of some words."""
    if text not in choices:
        raise BinanceError(code, f"Invalid {what}.")
    return text


def refuse_unwanted(parameters: Mapping[str, str], name: str) -> None:
    """Refuse a parameter that the type of order has no use for."""
    if name in parameters:
        raise BinanceError(codes.UNWANTED_PARAMETER, f"Parameter '{name}' sent when not required.")
