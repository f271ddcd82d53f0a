"""Print to stderr what a command waits for."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from altseason.output import tell
from altseason.sources import session

SILENT_SECONDS = 3.0


class _Retries(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        tell(record.getMessage())


@contextmanager
def showing_waits(what: str, *, silent_seconds: float = SILENT_SECONDS) -> Iterator[None]:
    """Print what a command waits for where that takes seconds, and every retry, to stderr.

    :param what: whom it waits for, such as "CoinGecko".
    """
    handler = _Retries()
    level, propagates = session.logger.level, session.logger.propagate
    session.logger.addHandler(handler)
    session.logger.setLevel(logging.DEBUG)
    session.logger.propagate = False
    timer = threading.Timer(silent_seconds, tell, [f"Waiting for {what}; Ctrl-C stops it"])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        session.logger.removeHandler(handler)
        session.logger.setLevel(level)
        session.logger.propagate = propagates
