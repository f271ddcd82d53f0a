"""Exponential back-off, so that a failure that lasts costs nothing."""

from collections.abc import Callable
from typing import Generic, TypeVar

import pandas as pd

from altseason.sources.errors import ProviderError
from altseason.sources.reading import Clock

Result = TypeVar("Result")
NO_TIME = pd.Timedelta(0)


class Backoff(Generic[Result]):
    """Call an action; once it has failed, raise the same error again until the next try is due.

    That is after `first`, doubled with each failure in a row up to `longest`, and not before the
    time that a provider asks for (`Retry-After`). An unforeseen error waits like any other.

    :param longest: `first` by default.
    """

    def __init__(
        self,
        action: Callable[[], Result],
        clock: Clock,
        *,
        first: pd.Timedelta = NO_TIME,
        longest: pd.Timedelta | None = None,
    ) -> None:
        self._action = action
        self._clock = clock
        self._first = first
        self._longest = longest or first
        self._wait = NO_TIME
        self._failed_at = pd.Timestamp(0, tz="UTC")
        self._error: Exception | None = None

    def __call__(self) -> Result:
        """Return the action's result, or raise the error of its last call."""
        # A clock that was set back is not a reason to wait longer.
        if self._error is not None and NO_TIME <= self._clock() - self._failed_at < self._pause():
            raise self._error.with_traceback(None)
        try:
            result = self._action()
        except Exception as error:
            self._wait = min(2 * self._wait, self._longest) if self._error else self._first
            self._error, self._failed_at = error, self._clock()
            raise
        self._error = None
        return result

    def _pause(self) -> pd.Timedelta:
        wanted = self._error.retry_after if isinstance(self._error, ProviderError) else None
        return max(self._wait, wanted or NO_TIME)
