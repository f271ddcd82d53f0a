"""Simulated time by discrete events: it stands while code runs, and moves when threads sleep.

The main thread carries the time: while it sleeps, every other thread whose sleep ends before gets
its turn at its own moment, one after another, each until it sleeps again or ends. So a thread that
polls every ten minutes does so however fast the main thread's hours pass.

Threads that wait otherwise (for a socket, a lock, a queue, an event loop) live in real time.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

SECOND = 1_000_000_000
# Sleeps as short as this wait for something that takes real time, such as a server's start.
SHORT_SECONDS = 0.05
# How long a thread's turn may take in real time, before the others go on without it.
PATIENCE_SECONDS = 2.0
# The end of a thread tells nobody, so it is looked for this often; more often would only disturb
# the thread that has its turn.
LOOK_SECONDS = 0.01

# Installing a simulated clock replaces these.
really_sleep = time.sleep
really_wait = threading.Event.wait


@dataclass(eq=False)
class Sleeper:
    """A thread that waits for an event, or for a moment."""

    deadline: int
    event: threading.Event
    is_due: bool = False

    @property
    def is_asleep(self) -> bool:
        """Tell whether neither has come."""
        return not (self.is_due or self.event.is_set())

    @property
    def _condition(self) -> threading.Condition:
        """The event's own condition, by which one waits for two things."""
        # `threading.Event` has no public way to wait for itself or for something else.
        return self.event._cond  # type: ignore[attr-defined] - the stubs leave out what is private

    def wait(self) -> None:
        """Wait for either, as `threading.Event.wait` does."""
        with self._condition:
            while self.is_asleep:
                self._condition.wait()

    def wake(self) -> None:
        """Say that the moment has come."""
        with self._condition:
            self.is_due = True
            self._condition.notify_all()


class Turns:
    """The sleeps of all threads of a process; times are nanoseconds since 1970."""

    def __init__(
        self,
        start: int,
        move: Callable[[int], None],
        *,
        stop_at: int | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Begin with all threads awake.

        :param move: is told each new time.
        :param stop_at: when the main thread's sleep ends with a KeyboardInterrupt.
        :param patience: the real seconds that a thread's turn may take.
        """
        self._now = start
        self._move = move
        self._stop_at = stop_at
        self._patience = patience
        self._is_closed = False
        self._changed = threading.Condition()
        # In the order of falling asleep, which decides between equal deadlines.
        self._sleepers: dict[threading.Thread, Sleeper] = {}
        # They never sleep, or are blocked: nobody waits for them until they sleep again.
        self._astray: set[threading.Thread] = set()

    def sleep(self, seconds: float) -> None:
        """Sleep in simulated time; takes the place of `time.sleep`."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if seconds < SHORT_SECONDS:
            really_sleep(seconds)
        if threading.current_thread() is threading.main_thread():
            self._pass(seconds)
        elif seconds >= SHORT_SECONDS:
            self._fall_asleep(threading.Event(), seconds)

    def wait(self, event: threading.Event, timeout: float | None = None) -> bool:
        """Wait for an event; takes the place of `threading.Event.wait`.

        A background thread's timeout is a sleep that the event may end. The main thread waits for
        what others do, and that takes real time.
        """
        is_main = threading.current_thread() is threading.main_thread()
        if is_main or timeout is None or timeout < SHORT_SECONDS:
            return really_wait(event, timeout)
        self._fall_asleep(event, timeout)
        return event.is_set()

    def close(self) -> None:
        """End every thread that sleeps, as no time will pass any more."""
        with self._changed:
            self._is_closed = True
            sleepers = list(self._sleepers.values())
        for sleeper in sleepers:
            sleeper.wake()

    def _fall_asleep(self, event: threading.Event, seconds: float) -> None:
        thread = threading.current_thread()
        with self._changed:
            if self._is_closed:
                raise SystemExit
            sleeper = Sleeper(self._now + round(seconds * SECOND), event)
            self._sleepers[thread] = sleeper
            self._astray.discard(thread)
            self._changed.notify_all()
        sleeper.wait()
        with self._changed:
            self._sleepers.pop(thread)
            if self._is_closed:
                raise SystemExit

    def _pass(self, seconds: float) -> None:
        """Let time pass for the main thread, and the others have their turns in it."""
        end = self._now + round(seconds * SECOND)
        is_last = self._stop_at is not None and end >= self._stop_at
        if is_last:
            end, self._stop_at = self._stop_at or end, None
        self._wait_for_others()
        while sleeper := self._first_until(end):
            self._set(sleeper.deadline)
            sleeper.wake()
            self._wait_for_others()
        self._set(end)
        if is_last:
            raise KeyboardInterrupt

    def _first_until(self, end: int) -> Sleeper | None:
        with self._changed:
            asleep = [one for one in self._sleepers.values() if one.is_asleep]
        due = [one for one in asleep if one.deadline <= end]
        return min(due, key=lambda one: one.deadline, default=None)

    def _set(self, now: int) -> None:
        # A thread that went astray may have fallen asleep with a deadline that is past by now.
        self._now = max(self._now, now)
        self._move(self._now)

    def _wait_for_others(self) -> None:
        """Wait until every other thread sleeps, has ended, or goes astray."""
        give_up = time.monotonic() + self._patience
        with self._changed:
            while running := self._running():
                if time.monotonic() > give_up:
                    # Those who have ended meanwhile are forgotten.
                    self._astray = {*self._astray.intersection(threading.enumerate()), *running}
                    break
                self._changed.wait(LOOK_SECONDS)

    def _running(self) -> list[threading.Thread]:
        return [
            thread
            for thread in threading.enumerate()
            if thread not in self._astray
            and thread is not threading.main_thread()
            and not (thread in self._sleepers and self._sleepers[thread].is_asleep)
        ]
