"""Recorders in separate processes, forked from one that has done the imports.

A child sends a message for each reading that it has acknowledged, before it continues.
"""

import logging
import multiprocessing
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa

from reliability.recorder.clock import SharedClock
from reliability.recorder.oracle import Key
from reliability.recorder.rig import INTERVAL_SECONDS, QUICK, build_feed, using_policy

PATIENCE_SECONDS = 60
NOBODY = 65534
_context = multiprocessing.get_context("forkserver")
# Freqtrade imports the second one only when it reads its first candles.
_context.set_forkserver_preload(
    ["reliability.recorder.child", "freqtrade.data.history.datahandlers.featherdatahandler"]
)


class Child:
    """A process with a recorder, as seen by its parent.

    :param acknowledged: the readings that it has reported so far, also after its end.
    """

    def __init__(self, run: Callable[..., None], *arguments: Any) -> None:
        self._connection, theirs = _context.Pipe()
        self.process: ForkServerProcess = _context.Process(
            target=run, args=(theirs, *arguments), daemon=True
        )
        self.acknowledged: list[Key] = []
        self.process.start()
        theirs.close()

    def command(self, name: str, *arguments: Any) -> Any:
        """Send it a command, and return its response."""
        self.send(name, *arguments)
        return self.receive()

    def send(self, name: str, *arguments: Any) -> None:
        self._connection.send((name, *arguments))

    def receive(self) -> Any:
        """Return the next response, and store what was acknowledged before it.

        :raises EOFError: where the process has ended.
        """
        while self._connection.poll(PATIENCE_SECONDS):
            kind, said = self._connection.recv()
            if kind == "answer":
                return said
            self.acknowledged.append(said)
        raise TimeoutError(f"process {self.process.pid} says nothing")

    def wait_for(self, count: int) -> None:
        """Wait until it has acknowledged a number of readings since its start."""
        while len(self.acknowledged) < count and self._connection.poll(PATIENCE_SECONDS):
            self.acknowledged.append(self._connection.recv()[1])

    def kill(self) -> None:
        """End it by SIGKILL, and read what it had reported before."""
        self.process.kill()
        self.process.join(PATIENCE_SECONDS)
        try:
            while True:
                self.receive()
        except (EOFError, OSError):
            self._connection.close()


@contextmanager
def children(*started: Child) -> Iterator[tuple[Child, ...]]:
    """Kill the children at the end, if they are still running."""
    try:
        yield started
    finally:
        for child in started:
            if child.process.is_alive():
                child.kill()


def run_on_command(
    connection: Connection, folder: Path, urls: dict[str, str], clock_path: Path, user: int | None
) -> None:
    """Make a step on command; the other commands change or measure this process."""
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    logging.disable()
    pa.set_memory_pool(pa.system_memory_pool())  # as `altseason dominance record` does
    clock = SharedClock(clock_path)
    with using_policy(QUICK):
        feed = build_feed(folder, urls, clock, lambda key: connection.send(("reading", key)))
        while True:
            name, *arguments = connection.recv()
            said: Any = None
            if name == "step":
                feed.step()
            elif name == "poll":
                _poll(feed.step, clock, *arguments)
            elif name == "collect":
                said = feed.notifier.drain()
            elif name == "limit":
                _limit_files(*arguments)
            elif name == "measure":
                said = _measure()
            connection.send(("answer", said))


def run_freely(
    connection: Connection, folder: Path, urls: dict[str, str], clock_path: Path
) -> None:
    """Poll without a pause, every ten simulated minutes, until the process is killed."""
    logging.disable()
    pa.set_memory_pool(pa.system_memory_pool())  # as `altseason dominance record` does
    clock = SharedClock(clock_path)
    with using_policy(QUICK):
        feed = build_feed(folder, urls, clock, lambda key: connection.send(("reading", key)))
        while True:
            _poll(feed.step, clock, 1)


def _poll(step: Callable[[], None], clock: SharedClock, times: int) -> None:
    for _ in range(times):
        clock.sleep(INTERVAL_SECONDS)
        step()


def _limit_files(size: int | None) -> None:
    """Limit the size of this process's files, like a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if size is None else size, hard))


def _measure() -> dict[str, int]:
    process = psutil.Process()
    return {
        "memory": process.memory_info().rss,
        "threads": threading.active_count(),
        "native": process.num_threads(),
        "files": process.num_fds(),
    }
