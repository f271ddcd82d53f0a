"""A stand-in for the module `time` in code that waits: it notes each wait, and waits for none."""

import time


class Waits:
    """What code that imports `time` uses of it, on a clock that its own waits move."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def monotonic(self) -> float:
        """Return the sum of all waits."""
        return sum(self.seconds)

    def time(self) -> float:
        """Return the time of day."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Note a wait."""
        self.seconds.append(seconds)
