"""Freqtrade's own backtest, run repeatedly on candles that are loaded once."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from freqtrade.exceptions import OperationalException
from freqtrade.exchange import Exchange
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import Trade
from freqtrade.resolvers import ExchangeResolver, StrategyResolver
from freqtrade.strategy import IStrategy

from altseason.errors import InputError
from altseason.host.configuration import Config, data_directory, quiet_freqtrade
from altseason.host.strategy_errors import naming_strategy_errors
from altseason.invocation import altseason_command

# Other entries of a whitelist are patterns for several pairs.
PAIR = re.compile(r"[\w-]+/[\w:-]+$")
CANDLES_ADVICE = (
    "`freqtrade download-data` stores candles, "
    f"and `{altseason_command('sample')}` a synthetic market for --datadir user_data/data/synthetic"
)


@dataclass(frozen=True)
class BacktestRun:
    """The result of one backtest, before Freqtrade calculates statistics.

    :param trades: as Freqtrade exports them.
    :param wallet: `date`, `currency`, `rate` and `balance` of what was held at each candle's open,
        from the second candle on.
    :param final_balance: in the stake currency, after all trades were closed.
    :param start: the open time of the first candle.
    :param end: that of the last one.
    """

    trades: pd.DataFrame
    wallet: pd.DataFrame
    final_balance: float
    start: datetime
    end: datetime


class RepeatedBacktest:
    """Backtests of one strategy on the same candles.

    A new strategy object runs on them each time, as in `Backtesting.start` for each strategy of a
    `--strategy-list`. No result is read from Freqtrade's cache, and none is stored.
    """

    def __init__(self, config: Config, exchange: Exchange) -> None:
        """Load the candles.

        :param config: as `freqtrade backtesting` has it.
        :raises InputError: where there are none.
        :raises OperationalException: for whatever else Freqtrade refuses.
        """
        try:
            self._backtesting = Backtesting(config, exchange)
        except OperationalException as error:
            if "No pair in whitelist" not in str(error):
                raise
            raise InputError(
                f"expected pairs of {config['exchange']['name']}, found none among "
                f"{', '.join(config['exchange']['pair_whitelist'])}"
            ) from error
        # One progress bar is shown for all backtests instead.
        self._backtesting.progress = None
        self._data, self._timerange = self._load()

    @property
    def config(self) -> Config:
        """Return the configuration, with Freqtrade's additions."""
        config: Config = self._backtesting.config
        return config

    @property
    def candles(self) -> dict[str, pd.DataFrame]:
        """Return the candles by pair, including those before the time range; do not modify them."""
        return self._data

    @property
    def pairs(self) -> tuple[str, ...]:
        """Return the pairs that have a candle in the time range."""
        start, _ = self.span
        return tuple(
            pair for pair, candles in self._data.items() if candles["date"].iloc[-1] >= start
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the pairs that are named, but have no candle in the time range.

        Freqtrade leaves them out, as well as pairs that the exchange does not know.
        """
        excluded = {*self.pairs, *self._backtesting.pairlists.expanded_blacklist}
        named = dict.fromkeys(self.config["exchange"]["pair_whitelist"])
        return tuple(pair for pair in named if PAIR.match(pair) and pair not in excluded)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Return the open times of the first and the last candle that can be traded."""
        first = min(candles["date"].iloc[0] for candles in self._data.values()).to_pydatetime()
        last = max(candles["date"].iloc[-1] for candles in self._data.values()).to_pydatetime()
        # Freqtrade moves the start past the startup candles if these are not stored.
        return max(self._timerange.startdt or first, first), last

    @property
    def fee(self) -> float:
        """Return the fee, a ratio per side."""
        return float(self._backtesting.fee)

    def describe_scope(self) -> str:
        """Describe the pairs and the time range in words."""
        pairs = ", ".join(self._data)
        window = self._backtesting.config.get("timerange")
        return f"{pairs} in {window}" if window else pairs

    def set_fee(self, fee: float) -> None:
        """Set the fee of the backtests that follow, a ratio per side."""
        self._backtesting.config["fee"] = fee
        self._backtesting.set_fee()

    def load_strategy(self) -> IStrategy:
        """Load a new strategy object; one that has run may have state."""
        return StrategyResolver.load_strategy(deepcopy(self._backtesting.config))

    def start(self, strategy: IStrategy) -> None:
        """Start a strategy object as a backtest does, but run nothing."""
        self._backtesting._set_strategy(strategy)

    def run(self, strategy: IStrategy) -> BacktestRun:
        """Run a strategy object.

        :raises InputError: where the candles do not suffice.
        """
        backtesting = self._backtesting
        try:
            start, end = backtesting.backtest_one_strategy(strategy, self._data, self._timerange)
        except OperationalException as error:
            if "No data left" not in str(error):
                raise
            raise self._nothing_to_run_on(error) from error
        content = backtesting.all_bt_content[strategy.get_strategy_name()]
        if content["wallet_summary"].empty:
            # As in a time range that ends where it begins.
            raise self._nothing_to_run_on("No candle is left to trade after the startup candles.")
        return BacktestRun(
            content["results"], content["wallet_summary"], content["final_balance"], start, end
        )

    def _load(self) -> tuple[dict[str, pd.DataFrame], Any]:
        try:
            data, timerange = self._backtesting.load_bt_data()
        except OperationalException as error:
            raise self._nothing_to_run_on(error) from error
        return data, timerange

    def _nothing_to_run_on(self, error: Exception | str) -> InputError:
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


def load_backtest(config: Config, exchange: Exchange) -> RepeatedBacktest:
    """Load a backtest; for that, Freqtrade loads its strategy.

    :param config: as `freqtrade backtesting` has it.
    :raises InputError: where there are no candles, and for an error in the strategy's own code.
    :raises OperationalException: for whatever else Freqtrade refuses.
    """
    with naming_strategy_errors(f"loading {config['strategy']}"):
        return RepeatedBacktest(config, exchange)


@contextmanager
def open_exchange(config: Config, command: str) -> Iterator[Exchange]:
    """Yield the exchange for repeated backtests, without Freqtrade's progress messages.

    :param command: ours, for the advice to use `--offline`.
    :raises InputError: where the exchange does not respond.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    with quiet_freqtrade(), warnings_shown_once():
        exchange = load_exchange(config, command)
        try:
            yield exchange
        finally:
            exchange.close()
            # Freqtrade keeps the trades of the last backtest in its classes.
            Trade.reset_trades()
            Backtesting.cleanup()


def load_exchange(config: Config, command: str) -> Exchange:
    """Load the exchange with its markets, as `Backtesting` would.

    :raises InputError: where it does not respond.
    :raises OperationalException: for whatever else Freqtrade refuses.
    """
    # Freqtrade logs each attempt, with a stack trace for each layer.
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
            f"responds; connect to a network, or `{altseason_command(f'{command} --offline')}`"
        ) from error
    finally:
        logger.setLevel(level)


@contextmanager
def warnings_shown_once() -> Iterator[None]:
    """Show each log message only once, since each backtest starts with the same warnings."""
    handlers = {handler: _Unseen() for handler in logging.getLogger().handlers}
    for handler, unseen in handlers.items():
        handler.addFilter(unseen)
    try:
        yield
    finally:
        for handler, unseen in handlers.items():
            handler.removeFilter(unseen)


class _Unseen(logging.Filter):
    """Pass each message only once."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        is_new = message not in self._seen
        self._seen.add(message)
        return is_new
