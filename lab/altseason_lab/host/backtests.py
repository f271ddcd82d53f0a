"""Backtests of one strategy with several costs and delays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from freqtrade.data.metrics import calculate_max_drawdown
from freqtrade.strategy import IStrategy
from freqtrade.util import get_dry_run_wallet

from altseason.host.configuration import Config
from altseason.host.strategy_errors import naming_strategy_errors
from altseason_lab.host.delay import delay_strategy
from altseason_lab.host.predictions import own_predictions
from altseason_lab.host.repeated import RepeatedBacktest, load_backtest, open_exchange
from altseason_lab.host.stops import as_ratio, calculate_stop_cost, find_stopped

PERCENT = 100.0


@dataclass(frozen=True)
class BacktestResult:
    """The result of one backtest.

    :param profit: Freqtrade's, in percent of the starting balance.
    :param stop_cost: what stop slippage takes from it, in percent of the starting balance.
    :param drawdown: Freqtrade's largest, in percent of the account.
    :param trades: how many there were.
    :param stops: how many of them ended at a stop.
    """

    profit: float
    stop_cost: float
    drawdown: float
    trades: int
    stops: int

    @property
    def profit_after_stops(self) -> float:
        """Return the profit less stop slippage, in percent of the starting balance."""
        return self.profit - self.stop_cost


@dataclass(frozen=True)
class BacktestScope:
    """What is backtested.

    :param start: the open time of the first candle.
    :param end: that of the last one.
    :param missing: pairs that were named, but had no candle.
    """

    strategy: str
    timeframe: str
    pairs: list[str]
    start: datetime
    end: datetime
    missing: tuple[str, ...] = ()


class Backtests:
    """Backtests of one strategy with several costs and delays, each run only once."""

    def __init__(
        self, repeated: RepeatedBacktest, stop_slippage: float, count: Callable[[], None]
    ) -> None:
        """Run nothing yet.

        :param stop_slippage: in basis points, on top of the slippage that is part of the cost.
        :param count: called after each backtest.
        """
        self._repeated = repeated
        self._stop_slippage = stop_slippage
        self._count = count
        self._results: dict[tuple[float, int], BacktestResult] = {}
        self._span: tuple[datetime, datetime] | None = None

    @property
    def scope(self) -> BacktestScope:
        """Return what is backtested; only known after the first backtest."""
        if self._span is None:
            raise ValueError("expected a backtest before its time range is asked for")
        repeated = self._repeated
        config, pairs = repeated.config, list(repeated.pairs)
        return BacktestScope(
            config["strategy"], config["timeframe"], pairs, *self._span, repeated.missing
        )

    def load_strategy(self) -> IStrategy:
        """Load an object of the strategy."""
        return self._repeated.load_strategy()

    def run(self, cost: float, delay: int) -> BacktestResult:
        """Run a backtest, or return its result if it was run before.

        :param cost: fee and slippage together, in basis points per side.
        :param delay: of the signals, in candles.
        """
        key = (cost, delay)
        if key not in self._results:
            self._results[key] = self._run(as_ratio(cost), delay)
            self._count()
        return self._results[key]

    def results(self, delay: int) -> dict[float, BacktestResult]:
        """Return all results of a delay, by cost in basis points, ascending."""
        found = {cost: result for (cost, of), result in self._results.items() if of == delay}
        return dict(sorted(found.items()))

    def _run(self, fee: float, delay: int) -> BacktestResult:
        self._repeated.set_fee(fee)
        where = self._repeated.describe_scope()
        with naming_strategy_errors(
            f"the backtest at {100 * fee:g} % per side with a delay of {delay} on {where}"
        ):
            strategy = self._repeated.load_strategy()
            delay_strategy(strategy, delay)
            with own_predictions(strategy):
                found = self._repeated.run(strategy)
        self._span = found.start, found.end
        return self._sum_up(found.trades)

    def _sum_up(self, trades: pd.DataFrame) -> BacktestResult:
        """Return a few of the figures of `generate_strategy_stats`, which takes much longer."""
        balance = float(get_dry_run_wallet(self._repeated.config))
        stop_cost = calculate_stop_cost(trades, self._stop_slippage)
        return BacktestResult(
            profit=float(trades["profit_abs"].sum()) / balance * PERCENT,
            stop_cost=stop_cost / balance * PERCENT,
            drawdown=calculate_drawdown(trades, balance) * PERCENT,
            trades=len(trades),
            stops=len(find_stopped(trades)),
        )


def calculate_drawdown(trades: pd.DataFrame, balance: float) -> float:
    """Return Freqtrade's largest drawdown, as a ratio of the account before it."""
    try:
        drawdown = calculate_max_drawdown(trades, value_col="profit_abs", starting_balance=balance)
    except ValueError:
        # Freqtrade raises it for no trades.
        return 0.0
    return float(drawdown.relative_account_drawdown)


@contextmanager
def open_backtests(
    config: Config, stop_slippage: float, count: Callable[[], None]
) -> Iterator[Backtests]:
    """Yield the backtests of a configuration, without Freqtrade's progress messages.

    :param config: as `freqtrade backtesting` has it.
    :param count: called after each backtest.
    :raises InputError: where there are no candles, or no exchange responds.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    # Any fee will do: it is set before each backtest. Without one Freqtrade asks the exchange.
    config["fee"] = 0.0
    with open_exchange(config, "stress") as exchange:
        yield Backtests(load_backtest(config, exchange), stop_slippage, count)
