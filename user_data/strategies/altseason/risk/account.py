"""Check a live account against Freqtrade's records: orders, stops and coins."""

from contextlib import suppress
from datetime import datetime, timedelta

from freqtrade.exceptions import TemporaryError
from freqtrade.exchange import Exchange, timeframe_to_next_date
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy
from freqtrade.wallets import Wallets

from altseason.gate.pairs import never_entered_because
from altseason.host.exchange import find_exchange
from altseason.notifications import Notifier
from altseason.risk.lost_orders import POSITION_AMOUNT_TOLERANCE, Recovery, recover_orders
from altseason.risk.orphans import describe_orphan
from altseason.risk.sent_orders import MISSING_IDS, SentOrders, calculate_wait, watch_orders
from altseason.risk.unserved import UnservedWatch, find_unserved
from altseason.settings import RiskSettings

# While a request waits for its timeout, the bot's loop checks no stop.
RETRY_INTERVAL = timedelta(minutes=1)


class AccountWatch:
    """Return lost orders to Freqtrade, and report unexplained coins and missing stops once each."""

    def __init__(self, strategy: IStrategy, settings: RiskSettings) -> None:
        self._strategy = strategy
        self._settings = settings
        self._next_check: datetime | None = None
        # When each trade was last checked, in the order of their turns, also if the clock changes.
        self._checked: dict[int, datetime] = {}
        self._unserved = UnservedWatch()

    def watch_orders(self) -> None:
        """Note all orders that Freqtrade sends from now on, at the latest from its first loop."""
        with suppress(AttributeError):  # the strategy has no exchange yet
            _ = self._sent

    def check(self, now: datetime) -> None:
        """Check the orders of open trades, and at the start and once a candle all coins.

        If the exchange does not respond, try again a minute later; report any other error. Missing
        stops and refused exits are reported in either case, since that takes no request.
        """
        topic = "the account"
        try:
            try:
                self._recover_orders(now)
            finally:
                self._report_unserved(now)
            next_candle = timeframe_to_next_date(self._strategy.timeframe, now)
            if not self._are_coins_checked(now, next_candle):
                self._next_check = now + RETRY_INTERVAL
                self._check_coins()
                self._next_check = next_candle
                self._notifier.clear(topic)
        except TemporaryError:
            return
        except Exception as error:
            # Freqtrade would only log it, and skip the rest of `bot_loop_start`.
            self._notifier.raise_alert(topic, f"Could not check {topic}: {error!r}")

    def is_explained(self, pair: str, rate: float, now: datetime) -> bool:
        """Return whether a pair may be entered: whether trades account for all of its coins.

        The wallet is updated first. While the exchange may still process an unanswered entry, there
        is no second one.
        """
        if self._is_entry_unanswered(pair, now):
            return False
        self._wallets.update()
        return self._check_coin(pair, rate)

    def is_complete(self, trade: Trade) -> bool:
        """Return whether a position is complete, and no unknown order can sell any of it.

        The wallet is updated first, unless a sell order is unanswered.
        """
        if self._sent.find_unanswered(trade):
            return False
        self._wallets.update()
        coin = trade.safe_base_currency
        on_order = sum(
            order.safe_remaining
            for order in trade.orders
            if order.ft_is_open and order.ft_order_side != trade.entry_side
        )
        tolerance = POSITION_AMOUNT_TOLERANCE * trade.amount
        return bool(
            self._wallets.get_total(coin) >= trade.amount - tolerance
            and self._wallets.get_used(coin) <= on_order + tolerance
        )

    def _is_entry_unanswered(self, pair: str, now: datetime) -> bool:
        topic = f"unanswered entry of {pair}"
        sent_at = self._sent.find_entry(pair)
        wait = calculate_wait(self._exchange)
        # A time in the future was noted before the clock was put back.
        if sent_at is None or abs(now - sent_at) >= wait:
            self._notifier.clear(topic)
            return False
        self._notifier.warn(
            f"Not entering {pair} again before {sent_at + wait:%H:%M:%S} UTC: the exchange has not "
            f"responded to the last entry, and may still process it.",
            topic,
        )
        return True

    @property
    def _exchange(self) -> Exchange:
        return find_exchange(self._strategy)

    @property
    def _sent(self) -> SentOrders:
        sent = watch_orders(self._exchange)
        sent.has_spare = self._has_spare
        return sent

    def _has_spare(self, trade: Trade) -> bool:
        held = self._wallets.get_total(trade.safe_base_currency)
        return bool(held > trade.amount * (1 + POSITION_AMOUNT_TOLERANCE))

    @property
    def _wallets(self) -> Wallets:
        return self._strategy.wallets

    @property
    def _notifier(self) -> Notifier:
        return self._strategy.notifier

    def _are_coins_checked(self, now: datetime, next_candle: datetime) -> bool:
        """Return whether the coins were checked in this candle, even if the clock was put back."""
        next_check = self._next_check
        return next_check is not None and now < next_check <= next_candle + RETRY_INTERVAL

    def _recover_orders(self, now: datetime) -> None:
        """Recover the orders of each trade in turn; an error with one of them is reported.

        The first trade for which the exchange does not respond ends the loop, so that an exchange
        that is down gets one request. That trade comes last the next time, after all others.

        :raises TemporaryError: if the exchange has not responded for any trade.
        """
        has_responded = False
        for trade in self._by_turn():
            topic = f"orders of {trade.pair}"
            try:
                if not self._is_due(trade, now):
                    continue
                recovery = recover_orders(trade, self._sent, self._exchange, self._wallets, now)
            except TemporaryError:
                if has_responded:
                    return
                raise
            except Exception as error:
                # The next commit must not store half a recovery.
                Trade.rollback()
                self._notifier.raise_alert(topic, f"Could not check {topic}: {error!r}")
            else:
                has_responded = True
                self._notifier.clear(topic)
                self._report_recovery(trade.pair, recovery)

    def _by_turn(self) -> list[Trade]:
        """Return the open trades, first those never checked, then by how long ago they were."""
        turns = {number: turn for turn, number in enumerate(self._checked)}
        return sorted(Trade.get_open_trades(), key=lambda trade: turns.get(trade.id, -1))

    def _is_due(self, trade: Trade, now: datetime) -> bool:
        """Return whether to check a trade's orders: in each loop while one of them is unclear.

        Otherwise once a minute, so that foreign orders do not cause a request in each loop.
        """
        is_unclear = self._sent.find_unanswered(trade) or any(
            order.ft_is_open and order.order_id in MISSING_IDS for order in trade.orders
        )
        checked = self._checked.get(trade.id)
        is_recent = checked is not None and timedelta(0) <= now - checked < RETRY_INTERVAL
        if is_recent and not is_unclear:
            return False
        self._checked.pop(trade.id, None)
        self._checked[trade.id] = now
        return True

    def _report_recovery(self, pair: str, recovery: Recovery) -> None:
        for message in recovery.recovered:
            self._notifier.raise_alert(message, message)
            for purpose in ("stop", "exit"):
                self._sent.failures.pop((pair, purpose), None)
        topic = f"foreign orders of {pair}"
        if recovery.foreign:
            self._notifier.raise_alert(topic, recovery.foreign)
        else:
            self._notifier.clear(topic)

    def _report_unserved(self, now: datetime) -> None:
        has_stops = bool(self._strategy.order_types.get("stoploss_on_exchange"))
        trades = Trade.get_open_trades()
        unserved = find_unserved(trades, self._sent.failures, now, has_stops=has_stops)
        self._unserved.report(unserved, self._notifier, now)

    def _check_coins(self) -> None:
        """Check the coins of the whitelist, so that they are reported before a signal is missed."""
        self._wallets.update()
        for pair in self._strategy.dp.current_whitelist():
            if never_entered_because(pair):
                continue
            topic = f"coins of {pair}"
            try:
                candles = self._strategy.dp.get_pair_dataframe(pair, self._strategy.timeframe)
                if not candles.empty:
                    self._check_coin(pair, float(candles["close"].iloc[-1]))
            except TemporaryError:
                raise
            except Exception as error:
                self._notifier.raise_alert(topic, f"Could not check {topic}: {error!r}")
            else:
                self._notifier.clear(topic)

    def _check_coin(self, pair: str, rate: float) -> bool:
        """Return whether trades account for all of a coin; notify where they do not."""
        topic = f"orphan of {pair}"
        orphan = describe_orphan(
            pair,
            rate,
            exchange=self._exchange,
            wallets=self._wallets,
            kept=self._settings.kept_coins,
        )
        if orphan:
            self._notifier.raise_alert(topic, orphan)
        else:
            self._notifier.clear(topic)
        return not orphan
