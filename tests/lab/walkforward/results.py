"""Results of a walk-forward, written by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from altseason_lab.host.hyperopt import Dimension
from altseason_lab.study.metrics import DailyEquity, Metrics, Outcome
from altseason_lab.walkforward.run import WalkForward, WindowResult
from altseason_lab.walkforward.search import SearchSettings
from altseason_lab.walkforward.stability import Stability
from altseason_lab.walkforward.windows import Span, WindowPlan, build_windows

START = datetime(2022, 1, 1, tzinfo=UTC)
METRICS = Metrics(-1234.5, 0.1, 0.2, None, -12.345, 123.45, None, -2.345, 12345, 1.0, 0.123)
PLAN = WindowPlan(60, 30, 10, is_anchored=False)
PARAMETERS = {"mode": "breadth_and_falling", "threshold": 52.5}


def earning(profit: float) -> Outcome:
    return Outcome(replace(METRICS, profit=profit), DailyEquity(date(2022, 1, 1), (1.0,), 1.0))


def walk(train: float, tuned: list[float], untuned: list[float], **changes: Any) -> WalkForward:
    windows = build_windows(PLAN, Span(START, START + timedelta(days=70 + 30 * len(tuned))))
    results = [
        WindowResult(
            window=window,
            epochs=300,
            valid=285,
            plateau=29,
            parameters=PARAMETERS,
            train=earning(train),
            tuned=earning(tuned[at]),
            untuned=earning(untuned[at]),
            holds={"hold coins": earning(-0.1), "hold BTC": None},
        )
        for at, window in enumerate(windows)
    ]
    found = WalkForward(
        strategy="Any",
        stake_currency="USDT",
        timeframe="1h",
        pairs=("ETH/USDT",),
        fee=0.001,
        plan=PLAN,
        settings=SearchSettings(100, ("buy",), "OnlyProfitHyperOptLoss"),
        seeds=(1, 2, 3),
        left_out=0,
        windows=tuple(results),
        tuned=earning(0.05),
        untuned=earning(0.02),
        holds={"hold coins": earning(0.3), "hold BTC": earning(-1234.5)},
        difference=None,
        stability=(
            Stability(
                Dimension("mode", "buy", choices=("falling", "level")),
                ("breadth_and_falling",) * len(results),
                "level_and_falling",
            ),
            Stability(
                Dimension("dominance_threshold", "buy", 40, 70), (52.5,) * len(results), 55.0
            ),
            Stability(Dimension("stoploss", "stoploss", -0.35, -0.02), (-0.123,) * len(results)),
        ),
        searches={},
    )
    return replace(found, **changes)
