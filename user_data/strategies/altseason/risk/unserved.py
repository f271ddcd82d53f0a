"""Trades whose stop is not on the exchange, or whose exit the exchange refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from freqtrade.persistence import Trade

from altseason.risk.sent_orders import STILL_DUE_FOR, Failure


@dataclass(frozen=True)
class Unserved:
    """What a trade lacks.

    :param what: "stop" or "exit".
    :param since: from when it is known to be refused; None where only the lack of it is seen.
    :param words: what the exchange said last.
    """

    pair: str
    what: str
    since: datetime | None
    words: str

    def describe(self, minutes: int) -> str:
        """Return a message for a person."""
        said = f"The exchange says: {self.words}" if self.words else "The exchange gave no reason."
        if self.what == "stop":
            return (
                f"{self.pair} has had no stop on the exchange for {minutes} min. {said} Freqtrade "
                f"tries again in every loop; until then nothing limits the loss of this trade."
            )
        return (
            f"The exit of {self.pair} has been refused for {minutes} min. {said} Freqtrade tries "
            f"again while the exit is due; you can sell on the exchange yourself."
        )


def find_unserved(
    trades: Sequence[Trade],
    failures: Mapping[tuple[str, str], Failure],
    now: datetime,
    *,
    has_stops: bool,
) -> dict[str, Unserved]:
    """Return what open trades lack, by what a message about it is called.

    :param failures: as in `SentOrders`.
    :param has_stops: whether each open trade should have its stop on the exchange.
    """
    found = {}
    for trade in trades:
        if not trade.has_open_position:
            continue
        if has_stops and not any(order.ft_is_open for order in trade.orders):
            failure = _find_recent(failures, trade.pair, "stop", now)
            words = failure.words if failure else ""
            since = failure.since if failure else None
            found[f"Stop of {trade.pair}"] = Unserved(trade.pair, "stop", since, words)
        failure = _find_recent(failures, trade.pair, "exit", now)
        if failure is not None:
            name = f"Exit of {trade.pair}"
            found[name] = Unserved(trade.pair, "exit", failure.since, failure.words)
    return found


def _find_recent(
    failures: Mapping[tuple[str, str], Failure], pair: str, purpose: str, now: datetime
) -> Failure | None:
    failure = failures.get((pair, purpose))
    return failure if failure is not None and now - failure.last <= STILL_DUE_FOR else None
