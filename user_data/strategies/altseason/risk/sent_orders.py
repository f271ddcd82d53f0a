"""Orders as Freqtrade sent them: what it asked for, and whether the exchange answered.

Freqtrade forgets an order whose response is lost, and would send it again. Only what was sent can
prove later which order on the account is the bot's own. So the exchange object that Freqtrade
orders by is wrapped: before a request leaves, it is noted with the trade (or, where an entry has no
trade yet, with its pair) in Freqtrade's own database, which outlives the process; a response or a
refusal takes the note back.
"""

import hashlib
import math
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
    find_client_id_prefix,
    find_request_lifetime,
    observe_orders,
    roll_back,
)

# Exchanges' clocks are not ours.
CLOCK_TOLERANCE = timedelta(seconds=10)
MIN_WAIT = timedelta(minutes=1)
# Freqtrade tries again in every loop; what was not tried for so long is not due any more.
STILL_DUE_FOR = timedelta(minutes=3)
NOTED_AS = "sent_orders"
MAX_NOTED = 5
MAX_NAME = 34
WATCHED_BY = "altseason_sent_orders"
NO_ID = ("", "None", None)


@dataclass(frozen=True)
class SentOrder:
    """One order as it was sent.

    :param side: "buy" or "sell".
    :param kind: "limit", "market", or "stop" for one that waits on the exchange.
    :param amount: in coins.
    :param price: the limit, or what triggers a stop; None at market.
    :param time: when it was sent, in seconds since 1970.
    :param key: tells two apart that are the same in everything else.
    """

    side: str
    kind: str
    amount: float
    price: float | None
    time: float
    key: str = field(default_factory=lambda: uuid4().hex)

    @property
    def sent_at(self) -> datetime:
        """When it was sent, in UTC."""
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def purpose(self) -> str:
        """What it is for: "entry", "exit" or "stop"."""
        if self.side == "buy":
            return "entry"
        return "stop" if self.kind == "stop" else "exit"


@dataclass
class Failure:
    """What the exchange has said to one kind of order again and again.

    :param since: when it first did, of the times in a row.
    :param last: when it last did.
    """

    since: datetime
    last: datetime
    words: str


KNOWN = {one.name for one in fields(SentOrder)}
NEEDED = KNOWN - {"key"}


class SentOrders:
    """The notes of one bot.

    :param clock: the time now, in UTC.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self.failures: dict[tuple[str, str], Failure] = {}
        # Whether the account has coins beside a trade's, so that selling twice would sell those.
        self.has_spare: Callable[[Trade], bool] = lambda trade: False

    def wrap(self, exchange: Any) -> None:
        """Note all orders that are sent by an exchange object from now on; see `watch_orders`."""
        self._exchange = exchange
        observe_orders(exchange, self._send)

    def find_entry(self, pair: str) -> datetime | None:
        """Return when an entry of a pair was sent whose response has not come; None without one."""
        time = KeyValueStore.get_float_value(_entry_key(pair))
        return None if time is None else datetime.fromtimestamp(time, UTC)

    def forget_entry(self, pair: str) -> None:
        """Take the note of a pair's entry back."""
        KeyValueStore.delete_value(_entry_key(pair))

    def find_unanswered(self, trade: Trade) -> list[SentOrder]:
        """Return what was sent to sell coins of a trade, and has not been answered."""
        return [
            SentOrder(**noted)
            for noted in trade.get_custom_data(NOTED_AS) or []
            if NEEDED <= set(noted) <= KNOWN  # else of another version
        ]

    def forget(self, trade: Trade, sent: SentOrder) -> None:
        """Take one of them back."""
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
        if response.get("id") not in NO_ID:
            self._take_back(pair, sent)
        return response

    def _refuse_to_double(self, pair: str, sent: SentOrder) -> None:
        """Refuse to send again while the last try may still be processed.

        To buy: always, since Freqtrade asks no callback before it adds to a position. To sell: only
        where the account has other coins of the kind. Where it has none, the first order locks all
        of them, and the exchange refuses the second.

        :raises TemporaryError: then; Freqtrade tries again in its next loop.
        """
        try:
            last = self._find_last(pair, sent)
        except Exception as error:
            if sent.side == "buy":
                raise DependencyException(
                    f"could not check the entry of {pair}: {error!r}"
                ) from error
            return  # to sell is more important
        if last is not None:
            raise TemporaryError(
                f"{pair}: the exchange has not answered the last {sent.purpose} order, and may "
                f"still process it. Waiting, since a second one would {sent.side} twice."
            )

    def _find_last(self, pair: str, sent: SentOrder) -> datetime | None:
        """Return when the last try was sent that this one could double; None without one."""
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
            # Without a note an entry could be doubled; to sell is more important than to note it.
            if sent.side == "buy":
                raise DependencyException(
                    f"could not note the entry of {pair}: {error!r}"
                ) from error

    def _fail(self, pair: str, sent: SentOrder, error: Exception) -> None:
        with suppress(Exception):  # the error itself is what Freqtrade has to see
            now = self._clock()
            words = str(error.__cause__ or error)
            failure = self.failures.get((pair, sent.purpose))
            is_in_a_row = failure is not None and now - failure.last <= STILL_DUE_FOR
            since = failure.since if failure is not None and is_in_a_row else now
            self.failures[pair, sent.purpose] = Failure(since, now, words)
            if _is_refusal(error):
                self._take_back(pair, sent)

    def _take_back(self, pair: str, sent: SentOrder) -> None:
        try:
            if sent.side == "buy":
                self.forget_entry(pair)
            elif (trade := _find_trade(pair)) is not None:
                self.forget(trade, sent)
        except Exception:  # it expires by itself; an answer must reach Freqtrade
            roll_back()


