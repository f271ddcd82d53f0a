"""Run processes for the user: forward signals to them, and leave none of their children behind.

Only the standard library is used, so that it can be imported before Freqtrade.
"""

import asyncio
import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.05
# https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
PR_SET_CHILD_SUBREAPER = 36


def receive_signals() -> "asyncio.Queue[int]":
    """Return a queue that receives from now on the signals that end a process.

    Call it before anything is printed.
    """
    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        # With `nohup` a hang-up stays ignored.
        numbers.remove(signal.SIGHUP)
    received: asyncio.Queue[int] = asyncio.Queue()
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, received.put_nowait, number)
    return received


async def run_process(
    process: Sequence[str],
    environment: Mapping[str, str],
    received: "asyncio.Queue[int]",
    *,
    interrupt: int = signal.SIGINT,
) -> int:
    """Run a process, forward signals to its group, and end whatever is left of the group.

    :param received: as from `receive_signals`.
    :param interrupt: the signal to send it for a Ctrl-C.
    :return: its exit code, 128 + n where signal n ended it.
    """
    with adopting_orphans():
        # In its own session a Ctrl-C in the terminal reaches it once, and only through us.
        child = await asyncio.create_subprocess_exec(
            *process, env=dict(environment), start_new_session=True
        )
        forwarding = asyncio.create_task(forward_signals(received, child.pid, interrupt))
        try:
            code = await child.wait()
        finally:
            forwarding.cancel()
            await end_group(child.pid)
    return code if code >= 0 else 128 - code


async def run_quietly(words: Sequence[str], output: Path, temporary: Path) -> int:
    """Run a process in its own group, and end the group in any case.

    :param output: the file for what it prints.
    :param temporary: the folder for its temporary folders, which it leaves behind if it is ended.
    :return: its exit code.
    """
    with output.open("wb") as stream:
        # In its own session a Ctrl-C in the terminal reaches it only through us.
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


async def forward_signals(received: "asyncio.Queue[int]", group: int, interrupt: int) -> None:
    """Forward signals to a process group: the first Ctrl-C as it is, then SIGTERM, then SIGKILL."""
    if await received.get() == signal.SIGINT:
        signal_group(group, interrupt)
        await received.get()
    signal_group(group, signal.SIGTERM)
    with suppress(TimeoutError):
        await asyncio.wait_for(received.get(), GRACE_SECONDS)
    signal_group(group, signal.SIGKILL)


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """Adopt the orphans of a process, where the system supports it (Linux)."""
    # Otherwise only init could reap them, which it often does not do in a container.
    set_control = getattr(ctypes.CDLL(None), "prctl", None)
    if set_control is None:
        yield
        return
    set_control(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        set_control(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


async def end_group(group: int) -> None:
    """End what is left of a process group, such as the workers of an interrupted hyperopt."""
    signal_group(group, signal.SIGTERM)
    deadline = asyncio.get_running_loop().time() + GRACE_SECONDS
    while is_group_left(group) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(POLL_SECONDS)
    signal_group(group, signal.SIGKILL)


def is_group_left(group: int) -> bool:
    """Return whether there is any process in a group whose leader has ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG) != (0, 0):
            pass
    return signal_group(group, 0)


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group, and return whether there is any process in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # macOS raises the second if all of them have ended but were not reaped.
        return False
    return True
