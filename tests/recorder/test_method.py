"""A provider that changes how it counts, as CoinGecko did in August 2026."""

import logging
import re
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from altseason.notifications import Notifier
from altseason.recorder.log import Reading
from altseason.recorder.method import MethodWatch, find_weekly_offsets
from altseason.recorder.offsets import Offsets
from tests.providers.serving import Provider
from tests.providers.world import Market
from tests.recorder.simulation import (
    DOWN,
    MakePoller,
    SimulatedClock,
    load_counted,
    poll,
    utc,
)

START = utc("2026-08-01")
HOURS = pd.Timedelta(hours=1)
DAY = 24 * HOURS


def compared(time: pd.Timestamp, offset: float, provider: str = "CoinMarketCap") -> Reading:
    known = time.to_pydatetime()
    return Reading(
        known=known, time=known, provider=provider, raw=58.0, dominance=None, offset=offset
    )


def live(
    levels: Iterable[dict[str, float]], notifier: Notifier, *, restart_each: int = 0
) -> list[tuple[float, str]]:
    """Compare every six hours; return the messages, and the day of each."""
    random, log, told = Random(1), list[Reading](), []
    watch = MethodWatch("CoinGecko", notifier)
    for number, level in enumerate(levels):
        now = START + number * 6 * HOURS
        for provider, offset in level.items():
            log.append(compared(now, offset + random.gauss(0, 0.1), provider))
            watch.add(log[-1])
        if restart_each and number % restart_each == 0:
            watch = MethodWatch("CoinGecko", notifier, log)
        watch.check(now)
        told += [(number / 4, text) for text in notifier.drain()]
    return told


@pytest.fixture
def notifier() -> Notifier:
    return Notifier(logging.getLogger(__name__))


def ramp(day: float, before: float, after: float, begins: float, lasts: float) -> float:
    """An offset that moves from one level to another."""
    part = min(1.0, max(0.0, (day - begins) / lasts)) if lasts else float(day >= begins)
    return before + part * (after - before)


@pytest.mark.parametrize(("lasts", "told_by"), [(0.0, 22.5), (3.0, 26)])
def test_primary_that_rises_is_told_once_with_both_numbers(
    notifier: Notifier, lasts: float, told_by: float
):
    levels = [
        {
            "CoinMarketCap": ramp(number / 4, 2.2, 0.35, 20, lasts),
            "CoinPaprika": ramp(number / 4, 0.5, -1.35, 20, lasts),
        }
        for number in range(60 * 4)
    ]
    [(day, text)] = live(levels, notifier)
    assert 20 + lasts < day <= told_by
    assert text.startswith("CoinGecko changed how dominance is counted: CoinMarketCap's offset ")
    before, after = map(float, re.findall(r"[+-]\d\.\d\d", text)[:2])
    assert (before, after) == (pytest.approx(2.2, abs=0.15), pytest.approx(0.35, abs=0.25))
    assert "points higher than before" in text


def test_fallback_that_changes_is_told_as_such(notifier: Notifier):
    levels = [
        {"CoinMarketCap": 2.2, "CoinPaprika": 0.5, "CoinLore": ramp(number / 4, 0, -3, 20, 0)}
        for number in range(160)
    ]
    [(_, text)] = live(levels, notifier)
    assert text.startswith("CoinLore changed how dominance is counted: CoinLore's offset ")
    assert text.endswith("Recorded dominance is not affected.")


def test_of_two_it_is_not_known_who_has_changed(notifier: Notifier):
    levels = [{"CoinPaprika": ramp(number / 4, 0, 2, 20, 0)} for number in range(160)]
    [(_, text)] = live(levels, notifier)
    assert text.startswith("CoinGecko or CoinPaprika changed how dominance is counted")
    assert "points lower than before" in text


@pytest.mark.parametrize(
    "moves",
    [
        lambda day: 0.0,
        lambda day: 0.3 * day / 30,  # as providers drift
        lambda day: 0.8 * (day >= 20),
        lambda day: 5.0 * (20 <= day < 20.75),  # an outage's odd values
        lambda day: 2.0 * (day % 1 == 0),
    ],
)
def test_what_is_no_step_that_stays_is_not_told(notifier: Notifier, moves):
    levels = [{"CoinMarketCap": moves(number / 4), "CoinPaprika": 0.5} for number in range(160)]
    assert live(levels, notifier) == []


def test_restart_within_the_days_after_it_tells_it_again_at_most(notifier: Notifier):
    levels = [{"CoinMarketCap": ramp(number / 4, 2, 0, 20, 0)} for number in range(240)]
    told = live(levels, notifier, restart_each=8)
    assert {round(day) for day, _ in told} <= set(range(22, 34))


def test_offsets_from_before_a_step_no_longer_count():
    before = [compared(START + number * 6 * HOURS, 2.2) for number in range(20)]
    offsets = Offsets(before)
    now = START + 19 * 6 * HOURS
    for number in range(3):
        assert offsets.find("CoinMarketCap", now) == 2.2
        now += 6 * HOURS
        offsets.add(compared(now, 0.3 + number / 100))
    assert offsets.find("CoinMarketCap", now) == 0.31


@pytest.mark.parametrize(
    "after",
    [
        [0.3, 2.2, 0.3, 2.2, 0.3],  # not one of them stays
        [0.3, 0.9, 1.7],
        [1.3, 1.3, 1.3],  # nearer than a point
        [1.1, 3.3, 1.1],
    ],
)
def test_offsets_that_only_vary_go_on_to_count(after: list[float]):
    series = [2.2] * 9 + after
    offsets = Offsets(
        compared(START + number * 6 * HOURS, offset) for number, offset in enumerate(series)
    )
    assert offsets.find("CoinMarketCap", START + len(series) * 6 * HOURS) == 2.2


def test_weekly_offsets_are_medians():
    now = START + 28 * DAY
    readings = [
        compared(START + number * 6 * HOURS, 2.0 if number < 84 else 0.5) for number in range(113)
    ]
    assert find_weekly_offsets(readings, now) == {"CoinMarketCap": [2.0, 2.0, 2.0, 0.5]}
    assert find_weekly_offsets(readings[80:], now)["CoinMarketCap"] == [None, None, 2.0, 0.5]


def test_fallback_counts_by_the_new_offset_after_a_step_of_the_primary(
    make_poller: MakePoller,
    clock: SimulatedClock,
    market: Market,
    server: Provider,
    tmp_path: Path,
    notifier: Notifier,
):
    poller = make_poller()
    poll(poller, clock, 22 * 4, "6h")
    market.percent["coingecko"] = 58.4  # it was 57, and CoinMarketCap stays at 58.5
    poll(poller, clock, 4, "6h")
    assert notifier.drain() == []
    market.faults["coingecko"] = DOWN
    poll(poller, clock, 4)
    assert load_counted(tmp_path)[-1][1:] == ("CoinMarketCap", 58.4)
    market.faults.clear()
    poll(make_poller(), clock, 6, "6h")
    [text] = [text for text in notifier.drain() if "changed how" in text]
    assert "CoinMarketCap's offset from CoinGecko was +1.50 and is +0.10" in text
    assert "CoinGecko reads 1.40 points higher than before" in text
