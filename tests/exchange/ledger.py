"""A double-entry ledger: every booked amount leaves one bucket and enters another.

Money is decimal, never a float, so the sum over all buckets is exact.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum


class Bucket(StrEnum):
    """Where an amount can be: free or in an open order of the user, or with somebody else."""

    FREE = "free"
    LOCKED = "locked"
    FEES = "fees"
    COUNTERPARTY = "counterparty"


USERS = (Bucket.FREE, Bucket.LOCKED)


class Ledger:
    """The balances of the user, of the exchange (its fees) and of the counterparty.

    The counterparty starts at zero and may become negative; the user may not.
    """

    def __init__(self, balances: Mapping[str, Decimal]) -> None:
        """Start with the user's balances, by asset."""
        self._amounts: dict[tuple[str, Bucket], Decimal] = defaultdict(Decimal)
        for asset, amount in balances.items():
            self._amounts[asset, Bucket.FREE] = amount

    @property
    def assets(self) -> list[str]:
        """Return all assets, sorted."""
        return sorted({asset for asset, _ in self._amounts})

    def amount(self, asset: str, bucket: Bucket) -> Decimal:
        """Return the amount of an asset in a bucket."""
        return self._amounts.get((asset, bucket), Decimal())

    def total(self, asset: str) -> Decimal:
        """Return the sum over all buckets, which never changes."""
        return sum((self.amount(asset, bucket) for bucket in Bucket), Decimal())

    def move(self, asset: str, amount: Decimal, source: Bucket, target: Bucket) -> None:
        """Move an amount from one bucket to another.

        :raises ValueError: where it is negative, or the user lacks it; nothing is booked.
        """
        left = self.amount(asset, source) - amount
        if amount < 0 or (source in USERS and left < 0):
            raise ValueError(f"expected {asset} for {amount} {source}, found {left + amount}")
        self._amounts[asset, source] = left
        self._amounts[asset, target] += amount
