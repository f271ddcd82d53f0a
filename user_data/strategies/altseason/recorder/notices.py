"""What the feed has to tell a person: when something begins, and when it is over; once each."""

import logging
import threading
from collections import deque

logger = logging.getLogger(__name__)

MOST_WAITING = 20


class Notices:
    """Messages for the log at once, and for whoever collects them: the bot, for Telegram."""

    def __init__(self) -> None:
        # By topic, whether a person was told.
        self._active: dict[str, bool] = {}
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._lock = threading.Lock()

    def begin(self, topic: str, message: str, *, is_urgent: bool = True) -> bool:
        """Tell that something is wrong, unless it was told and is not over yet; whether it is new.

        What only the log was told is told once more when a person has to know.

        :param is_urgent: whether a person has to know now; else it is for the log alone.
        """
        with self._lock:
            if topic in self._active and self._active[topic] >= is_urgent:
                return False
            self._active[topic] = is_urgent
        logger.warning(message)
        if is_urgent:
            self._keep(message)
        return True

    def end(self, topic: str, message: str) -> None:
        """Tell that it is over, where and to whom it was told that it had begun."""
        with self._lock:
            is_urgent = self._active.pop(topic, None)
        if is_urgent is not None:
            self.tell(message, is_urgent=is_urgent)

    def tell(self, message: str, *, is_urgent: bool = True) -> None:
        """Tell news."""
        logger.info(message)
        if is_urgent:
            self._keep(message)

    def collect(self) -> list[str]:
        """Return the messages that nobody has collected yet.

        Of more than 20 the newest, after one that says how many are in the log alone.
        """
        with self._lock:
            collected, dropped = list(self._waiting), self._dropped
            self._waiting.clear()
            self._dropped = 0
        if dropped:
            collected.insert(0, f"{dropped} earlier messages about dominance are in the log alone.")
        return collected

    def _keep(self, message: str) -> None:
        with self._lock:
            self._waiting.append(message)
            if len(self._waiting) > MOST_WAITING:
                self._waiting.popleft()
                self._dropped += 1
