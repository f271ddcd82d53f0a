"""The rules that the orders of a market have to keep, as `exchangeInfo` tells them.

https://developers.binance.com/docs/binance-spot-api-docs/filters
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from altseason_lab.emulator import errors
from altseason_lab.emulator.errors import BinanceError

# Candle files do not say how fine prices and amounts were; this fine, rounding moves no backtest.
FINEST = Decimal("0.00000001")
MAX_COST = "9000000.00000000"
MAX_PRICE = "922327.00000000"
MAX_AMOUNT = "92141578737.00000000"
MAX_ORDERS = 200
MAX_STOP_ORDERS = 5


@dataclass(frozen=True)
class TradingRules:
    """How fine prices and amounts of a market are, and what an order has to be worth.

    :param tick: prices are multiples of it.
    :param step: amounts are multiples of it.
    :param minimum_cost: in the quote coin.
    """

    tick: Decimal = FINEST
    step: Decimal = FINEST
    minimum_cost: Decimal = Decimal(5)

    def filters(self) -> list[dict[str, Any]]:
        """Build what Binance tells of them."""
        return [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": format_amount(self.tick),
                "maxPrice": MAX_PRICE,
                "tickSize": format_amount(self.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": format_amount(self.step),
                "maxQty": MAX_AMOUNT,
                "stepSize": format_amount(self.step),
            },
            {
                # Zero means that the rule of LOT_SIZE holds.
                "filterType": "MARKET_LOT_SIZE",
                "minQty": "0.00000000",
                "maxQty": MAX_AMOUNT,
                "stepSize": "0.00000000",
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": format_amount(self.minimum_cost),
                "applyMinToMarket": True,
                "maxNotional": MAX_COST,
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAX_ORDERS},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": MAX_STOP_ORDERS},
        ]

    def validate_amount(self, amount: Decimal) -> None:
        """Refuse an amount that LOT_SIZE forbids."""
        if not self.step <= amount <= Decimal(MAX_AMOUNT) or amount % self.step:
            raise filter_failure("LOT_SIZE")

    def validate_price(self, price: Decimal) -> None:
        """Refuse a price that PRICE_FILTER forbids."""
        if not self.tick <= price <= Decimal(MAX_PRICE) or price % self.tick:
            raise filter_failure("PRICE_FILTER")

    def validate_cost(self, cost: Decimal, *, is_market: bool = False) -> None:
        """Refuse a worth that NOTIONAL forbids; that of a market order has no upper end."""
        is_too_much = cost > Decimal(MAX_COST) and not is_market
        if cost < self.minimum_cost or is_too_much:
            raise filter_failure("NOTIONAL")


def filter_failure(name: str) -> BinanceError:
    """Build the error for an order that breaks a rule."""
    return BinanceError(errors.INVALID_MESSAGE, f"Filter failure: {name}")


def format_amount(value: Decimal) -> str:
    """Write an amount or a price as Binance does, with eight places."""
    return f"{value:.8f}"
