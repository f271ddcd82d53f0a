"""Temporary folders that are gone when their command has ended, however it has ended.

A signal that would end the process ends the command as an exception does, which removes them. What
is left after a SIGKILL the next command removes: a process holds a lock in each of its folders, and
nothing but its end releases it.
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
    """Leave by an exception where a signal would end this process and nothing else.

    Processes are ended and temporary folders removed then. Ctrl-C is one already.
    """
    numbers = [signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        # With `nohup` a hang-up stays ignored.
        numbers.append(signal.SIGHUP)

    def leave(number: int, _: Any) -> None:
        # Of a terminal that is closed several come, and none may stop what the first one has begun.
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
    """Yield a new folder that is removed at the end, and remove those of commands that were killed.

    :param name: a part of the folder's.
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
        # Named once it is locked, so that it is free only where its process has ended. Windows
        # cannot name an open file; there nobody takes the folder for abandoned.
        with suppress(OSError):
            unnamed.rename(folder / LOCK)
        yield


def remove_abandoned() -> None:
    """Remove the folders of commands that were killed; what cannot be removed stays."""
    if not has_locks():
        return
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):
            # Another user's is none of ours, and a link leads to what is no temporary folder.
            if lock.parent.lstat().st_uid == os.getuid() and _is_free(lock):
                shutil.rmtree(lock.parent)


def _is_free(lock: Path) -> bool:
    with lock.open("r+") as file:
        return try_lock(file.fileno())
