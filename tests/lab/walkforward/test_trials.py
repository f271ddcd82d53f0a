"""The trials of a walk-forward, by epochs written by hand."""

from dataclasses import replace
from typing import Any

import pytest

from altseason_lab.host.hyperopt import Epoch
from altseason_lab.study.metrics import DailyEquity, Outcome
from altseason_lab.walkforward.run import WalkForward
from altseason_lab.walkforward.search import Search
from altseason_lab.walkforward.trials import list_trials
from altseason_lab.walkforward.windows import Span
from tests.lab.walkforward.results import walk


def epoch(number: int, profits: tuple[float, ...], **parameters: Any) -> Epoch:
    return Epoch(number, 0.0, parameters, len(profits), sum(profits), profits)


def searched(**searches: list[Epoch]) -> WalkForward:
    """A walk-forward of two windows; a search is named by its window and seed, as `w1s2`."""
    found = walk(0.1, [0.0, 0.0], [0.0, 0.0])
    windows = [result.window for result in found.windows]
    return replace(
        found,
        searches={
            Search(windows[int(name[1]) - 1], int(name[3])): epochs
            for name, epochs in searches.items()
        },
    )


def by_span(span: Span) -> str:
    return f"candles of {span}"


def test_every_epoch_is_a_trial_and_the_tested_parameters_are_one():
    found = searched(
        w1s1=[epoch(1, (0.0, 0.0), days=5), epoch(2, (0.1, -0.11), days=7)],
        w2s1=[epoch(1, (0.0, 0.0), days=5)],
    )
    *epochs, tuned = list_trials(found, by_span)
    assert [one.variant for one in epochs] == [
        "epoch 1 of seed 1: days 5",
        "epoch 2 of seed 1: days 7",
        "epoch 1 of seed 1: days 5",
    ]
    assert {one.command for one in (*epochs, tuned)} == {"walk-forward"}
    assert epochs[0].scope == "2022-01-01 to 2022-03-01, ETH/USDT"
    # Up by 10 %, and from there down by a tenth: nothing on average.
    assert epochs[1].sharpe == pytest.approx(0.0)
    assert epochs[1].days == 2
    # One that did not trade has none, and counts nevertheless.
    assert epochs[0].sharpe is None
    assert tuned.variant == "tuned in 2 windows"
    assert tuned.scope == "2022-03-12 to 2022-05-10, ETH/USDT"


def test_same_parameters_on_the_same_candles_have_the_same_key():
    found = searched(
        w1s1=[epoch(1, (0.0,), days=5, mode="a")],
        w1s2=[epoch(9, (0.0,), mode="a", days=5)],
        w2s1=[epoch(1, (0.0,), days=5, mode="a")],
    )
    first, again, later, tuned = (one.key for one in list_trials(found, by_span))
    assert first == again
    assert len({first, later, tuned}) == 3
    changed = [one.key for one in list_trials(found, lambda span: f"other {span}")]
    assert not {first, later, tuned} & set(changed)


def test_sharpe_of_the_tested_parameters_is_of_the_wallet():
    found = searched()
    equity = DailyEquity(found.span.start.date(), (110.0, 104.5, 104.5), 100.0)
    found = replace(found, tuned=Outcome(found.tuned.metrics, equity))
    [tuned] = list_trials(found, by_span)
    # Of +10 %, -5 % and 0 %.
    average, deviation = 0.05 / 3, (((0.1**2 + 0.05**2) / 3) - (0.05 / 3) ** 2) ** 0.5
    assert tuned.sharpe == pytest.approx(average / deviation)
    assert tuned.days == 3
