"""Notify of trades whose stop is not on the exchange, or whose exit the exchange refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from freqtrade.persistence import Trade

from altseason.notifications import Notifier
from altseason.risk.sent_orders import STILL_DUE_FOR, Failure

# Freqtrade retries a stop or an exit in every loop.
MIN_DURATION = timedelta(minutes=1)


@dataclass(frozen=True)
class Unserved:
    """A stop or an exit that a trade lacks.

    :param what: "stop" or "exit".
    :param since: since when the exchange has refused it; None if no refusal is known.
    :param reason: the exchange's last reason.
    """

    pair: str
    what: str
    since: datetime | None
    reason: str

    def describe(self, minutes: int) -> str:
        """Return the message about it."""
        said = (
            f"The exchange says: {self.reason}" if self.reason else "The exchange gave no reason."
        )
        if self.what == "stop":
            return (
                f"{self.pair} has had no stop on the exchange for {minutes} min. {said} Freqtrade "
                f"retries in every loop; until then nothing limits the loss of this trade."
            )
        return (
            f"The exit of {self.pair} has been refused for {minutes} min. {said} Freqtrade "
            f"retries while the exit is due; you can sell on the exchange yourself."
        )


class UnservedWatch:
    """Notify of stops and exits that have been missing for a minute, and when that is over."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    def report(self, unserved: Mapping[str, Unserved], notifier: Notifier, now: datetime) -> None:
        """Notify of those that are new or over.

        :param unserved: as from `find_unserved`.
        """
        for topic in [topic for topic in self._since if topic not in unserved]:
            del self._since[topic]
            notifier.clear(topic, f"{topic}: it was accepted, or is no longer needed.")
        for topic, lack in unserved.items():
            since = min(self._since.get(topic, now), lack.since or now)
            self._since[topic] = since
            if now - since >= MIN_DURATION:
                minutes = (now - since) // timedelta(minutes=1)
                notifier.raise_alert(topic, lack.describe(minutes))


def find_unserved(
    trades: Sequence[Trade],
    failures: Mapping[tuple[str, str], Failure],
    now: datetime,
    *,
    has_stops: bool,
) -> dict[str, Unserved]:
    """Return the missing stops and exits of open trades, by the topic of their messages.

    :param failures: as in `SentOrders`.
    :param has_stops: whether each open trade should have a stop on the exchange.
    """
    found = {}
    for trade in trades:
        if not trade.has_open_position:
            continue
        if has_stops and not any(order.ft_is_open for order in trade.orders):
            failure = _find_recent(failures, trade.pair, "stop", now)
            reason = failure.reason if failure else ""
            since = failure.since if failure else None
            found[f"Stop of {trade.pair}"] = Unserved(trade.pair, "stop", since, reason)
        failure = _find_recent(failures, trade.pair, "exit", now)
        if failure is not None:
            topic = f"Exit of {trade.pair}"
            found[topic] = Unserved(trade.pair, "exit", failure.since, failure.reason)
    return found


def _find_recent(
    failures: Mapping[tuple[str, str], Failure], pair: str, purpose: str, now: datetime
) -> Failure | None:
    failure = failures.get((pair, purpose))
    return failure if failure is not None and now - failure.last <= STILL_DUE_FOR else None
