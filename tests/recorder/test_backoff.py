"""When an action that failed is tried again; times by hand."""

import contextlib

import pandas as pd
import pytest

from altseason.errors import BusyError
from altseason.recorder.backoff import Backoff
from altseason.sources.errors import RateLimitedError
from tests.recorder.simulation import SimulatedClock, utc

HOUR = pd.Timedelta(hours=1)


class Work:
    """Raises the given errors in turn, and notes when it is called."""

    def __init__(self, clock: SimulatedClock, *errors: Exception) -> None:
        self.clock = clock
        self.errors = list(errors)
        self.done: list[str] = []

    def __call__(self) -> str:
        self.done.append(f"{self.clock.now:%d %H:%M}")
        if self.errors:
            raise self.errors.pop(0)
        return "well"


def call_every_quarter(backoff: Backoff[str], clock: SimulatedClock, hours: int) -> None:
    for _ in range(4 * hours):
        with contextlib.suppress(BusyError):
            backoff()
        clock.move("15min")


def test_failure_is_tried_again_after_a_time_that_doubles(clock: SimulatedClock):
    work = Work(clock, *[BusyError("x")] * 4)
    backoff = Backoff(work, clock, first=HOUR, longest=3 * HOUR)
    call_every_quarter(backoff, clock, 9)
    assert work.done == ["27 00:00", "27 01:00", "27 03:00", "27 06:00"]


def test_error_is_raised_again_until_then(clock: SimulatedClock):
    first, second = OSError("first"), OSError("second")
    work = Work(clock, first, second)
    backoff = Backoff(work, clock, first=HOUR)
    for expected in (first, first, second, second):
        with pytest.raises(OSError, match=str(expected)) as error:
            backoff()
        assert error.value is expected
        clock.move("31min")
    assert backoff() == "well"
    assert len(work.done) == 3


def test_time_begins_anew_after_success(clock: SimulatedClock):
    work = Work(clock, BusyError("x"), BusyError("x"))
    backoff = Backoff(work, clock, first=HOUR, longest=9 * HOUR)
    call_every_quarter(backoff, clock, 4)
    work.errors = [BusyError("x")]
    call_every_quarter(backoff, clock, 1)
    assert backoff() == "well"
    assert work.done[-2:] == ["27 04:00", "27 05:00"]


def test_provider_is_not_asked_before_it_wants_to_be(clock: SimulatedClock):
    limited = RateLimitedError("x", retry_after=pd.Timedelta(minutes=20))
    work = Work(clock, limited)
    backoff = Backoff(work, clock)
    for _ in range(2):
        with pytest.raises(RateLimitedError):
            backoff()
        clock.move("19min")
    assert backoff() == "well"
    assert work.done == ["27 00:00", "27 00:38"]


def test_clock_that_was_put_back_is_not_waited_for(clock: SimulatedClock):
    backoff = Backoff(Work(clock, BusyError("x")), clock, first=HOUR)
    with pytest.raises(BusyError):
        backoff()
    clock.now = utc("2026-05-20")
    assert backoff() == "well"


@pytest.mark.parametrize("error", [KeyError("x"), MemoryError(), ZeroDivisionError()])
def test_error_that_nobody_foresaw_is_not_tried_again_at_once_either(
    clock: SimulatedClock, error: Exception
):
    work = Work(clock, error)
    backoff = Backoff(work, clock, first=HOUR)
    for _ in range(3):
        with pytest.raises(type(error)):
            backoff()
    assert work.done == ["27 00:00"]
