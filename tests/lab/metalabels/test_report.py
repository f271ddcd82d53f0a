"""Meta-labels in a study's report: the verdict first, the same in words, numbers and charts."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from altseason_lab.metalabels.report import (
    as_json,
    describe_choice,
    describe_model,
    describe_probabilities,
    describe_test,
)
from altseason_lab.metalabels.run import Choice, MetaLabels
from altseason_lab.metalabels.scores import Bin, Calibration, Scores
from altseason_lab.metalabels.walk import Importance
from altseason_lab.page import Chart, Paragraph, render_page, save_page
from altseason_lab.study.difference import Interval
from altseason_lab.study.page import build_page
from altseason_lab.study.report import StudyReport
from tests.lab.browser import Look, look_at
from tests.lab.metalabels.entries import PLAN
from tests.lab.study.studies import make_report

AUC = Interval(0.56, 0.53, 0.59)
NOTHING = float("nan")


def make_found(*, auc: Interval = AUC, shuffles: int = 99, tests: int = 1) -> MetaLabels:
    """What was found of a model, by hand: its placebos have AUCs from 0.45 to 0.55."""
    bins = tuple(
        Bin(0.1 * number + 0.05, Interval(0.1 * number + 0.04, 0.1 * number, 0.1 * number + 0.1),
            0.001 * number - 0.004, 100)
        for number in range(10)
    )  # fmt: skip
    scores = Scores(
        entries=1000,
        won=0.31,
        auc=auc,
        auc_overall=Interval(0.57, 0.54, 0.6),
        brier=Interval(0.21, 0.2, 0.22),
        reference=0.213,
        gain=Interval(0.003, -0.001, 0.007),
        calibration=Calibration(0.031, 0.04, bins),
        block=9,
    )
    return MetaLabels(
        model="logistic",
        pairs=("ETH/USDT", "SOL/USDT"),
        rows=2100,
        independent=812.4,
        folds=7,
        start=pd.Timestamp("2019-05-01", tz="UTC"),
        end=pd.Timestamp("2020-12-30 13:00", tz="UTC"),
        plan=PLAN,
        scores=scores,
        choice=Choice(0.4, 200, 0.001, 0.004, Interval(0.003, 0.001, 0.005)),
        importances=(
            Importance("rsi", Interval(0.02, 0.01, 0.03)),
            Importance("week_sin", Interval(-0.001, NOTHING, NOTHING)),
        ),
        shuffled=tuple(0.45 + 0.1 * number / (shuffles - 1) for number in range(shuffles)),
        tests=tests,
    )


def with_models(*found: MetaLabels) -> StudyReport:
    report = make_report()
    scope = next(iter(report.study.scopes))
    return replace(report, meta_labels={scope: list(found)})


def test_verdict_says_that_entries_were_told_apart_and_how_sure_that_is():
    words = describe_test(make_found())
    assert words.startswith(
        "On these coins and years the model's probabilities distinguished entries that reach "
        "their take-profit first from the others: logistic, 2019-05-01 to 2020-12-30, 2 pairs: "
        "1000 entries in 7 folds, 31% of them won;"
    )
    assert (
        "AUC 0.560 [0.530, 0.590] within folds (95 % interval, blocks of 9 days), over all 0.570 "
        "[0.540, 0.600]." in words
    )
    # (1 + 0) / (1 + 99), and its error: the root of 0.01 times 0.99 by 99.
    assert "median AUC 0.500; p = 0.010 +- 0.010." in words


@pytest.mark.parametrize("auc", [Interval(0.54, 0.51, 0.57), Interval(0.56, 0.49, 0.63)])
def test_verdict_needs_placebos_beaten_and_a_half_below_the_interval(auc: Interval):
    # Ten of 99 placebos have 0.54 or more: p = 0.11.
    words = describe_test(make_found(auc=auc))
    assert "the model's probabilities did not distinguish entries" in words


def test_several_tests_ask_for_a_smaller_p():
    # One of 99 placebos has 0.55: p = 0.02.
    words = describe_test(make_found(auc=Interval(0.55, 0.52, 0.58), tests=5))
    assert "p must be at most 0.010 (0.05 divided by 5 tests)" in words
    assert "did not distinguish" in words


def test_few_placebos_are_no_verdict():
    words = describe_test(make_found(shuffles=9))
    assert words.startswith("There are too few models of shuffled labels")
    assert as_json(make_found(shuffles=9))["tells_apart"] is None


def test_probabilities_are_compared_with_the_base_rate_and_with_right_ones():
    found = make_found()
    words = describe_probabilities(found)
    assert words.startswith(
        "Taken as numbers, the probabilities cannot be distinguished from the base rate, and no "
        "further off than chance explains:"
    )
    assert "gain +0.0030 [-0.0010, +0.0070]" in words
    better = replace(found.scores, gain=Interval(0.003, 0.001, 0.005))
    worse = replace(
        found.scores,
        gain=Interval(-0.003, -0.005, -0.001),
        calibration=replace(found.scores.calibration, error=0.05),
    )
    assert "were better than the base rate" in describe_probabilities(replace(found, scores=better))
    words = describe_probabilities(replace(found, scores=worse))
    assert "were worse than the base rate, and further off than chance explains" in words


def test_taken_entries_are_compared_with_all():
    words = describe_choice(make_found())
    assert words.startswith("The entries that the model would have taken earned more than all")
    assert (
        "200 of them earned +0.40% each after fees, all 1000 entries of the plain rules earned "
        "+0.10% each; the difference is +0.30 points [+0.10, +0.50]." in words
    )
    none = replace(make_found(), choice=Choice(0.9, 0, 0.001, None, None))
    assert describe_choice(none).startswith("The model would have taken no entry: ")


def test_text_numbers_and_page_say_the_same():
    found = make_found()
    report = with_models(found)
    text = "\n".join(report.as_text())
    assert " ".join(describe_test(found).split()) in " ".join(text.split())
    numbers = json.loads(json.dumps(report.as_json(), allow_nan=False))
    [one] = numbers["meta_labels"]
    assert one["auc"] == {"value": 0.56, "low": 0.53, "high": 0.59}
    assert one["importances"][1]["fall"] == {"value": -0.001, "low": None, "high": None}
    assert (one["p_value"], one["tells_apart"]) == (0.01, True)
    assert len(one["shuffled_aucs"]) == 99
    page = build_page(report)
    verdicts = [f"{block.strong} {block.text}" for block in page.sections[0].blocks]
    assert describe_test(found) in verdicts
    [section] = [part for part in page.sections if part.title.startswith("Meta-labels")]
    said = [f"{one.strong} {one.text}" for one in section.blocks if isinstance(one, Paragraph)]
    assert describe_choice(found) in said


def test_no_line_of_the_text_is_too_long():
    assert max(map(len, with_models(make_found()).as_text())) <= 80


def test_page_draws_what_was_found():
    found = make_found()
    page = build_page(with_models(found))
    [section] = [part for part in page.sections if part.title.startswith("Meta-labels")]
    reliability, shuffled, importances = (
        block.figure.to_plotly_json()["data"] for block in section.blocks
        if isinstance(block, Chart)
    )  # fmt: skip
    line, points = reliability
    assert list(line["x"]) == list(line["y"]) == [pytest.approx(5), pytest.approx(95)]
    assert points["y"][0] == pytest.approx(4)
    assert points["error_y"]["array"][0] == pytest.approx(6)
    assert sum(shuffled[0]["y"]) == 99
    assert shuffled[2]["x"] == [0.56, 0.56]
    assert importances[0]["x"] == [0.02, -0.001]
    assert importances[0]["error_x"]["array"] == [0.01, 0.0]
    assert not any(math.isnan(value) for value in importances[0]["error_x"]["arrayminus"])
    assert render_page(page) == render_page(build_page(with_models(make_found())))


def test_study_without_models_says_nothing_of_them():
    report = make_report()
    assert "Meta-labels" not in "\n".join(report.as_text())
    assert not any(part.title.startswith("Meta-labels") for part in build_page(report).sections)
    assert report.as_json()["meta_labels"] == []


def test_page_is_drawn_on_a_phone_and_on_a_desk(tmp_path: Path):
    path = tmp_path / "study.html"
    save_page(build_page(with_models(make_found(), make_found())), path)
    looks = [Look(path, width, scheme) for width in (390, 1280) for scheme in ("light", "dark")]
    for seen in look_at(*looks):
        assert (seen.messages, seen.requests, seen.overflow) == ([], [], 0)
        drawn = [chart for chart in seen.charts if chart["isShown"]]
        assert {"Reliability: calibration error 0.031"} <= {chart["title"] for chart in drawn}
        assert all(chart["shapes"] for chart in drawn)


def test_dates_of_a_model_are_explained():
    found = make_found()
    words = "The dates of a model are not those of the backtests, which cover the whole time range"
    assert words in describe_model(found)
    assert "once there are 1000 entries to learn from" in describe_model(found)
