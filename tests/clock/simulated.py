"""A process put into simulated time."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

import time_machine

from tests.clock.clock_file import ClockFile
from tests.clock.turns import PATIENCE_SECONDS, SECOND, Turns


@contextmanager
def simulated_time(
    start: datetime,
    clock_file: ClockFile | None = None,
    *,
    stop_at: datetime | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Iterator[None]:
    """Let this process live from `start` on, its local time being UTC; see `tests.clock.turns`.

    time-machine answers for `time.time`, `datetime.now` and their like in every thread, whoever has
    imported them before, and so for pandas' clock and the timer that Freqtrade gives its caches.
    Real stay:

    * `time.monotonic`, since timeouts and event loops go by it. Freqtrade measures two things with
      it: the age of merged informative candles, which are compared to their source anyway, and of
      warnings about liquidation, which spot trading has not.
    * what reads the clock in C by itself: numpy's `datetime64("now")`, SQLite's `CURRENT_TIMESTAMP`
      and the file system. Freqtrade and this project ask none of these for the time.
    """

    def move(now: int) -> None:
        traveller.shift((now - time.time_ns()) / SECOND)
        if clock_file:
            clock_file.write(now // 1_000_000)

    with time_machine.travel(start.astimezone(UTC), tick=False) as traveller:
        turns = Turns(
            time.time_ns(), move, stop_at=stop_at and to_nanoseconds(stop_at), patience=patience
        )
        move(time.time_ns())
        with (
            patch.object(time, "sleep", turns.sleep),
            # Not a bound method: it has to receive the event.
            patch.object(
                threading.Event, "wait", lambda event, timeout=None: turns.wait(event, timeout)
            ),
            closing(turns),
        ):
            yield


def to_nanoseconds(moment: datetime) -> int:
    """Give the nanoseconds since 1970."""
    return int(moment.timestamp()) * SECOND + moment.microsecond * 1000
