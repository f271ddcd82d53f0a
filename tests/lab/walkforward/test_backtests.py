"""Backtests joined to one wallet, by numbers worked out by hand."""

import pandas as pd
import pytest

from altseason_lab.host.repeated import BacktestRun
from altseason_lab.walkforward.backtests import Wallet, set_balance

DAYS = pd.date_range("2022-01-01", periods=4, freq="1D", tz="UTC")
CONFIG = {"stake_currency": "USDT", "dry_run_wallet": 1000}


def run(days: pd.DatetimeIndex, rows: list[tuple[str, float, float]], final: float, profits: list):
    """A backtest of two days; rows are currency, rate and balance, by day."""
    wallet = pd.DataFrame(rows, columns=["currency", "rate", "balance"])
    wallet.insert(0, "date", days[: len(rows)])
    trades = pd.DataFrame(
        {
            "profit_abs": profits,
            "orders": [[]] * len(profits),
            "fee_open": [0.001] * len(profits),
            "fee_close": [0.001] * len(profits),
        }
    )
    return BacktestRun(trades, wallet, final, days[0], days[len(rows) - 1])


def test_each_window_begins_with_what_the_last_one_left():
    wallet = Wallet(CONFIG)
    assert wallet.balance == 1000
    first = wallet.add(
        run(DAYS[:2], [("USDT", 1.0, 1000.0), ("ETH", 110.0, 10.0)], 1200.0, [200.0])
    )
    assert first.metrics.profit == pytest.approx(0.2)
    assert wallet.balance == 1200
    second = wallet.add(
        run(DAYS[2:], [("USDT", 1.0, 1200.0), ("USDT", 1.0, 900.0)], 900.0, [-300.0])
    )
    # A quarter of 1200, not of 1000.
    assert second.metrics.profit == pytest.approx(-0.25)
    outcome = wallet.measure()
    assert outcome.metrics.profit == pytest.approx(-0.1)
    # Day by day; what a window's last candle was worth, 1100, was 1200 when its trade was closed.
    assert outcome.equity.values == pytest.approx([1200, 1200, 900])
    assert outcome.metrics.max_drawdown == pytest.approx(0.25)
    assert outcome.metrics.trades == 2
    assert outcome.metrics.profit_factor == pytest.approx(200 / 300)
    assert outcome.metrics.time_in_market == 0.25


def test_window_without_trades_joins_others():
    wallet = Wallet(CONFIG)
    wallet.add(run(DAYS[:2], [("USDT", 1.0, 1000.0)] * 2, 1000.0, []))
    wallet.add(run(DAYS[2:], [("USDT", 1.0, 1000.0)] * 2, 1010.0, [10.0]))
    assert wallet.measure().metrics.trades == 1
    assert wallet.measure().metrics.profit == pytest.approx(0.01)


def test_balance_replaces_that_of_the_stake_currency():
    for before, after in [(1000, 50.0), ({"USDT": 1000, "BNB": 1}, {"USDT": 50.0, "BNB": 1})]:
        config = {"stake_currency": "USDT", "dry_run_wallet": before}
        set_balance(config, 50.0)
        assert config["dry_run_wallet"] == after
