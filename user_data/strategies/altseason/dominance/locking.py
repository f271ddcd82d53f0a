"""The lock between processes that share a file: it is waited for shortly, and never for ever.

Not filelock, which the official image does not have.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from altseason.errors import BusyError

# A write takes milliseconds; a process that was stopped while it wrote must not hold up a bot.
BRIEFLY = 0.5
# Where nothing else waits meanwhile, and several may want to write.
PATIENTLY = 30.0
RETRY_SECONDS = 0.01


@contextmanager
def locked(file: IO[Any], kind: int, patience: float) -> Iterator[None]:
    """Hold an open file.

    :param kind: `fcntl.LOCK_SH` or `fcntl.LOCK_EX`.
    :param patience: how many seconds to wait for it, such as `BRIEFLY`.
    :raises BusyError: where another process does not let go of it.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            break
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise BusyError(f"{file.name}: another process does not let go of it") from error
            time.sleep(RETRY_SECONDS)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
