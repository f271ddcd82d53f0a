"""What belongs to whom: every amount that is booked leaves one place and arrives at another.

Money is decimal here, never a float, so the sum over all places is the same to the last digit.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum


class Place(StrEnum):
    """Where a coin can be: the user's, free or in an open order, or somebody else's."""

    FREE = "free"
    LOCKED = "locked"
    FEES = "fees"
    COUNTERPARTY = "counterparty"


USERS = (Place.FREE, Place.LOCKED)


class Ledger:
    """The balances of the user, of the exchange (its fees) and of whom the user trades with.

    The counterparty begins with nothing and may owe; the user may not.
    """

    def __init__(self, balances: Mapping[str, Decimal]) -> None:
        """Begin with what the user has, by asset."""
        self._amounts: dict[tuple[str, Place], Decimal] = defaultdict(Decimal)
        for asset, amount in balances.items():
            self._amounts[asset, Place.FREE] = amount

    @property
    def assets(self) -> list[str]:
        """Give every asset that was ever anywhere, sorted."""
        return sorted({asset for asset, _ in self._amounts})

    def amount(self, asset: str, place: Place) -> Decimal:
        """Give how much of an asset is at a place."""
        return self._amounts.get((asset, place), Decimal())

    def total(self, asset: str) -> Decimal:
        """Give the sum over all places, which nothing changes."""
        return sum((self.amount(asset, place) for place in Place), Decimal())

    def move(self, asset: str, amount: Decimal, source: Place, target: Place) -> None:
        """Book an amount from one place to another.

        :raises ValueError: where it is negative, or the user does not have it; nothing is booked.
        """
        left = self.amount(asset, source) - amount
        if amount < 0 or (source in USERS and left < 0):
            raise ValueError(f"expected {asset} for {amount} {source}, found {left + amount}")
        self._amounts[asset, source] = left
        self._amounts[asset, target] += amount
