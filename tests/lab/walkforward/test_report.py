"""What is printed, of results written by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from altseason_lab.host.hyperopt import Dimension
from altseason_lab.study.metrics import DailyEquity, Metrics, Outcome
from altseason_lab.walkforward.report import WalkForwardReport, describe, find_notes
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


def test_verdict_compares_with_what_was_not_tuned_and_with_the_train_parts():
    # 60 days that earn 21 % are twice 10 % in 30 days.
    text = describe(walk(0.21, [0.03, 0.02, -0.01], [0.0, 0.03, -0.02]))
    assert (
        "the tuned parameters earned 5.00%, the untuned ones 2.00%, the coins held 30.00%" in text
    )
    assert "In 2 of 3 windows the tuned ones earned more than the untuned." in text
    assert "they earned 10.00% on the train parts and 2.00% on the test parts" in text
    assert "900 epochs" in text


def test_lost_wallet_has_a_verdict_too():
    assert "they earned -100.00% on the train parts" in describe(walk(-1.0, [-1.0], [0.0]))


def test_what_was_kept_and_what_was_left_out_is_said():
    found = walk(0.1, [0.0, 0.0], [0.0, 0.0], left_out=12)
    kept = replace(found.windows[1], parameters={})
    notes = list(find_notes(replace(found, windows=(found.windows[0], kept))))
    kept_text = "Window 2 kept the strategy's own parameters: none of its 300 epochs traded from "
    assert notes == [
        f"{kept_text}2022-01-31 to 2022-03-31.",
        "The last 12 days are no whole test part and were not tested.",
    ]
    assert list(find_notes(walk(0.1, [0.0], [0.0]))) == []


@pytest.mark.parametrize("windows", [1, 11])
def test_text_fits_80_columns_whatever_the_numbers(windows: int):
    found = walk(-1234.5, [1234.5] * windows, [-1.0] * windows, left_out=3)
    lines = WalkForwardReport(found, synthetic=True, offline=True).as_text()
    assert max(map(len, lines)) <= 80
    text = " ".join(lines)
    assert text.count("breadth_and_falling") == windows
    assert "40 to 70" in text


def test_json_has_equity_by_day_and_values_by_window():
    report = WalkForwardReport(walk(0.1, [0.0], [0.0]), synthetic=False, offline=False).as_json()
    assert set(report["out_of_sample"]) == {"tuned", "untuned", "hold coins", "hold BTC"}
    equity = report["out_of_sample"]["tuned"]["equity"]
    assert equity == {"start": "2022-01-01", "values": [1.0], "balance": 1.0}
    assert report["windows"][0]["parameters"] == PARAMETERS
    assert set(report["windows"][0]["test_metrics"]) == {"tuned", "untuned", "hold coins"}
    assert report["parameters"][1]["values"] == (52.5,)