def watch_orders(exchange: Any) -> SentOrders:
    """Return the notes of an exchange object, whose orders are noted from the first call on."""
    noted: SentOrders | None = getattr(exchange, WATCHED_BY, None)
    if noted is None:
        noted = SentOrders()
        noted.wrap(exchange)
        setattr(exchange, WATCHED_BY, noted)
    return noted


def calculate_wait(exchange: Exchange) -> timedelta:
    """Return how long after its sending an exchange may still process an order.

    The lifetime of a request and the difference of the clocks; a minute at least, since not every
    exchange has a window for a request.
    """
    return max(MIN_WAIT, find_request_lifetime(exchange) + CLOCK_TOLERANCE)


def is_ours(found: CcxtOrder, sent: SentOrder, exchange: Any) -> bool:
    """Return whether an order on the exchange can only be the one that was sent.

    Side, kind, amount and price as they were sent, in the steps of the exchange; its time within
    what `calculate_wait` allows; and, where the exchange keeps client order ids, the prefix that
    ccxt gives them.
    """
    pair = found["symbol"]
    created = datetime.fromtimestamp(float(found["timestamp"] or 0) / 1000, UTC)
    is_in_time = (
        sent.sent_at - CLOCK_TOLERANCE <= created <= sent.sent_at + calculate_wait(exchange)
    )
    stop_price = find_stop_price(found)
    kind = "stop" if stop_price else found.get("type") or sent.kind
    amount = exchange.amount_to_precision(pair, sent.amount)
    return (
        is_in_time
        and found["side"] == sent.side
        and kind == sent.kind
        and math.isclose(float(found["amount"] or 0), float(amount), rel_tol=1e-9)
        and _is_price(stop_price or found.get("price"), sent.price, exchange, pair)
        and has_own_prefix(found, exchange)
    )


def has_own_prefix(found: CcxtOrder, exchange: Any) -> bool:
    """Return whether an order's client id is one of ccxt's, or cannot tell."""
    prefix = find_client_id_prefix(exchange)
    client_id = found.get("clientOrderId")
    return not prefix or not client_id or str(client_id).startswith(prefix)


def find_stop_price(found: CcxtOrder) -> float | None:
    """Return the price at which an order of the exchange is triggered; None for other orders."""
    return found.get("triggerPrice") or found.get("stopPrice") or found.get("stopLossPrice")


def describe_sent(order: Order) -> SentOrder:
    """Return an order that Freqtrade keeps as it was sent."""
    is_stop = order.ft_order_side == "stoploss"
    kind = "stop" if is_stop else order.order_type or "limit"
    side = "sell" if is_stop else order.ft_order_side
    price = None if kind == "market" else order.ft_price
    return SentOrder(side, kind, order.ft_amount, price, order.order_date_utc.timestamp())


def _is_price(found: float | None, sent: float | None, exchange: Any, pair: str) -> bool:
    """Return whether two prices are one, rounded either way to the exchange's tick."""
    if sent is None or not found:
        return sent is None  # an order at market has no price, or the one that it was filled at
    try:
        tick = exchange.price_get_one_pip(pair, sent) or 0.0
    except (KeyError, TypeError):  # a market without a tick
        tick = 0.0
    return bool(abs(found - sent) <= tick * (1 + 1e-9) + 1e-9 * sent)


def _is_refusal(error: Exception) -> bool:
    """Return whether the exchange has said that there is no such order.

    Not where it was not reached, gave no answer that can be read, or has failed itself.
    """
    cause = error.__cause__ or error
    if isinstance(cause, ccxt.DDoSProtection | ccxt.RateLimitExceeded):
        return True  # turned away before it was read
    if isinstance(cause, ccxt.BaseError):
        return isinstance(cause, ccxt.ExchangeError)
    return False


def _find_trade(pair: str) -> Trade | None:
    return next((trade for trade in Trade.get_open_trades() if trade.pair == pair), None)


def _entry_key(pair: str) -> Any:
    # Freqtrade's own keys are few, and 50 characters are the most.
    name = pair if len(pair) <= MAX_NAME else hashlib.sha256(pair.encode()).hexdigest()[:MAX_NAME]
    return f"altseason_entry_{name}"
