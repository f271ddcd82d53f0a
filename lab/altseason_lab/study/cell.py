"""Run one cell at a time in this process: Freqtrade keeps trades and locks in its classes."""

import math
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any

import numpy as np
import pandas as pd
from freqtrade.exchange import Exchange
from freqtrade.util import get_dry_run_wallet
from pydantic import AfterValidator

from altseason.dominance.candles import candle_length
from altseason.gate.charts import DOMINANCE_LINES, add_lines
from altseason.gate.rule import Dominance, GateRule, calculate_closes, find_mean
from altseason.host.configuration import Config
from altseason.host.strategy_errors import naming_strategy_errors
from altseason_lab.host.parameters import set_parameters
from altseason_lab.host.predictions import own_predictions
from altseason_lab.host.repeated import BacktestRun, RepeatedBacktest
from altseason_lab.study.grid import MODE, OFF, Cell, Scope
from altseason_lab.study.hold import hold, load_bitcoin
from altseason_lab.study.metrics import Metrics, Outcome, measure_run, sum_by_coin_and_year
from altseason_lab.study.placebo import give_placebo

# Pydantic, which parses stored results, uses a UTC time zone of its own.
Instant = Annotated[datetime, AfterValidator(lambda time: time.astimezone(UTC))]
HOLD_COINS, HOLD_BITCOIN = "hold coins", "hold BTC"


@dataclass(frozen=True)
class ClosedTrade:
    """A trade, as far as an evidence card needs it.

    :param profit: after fees, as a ratio of its stake.
    """

    opened: datetime
    profit: float


@dataclass(frozen=True)
class DailyLines:
    """Dominance and what decides the gate, as known at the close of each day's last candle.

    :param start: the first day (UTC).
    :param values: in percent, by the name of the line in FreqUI; for that day and each that
        follows, None where nothing was known. Lines that the gate does not use are left out.
    """

    start: date
    values: dict[str, tuple[float | None, ...]]


@dataclass(frozen=True)
class CellResult:
    """The result of a cell.

    :param pairs: those with candles.
    :param missing: pairs that were named, but had no candle.
    :param start: the open time of the first candle, and `end` that of the last one.
    :param alt_seasons: the stretches of time in which the gate was open, each from the close of its
        first candle to that of the candle at which it was closed again.
    :param open_share: the share of candles at whose close the gate was open.
    :param fee: a ratio per side.
    :param profits: of closed trades by pair and year of closing, by the starting balance.
    :param holds: the baselines without a strategy, by name; only with the gate off. None where
        there are no candles for one.
    :param lines: what decided the gate; None where it is off, and for a placebo.
    :param rule: the gate's, in words.
    :param trades: in the order in which they were opened; none for a placebo.
    :param missing_share: the share of candles at whose close the gate's rule had no dominance, see
        `find_missing_share`.
    """

    outcome: Outcome
    pairs: tuple[str, ...]
    timeframe: str
    start: Instant
    end: Instant
    alt_seasons: tuple[tuple[Instant, Instant], ...]
    open_share: float
    fee: float
    profits: dict[str, dict[int, float]] = field(default_factory=dict)
    holds: dict[str, Outcome | None] = field(default_factory=dict)
    lines: DailyLines | None = None
    rule: str = ""
    trades: tuple[ClosedTrade, ...] = ()
    missing: tuple[str, ...] = ()
    missing_share: float = 0.0

    @property
    def metrics(self) -> Metrics:
        """Return the figures of the outcome."""
        return self.outcome.metrics


@dataclass(frozen=True)
class GatedRun:
    """A backtest with a gate.

    :param is_open: by the candles' open times, whether the gate was open at their close.
    :param lines: as in `CellResult`, like `rule` and `missing_share`.
    """

    backtest: BacktestRun
    is_open: "pd.Series[bool]"
    lines: DailyLines | None
    rule: str
    missing_share: float


class CellRunner:
    """Runs cells one after another, and loads the candles of a scope once."""

    def __init__(self, config: Config, exchange: Exchange) -> None:
        """Run nothing yet.

        :param config: as `freqtrade backtesting` has it, for the whitelist and all time.
        """
        self._config = config
        self._exchange = exchange
        self._scope: Scope | None = None
        self._repeated: RepeatedBacktest | None = None

    def run(self, cell: Cell) -> CellResult:
        """Run a cell.

        :raises AltSeasonError: where there are too few candles, or no dominance.
        :raises OperationalException: for whatever Freqtrade itself refuses.
        """
        with naming_strategy_errors(describe_backtest(cell, self._config)):
            repeated = self._open(cell.scope)
            gated = run_backtest(repeated, cell)
        run, is_open = gated.backtest, gated.is_open
        config = repeated.config
        balance = float(get_dry_run_wallet(config))
        is_true_off = cell.mode == OFF and cell.placebo is None
        return CellResult(
            outcome=measure_run(run, balance, config["stake_currency"]),
            pairs=repeated.pairs,
            missing=repeated.missing,
            timeframe=config["timeframe"],
            start=run.start,
            end=run.end,
            alt_seasons=find_stretches(is_open, candle_length(config["timeframe"])),
            open_share=float(is_open.mean()),
            fee=repeated.fee,
            profits=sum_by_coin_and_year(run.trades, balance),
            holds=measure_holds(repeated, run, balance) if is_true_off else {},
            lines=gated.lines,
            rule=gated.rule,
            trades=list_trades(run.trades) if cell.placebo is None else (),
            missing_share=gated.missing_share,
        )

    def _open(self, scope: Scope) -> RepeatedBacktest:
        if self._repeated is None or scope != self._scope:
            # Only the candles of one scope are kept in memory.
            self._repeated = None
            self._repeated = RepeatedBacktest(narrow(self._config, scope), self._exchange)
            self._scope = scope
        return self._repeated


