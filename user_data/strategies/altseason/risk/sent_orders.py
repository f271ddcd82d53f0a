"""Note the orders that Freqtrade sends, until the exchange responds.

Freqtrade forgets an order whose response is lost, and would send it again; only a note of what was
sent can prove later which order on the account is the bot's own. So Freqtrade's exchange object is
wrapped: each order is noted before it is sent, with its trade (an entry, which may have no trade
yet, with its pair), in Freqtrade's own database, which outlives the process. A response or a
refusal removes the note.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import ccxt  # type: ignore[import-untyped] # it publishes no types
from freqtrade.exceptions import DependencyException, TemporaryError
from freqtrade.exchange import Exchange
from freqtrade.persistence import KeyValueStore, Order, Trade

from altseason.host.exchange import (
    CcxtOrder,
    OrderRequest,
    find_request_lifetime,
    observe_orders,
    roll_back,
)

# By how much the exchange's clock may differ from ours.
CLOCK_TOLERANCE = timedelta(seconds=10)
MIN_WAIT = timedelta(minutes=1)
# Freqtrade retries in every loop; an order that was not retried for so long is no longer due.
STILL_DUE_FOR = timedelta(minutes=3)
NOTED_AS = "sent_orders"
MAX_NOTED = 5
MAX_PAIR = 34
WATCHED_BY = "altseason_sent_orders"
# The ids that Freqtrade records if the response had none.
MISSING_IDS = ("", "None", None)


@dataclass(frozen=True)
class SentOrder:
    """An order as it was sent.

    :param side: "buy" or "sell".
    :param kind: "limit", "market", or "stop" for one that waits on the exchange.
    :param amount: in coins.
    :param price: the limit price, or the one that triggers a stop; None for a market order.
    :param time: when it was sent, in seconds since 1970.
    :param key: distinguishes orders that are otherwise the same.
    """

    side: str
    kind: str
    amount: float
    price: float | None
    time: float
    key: str = field(default_factory=lambda: uuid4().hex)

    @classmethod
    def from_record(cls, order: Order) -> "SentOrder":
        """Return an order that Freqtrade has a record of, as it was sent."""
        is_stop = order.ft_order_side == "stoploss"
        kind = "stop" if is_stop else order.order_type or "limit"
        side = "sell" if is_stop else order.ft_order_side
        price = None if kind == "market" else order.ft_price
        return cls(side, kind, order.ft_amount, price, order.order_date_utc.timestamp())

    @property
    def sent_at(self) -> datetime:
        """Return when it was sent, in UTC."""
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def purpose(self) -> str:
        """Return the purpose of the order: "entry", "exit" or "stop"."""
        if self.side == "buy":
            return "entry"
        return "stop" if self.kind == "stop" else "exit"


@dataclass
class Failure:
    """Consecutive failures of one kind of order.

    :param since: the time of the first failure.
    :param last: the time of the last failure.
    :param reason: the exchange's last reason.
    """

    since: datetime
    last: datetime
    reason: str


NOTED_FIELDS = {one.name for one in fields(SentOrder)}
REQUIRED_FIELDS = NOTED_FIELDS - {"key"}


class SentOrders:
    """The notes of one bot, and the failures of its orders by pair and purpose.

    :param clock: returns the current time, in UTC.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self.failures: dict[tuple[str, str], Failure] = {}
        # Returns whether the account has more coins than a trade's, which a second sale would sell.
        self.has_spare: Callable[[Trade], bool] = lambda trade: False

    def wrap(self, exchange: Any) -> None:
        """Note all orders that an exchange object sends from now on; see `watch_orders`."""
        self._exchange = exchange
        observe_orders(exchange, self._send)

    def find_entry(self, pair: str) -> datetime | None:
        """Return when the unanswered entry of a pair was sent; None if there is none."""
        time = KeyValueStore.get_float_value(_entry_key(pair))
        return None if time is None else datetime.fromtimestamp(time, UTC)

    def forget_entry(self, pair: str) -> None:
        """Remove the note of a pair's entry."""
        KeyValueStore.delete_value(_entry_key(pair))

    def find_unanswered(self, trade: Trade) -> list[SentOrder]:
        """Return the unanswered sell orders of a trade."""
        return [
            SentOrder(**noted)
            for noted in trade.get_custom_data(NOTED_AS) or []
            if REQUIRED_FIELDS <= set(noted) <= NOTED_FIELDS  # else it is of another version
        ]

    def forget(self, trade: Trade, sent: SentOrder) -> None:
        """Remove the note of a sell order of a trade."""
        kept = [one for one in self.find_unanswered(trade) if one != sent]
        trade.set_custom_data(NOTED_AS, [asdict(one) for one in kept])

    def _send(self, order: OrderRequest, send: Callable[[], CcxtOrder]) -> CcxtOrder:
        pair = order.pair
        now = self._clock().timestamp()
        sent = SentOrder(order.side, order.kind, order.amount, order.price, now)
        self._refuse_to_double(pair, sent)
        self._note(pair, sent)
        try:
            response = send()
        except Exception as error:
            self._fail(pair, sent, error)
            raise
        self.failures.pop((pair, sent.purpose), None)
        if response.get("id") not in MISSING_IDS:
            self._remove_note(pair, sent)
        return response

    def _refuse_to_double(self, pair: str, sent: SentOrder) -> None:
        """Refuse to send an order again while the exchange may still process the last one.

        Buys are always refused, since Freqtrade calls no callback before it adds to a position.
        Sales are refused only if the account has further coins of that kind. Otherwise the first
        order locks all coins, and the exchange itself refuses the second.

        :raises TemporaryError: so that Freqtrade retries in its next loop.
        """
        try:
            last = self._find_last(pair, sent)
        except Exception as error:
            if sent.side == "buy":
                raise DependencyException(
                    f"could not check the entry of {pair}: {error!r}"
                ) from error
            return  # selling matters more than this check
        if last is not None:
            raise TemporaryError(
                f"{pair}: the exchange has not responded to the last {sent.purpose} order, and may "
                f"still process it. Waiting, since a second one could {sent.side} twice."
            )

    def _find_last(self, pair: str, sent: SentOrder) -> datetime | None:
        """Return when the order was sent that this one could repeat; None if there is none."""
        wait = calculate_wait(self._exchange)
        if sent.side == "buy":
            entry = self.find_entry(pair)
            tries = [entry] if entry is not None else []
        else:
            trade = _find_trade(pair)
            if trade is None or not self.has_spare(trade):
                return None
            unanswered = self.find_unanswered(trade)
            tries = [one.sent_at for one in unanswered if one.purpose == sent.purpose]
        return next((time for time in tries if abs(sent.sent_at - time) < wait), None)

    def _note(self, pair: str, sent: SentOrder) -> None:
        try:
            if sent.side == "buy":
                KeyValueStore.store_value(_entry_key(pair), sent.time)
            else:
                trade = _find_trade(pair)
                if trade is not None:
                    noted = [*self.find_unanswered(trade), sent][-MAX_NOTED:]
                    trade.set_custom_data(NOTED_AS, [asdict(one) for one in noted])
        except Exception as error:
            roll_back()
            # Without a note an entry could be repeated; for a sale, selling matters more.
            if sent.side == "buy":
                raise DependencyException(
                    f"could not note the entry of {pair}: {error!r}"
                ) from error

    def _fail(self, pair: str, sent: SentOrder, error: Exception) -> None:
        with suppress(Exception):  # Freqtrade must get the original error
            now = self._clock()
            reason = str(error.__cause__ or error)
            failure = self.failures.get((pair, sent.purpose))
            is_in_a_row = failure is not None and now - failure.last <= STILL_DUE_FOR
            since = failure.since if failure is not None and is_in_a_row else now
            self.failures[pair, sent.purpose] = Failure(since, now, reason)
            if _is_refusal(error):
                self._remove_note(pair, sent)

    def _remove_note(self, pair: str, sent: SentOrder) -> None:
        try:
            if sent.side == "buy":
                self.forget_entry(pair)
            elif (trade := _find_trade(pair)) is not None:
                self.forget(trade, sent)
        except Exception:  # the note will expire; the response must reach Freqtrade
            roll_back()


