"""The account with which a bot trades on the exchange."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from altseason_lab.emulator.rules import TradingRules


@dataclass(frozen=True, kw_only=True)
class Account:
    """The one account of the exchange; its key and secret are made up.

    :param balances: at the start, by asset.
    :param rules: by Binance's name of a market; the others have the finest.
    :param fee: of each fill, as a fraction of the received coin.
    :param max_fill_fraction: the largest fraction of a limit order that is filled at each signed
        request; 1 fills it at once.
    """

    key: str
    secret: str
    balances: Mapping[str, Decimal] = field(default_factory=dict)
    rules: Mapping[str, TradingRules] = field(default_factory=dict)
    fee: Decimal = Decimal("0.001")
    max_fill_fraction: Decimal = Decimal(1)

    def rules_of(self, name: str) -> TradingRules:
        """Return the rules of a market, by Binance's name."""
        return self.rules.get(name, TradingRules())
