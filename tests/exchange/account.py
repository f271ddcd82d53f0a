"""What the emulator is told where a bot shall trade on it with signed orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from altseason_lab.emulator.rules import TradingRules


@dataclass(frozen=True, kw_only=True)
class Account:
    """The one account of the emulator; its key and its secret are made up.

    :param balances: what it begins with, by asset.
    :param rules: by Binance's name of a market; the others have the finest.
    :param fee: the part of the received coin that each fill costs.
    :param part_per_look: how much of a limit order is filled at most at each moment at which
        anything signed is asked; 1 fills it at once.
    """

    key: str
    secret: str
    balances: Mapping[str, Decimal] = field(default_factory=dict)
    rules: Mapping[str, TradingRules] = field(default_factory=dict)
    fee: Decimal = Decimal("0.001")
    part_per_look: Decimal = Decimal(1)

    def rules_of(self, name: str) -> TradingRules:
        """Give the rules of a market, by Binance's name."""
        return self.rules.get(name, TradingRules())
