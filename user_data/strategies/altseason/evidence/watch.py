"""Whether a bot trades as its evidence card says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from freqtrade.persistence import Trade

from altseason.errors import StoredDataError
from altseason.evidence.card import EvidenceCard, Sample, load_card
from altseason.notifications import Notifier

INTERVAL = timedelta(hours=1)
WEEK = timedelta(weeks=1)
# With fewer, an interval says nothing.
MIN_TRADES, MIN_WEEKS = 10, 4


@dataclass(frozen=True)
class Comparison:
    """A number of the bot's beside the interval in which it would lie.

    :param name: what it is, for people.
    :param write: formats a number.
    """

    name: str
    found: float
    low: float
    high: float
    write: Callable[[float], str]

    @property
    def is_within(self) -> bool:
        """Return whether the number lies in the interval."""
        return self.low <= self.found <= self.high

    def __str__(self) -> str:
        found, low, high = map(self.write, (self.found, self.low, self.high))
        return f"{self.name}: {found}, expected {low} to {high}"


class EvidenceWatch:
    """Compares a bot's closed trades with its evidence card, and notifies once of what differs."""

    def __init__(
        self, path: Path, strategy: Any, notifier: Notifier, rule: Callable[[], Any]
    ) -> None:
        """Compare nothing yet.

        :param rule: returns the gate's rule as it is now.
        """
        self._path = path
        self._strategy = strategy
        self._notifier = notifier
        self._rule = rule
        self._card: EvidenceCard | None = None
        self._next: datetime | None = None

    def check(self, now: datetime) -> None:
        """Compare once an hour; called in each loop of a bot."""
        if self._next is not None and now < self._next <= now + INTERVAL:
            return
        self._next = now + INTERVAL
        card = self._find_card()
        if card is None:
            return
        trades = find_trades(card, self._strategy.get_strategy_name())
        for comparison in compare(card, trades, now):
            topic = f"evidence {comparison.name}"
            if comparison.is_within:
                self._notifier.clear(topic, f"As the evidence card expects again: {comparison}.")
            else:
                self._notifier.raise_alert(
                    topic,
                    f"The bot does not trade as its evidence card expects. {comparison}. Either "
                    f"the market is another one, or live orders are filled otherwise than in a "
                    f"backtest: look at the last trades before you go on.",
                )

    def _find_card(self) -> EvidenceCard | None:
        """Return the card, unless it is of something else."""
        if self._card is None:
            try:
                self._card = load_card(self._path)
            except StoredDataError as error:
                self._notifier.warn(f"{error}. The bot's trades are not compared.", "evidence card")
                return None
        card = self._card
        strategy, rule = self._strategy, str(self._rule())
        mine = (strategy.get_strategy_name(), strategy.timeframe, rule)
        if mine == (card.strategy, card.timeframe, card.rule):
            return card
        self._notifier.warn(
            f"The evidence card is of {card.strategy}, {card.timeframe}, {card.rule}, and the bot "
            f"runs {', '.join(mine)}: its trades are not compared.",
            "evidence card",
        )
        return None


def find_trades(card: EvidenceCard, strategy: str) -> list[Any]:
    """Return the closed trades of a strategy in the card's pairs, the oldest first.

    Those without a profit are left out: an entry that never filled may leave such a row.
    """
    found = [
        trade
        for trade in Trade.get_trades_proxy(is_open=False)
        if trade.strategy == strategy
        and trade.pair in card.pairs
        and trade.close_profit is not None
    ]
    return sorted(found, key=lambda trade: trade.open_date_utc)


def compare(card: EvidenceCard, trades: Sequence[Any], now: datetime) -> list[Comparison]:
    """Compare closed trades with a card; nothing where there are too few of them.

    :param trades: the oldest first.
    """
    if len(trades) < MIN_TRADES:
        return []
    profits = [float(trade.close_profit) for trade in trades]
    wins = [float(profit > 0) for profit in profits]
    count = len(trades)
    weeks = (now - trades[0].open_date_utc.astimezone(UTC)) / WEEK
    found = [
        _compare("Share of trades with a profit", card.wins, sum(wins) / count, count, "{:.0%}"),
        _compare("Profit of a trade", card.profits, sum(profits) / count, count, "{:.2%}"),
    ]
    if weeks >= MIN_WEEKS:
        # The first of them begins the time that is counted, and is no part of it.
        rate = (count - 1) / weeks
        found.append(_compare("Trades a week", card.weekly_trades, rate, weeks, "{:.1f}"))
    return found


def _compare(name: str, sample: Sample, found: float, number: float, form: str) -> Comparison:
    low, high = sample.find_interval(number)
    return Comparison(name, found, low, high, form.format)
