"""The account against what Freqtrade knows of it; live only, where an exchange can know more."""

from datetime import datetime, timedelta

from freqtrade.exceptions import TemporaryError
from freqtrade.exchange import Exchange, timeframe_to_next_date
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy
from freqtrade.wallets import Wallets

from altseason.pairs import never_entered_because
from altseason.risk.lost_orders import recover_orders
from altseason.risk.orphans import describe_orphan
from altseason.settings import RiskSettings
from altseason.telling import Telling

# Each request that times out keeps the loop from watching the stops.
IS_DOWN_FOR = timedelta(minutes=1)


class AccountWatch:
    """Gives lost orders back to Freqtrade, and tells of coins that no trade explains, once each."""

    def __init__(self, strategy: IStrategy, settings: RiskSettings) -> None:
        self._strategy = strategy
        self._settings = settings
        self._looks_again: datetime | None = None

    def look(self, now: datetime) -> None:
        """Look after the open trades, and, at the start and once a candle, after all coins.

        Where the exchange does not answer, it is asked again a little later. Other errors are told.
        """
        about = "the account"
        try:
            self._recover_orders(now)
            if self._looks_again is None or now >= self._looks_again:
                self._looks_again = now + IS_DOWN_FOR
                self._look_for_orphans()
                self._looks_again = timeframe_to_next_date(self._strategy.timeframe, now)
                self._telling.forget(about)
        except TemporaryError:
            return
        except Exception as error:
            # Freqtrade would only log it, and leave out the rest of the loop's beginning.
            self._telling.alert(f"{about} could not be looked into: {error!r}", about)

    def is_explained(self, pair: str, rate: float) -> bool:
        """Tell whether a coin may be entered at a rate: whether trades explain all there is of it.

        The wallet is read anew.
        """
        self._wallets.update()
        return self._tell_orphan(pair, rate)

    @property
    def _exchange(self) -> Exchange:
        # Not public, and there is no other way to the orders that the exchange has.
        return self._strategy.dp._exchange

    @property
    def _wallets(self) -> Wallets:
        return self._strategy.wallets

    @property
    def _telling(self) -> Telling:
        return self._strategy.telling

    def _recover_orders(self, now: datetime) -> None:
        """Recover those of each trade; an error with one is told, and the others go on.

        :raises TemporaryError: where the exchange does not answer.
        """
        has_stops = bool(self._strategy.order_types.get("stoploss_on_exchange"))
        for trade in Trade.get_open_trades():
            about = f"orders of {trade.pair}"
            try:
                found = recover_orders(
                    trade, self._exchange, self._wallets, now, has_stops=has_stops
                )
            except TemporaryError:
                raise
            except Exception as error:
                # Nothing half done may be kept by whoever commits next.
                Trade.rollback()
                self._telling.alert(f"{about} could not be looked at: {error!r}", about)
            else:
                self._telling.forget(about)
                for message in found:
                    self._telling.alert(message)

    def _look_for_orphans(self) -> None:
        """Look at the coins that could be entered and are not.

        An entry's own check would come too late, where the signal has passed meanwhile.
        """
        open_pairs = {trade.pair for trade in Trade.get_open_trades()}
        self._wallets.update()
        for pair in self._strategy.dp.current_whitelist():
            if pair in open_pairs or never_entered_because(pair):
                continue
            about = f"coins of {pair}"
            try:
                candles = self._strategy.dp.get_pair_dataframe(pair, self._strategy.timeframe)
                if not candles.empty:
                    self._tell_orphan(pair, float(candles["close"].iloc[-1]))
            except TemporaryError:
                raise
            except Exception as error:
                self._telling.alert(f"{about} could not be looked at: {error!r}", about)
            else:
                self._telling.forget(about)

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
            self._telling.alert(orphan, about)
        else:
            self._telling.forget(about)
        return not orphan
