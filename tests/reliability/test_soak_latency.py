"""What the measurements of the latency go by."""

from datetime import UTC, datetime, timedelta

from tests.reliability.latency import summarize
from tests.reliability.latency_bot import read_periods
from tests.reliability.latency_market import crossing_time

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
