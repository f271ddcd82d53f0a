"""Send each notification once: an alert is raised when something begins, and cleared at its end."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

MAX_WAITING = 20
# Telegram takes 4096, with the marks.
MAX_CHARACTERS = 4000
REMINDER_INTERVAL = timedelta(days=1)


class Notifier:
    """Notify by the log, and of urgent things by Telegram, too.

    Any thread may use it. With `send`, an urgent message is sent at once. Without, it waits to be
    drained, since only the bot's own thread may send to Telegram.

    :param send: sends a message to Telegram.
    """

    def __init__(self, logger: logging.Logger, send: Callable[[str], None] | None = None) -> None:
        self._logger = logger
        self._send = send
        # Whether it was urgent, by topic.
        self._raised: dict[str, bool] = {}
        self._reminded: dict[str, datetime] = {}
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        # A strategy is pickled for hyperopt's workers, and a lock cannot be pickled.
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    def raise_alert(self, topic: str, message: str, *, is_urgent: bool = True) -> bool:
        """Notify of something unless it is already raised; return whether it is new.

        What was raised only for the log is raised once more when it becomes urgent.

        :param topic: identifies the alert, since its message may differ each time.
        """
        with self._lock:
            if topic in self._raised and self._raised[topic] >= is_urgent:
                return False
            self._raised[topic] = is_urgent
        self._notify(logging.WARNING, message, is_urgent=is_urgent)
        return True

    def warn(self, message: str, topic: str = "") -> bool:
        """Raise an alert for the log only; by default the message is its own topic."""
        return self.raise_alert(topic or message, message, is_urgent=False)

    def remind(self, topic: str, message: str, now: datetime) -> None:
        """Notify of something that nothing clears: at once, and then once a day while it lasts.

        :param topic: identifies it, since its message may differ each time.
        :param now: the current time, with its timezone.
        """
        with self._lock:
            last = self._reminded.get(topic)
            # A time in the future was noted before the clock was put back.
            if last is not None and abs(now - last) < REMINDER_INTERVAL:
                return
            self._reminded[topic] = now
        self._notify(logging.WARNING, message, is_urgent=True)

    def clear(self, topic: str, message: str = "") -> None:
        """Clear an alert, so that it is raised again when it recurs.

        :param message: reports its end; sent only if the alert was raised.
        """
        with self._lock:
            is_urgent = self._raised.pop(topic, None)
        if message and is_urgent is not None:
            self.notify(message, is_urgent=is_urgent)

    def notify(self, message: str, *, is_urgent: bool = True) -> None:
        """Notify of an event, which needs no clearing."""
        self._notify(logging.INFO, message, is_urgent=is_urgent)

    def forward(self, other: "Notifier") -> None:
        """Deliver the messages that wait at another notifier, which has logged them already."""
        for message in other.drain():
            self._deliver(message)

    def drain(self) -> list[str]:
        """Return the urgent messages that wait.

        If there were more than 20, the newest 20, after a message that counts the others.
        """
        with self._lock:
            drained, dropped = list(self._waiting), self._dropped
            self._waiting.clear()
            self._dropped = 0
        if dropped:
            drained.insert(0, f"{dropped} earlier messages about dominance are only in the log.")
        return drained

    def _notify(self, level: int, message: str, *, is_urgent: bool) -> None:
        self._logger.log(level, message)
        if is_urgent:
            self._deliver(message)

    def _deliver(self, message: str) -> None:
        if self._send is not None:
            self._send(message)
            return
        with self._lock:
            self._waiting.append(message)
            if len(self._waiting) > MAX_WAITING:
                self._waiting.popleft()
                self._dropped += 1


def escape_telegram_markdown(message: str) -> str:
    """Return a message that Telegram accepts: it refuses long ones, and unclosed Markdown.

    A message that could be read as Markdown, such as one with a file name, is sent as code.
    """
    if len(message) > MAX_CHARACTERS:
        message = f"{message[: MAX_CHARACTERS - 4]} ..."
    outside_of_code = "".join(message.split("`")[::2])
    is_closed = message.count("`") % 2 == 0 and "``" not in message
    if is_closed and not any(mark in outside_of_code for mark in "_*[\\"):
        return message
    return f"`{message.replace('`', chr(39))}`"
