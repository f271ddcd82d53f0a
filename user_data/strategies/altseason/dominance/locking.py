"""File locks between processes, waited for no longer than a timeout.

Not filelock: a plain `pip install freqtrade` does not bring it (only its hyperopt extra and the
docker image do). POSIX has `fcntl`, Windows `msvcrt`; elsewhere there are no locks.
"""

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any

from altseason.errors import BusyError

# A write takes milliseconds; a process that was stopped while it wrote must not hold up a bot.
BRIEF_TIMEOUT = 0.5
# Where nothing else waits meanwhile, and several processes may write.
LONG_TIMEOUT = 30.0
RETRY_SECONDS = 0.01
# Windows keeps others from reading a locked byte: lock one that no file of ours reaches.
WINDOWS_POSITION = 0x7FFFFFFE


def _import_module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


_fcntl = _import_module("fcntl")
_msvcrt = _import_module("msvcrt")


def has_locks() -> bool:
    """Return whether this platform has file locks."""
    return bool(_fcntl or _msvcrt)


def open_at_once(path: str, flags: int) -> int:
    """Open a regular file, as an `opener` of Python's `open`, which would wait for a FIFO.

    :raises OSError: where it is not a regular file, as well.
    """
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise OSError(errno.EINVAL, "expected a regular file, found something else", path)


@contextmanager
def locked(file: IO[Any], timeout: float, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of an open file; on a platform without locks do nothing.

    :param timeout: how many seconds to wait for it, such as `BRIEF_TIMEOUT`.
    :param shared: whether others that share it may hold it, too (not on Windows).
    :raises BusyError: where another process holds the lock for longer.
    """
    deadline = time.monotonic() + timeout
    while not try_lock(file.fileno(), shared=shared):
        if time.monotonic() > deadline:
            raise BusyError(f"{file.name}: locked by another process")
        time.sleep(RETRY_SECONDS)
    try:
        yield
    finally:
        unlock(file.fileno())


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file if it is free; return whether it is locked now.

    :raises OSError: where the file cannot be locked at all.
    """
    try:
        if _fcntl:
            kind = _fcntl.LOCK_SH if shared else _fcntl.LOCK_EX
            _fcntl.flock(descriptor, kind | _fcntl.LOCK_NB)
        elif _msvcrt:
            _lock_byte(descriptor, _msvcrt.LK_NBLCK)
    except (BlockingIOError, PermissionError):
        # Windows raises PermissionError.
        return False
    return True


def unlock(descriptor: int) -> None:
    """Release the lock of an open file; closing the file does so, too."""
    if _fcntl:
        _fcntl.flock(descriptor, _fcntl.LOCK_UN)
    elif _msvcrt:
        _lock_byte(descriptor, _msvcrt.LK_UNLCK)


def _lock_byte(descriptor: int, mode: int) -> None:
    position = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, WINDOWS_POSITION, os.SEEK_SET)
    try:
        _msvcrt.locking(descriptor, mode, 1)
    finally:
        os.lseek(descriptor, position, os.SEEK_SET)
