"""How far a download is: a bar on a terminal, else a line now and then; always on stderr."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from freqtrade.loggers import error_console
from freqtrade.util import get_progress_tracker

from altseason.dominance.history.download import Progress

LINE_EVERY_SECONDS = 30


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Show how many coins are done, and what an interruption leaves."""
    try:
        if error_console.is_terminal:
            with get_progress_tracker() as tracker:
                yield _Bar(tracker)
        else:
            yield _Lines()
    except KeyboardInterrupt:
        _say("Stopped. What was fetched is kept for today: the same command goes on from there.")
        raise


class _Bar:
    """Moves Freqtrade's own progress bar."""

    def __init__(self, tracker: Any) -> None:
        self._tracker = tracker
        self._task = tracker.add_task("Coins", total=None)

    def __call__(self, done: int, total: int) -> None:
        self._tracker.update(self._task, completed=done, total=total)


class _Lines:
    """Writes a line at the beginning, every half minute, and at the end."""

    def __init__(self) -> None:
        self._next_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() < self._next_at and done < total:
            return
        self._next_at = time.monotonic() + LINE_EVERY_SECONDS
        _say(f"{done} of {total} coins")


def _say(text: str) -> None:
    error_console.print(text, highlight=False, soft_wrap=True)
