"""The table, read as a person reads it."""

from datetime import UTC, datetime

from altseason_lab.host.backtests import Outcome, Scene
from altseason_lab.stress.grid import Cell
from altseason_lab.stress.report import as_text
from altseason_lab.stress.study import Study

START, END = datetime(2018, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)


def test_long_numbers_are_never_cut():
    outcome = Outcome(-98.76543, 12.3456, 99.87654, 123456, 12345)
    cells = {Cell(0.00001, 2.5, 0): outcome, Cell(0.00075, 12.75, 100): outcome}
    curves = {cell.delay: {cell.cost: outcome} for cell in cells}
    scene = Scene("Mine", "1h", ["ETH/USDT"], START, END)
    lines = as_text(
        Study(scene, cells, {0: 0.0, 100: None}, curves, 10), synthetic=False, offline=False
    )
    rows = [line.split() for line in lines if "123456" in line]
    # Delay, fee, slippage, cost, profit, extra, what is left, drawdown, trades and stops.
    last = ["-98.77", "-12.35", "-111.11", "99.88", "123456", "(12345)"]
    assert rows == [
        ["0", "0.001", "2.5", "0.026", *last],
        ["100", "0.075", "12.75", "0.2025", *last],
    ]
    assert not any("\u2026" in line for line in lines)
    assert max(map(len, lines)) <= 80