def describe_backtest(cell: Cell, config: Config) -> str:
    """Describe the backtest of a cell in words.

    :param config: as `freqtrade backtesting` has it, for the whitelist and all time.
    """
    pairs = ", ".join(cell.scope.pairs) or "the whitelist"
    window = cell.scope.window or config.get("timerange")
    where = f"{pairs} in {window}" if window else pairs
    placebo = f" ({cell.placebo})" if cell.placebo is not None else ""
    return f"the backtest of {MODE} {cell.name} on {where}{placebo}"


def narrow(config: Config, scope: Scope) -> Config:
    """Return a copy of the configuration for a scope, as `--timerange` and `--pairs` change it."""
    narrowed: Config = deepcopy(config)
    if scope.window:
        narrowed["timerange"] = scope.window
    if scope.pairs:
        narrowed["pairs"] = narrowed["exchange"]["pair_whitelist"] = list(scope.pairs)
    return narrowed


def run_backtest(repeated: RepeatedBacktest, cell: Cell) -> GatedRun:
    """Run a new strategy object with the gate of a cell."""
    strategy: Any = repeated.load_strategy()
    set_parameters(strategy, {MODE: cell.mode, **dict(cell.settings)})
    if cell.placebo is not None:
        give_placebo(strategy, cell.placebo)
    with own_predictions(strategy):
        run = repeated.run(strategy)
    dates, timeframe = run.wallet["date"].drop_duplicates(), repeated.config["timeframe"]
    is_open = strategy.alt_season_gate.columns.find_open(dates, timeframe)
    is_drawn = cell.mode != OFF and cell.placebo is None
    return GatedRun(
        run,
        pd.Series(is_open, index=pd.DatetimeIndex(dates)),
        find_daily_lines(strategy, dates, timeframe) if is_drawn else None,
        str(strategy.gate_rule),
        find_missing_share(
            strategy.alt_season_gate.columns.find_dominance(), strategy.gate_rule, dates, timeframe
        ),
    )


def find_missing_share(
    dominance: Dominance, rule: GateRule, dates: "pd.Series[pd.Timestamp]", timeframe: str
) -> float:
    """Return at which share of candles a rule was closed for want of dominance.

    None of it was stored, it was stale, or its history was too short for the mean.

    :param dates: the open times of the candles.
    """
    if not rule.reads_dominance:
        return 0.0
    closes = calculate_closes(dates, timeframe)
    is_missing = dominance.find_known(closes) < 0
    if rule.has_falling:
        is_missing |= np.isnan(find_mean(dominance, rule, closes))
    return float(is_missing.mean())


def find_daily_lines(strategy: Any, dates: "pd.Series[pd.Timestamp]", timeframe: str) -> DailyLines:
    """Return what decided the gate of a strategy object, day by day: the lines of FreqUI.

    :param dates: open times of the candles of a backtest that it has run on.
    """
    columns = strategy.alt_season_gate.columns
    rows = pd.DataFrame({"date": dates.groupby(dates.dt.floor("1D")).last()})
    rows = columns.add_dominance(rows, timeframe, is_required=False)
    is_open = columns.find_open(rows["date"], timeframe)
    rows = columns.add_gate(rows, timeframe, is_open)
    lines = add_lines(rows, strategy.gate_rule)[list(DOMINANCE_LINES)].resample("1D").asfreq()
    return DailyLines(
        lines.index[0].date(),
        {
            str(name): tuple(None if math.isnan(value) else round(value, 4) for value in values)
            for name, values in lines.dropna(axis="columns", how="all").astype("float64").items()
        },
    )


def list_trades(trades: pd.DataFrame) -> tuple[ClosedTrade, ...]:
    """Return the trades of a backtest in the order in which they were opened."""
    by_opening = trades.sort_values("open_date", kind="stable")
    return tuple(
        ClosedTrade(opened.to_pydatetime(), float(profit))
        for opened, profit in zip(by_opening["open_date"], by_opening["profit_ratio"], strict=True)
    )


def find_stretches(
    is_open: "pd.Series[bool]", length: pd.Timedelta
) -> tuple[tuple[datetime, datetime], ...]:
    """Return the stretches of time in which a gate was open.

    :param is_open: whether it was open at the close of candles, by their open times.
    :param length: of a candle.
    """
    number = (is_open != is_open.shift()).cumsum()
    stretches = is_open.index.to_series().groupby(number[is_open].reindex(is_open.index))
    return tuple(
        ((first + length).to_pydatetime(), (last + 2 * length).to_pydatetime())
        for first, last in stretches.agg(["first", "last"]).itertuples(index=False)
    )


def find_holds(results: Iterable[CellResult]) -> dict[str, Outcome]:
    """Return the baselines of a scope by name; all cells without a gate have the same."""
    holds = {name: held for result in results for name, held in result.holds.items()}
    return {name: held for name, held in holds.items() if held is not None}


def measure_holds(
    repeated: RepeatedBacktest, run: BacktestRun, balance: float
) -> dict[str, Outcome | None]:
    """Measure the baselines without a strategy, over the time of a backtest and with its fee."""
    candles: dict[str, dict[str, pd.DataFrame]] = {
        HOLD_COINS: repeated.candles,
        HOLD_BITCOIN: load_bitcoin(repeated.config),
    }
    return {
        name: hold(found, start=run.start, end=run.end, fee=repeated.fee, balance=balance)
        for name, found in candles.items()
    }
