"""Repeat Freqtrade's own backtest on candles that are loaded once."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from freqtrade.data.metrics import calculate_max_drawdown
from freqtrade.exceptions import OperationalException
from freqtrade.exchange import Exchange
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import Trade
from freqtrade.resolvers import ExchangeResolver, StrategyResolver
from freqtrade.util import get_dry_run_wallet

from altseason.errors import InputError
from altseason.host.configuration import Config, data_directory, quiet_freqtrade
from altseason.invocation import altseason_command
from altseason_lab.host.delay import delay_strategy
from altseason_lab.host.stops import as_ratio, calculate_stop_cost, find_stopped

PERCENT = 100.0
CANDLES_ADVICE = (
    "`freqtrade download-data` stores candles, "
    f"and `{altseason_command('sample')}` a synthetic market"
)


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

    :param start: of the first candle that is traded.
    :param end: of the last one.
    """

    strategy: str
    timeframe: str
    pairs: list[str]
    start: datetime
    end: datetime


class Backtests:
    """Backtests of one strategy with several costs and delays, each of them run once.

    As `Backtesting.start` does for each strategy of a `--strategy-list`, a new strategy object runs
    on the same candles. No result is read from Freqtrade's cache, and none is stored.
    """

    def __init__(
        self, backtesting: Backtesting, stop_slippage: float, count: Callable[[], None]
    ) -> None:
        """Load the candles.

        :param stop_slippage: in basis points, on top of the slippage that is part of the cost.
        :param count: called after each backtest.
        :raises InputError: where there are no candles.
        """
        self._backtesting = backtesting
        # There is one bar for all backtests instead.
        backtesting.progress = None
        self._stop_slippage = stop_slippage
        self._count = count
        self._results: dict[tuple[float, int], BacktestResult] = {}
        self._span: tuple[datetime, datetime] | None = None
        self._data, self._timerange = self._load()

    @property
    def scope(self) -> BacktestScope:
        """Return what is backtested; known after the first backtest."""
        if self._span is None:
            raise ValueError("expected a backtest before its time range is asked for")
        config = self._backtesting.config
        return BacktestScope(config["strategy"], config["timeframe"], list(self._data), *self._span)

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

    def _load(self) -> tuple[dict[str, pd.DataFrame], Any]:
        try:
            data, timerange = self._backtesting.load_bt_data()
        except OperationalException as error:
            raise self._nothing_to_run_on(error) from error
        return data, timerange

    def _run(self, fee: float, delay: int) -> BacktestResult:
        backtesting = self._backtesting
        backtesting.config["fee"] = fee
        backtesting.set_fee()
        # A new object each time, since a strategy may keep state.
        strategy = StrategyResolver.load_strategy(deepcopy(backtesting.config))
        delay_strategy(strategy, delay)
        try:
            self._span = backtesting.backtest_one_strategy(strategy, self._data, self._timerange)
        except OperationalException as error:
            if "No data left" not in str(error):
                raise
            raise self._nothing_to_run_on(error) from error
        return self._sum_up(backtesting.all_bt_content[strategy.get_strategy_name()]["results"])

    def _sum_up(self, trades: pd.DataFrame) -> BacktestResult:
        """Return some of `generate_strategy_stats`, whose other figures take most of its time."""
        balance = float(get_dry_run_wallet(self._backtesting.config))
        stop_cost = calculate_stop_cost(trades, self._stop_slippage)
        return BacktestResult(
            profit=float(trades["profit_abs"].sum()) / balance * PERCENT,
            stop_cost=stop_cost / balance * PERCENT,
            drawdown=calculate_drawdown(trades, balance) * PERCENT,
            trades=len(trades),
            stops=len(find_stopped(trades)),
        )

    def _nothing_to_run_on(self, error: Exception) -> InputError:
        config = self._backtesting.config
        wanted = ", ".join(self._backtesting.pairlists.whitelist)
        timerange = config.get("timerange") or "all that is stored"
        detail = config.get("timeframe_detail")
        timeframes = f"{config['timeframe']} and {detail}" if detail else config["timeframe"]
        return InputError(
            f"{data_directory(config)}: expected {timeframes} candles of {wanted} in "
            f"{timerange}, with {self._backtesting.required_startup} more before, "
            f"but Freqtrade reports: {error} {CANDLES_ADVICE}"
        )


def calculate_drawdown(trades: pd.DataFrame, balance: float) -> float:
    """Return Freqtrade's largest drawdown, as a ratio of the account before it."""
    try:
        drawdown = calculate_max_drawdown(trades, value_col="profit_abs", starting_balance=balance)
    except ValueError:
        # There are no trades.
        return 0.0
    return float(drawdown.relative_account_drawdown)


@contextmanager
def open_backtests(
    config: Config, stop_slippage: float, count: Callable[[], None]
) -> Iterator[Backtests]:
    """Yield the backtests of a configuration, without Freqtrade's progress messages.

    :param config: as `freqtrade backtesting` has it.
    :param count: called after each backtest.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    # Any fee: it is set before each backtest, and without one Freqtrade asks the exchange.
    config["fee"] = 0.0
    with quiet_freqtrade(), warnings_shown_once():
        exchange = load_exchange(config)
        try:
            backtesting = Backtesting(config, exchange)
            yield Backtests(backtesting, stop_slippage, count)
        finally:
            exchange.close()
            # Freqtrade keeps those of the last one in its classes.
            Trade.reset_trades()
            Backtesting.cleanup()


def load_exchange(config: Config) -> Exchange:
    """Load the exchange with its markets, as `Backtesting` would.

    :raises InputError: where it does not respond.
    :raises OperationalException: for whatever else Freqtrade refuses.
    """
    # Freqtrade logs each attempt, and the stack of each layer.
    logger = logging.getLogger("freqtrade.exchange")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        return ExchangeResolver.load_exchange(config, load_leverage_tiers=True)
    except OperationalException as error:
        if "load markets" not in str(error):
            raise
        raise InputError(
            f"expected the markets of {config['exchange']['name']}, found no exchange that "
            f"responds; connect to a network, or `{altseason_command('stress --offline')}`"
        ) from error
    finally:
        logger.setLevel(level)


@contextmanager
def warnings_shown_once() -> Iterator[None]:
    """Show each log message once, since each backtest begins with the same warnings."""
    handlers = {handler: _Unseen() for handler in logging.getLogger().handlers}
    for handler, unseen in handlers.items():
        handler.addFilter(unseen)
    try:
        yield
    finally:
        for handler, unseen in handlers.items():
            handler.removeFilter(unseen)


class _Unseen(logging.Filter):
    """Pass each message once."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        is_new = message not in self._seen
        self._seen.add(message)
        return is_new
