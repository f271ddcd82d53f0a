"""The figures of a cell, from the value of its wallet at each candle.

The wallet is marked to market: open positions count at the candle's open price, so a drawdown
within an open trade shows. Closed trades alone would hide it. The formulas are Freqtrade's.
"""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.data.metrics import (
    calculate_cagr,
    calculate_calmar_from_balance,
    calculate_expectancy,
    calculate_max_drawdown_from_balance,
    calculate_sharpe_from_balance,
    calculate_sortino_from_balance,
)

from altseason_lab.host.repeated import BacktestRun

# What Freqtrade returns for a ratio whose denominator is zero.
UNDEFINED = -100.0

Returns = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """The figures of a cell or a baseline; profits, drawdowns and shares are ratios.

    :param profit: by the starting balance, after all trades were closed.
    :param max_drawdown: the largest fall of the wallet from an earlier peak, by that peak.
    :param sharpe: annual, like sortino and calmar, by Freqtrade's formulas on daily values; None
        where the wallet never changed, or never fell.
    :param profit_factor: None where no trade has lost.
    :param expectancy: in the stake currency, per trade; None without trades, and for a baseline.
    :param time_in_market: the share of candles at whose open a position was held.
    :param costs: fees paid, by the starting balance.
    """

    profit: float
    cagr: float
    max_drawdown: float
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    profit_factor: float | None
    expectancy: float | None
    trades: int
    time_in_market: float
    costs: float


@dataclass(frozen=True)
class DailyEquity:
    """The value of a wallet at the end of each day (UTC), in the stake currency.

    :param start: the first day.
    :param values: of that day and each that follows; the last is after all trades were closed.
    :param balance: the starting balance, at the open of the first candle.
    """

    start: date
    values: tuple[float, ...]
    balance: float


@dataclass(frozen=True)
class Outcome:
    """The result of a cell or a baseline, in figures and day by day."""

    metrics: Metrics
    equity: DailyEquity


def find_returns(equity: DailyEquity) -> Returns:
    """Return the daily returns of a wallet, the first of them from its starting balance."""
    values = np.array([equity.balance, *equity.values])
    return np.asarray(values[1:] / values[:-1] - 1, dtype=np.float64)


def find_daily_equity(
    equity: pd.DataFrame, *, start: datetime, final: float, balance: float
) -> DailyEquity:
    """Return the value at the end of each day; without candles it is that of the day before.

    The value at midnight belongs to the day that ends then.

    :param equity: `date` and `total_quote`, in the stake currency.
    :param start: the open time of the first candle, at which the wallet is the starting balance.
    :param final: the balance after all positions were closed.
    """
    opened = pd.Timestamp(start)
    worth = equity.set_index("date")["total_quote"]
    worth = pd.concat([pd.Series({opened: balance}), worth[worth.index > opened]])
    midnights = pd.date_range(
        opened.floor("1D"), worth.index[-1].ceil("1D"), freq="1D", inclusive="right"
    )
    by_day = worth.reindex(midnights, method="ffill")
    by_day.iloc[-1] = final
    return DailyEquity(opened.date(), tuple(map(float, by_day)), balance)


def sum_by_coin_and_year(trades: pd.DataFrame, balance: float) -> dict[str, dict[int, float]]:
    """Return the profit of closed trades by pair and year of closing, by the starting balance."""
    found: dict[str, dict[int, float]] = {}
    columns = (trades[name] for name in ("pair", "close_date", "profit_abs"))
    for pair, closed, profit in zip(*columns, strict=True):
        years = found.setdefault(pair, {})
        years[closed.year] = years.get(closed.year, 0.0) + float(profit) / balance
    return found


def measure_run(run: BacktestRun, balance: float, stake_currency: str) -> Outcome:
    """Calculate the result of a backtest.

    :param balance: the starting balance.
    """
    wallet, trades = run.wallet, run.trades
    held = wallet.loc[wallet["currency"] != stake_currency, "date"]
    return measure(
        calculate_equity(wallet),
        final=run.final_balance,
        start=run.start,
        end=run.end,
        profit_factor=calculate_profit_factor(trades),
        expectancy=calculate_expectancy(trades)[0] if len(trades) else None,
        trades=len(trades),
        time_in_market=held.nunique() / wallet["date"].nunique(),
        costs=sum_fees(trades) / balance,
        balance=balance,
    )


def measure(
    equity: pd.DataFrame,
    *,
    final: float,
    start: datetime,
    end: datetime,
    balance: float,
    trades: int,
    time_in_market: float,
    costs: float,
    profit_factor: float | None = None,
    expectancy: float | None = None,
) -> Outcome:
    """Calculate the result from the value of a wallet over time.

    :param equity: `date` and `total_quote`, in the stake currency.
    :param final: the balance after all positions were closed.
    """
    days = max(1, (end - start).days)
    drawdown = 0.0
    if len(equity) > 1:
        found = calculate_max_drawdown_from_balance(equity, relative=True)
        drawdown = float(found.relative_account_drawdown)
    metrics = Metrics(
        profit=final / balance - 1,
        cagr=float(calculate_cagr(days, balance, final)),
        max_drawdown=drawdown,
        sharpe=_defined(calculate_sharpe_from_balance(equity)),
        sortino=_defined(calculate_sortino_from_balance(equity)),
        calmar=_defined(calculate_calmar_from_balance(equity)),
        profit_factor=profit_factor,
        expectancy=expectancy,
        trades=trades,
        time_in_market=time_in_market,
        costs=costs,
    )
    daily = find_daily_equity(equity, start=start, final=final, balance=balance)
    return Outcome(metrics, daily)


def calculate_equity(wallet: pd.DataFrame) -> pd.DataFrame:
    """Return the value of a wallet at each candle's open, as `date` and `total_quote`."""
    worth = (wallet["rate"] * wallet["balance"]).rename("total_quote")
    return worth.groupby(wallet["date"]).sum().reset_index()


def calculate_profit_factor(trades: pd.DataFrame) -> float | None:
    """Return total wins divided by total losses; None where no trade has lost."""
    profits = trades["profit_abs"].astype("float64")
    lost = float(profits[profits < 0].sum())
    return float(profits[profits > 0].sum()) / -lost if lost else None


def sum_fees(trades: pd.DataFrame) -> float:
    """Return the fees of all filled orders, in the stake currency."""
    columns = (trades[name] for name in ("orders", "fee_open", "fee_close"))
    return sum(
        float(order["amount"])
        * float(order["safe_price"])
        * (opening if order["ft_is_entry"] else closing)
        for orders, opening, closing in zip(*columns, strict=True)
        for order in orders
    )


def _defined(ratio: float) -> float | None:
    return None if ratio == UNDEFINED else float(ratio)
