"""What the measurements of the latency go by."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from reliability.recorder.rig import QUICK
from reliability.soak.latency import (
    MAX_ADDED_MS,
    compare_periods,
    hanging,
    refusing,
    summarize,
    time_calls,
)
from reliability.soak.latency_bot import read_periods
from reliability.soak.latency_market import crossing_time

LOG = """\
2026-11-23 00:14:45,200 - freqtrade.worker - DEBUG - Throttling with '_process_running()': sleep
2026-11-23 00:14:46,000 - freqtrade.wallets - INFO - Wallets synced.
2026-11-23 00:14:50,233 - freqtrade.worker - DEBUG - Throttling with '_process_running()': sleep
2026-11-23 00:14:55,250 - freqtrade.worker - DEBUG - Throttling with '_process_running()': sleep
"""


def test_periods_are_between_the_ends_of_loops():
    assert read_periods(LOG) == [5.033, 5.017]


def test_price_crosses_in_the_second_third_of_a_falling_minute():
    minute = datetime(2026, 11, 23, tzinfo=UTC)
    # From 100 at second 20 to 90 at second 40, in a straight line.
    assert crossing_time(minute, 100.0) == minute + timedelta(seconds=20)
    assert crossing_time(minute, 95.0) == minute + timedelta(seconds=30)


def test_percentiles_of_a_hundred_calls():
    found = summarize([float(number) for number in range(101)])
    assert found == {"p50_ms": 50.0, "p99_ms": 99.0, "max_ms": 100.0}


def test_periods_are_compared_by_their_means():
    hung, well = {"loop_period_s": {"mean": 5.2}}, {"loop_period_s": {"mean": 4.9}}
    found = compare_periods({"hanging_providers": hung, "answering_providers": well})
    assert found == pytest.approx(0.3)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop waiting for a feed soon: its thread must not be there in the next test."""
    monkeypatch.setattr("altseason.recorder.poller.POLICY", QUICK)
    monkeypatch.setattr("altseason.recorder.feed.STEP_SECONDS", 0.02)


# The full size is in `make soak`; whoever waits for a provider would wait for its time-out.
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("dead", [hanging, refusing])
def test_dead_providers_hold_up_no_loop(tmp_path: Path, dead):
    with dead() as url:
        took = time_calls(tmp_path, url, calls=300)
    deadline = time.monotonic() + 60
    while "altseason-feed" in [thread.name for thread in threading.enumerate()]:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert len(took) == 300
    assert np.median(took) < 10 * MAX_ADDED_MS
    assert np.percentile(took, 99) < QUICK.read_timeout * 1000
