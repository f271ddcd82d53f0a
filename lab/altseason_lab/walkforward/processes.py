"""Processes in the background that do not outlive the command, however it ends."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

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
