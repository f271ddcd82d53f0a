"""How far a command is: Freqtrade's bar on a terminal, else a line now and then; on stderr."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from freqtrade.loggers import error_console
from freqtrade.util import get_progress_tracker

LINE_INTERVAL_SECONDS = 30
Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


@contextmanager
def show_progress(what: str, stopped: str, *, at_once: bool = False) -> Iterator[Progress]:
    """Yield a callback that takes how many are done, and the total, which may change.

    :param what: their name in the plural, such as "coins".
    :param stopped: a sentence for the user on what an interruption leaves.
    :param at_once: whether a line is due at the beginning, where there is no terminal.
    """
    with saying_if_stopped(stopped):
        if error_console.is_terminal:
            with get_progress_tracker() as tracker:
                yield _Bar(tracker, what)
        else:
            yield _Lines(what, at_once=at_once)


@contextmanager
def saying_if_stopped(stopped: str) -> Iterator[None]:
    """Print what an interruption leaves, as `show_progress` does, and raise it on."""
    try:
        yield
    except KeyboardInterrupt:
        _print(f"Stopped. {stopped}")
        raise


class _Bar:
    """Moves Freqtrade's own progress bar."""

    def __init__(self, tracker: Any, what: str) -> None:
        self._tracker = tracker
        self._task = tracker.add_task(what[0].upper() + what[1:], total=None)

    def __call__(self, done: int, total: int) -> None:
        self._tracker.update(self._task, completed=done, total=total)


class _Lines:
    """Writes a line every half minute, and one at the end if there were any."""

    def __init__(self, what: str, *, at_once: bool) -> None:
        self._what = what
        self._next_at = 0.0 if at_once else time.monotonic() + LINE_INTERVAL_SECONDS
        self._has_begun = False
        # When how many were done already.
        self._first: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done)
        is_end = self._has_begun and done >= total
        if now < self._next_at and not is_end:
            return
        self._has_begun = True
        self._next_at = now + LINE_INTERVAL_SECONDS
        left = self._describe_left(now, done, total, *self._first)
        _print(f"{done} of {total} {self._what}{left}")

    @staticmethod
    def _describe_left(now: float, done: int, total: int, began: float, first: int) -> str:
        """Describe how long the rest takes, as fast as until now; empty where that is not known."""
        if done <= first or done >= total:
            return ""
        minutes = (now - began) / (done - first) * (total - done) / 60
        if minutes < 1:
            return ", less than a minute left"
        return (
            f", about {minutes:.0f} min left"
            if minutes < 100
            else f", about {minutes / 60:.0f} h left"
        )


def _print(text: str) -> None:
    error_console.print(text, highlight=False, soft_wrap=True)
