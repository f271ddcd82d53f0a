"""The windows of a walk-forward: each trains on one stretch of time and tests on a later one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from altseason.errors import InputError
from altseason_lab.texts import write_span

# Freqtrade includes the candle that opens at the end of a time range.
LAST_INSTANT = timedelta(seconds=1)


@dataclass(frozen=True)
class WindowPlan:
    """How a stretch of time is cut into windows, in days.

    :param is_anchored: whether every train part begins on the first day; otherwise they move.
    :param embargo: between the end of a train part and the start of its test part.
    """

    train: int
    test: int
    embargo: int
    is_anchored: bool

    @property
    def days(self) -> int:
        """Return the length of the first window."""
        return self.train + self.embargo + self.test


@dataclass(frozen=True)
class Span:
    """A stretch of time.

    :param start: the open time of its first candle; `end` is the close time of its last one.
    """

    start: datetime
    end: datetime

    @property
    def timerange(self) -> str:
        """Return the time range for Freqtrade whose last candle ends by the end."""
        return f"{self.start:%Y%m%dT%H%M%S}-{self.end - LAST_INSTANT:%Y%m%dT%H%M%S}"

    @property
    def last_day(self) -> datetime:
        """Return a time on its last day."""
        return self.end - LAST_INSTANT

    def __str__(self) -> str:
        return write_span(self.start, self.last_day)


@dataclass(frozen=True)
class Window:
    """One step of a walk-forward.

    :param number: from 1.
    """

    number: int
    train: Span
    test: Span

    @property
    def parts(self) -> tuple[Span, Span]:
        """Return both, in order."""
        return self.train, self.test


def build_windows(plan: WindowPlan, whole: Span) -> list[Window]:
    """Return all complete windows; their test parts follow one another without a gap.

    A remainder at the end that is shorter than a test part is not tested.

    :param whole: what can be traded, after the startup candles.
    :raises InputError: where not even one window fits.
    """
    first = _next_midnight(whole.start)
    windows: list[Window] = []
    while True:
        moved = timedelta(days=plan.test * len(windows))
        train_end = first + timedelta(days=plan.train) + moved
        start = train_end + timedelta(days=plan.embargo)
        test = Span(start, start + timedelta(days=plan.test))
        if test.end > whole.end:
            break
        train = Span(first if plan.is_anchored else first + moved, train_end)
        windows.append(Window(len(windows) + 1, train, test))
    if not windows:
        raise InputError(
            f"expected at least {plan.days} days of candles for one window ({plan.train} to train, "
            f"{plan.embargo} of embargo, {plan.test} to test), found {(whole.end - first).days} "
            f"from {first:%Y-%m-%d}, after the startup candles, to {whole.last_day:%Y-%m-%d}; "
            "lower --train or --test, or store more candles"
        )
    return windows


def _next_midnight(time: datetime) -> datetime:
    midnight = time.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if midnight == time else midnight + timedelta(days=1)
