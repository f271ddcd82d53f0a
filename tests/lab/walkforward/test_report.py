"""What is printed, of results written by hand."""

from dataclasses import replace

import pytest

from altseason_lab.study.difference import Difference, Interval
from altseason_lab.walkforward.report import WalkForwardReport, describe, find_notes
from tests.lab.walkforward.results import PARAMETERS, walk


def test_verdict_compares_with_what_was_not_tuned_and_with_the_train_parts():
    # 60 days that earn 21 % are twice 10 % in 30 days.
    text = describe(walk(0.21, [0.03, 0.02, -0.01], [0.0, 0.03, -0.02]))
    assert (
        "the tuned parameters earned 5.00%, the untuned ones 2.00%, the coins held 30.00%" in text
    )
    assert "In 2 of 3 windows the tuned ones earned more than the untuned." in text
    assert "they earned 10.00% on the train parts and 2.00% on the test parts" in text
    assert "900 epochs" in text


def test_how_sure_the_difference_is_is_said_first():
    growth, sharpe = Interval(0.1, -0.2, 0.4), Interval(0.5, -1.0, 2.0)
    difference = Difference(growth, sharpe, Interval(-0.05, -0.1, 0.0), 0.43, 300, 4, 0.62)
    found = walk(0.1, [0.0], [0.0], difference=difference, left_out=1)
    first, last = find_notes(found)
    assert first.startswith(
        "By the days alone, the tuned parameters cannot be distinguished from the untuned ones: "
        "growth +10.0 points [-20.0, +40.0] a year"
    )
    assert last == "Not tested: the last 1 day, shorter than a test part."
    report = WalkForwardReport(found, None, synthetic=False, offline=False).as_json()
    assert report["difference"]["growth"] == {"value": 0.1, "low": -0.2, "high": 0.4}


def test_lost_wallet_has_a_verdict_too():
    assert "they earned -100.00% on the train parts" in describe(walk(-1.0, [-1.0], [0.0]))


def test_what_was_kept_and_what_was_left_out_is_said():
    found = walk(0.1, [0.0, 0.0], [0.0, 0.0], left_out=12)
    kept = replace(found.windows[1], parameters={})
    notes = list(find_notes(replace(found, windows=(found.windows[0], kept))))
    kept_text = "Window 2 kept the strategy's own parameters: none of its 300 epochs traded from "
    assert notes == [
        f"{kept_text}2022-01-31 to 2022-03-31.",
        "Not tested: the last 12 days, shorter than a test part.",
    ]
    assert list(find_notes(walk(0.1, [0.0], [0.0]))) == []


@pytest.mark.parametrize("windows", [1, 11])
def test_text_fits_80_columns_whatever_the_numbers(windows: int):
    found = walk(-1234.5, [1234.5] * windows, [-1.0] * windows, left_out=3)
    lines = WalkForwardReport(found, None, synthetic=True, offline=True).as_text()
    assert max(map(len, lines)) <= 80
    text = " ".join(lines)
    assert text.count("breadth_and_falling") == windows
    assert "40 to 70" in text
    assert "ETH/USDT; buy searched by OnlyProfitHyperOptLoss, 100 epochs for each seed (1, " in text


def test_json_has_equity_by_day_and_values_by_window():
    report = WalkForwardReport(
        walk(0.1, [0.0], [0.0]), None, synthetic=False, offline=False
    ).as_json()
    assert set(report["out_of_sample"]) == {"tuned", "untuned", "hold coins", "hold BTC"}
    equity = report["out_of_sample"]["tuned"]["equity"]
    assert equity == {"start": "2022-01-01", "values": [1.0], "balance": 1.0}
    assert report["windows"][0]["parameters"] == PARAMETERS
    assert set(report["windows"][0]["test_metrics"]) == {"tuned", "untuned", "hold coins"}
    assert report["parameters"][1]["values"] == (52.5,)
