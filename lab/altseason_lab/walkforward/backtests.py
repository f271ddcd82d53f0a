"""Backtests of the windows in this process, and their results joined to one wallet over time."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from freqtrade.exchange import Exchange
from freqtrade.util import get_dry_run_wallet

from altseason.host.configuration import Config
from altseason.host.strategy_errors import naming_strategy_errors
from altseason_lab.host.hyperopt import SearchSpace
from altseason_lab.host.predictions import own_predictions
from altseason_lab.host.repeated import BacktestRun, RepeatedBacktest
from altseason_lab.study.cell import narrow
from altseason_lab.study.grid import Scope
from altseason_lab.study.metrics import Outcome, measure_run
from altseason_lab.walkforward.windows import Span


class WindowBacktests:
    """Backtests of one strategy on parts of windows, each with its own parameters."""

    def __init__(self, config: Config, exchange: Exchange, space: SearchSpace) -> None:
        self._config = config
        self._exchange = exchange
        self._space = space

    def run(self, span: Span, parameters: Mapping[str, Any], balance: float) -> BacktestRun:
        """Run a new strategy object on a stretch of time.

        :param parameters: empty for the strategy's own.
        :param balance: the starting balance, in the stake currency.
        :raises InputError: where candles are missing.
        """
        config = narrow(self._config, Scope(span.timerange, ()))
        set_balance(config, balance)
        pairs = ", ".join(config["exchange"]["pair_whitelist"])
        with naming_strategy_errors(f"the backtest on {pairs} in {span}"):
            repeated = RepeatedBacktest(config, self._exchange)
            strategy = repeated.load_strategy()
            if parameters:
                self._space.set_values(strategy, parameters)
            with own_predictions(strategy):
                return repeated.run(strategy)


def set_balance(config: Config, balance: float) -> None:
    """Set the starting balance of a backtest, in the stake currency."""
    wallet = config["dry_run_wallet"]
    is_table = isinstance(wallet, dict)
    config["dry_run_wallet"] = (
        {**wallet, config["stake_currency"]: balance} if is_table else balance
    )


class Wallet:
    """A wallet over all windows: each begins with the balance that the last one left."""

    def __init__(self, config: Config) -> None:
        self._start = float(get_dry_run_wallet(config))
        self._currency = config["stake_currency"]
        self._runs: list[BacktestRun] = []

    @property
    def balance(self) -> float:
        """Return the current balance, in the stake currency."""
        return self._runs[-1].final_balance if self._runs else self._start

    def add(self, run: BacktestRun) -> Outcome:
        """Add a backtest that began with the current balance, and return its outcome."""
        outcome = measure_run(run, self.balance, self._currency)
        self._runs.append(run)
        return outcome

    def measure(self) -> Outcome:
        """Return the outcome of all of them, as of one backtest."""
        return measure_run(self.joined, self._start, self._currency)

    @property
    def joined(self) -> BacktestRun:
        """Return all of them as one backtest."""
        return join(self._runs)


def join(runs: Sequence[BacktestRun]) -> BacktestRun:
    """Return consecutive backtests as one.

    :param runs: each began with the final balance of the one before.
    """
    # A frame without trades has columns of other types, about which pandas warns.
    trades = [run.trades for run in runs if len(run.trades)] or [runs[0].trades]
    return BacktestRun(
        trades=pd.concat(trades, ignore_index=True),
        wallet=pd.concat([_settle(run) for run in runs], ignore_index=True),
        final_balance=runs[-1].final_balance,
        start=runs[0].start,
        end=runs[-1].end,
    )


def _settle(run: BacktestRun) -> pd.DataFrame:
    """Return a wallet whose last value is the balance after all trades were closed."""
    wallet = run.wallet.copy()
    is_last = wallet["date"] == wallet["date"].iloc[-1]
    worth = float((wallet["rate"] * wallet["balance"])[is_last].sum())
    wallet.loc[is_last, "rate"] *= run.final_balance / worth if worth else 1.0
    return wallet
