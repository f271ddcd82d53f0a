"""Compare a bot's trades with an evidence card: how its rule traded in backtests."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from freqtrade.persistence import Trade
from pydantic import Field, FiniteFloat, PositiveInt, TypeAdapter, ValidationError

from altseason.errors import StoredDataError
from altseason.notifications import Notifier

# In standard errors. A bot compares every hour, so two would raise false alarms.
WIDTH = 3.0
INTERVAL = timedelta(hours=1)
WEEK = timedelta(weeks=1)
# With fewer, an interval says nothing.
MIN_TRADES, MIN_WEEKS = 10, 4


@dataclass(frozen=True)
class Sample:
    """The mean of some numbers, and how far it may be off.

    :param deviation: of one number, such that the error of the mean is the deviation divided by the
        square root of `count`. Where numbers resemble those before them, as in alt seasons, it is
        larger than the standard deviation.
    """

    mean: FiniteFloat
    deviation: Annotated[FiniteFloat, Field(ge=0)]
    count: PositiveInt

    def find_interval(self, further: float) -> tuple[float, float]:
        """Return the interval in which the mean of further numbers of the same kind should lie.

        It allows for the errors of both means.

        :param further: how many there are.
        """
        error = self.deviation * math.sqrt(1 / further + 1 / self.count)
        return self.mean - WIDTH * error, self.mean + WIDTH * error


@dataclass(frozen=True)
class EvidenceCard:
    """How a rule traded in backtests.

    :param rule: the gate's rule in words, as a bot reports it at its start.
    :param windows: the time ranges of the backtests, for people.
    :param weekly_trades: the trades opened in each week.
    :param wins: 1 for each trade with a profit, else 0.
    :param profits: the profit of each trade, after fees, as a ratio of its stake.
    """

    strategy: str
    rule: str
    timeframe: str
    pairs: tuple[str, ...]
    windows: tuple[str, ...]
    weekly_trades: Sample
    wins: Sample
    profits: Sample


ADAPTER = TypeAdapter(EvidenceCard)


def load_card(path: Path) -> EvidenceCard:
    """Load an evidence card.

    :raises StoredDataError: in one line, where it cannot be read or is something else.
    """
    try:
        return ADAPTER.validate_json(path.read_bytes())
    except OSError as error:
        raise StoredDataError(f"{path}: cannot read the evidence card: {error.strerror}") from error
    except ValidationError as error:
        raise StoredDataError(
            f"{path}: expected an evidence card as `altseason study --card` writes it, found "
            f"something else"
        ) from error


@dataclass(frozen=True)
class Comparison:
    """A number of the bot's trades, and the interval in which the card expects it.

    :param name: what is compared, for people.
    :param form: how the numbers are formatted, as in `str.format`.
    """

    name: str
    found: float
    low: float
    high: float
    form: str

    @property
    def is_within(self) -> bool:
        """Return whether the number is as expected."""
        return self.low <= self.found <= self.high

    def __str__(self) -> str:
        found, low, high = map(self.form.format, (self.found, self.low, self.high))
        return f"{self.name}: {found}, expected {low} to {high}"


class EvidenceWatch:
    """Compare a bot's closed trades with its evidence card, and notify once of what differs."""

    def __init__(
        self, path: Path, strategy: Any, notifier: Notifier, rule: Callable[[], Any]
    ) -> None:
        """Set up the comparison, which `check` makes.

        :param path: the file of the card.
        :param rule: returns the gate's current rule.
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
                self._notifier.clear(
                    topic, f"The bot trades as its evidence card expects again. {comparison}."
                )
            else:
                self._notifier.raise_alert(
                    topic,
                    f"The bot does not trade as its evidence card expects. {comparison}. Either "
                    f"the market has changed, or orders are filled differently than in a backtest: "
                    f"check the last trades before you continue.",
                )

    def _find_card(self) -> EvidenceCard | None:
        """Return the card; None, with a warning, where it cannot be read or is for another rule."""
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
            f"The evidence card is for {card.strategy}, {card.timeframe}, {card.rule}, and the bot "
            f"runs {', '.join(mine)}: its trades are not compared.",
            "evidence card",
        )
        return None


def find_trades(card: EvidenceCard, strategy: str) -> list[Any]:
    """Return a strategy's closed trades in the card's pairs, the oldest first.

    Trades without a profit are left out: an entry that was never filled may leave such a row.
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
    """Compare closed trades with a card; return nothing where there are too few of them.

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
        # The time is counted from the first trade, so that one does not count.
        rate = (count - 1) / weeks
        found.append(_compare("Trades a week", card.weekly_trades, rate, weeks, "{:.1f}"))
    return found


def _compare(name: str, sample: Sample, found: float, number: float, form: str) -> Comparison:
    return Comparison(name, found, *sample.find_interval(number), form)
