"""Processes in the background that do not outlive the command, however it ends."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from altseason_lab.emulator.processes import GRACE_SECONDS, end_group, signal_group


async def run_quietly(words: Sequence[str], output: Path, temporary: Path) -> int:
    """Run a process in a group of its own, and end the group in any case.

    :param output: the file for what it prints.
    :param temporary: the folder for its own temporary ones, which it leaves if it is ended.
    :return: its exit code.
    """
    with output.open("wb") as stream:
        # A session of its own: a Ctrl-C in the terminal reaches it through us.
        child = await asyncio.create_subprocess_exec(
            *words,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return await child.wait()
    finally:
        await _end(child)


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        signal_group(child.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), GRACE_SECONDS)
    await end_group(child.pid)
    await child.wait()


@contextmanager
def exiting_at_signals() -> Iterator[None]:
    """Leave by an exception where a signal would end this process and nothing else.

    Processes are ended and temporary folders removed then. Ctrl-C is one already.
    """
    numbers = [signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        # With `nohup` a hang-up stays ignored.
        numbers.append(signal.SIGHUP)
    previous = {number: signal.signal(number, _exit) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _exit(number: int, _: Any) -> None:
    sys.exit(128 + number)
