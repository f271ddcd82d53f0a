"""The table, read as a person reads it."""

from datetime import UTC, datetime

from altseason_lab.host.backtests import BacktestResult, BacktestScope
from altseason_lab.stress.grid import CostScenario
from altseason_lab.stress.report import as_text
from altseason_lab.stress.run import StressTest

START, END = datetime(2018, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)


def test_long_numbers_are_never_cut():
    result = BacktestResult(-98.76543, 12.3456, 99.87654, 123456, 12345)
    results = {CostScenario(0.00001, 2.5, 0): result, CostScenario(0.00075, 12.75, 100): result}
    curves = {scenario.delay: {scenario.cost: result} for scenario in results}
    scope = BacktestScope("Mine", "1h", ["ETH/USDT"], START, END)
    lines = as_text(
        StressTest(scope, results, {0: 0.0, 100: None}, curves, 10), synthetic=False, offline=False
    )
    rows = [line.split() for line in lines if "123456" in line]
    # Delay, fee, slippage, cost, profit, extra, the rest, drawdown, trades and stops.
    last = ["-98.77", "-12.35", "-111.11", "99.88", "123456", "(12345)"]
    assert rows == [
        ["0", "0.001", "2.5", "0.026", *last],
        ["100", "0.075", "12.75", "0.2025", *last],
    ]
    assert not any("\u2026" in line for line in lines)
    assert max(map(len, lines)) <= 80
