"""Show a command's progress on stderr: as Freqtrade's bar on a terminal, else as lines."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from freqtrade.loggers import error_console
from freqtrade.util import get_progress_tracker

LINE_INTERVAL_SECONDS = 30
Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Show no progress."""


@contextmanager
def show_progress(what: str, stopped: str, *, at_once: bool = False) -> Iterator[Progress]:
    """Yield a callback that takes how many items are done, and their total, which may change.

    :param what: the items, in the plural, such as "coins".
    :param stopped: a sentence on what an interruption leaves behind.
    :param at_once: whether to print the first line at the beginning, without a terminal.
    """
    with saying_if_stopped(stopped):
        if error_console.is_terminal:
            with get_progress_tracker() as tracker:
                yield _Bar(tracker, what)
        else:
            yield _Lines(what, at_once=at_once)


@contextmanager
def saying_if_stopped(stopped: str) -> Iterator[None]:
    """Print on Ctrl-C what the interruption leaves behind, and raise it again."""
    try:
        yield
    except KeyboardInterrupt:
        _print(f"Stopped. {stopped}")
        raise


class _Bar:
    """Update Freqtrade's own progress bar."""

    def __init__(self, tracker: Any, what: str) -> None:
        self._tracker = tracker
        self._task = tracker.add_task(what[0].upper() + what[1:], total=None)

    def __call__(self, done: int, total: int) -> None:
        self._tracker.update(self._task, completed=done, total=total)


class _Lines:
    """Print a line every half minute, and one at the end if there were any."""

    def __init__(self, what: str, *, at_once: bool) -> None:
        self._what = what
        self._next_at = 0.0 if at_once else time.monotonic() + LINE_INTERVAL_SECONDS
        self._has_begun = False
        # The time of the first call, and how many items were done by then.
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
        """Return an estimate of the time that is left, at the speed so far; empty if unknown."""
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
