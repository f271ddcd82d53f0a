"""Temporary folders that are removed when their command ends, however it ends.

A signal that would end the process raises an exception instead, so that they are removed. What a
SIGKILL leaves is removed by the next command: a process holds a lock in each of its folders, which
only its end releases.
"""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from altseason.dominance.locking import BRIEF_TIMEOUT, has_locks, locked, try_lock

PREFIX = "altseason-"
LOCK = "in-use.lock"


@contextmanager
def exiting_at_signals() -> Iterator[None]:
    """Raise SystemExit where a signal would end this process without any cleanup.

    So child processes are ended and temporary folders removed. Ctrl-C raises an exception anyway.
    """
    numbers = [signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        # With `nohup` a hang-up stays ignored.
        numbers.append(signal.SIGHUP)

    def leave(number: int, _: Any) -> None:
        # A closed terminal sends several, and none may interrupt the cleanup after the first.
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    previous = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def temporary_folder(name: str = "") -> Iterator[Path]:
    """Yield a new folder that is removed at the end, and remove those of killed commands.

    :param name: a part of the folder's name.
    """
    remove_abandoned()
    prefix = f"{PREFIX}{name}-" if name else PREFIX
    with (
        tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder,
        _in_use(Path(folder)),
    ):
        yield Path(folder)


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    unnamed = folder / f"{LOCK}.new"
    with unnamed.open("w") as file, locked(file, BRIEF_TIMEOUT):
        # Renamed once it is locked, so that it is free only if its process has ended. Windows
        # cannot rename an open file; there a folder is never taken for abandoned.
        with suppress(OSError):
            unnamed.rename(folder / LOCK)
        yield


def remove_abandoned() -> None:
    """Remove the folders of killed commands; what cannot be removed stays."""
    if not has_locks():
        return
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):
            # Not those of other users, and no link, which may lead anywhere.
            if lock.parent.lstat().st_uid == os.getuid() and _is_free(lock):
                shutil.rmtree(lock.parent)


def _is_free(lock: Path) -> bool:
    with lock.open("r+") as file:
        return try_lock(file.fileno())