def watch_orders(exchange: Any) -> SentOrders:
    """Return the notes of an exchange object; its orders are noted from the first call on."""
    noted: SentOrders | None = getattr(exchange, WATCHED_BY, None)
    if noted is None:
        noted = SentOrders()
        noted.wrap(exchange)
        setattr(exchange, WATCHED_BY, noted)
    return noted


def calculate_wait(exchange: Exchange) -> timedelta:
    """Return for how long after sending an order the exchange may still process it.

    That is the lifetime of a request plus the difference of the clocks, and at least a minute,
    since not every exchange limits the age of a request.
    """
    return max(MIN_WAIT, find_request_lifetime(exchange) + CLOCK_TOLERANCE)


def _is_refusal(error: Exception) -> bool:
    """Return whether an error means that the exchange has not accepted the order.

    It may have accepted it if it was not reached, failed, or sent an unreadable response.
    """
    cause = error.__cause__ or error
    if isinstance(cause, ccxt.DDoSProtection | ccxt.RateLimitExceeded):
        return True  # rejected unread
    if isinstance(cause, ccxt.BaseError):
        return isinstance(cause, ccxt.ExchangeError)
    return False


def _find_trade(pair: str) -> Trade | None:
    return next((trade for trade in Trade.get_open_trades() if trade.pair == pair), None)


def _entry_key(pair: str) -> Any:
    # Freqtrade's database column holds 50 characters.
    name = pair if len(pair) <= MAX_PAIR else hashlib.sha256(pair.encode()).hexdigest()[:MAX_PAIR]
    return f"altseason_entry_{name}"
