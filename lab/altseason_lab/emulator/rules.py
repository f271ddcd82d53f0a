"""The trading rules of a market, as `exchangeInfo` lists them.

https://developers.binance.com/docs/binance-spot-api-docs/filters
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Candle files have no precision; with this one, rounding changes no backtest.
FINEST = Decimal("0.00000001")
MAX_COST = "9000000.00000000"
MAX_PRICE = "922327.00000000"
MAX_AMOUNT = "92141578737.00000000"
MAX_ORDERS = 200
MAX_STOP_ORDERS = 5


@dataclass(frozen=True)
class TradingRules:
    """The precision of a market's prices and amounts, and the minimum value of an order.

    :param tick: prices are multiples of it.
    :param step: amounts are multiples of it.
    :param minimum_cost: in the quote coin.
    """

    tick: Decimal = FINEST
    step: Decimal = FINEST
    minimum_cost: Decimal = Decimal(5)

    def filters(self) -> list[dict[str, Any]]:
        """Build Binance's description of these rules."""
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
                # Zero: LOT_SIZE applies.
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


def to_decimal(price: float) -> Decimal:
    """Return the shortest decimal that is parsed as this float."""
    return Decimal(repr(float(price)))


def format_amount(value: Decimal) -> str:
    """Write an amount or a price as Binance does, with eight places."""
    return f"{value:.8f}"
