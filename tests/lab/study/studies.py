"""Studies made by hand, of any size, without a backtest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import numpy as np

from altseason.gate.rule import GateRule
from altseason_lab.host.backtests import BacktestResult, BacktestScope
from altseason_lab.stress.grid import CostScenario
from altseason_lab.stress.run import StressTest
from altseason_lab.study.cell import CellResult, DailyLines
from altseason_lab.study.difference import Difference, Interval
from altseason_lab.study.grid import OFF, Scope, Value, build_cells
from altseason_lab.study.metrics import DailyEquity, Metrics, Outcome
from altseason_lab.study.origin import Origin
from altseason_lab.study.report import StudyReport
from altseason_lab.study.run import Placebos, PlaceboTest, Study

START = datetime(2019, 1, 1, tzinfo=UTC)
BALANCE = 1000.0
ORIGIN = Origin("altseason study -- --strategy Mine", {"altseason": "1.2.3"}, "0123456789abcdef")


def make_outcome(values: Sequence[float], trades: int = 5) -> Outcome:
    """Return what came of a wallet that is worth so much at the end of each day from START on."""
    profit = values[-1] / BALANCE - 1
    metrics = Metrics(profit, profit, 0.123, 1.5, None, 0.5, None, 1.25, trades, 0.25, 0.01)
    return Outcome(metrics, DailyEquity(START.date(), tuple(values), BALANCE))


def make_result(
    values: Sequence[float], *, pairs: Sequence[str] = ("ETH/USDT", "SOL/USDT"), trades: int = 5
) -> CellResult:
    """Return the result of a cell without a gate, with everything held beside it."""
    holds = {
        "hold coins": make_outcome([BALANCE + day for day in range(len(values))]),
        "hold BTC": make_outcome([BALANCE - day for day in range(len(values))]),
    }
    profits = {pair: {2019: 0.01 * number} for number, pair in enumerate(pairs)} if trades else {}
    end = START + timedelta(days=len(values), hours=-1)
    outcome = make_outcome(values, trades)
    return CellResult(
        outcome, tuple(pairs), "1h", START, end, (), 1.0, 0.001, profits, holds, lines=None
    )


def gate(
    result: CellResult, seasons: Sequence[tuple[int, int]], lines: dict[str, Sequence[float | None]]
) -> CellResult:
    """Return a result with alt seasons, by their first day and the one after, and its lines."""
    day = timedelta(days=1)
    return CellResult(
        result.outcome,
        result.pairs,
        result.timeframe,
        result.start,
        result.end,
        tuple((START + first * day, START + last * day) for first, last in seasons),
        sum(last - first for first, last in seasons) / len(result.outcome.equity.values),
        result.fee,
        result.profits,
        lines=DailyLines(START.date(), {name: tuple(line) for name, line in lines.items()}),
    )


def make_report(
    *,
    modes: Sequence[str] = ("falling",),
    windows: Sequence[str] = ("",),
    groups: Sequence[tuple[str, ...]] = (("ETH/USDT", "SOL/USDT"),),
    settings: Mapping[str, Sequence[Value]] = MappingProxyType({}),
    days: int = 120,
    placebos: int = 40,
    strategy: str = "Mine",
    trades: int = 5,
    has_costs: bool = False,
) -> StudyReport:
    """Return the report of a study whose wallets are drawn at random, by a fixed seed."""
    rng = np.random.default_rng(1)

    def walk() -> list[float]:
        if not trades:
            return [BALANCE] * days
        return [float(worth) for worth in BALANCE * np.exp(rng.normal(0, 0.03, days).cumsum())]

    results = {}
    for cell in build_cells(modes, windows, groups, settings):
        result = make_result(walk(), pairs=cell.scope.pairs, trades=trades)
        if cell.mode != OFF:
            dominance = [float(55 + share) for share in rng.normal(0, 0.5, days).cumsum()]
            lines = {"BTC.D %": dominance, "mean %": [None, *dominance[1:]]}
            seasons = [(day, day + 5) for day in range(0, days - 5, 20)]
            result = gate(result, seasons, lines)
        results[cell] = result
    tested = [cell for cell in results if placebos and GateRule(cell.mode).reads_dominance]
    tests = [
        PlaceboTest(
            cell,
            results[cell],
            [
                Placebos(
                    kind,
                    results[cell],
                    [
                        replace(make_result(walk()), open_share=results[cell].open_share)
                        for _ in range(placebos)
                    ],
                )
                for kind in ("shift", "bootstrap")
            ],
            len(tested),
        )
        for cell in tested
    ]
    interval = Interval(0.1, -0.2, 0.4)
    gates = [cell for cell in results if cell.mode != OFF]
    differences = {
        cell: Difference(interval, interval, interval, 0.5, days, 7, 0.25, len(gates))
        for cell in gates
    }
    study = Study(strategy, "USDT", results, differences, tests)
    costs = {scope: make_costs(scope, strategy) for scope in study.scopes} if has_costs else {}
    return StudyReport(study, synthetic=True, offline=True, costs=costs, origin=ORIGIN)


def make_costs(scope: Scope, strategy: str) -> StressTest:
    """Return a stress test that breaks even at 0.15 %."""
    curve = {
        cost: BacktestResult(15 - cost, 0.5, 1.0, 5, 0) for cost in (0.0, 10.0, 14.0, 15.0, 20.0)
    }
    where = BacktestScope(strategy, "1h", list(scope.pairs), START, START + timedelta(days=120))
    grid = {CostScenario(0.001, 0, 0): curve[10.0]}
    return StressTest(where, grid, {0: 15.0}, {0: curve}, 10)
