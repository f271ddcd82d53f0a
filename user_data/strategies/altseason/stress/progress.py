"""Which backtest is running: on a terminal in one line, else a line now and then; on stderr."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from freqtrade.loggers import error_console

from altseason.stress.report import describe_delay, format_cost

LINE_EVERY_SECONDS = 30


@contextmanager
def show_progress() -> Iterator[Callable[[float, int], None]]:
    """Give what is to be told a cost in basis points and a delay before each backtest."""
    if error_console.is_terminal:
        with error_console.status("Backtest 1") as status:
            yield _Counter(status.update, every=0)
    else:
        yield _Counter(_say, every=LINE_EVERY_SECONDS)


class _Counter:
    """Counts backtests, since nobody knows how many a search takes."""

    def __init__(self, tell: Callable[[str], None], every: float) -> None:
        self._tell = tell
        self._every = every
        self._count = 0
        self._next_at = time.monotonic() + every

    def __call__(self, cost: float, delay: int) -> None:
        self._count += 1
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + self._every
        self._tell(f"Backtest {self._count}: {format_cost(cost)} %, {describe_delay(delay)}")


def _say(text: str) -> None:
    error_console.print(text, highlight=False, soft_wrap=True)
