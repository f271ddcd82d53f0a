"""A process that is run for the user: signals reach it, and nothing that it starts outlives it.

Standard library only, so that it is there before Freqtrade is imported.
"""

import asyncio
import ctypes
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.05
# https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
PR_SET_CHILD_SUBREAPER = 36


def receive_signals() -> "asyncio.Queue[int]":
    """Put the signals that ask a process to end into a queue, from now on.

    Belongs before whatever tells the user that something has begun.
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
    """Run a process and all that it starts, hand on signals, and leave none of it behind.

    :param received: as from `receive_signals`.
    :param interrupt: what it is sent at a Ctrl-C.
    :return: its exit code, 128 + n where signal n ended it.
    """
    with adopting_orphans():
        # A session of its own: a Ctrl-C in the terminal reaches it once, and only through us.
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


async def forward_signals(received: "asyncio.Queue[int]", group: int, interrupt: int) -> None:
    """Hand signals on to a process group: Ctrl-C asks, a second one and SIGTERM insist."""
    if await received.get() == signal.SIGINT:
        signal_group(group, interrupt)
        await received.get()
    signal_group(group, signal.SIGTERM)
    with suppress(TimeoutError):
        await asyncio.wait_for(received.get(), GRACE_SECONDS)
    signal_group(group, signal.SIGKILL)


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """Be the parent of what a process leaves behind, where there is a way to (Linux)."""
    # Else only the first process could bury them, and in a container that one often does not.
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
    """End what a process has left of its group, such as the workers of an interrupted hyperopt."""
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
    """Send a signal to a process group, and tell whether there is any process in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # The second is what macOS says where all of them have ended but are not buried.
        return False
    return True
