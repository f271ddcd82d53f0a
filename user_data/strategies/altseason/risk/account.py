"""The account against what Freqtrade knows of it; live only, where an exchange can know more."""

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
from altseason.risk.holdings import POSITION_AMOUNT_TOLERANCE
from altseason.risk.lost_orders import Recovery, recover_orders
from altseason.risk.orphans import describe_orphan
from altseason.risk.sent_orders import NO_ID, SentOrders, calculate_wait, watch_orders
from altseason.risk.unserved import find_unserved
from altseason.settings import RiskSettings

# Each request that times out keeps the loop from watching the stops.
RETRY_INTERVAL = timedelta(minutes=1)
# Freqtrade asks for a stop or an exit again in every loop.
MIN_UNSERVED = timedelta(minutes=1)


class AccountWatch:
    """Gives lost orders back to Freqtrade, and tells of coins that no trade explains, once each."""

    def __init__(self, strategy: IStrategy, settings: RiskSettings) -> None:
        self._strategy = strategy
        self._settings = settings
        self._looks_again: datetime | None = None
        # In the order of the trades' turns, which is right whatever the clock says.
        self._checked: dict[int, datetime] = {}
        self._unserved_since: dict[str, datetime] = {}

    def watch_orders(self) -> None:
        """Note all orders that Freqtrade sends from now on, or from the first loop on."""
        with suppress(AttributeError):  # the strategy has no exchange yet
            _ = self._sent

    def check(self, now: datetime) -> None:
        """Look after the open trades, and, at the start and once a candle, after all coins.

        Where the exchange does not answer, it is asked again a little later. Other errors are told.
        What trades lack is told either way, since it is asked of no exchange.
        """
        about = "the account"
        try:
            try:
                self._recover_orders(now)
            finally:
                self._report_unserved(now)
            next_candle = timeframe_to_next_date(self._strategy.timeframe, now)
            if not self._has_looked(now, next_candle):
                self._looks_again = now + RETRY_INTERVAL
                self._look_for_orphans()
                self._looks_again = next_candle
                self._notifier.clear(about)
        except TemporaryError:
            return
        except Exception as error:
            # Freqtrade would only log it, and leave out the rest of the loop's beginning.
            self._notifier.raise_alert(about, f"Could not check {about}: {error!r}")

    def is_explained(self, pair: str, rate: float, now: datetime) -> bool:
        """Return whether a coin may be entered at a rate: whether trades explain all of it.

        The wallet is read anew. While an entry that was sent may still be processed by the
        exchange, there is no other one.
        """
        if self._is_entry_unanswered(pair, now):
            return False
        self._wallets.update()
        return self._tell_orphan(pair, rate)

    def has_unanswered(self, trade: Trade) -> bool:
        """Return whether something was sent to sell coins of a trade, and was not answered."""
        return bool(self._sent.find_unanswered(trade))

    def _is_entry_unanswered(self, pair: str, now: datetime) -> bool:
        about = f"unanswered entry of {pair}"
        sent_at = self._sent.find_entry(pair)
        wait = calculate_wait(self._exchange)
        # One of the future was noted by a clock that has been put back since.
        if sent_at is None or abs(now - sent_at) >= wait:
            self._notifier.clear(about)
            return False
        self._notifier.warn(
            f"Not entering {pair} again before {sent_at + wait:%H:%M:%S} UTC: the exchange has not "
            f"answered the last entry, and may still process it.",
            about,
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

    def _has_looked(self, now: datetime, next_candle: datetime) -> bool:
        """Return whether the coins were looked at in this candle; a clock may be put back."""
        again = self._looks_again
        return again is not None and now < again <= next_candle + RETRY_INTERVAL

    def _recover_orders(self, now: datetime) -> None:
        """Recover those of each trade, by turns; an error with one is told, and the others go on.

        The first trade that the exchange does not answer for ends the loop, so that one that is
        down is asked once; the trade then comes last, so that the others have their turn.

        :raises TemporaryError: where the exchange has answered for no other trade before.
        """
        has_answered = False
        for trade in self._by_turn():
            about = f"orders of {trade.pair}"
            try:
                if not self._is_due(trade, now):
                    continue
                recovery = recover_orders(trade, self._sent, self._exchange, self._wallets, now)
            except TemporaryError:
                if has_answered:
                    return
                raise
            except Exception as error:
                # Nothing half done may be kept by whoever commits next.
                Trade.rollback()
                self._notifier.raise_alert(about, f"Could not check {about}: {error!r}")
            else:
                has_answered = True
                self._notifier.clear(about)
                self._report_recovery(trade.pair, recovery)

    def _by_turn(self) -> list[Trade]:
        """Return the open trades, those first whose turn was longest ago, or never."""
        turns = {number: turn for turn, number in enumerate(self._checked)}
        return sorted(Trade.get_open_trades(), key=lambda trade: turns.get(trade.id, -1))

    def _is_due(self, trade: Trade, now: datetime) -> bool:
        """Return whether a trade's orders are looked at: in each loop while something is unclear.

        Else once a minute, so that orders of others are not asked for in every loop.
        """
        is_unclear = self.has_unanswered(trade) or any(
            order.ft_is_open and order.order_id in NO_ID for order in trade.orders
        )
        checked = self._checked.get(trade.id)
        if (
            not is_unclear
            and checked is not None
            and timedelta(0) <= now - checked < RETRY_INTERVAL
        ):
            return False
        self._checked.pop(trade.id, None)
        self._checked[trade.id] = now
        return True

    def _report_recovery(self, pair: str, recovery: Recovery) -> None:
        for message in recovery.recovered:
            self._notifier.raise_alert(message, message)
            for purpose in ("stop", "exit"):
                self._sent.failures.pop((pair, purpose), None)
        about = f"foreign orders of {pair}"
        if recovery.foreign:
            self._notifier.raise_alert(about, recovery.foreign)
        else:
            self._notifier.clear(about)

    def _report_unserved(self, now: datetime) -> None:
        """Notify once where a trade lacks its stop, or an exit that is due, and when it has it."""
        has_stops = bool(self._strategy.order_types.get("stoploss_on_exchange"))
        trades = Trade.get_open_trades()
        unserved = find_unserved(trades, self._sent.failures, now, has_stops=has_stops)
        for about in [about for about in self._unserved_since if about not in unserved]:
            del self._unserved_since[about]
            self._notifier.clear(about, f"{about}: it was accepted, or is not needed any more.")
        for about, problem in unserved.items():
            since = min(self._unserved_since.get(about, now), problem.since or now)
            self._unserved_since[about] = since
            if now - since >= MIN_UNSERVED:
                minutes = (now - since) // timedelta(minutes=1)
                self._notifier.raise_alert(about, problem.describe(minutes))

    def _look_for_orphans(self) -> None:
        """Look at the coins that could be entered, beside an open trade too.

        An entry's own check would come too late, where the signal has passed meanwhile.
        """
        self._wallets.update()
        for pair in self._strategy.dp.current_whitelist():
            if never_entered_because(pair):
                continue
            about = f"coins of {pair}"
            try:
                candles = self._strategy.dp.get_pair_dataframe(pair, self._strategy.timeframe)
                if not candles.empty:
                    self._tell_orphan(pair, float(candles["close"].iloc[-1]))
            except TemporaryError:
                raise
            except Exception as error:
                self._notifier.raise_alert(about, f"Could not check {about}: {error!r}")
            else:
                self._notifier.clear(about)

    def _tell_orphan(self, pair: str, rate: float) -> bool:
        about = f"orphan of {pair}"
        orphan = describe_orphan(
            pair,
            rate,
            exchange=self._exchange,
            wallets=self._wallets,
            kept=self._settings.kept_coins,
        )
        if orphan:
            self._notifier.raise_alert(about, orphan)
        else:
            self._notifier.clear(about)
        return not orphan
