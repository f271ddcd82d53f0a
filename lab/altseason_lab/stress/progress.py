"""How many backtests are done, of how many: a guess, since a search ends when it has found."""

from altseason.progress import Progress, no_progress


class Tally:
    """Counts backtests, and what is expected to follow."""

    def __init__(self, progress: Progress = no_progress) -> None:
        self._progress = progress
        self._done = 0
        self._total = 0

    def expect(self, further: int) -> None:
        """Take over how many backtests are still to come."""
        self._total = self._done + further
        self._progress(self._done, self._total)

    def count(self) -> None:
        """Count a backtest that is done."""
        self._done += 1
        self._progress(self._done, max(self._done, self._total))
