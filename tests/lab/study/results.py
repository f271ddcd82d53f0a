"""A result as a cell would have it, without a backtest."""

from datetime import UTC, datetime, timedelta

from altseason_lab.study.cell import CellResult
from altseason_lab.study.metrics import DailyEquity, Metrics, Outcome

START = datetime(2022, 1, 1, tzinfo=UTC)
METRICS = Metrics(0.1 + 0.2, 0.1, 0.2, None, float("inf"), -1e-17, None, 1 / 3, 7, 1.0, 0.123)
OUTCOME = Outcome(METRICS, DailyEquity(START.date(), (1000.0, 1001.0), 1000.0))
RESULT = CellResult(
    OUTCOME,
    ("ETH/USDT", "SOL/USDT"),
    "1h",
    START,
    START + timedelta(days=1),
    ((START, START + timedelta(hours=1)),),
    0.5,
    0.001,
    profits={"ETH/USDT": {2022: 0.1}},
    holds={"hold coins": OUTCOME, "hold BTC": None},
)
