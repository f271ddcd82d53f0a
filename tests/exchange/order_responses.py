"""The bodies of Binance's responses about an account: balances, orders and trades.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/trading-endpoints
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints
"""

from decimal import Decimal
from typing import Any

from altseason_lab.emulator.rules import format_amount
from tests.exchange.ledger import Bucket, Ledger
from tests.exchange.orders import WITH_STOP, Fill, Order

NO_LIST = -1
SELF_TRADE_PREVENTION = "EXPIRE_MAKER"
# Binance counts the commission in hundredths of a percent.
BASIS_POINTS = 10_000


def account_response(ledger: Ledger, fee: Decimal, now: int, *, omit_zeros: bool) -> dict[str, Any]:
    """Build the response to `GET /api/v3/account`."""
    balances = [
        {
            "asset": asset,
            "free": format_amount(ledger.amount(asset, Bucket.FREE)),
            "locked": format_amount(ledger.amount(asset, Bucket.LOCKED)),
        }
        for asset in ledger.assets
    ]
    has_any = [one for one in balances if Decimal(one["free"]) or Decimal(one["locked"])]
    rate = format_amount(fee)
    return {
        "makerCommission": int(fee * BASIS_POINTS),
        "takerCommission": int(fee * BASIS_POINTS),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": rate,
            "taker": rate,
            "buyer": format_amount(Decimal()),
            "seller": format_amount(Decimal()),
        },
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": now,
        "accountType": "SPOT",
        "balances": has_any if omit_zeros else balances,
        "permissions": ["SPOT"],
        "uid": 1,
    }


def order_response(order: Order) -> dict[str, Any]:
    """Build the response to `GET /api/v3/order`, and a row of the lists of orders."""
    return {
        **_identity(order),
        "clientOrderId": order.client_id,
        **_state(order),
        "stopPrice": format_amount(order.request.stop_price),
        "icebergQty": format_amount(Decimal()),
        "time": order.time,
        "updateTime": order.updated,
        "isWorking": order.working_since is not None,
        **_working(order),
    }


def new_order_response(order: Order, wanted: str, now: int) -> dict[str, Any]:
    """Build the response to `POST /api/v3/order`.

    :param wanted: its extent: ACK, RESULT or FULL.
    """
    acknowledged = {
        **_identity(order),
        "clientOrderId": order.client_id,
        "transactTime": now,
    }
    if wanted == "ACK":
        return acknowledged
    has_stop = order.request.type in WITH_STOP
    stop = {"stopPrice": format_amount(order.request.stop_price)} if has_stop else {}
    result = {**acknowledged, **_state(order), **stop, **_working(order)}
    if wanted == "RESULT":
        return result
    fills = [
        {
            "price": format_amount(fill.price),
            "qty": format_amount(fill.quantity),
            "commission": format_amount(fill.fee),
            "commissionAsset": fill.fee_asset,
            "tradeId": fill.number,
        }
        for fill in order.fills
    ]
    return {**result, "fills": fills}


def cancel_response(order: Order, client_id: str) -> dict[str, Any]:
    """Build the response to `DELETE /api/v3/order`.

    :param client_id: of the cancellation, which has its own.
    """
    return {
        **_identity(order),
        "origClientOrderId": order.client_id,
        "clientOrderId": client_id,
        "transactTime": order.updated,
        **_state(order),
    }


def trade_response(order: Order, fill: Fill) -> dict[str, Any]:
    """Build a row of the response to `GET /api/v3/myTrades`."""
    return {
        **_identity(order),
        "id": fill.number,
        "price": format_amount(fill.price),
        "qty": format_amount(fill.quantity),
        "quoteQty": format_amount(fill.cost),
        "commission": format_amount(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time,
        "isBuyer": order.is_buy,
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def ledger_response(ledger: Ledger, orders: list[Order]) -> dict[str, Any]:
    """Build the control endpoint's response: everything that was booked."""
    places = {
        asset: {bucket.value: format_amount(ledger.amount(asset, bucket)) for bucket in Bucket}
        for asset in ledger.assets
    }
    rows = [
        {**order_response(order), "fills": [trade_response(order, fill) for fill in order.fills]}
        for order in orders
    ]
    return {"balances": places, "orders": rows}


def _identity(order: Order) -> dict[str, Any]:
    return {"symbol": order.symbol.name, "orderId": order.number, "orderListId": NO_LIST}


def _working(order: Order) -> dict[str, int]:
    return {} if order.working_since is None else {"workingTime": order.working_since}


def _state(order: Order) -> dict[str, Any]:
    request = order.request
    return {
        "price": format_amount(request.price),
        "origQty": format_amount(order.quantity),
        "executedQty": format_amount(order.executed),
        "origQuoteOrderQty": format_amount(request.cost),
        "cummulativeQuoteQty": format_amount(order.cost),
        "status": order.status,
        "timeInForce": request.time_in_force,
        "type": request.type,
        "side": request.side,
        "selfTradePreventionMode": SELF_TRADE_PREVENTION,
    }
