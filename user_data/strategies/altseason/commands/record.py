"""`altseason dominance record` and `rebuild`: record dominance without a bot."""

import argparse
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from altseason.commands.reporting import add_json_option, print_report, showing_waits
from altseason.dominance.locking import has_locks
from altseason.dominance.store import open_store
from altseason.errors import InputError
from altseason.host.configuration import data_directory, load_configuration
from altseason.output import show, tell
from altseason.recorder.feed import Feed
from altseason.recorder.recording import Rebuilt, Recording
from altseason.sources.reading import read_clock

EXIT_NOTHING = EXIT_BROKEN_OFF = 1
# Docker kills after 10 s. A provider may keep a request waiting for longer; nothing is lost then.
STOP_SECONDS = 3.0
STOPPING = (signal.SIGINT, signal.SIGTERM)
# Sent by another thread when there is nothing left to wait for.
ENDED = b"\0"
DESCRIPTION = """\
Record dominance as a bot does while it trades, until it is stopped: one reading every 10 minutes,
which is kept in a log, and from which candles of the dominance pair are built. Bots that use the
same data directory then read it and poll no provider. Of several recorders only one polls; another
one takes over when it ends.
"""


@dataclass(frozen=True)
class RebuildReport:
    """The candles that were built from a log."""

    path: Path
    rebuilt: Rebuilt

    def as_text(self) -> list[str]:
        """Return how many readings there are, and how many candles were added."""
        added = ", ".join(f"{count} of {name}" for name, count in self.rebuilt.added.items())
        return [f"{self.rebuilt.readings} readings in {self.path}; candles added: {added}"]

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program."""
        return {"readings": self.rebuilt.readings, "added": self.rebuilt.added}


def add_record(actions: Any, common: argparse.ArgumentParser) -> None:
    """Add `altseason dominance record` and `altseason dominance rebuild`."""
    record = actions.add_parser(
        "record",
        parents=[common],
        help="record dominance from now on, without a bot",
        description=DESCRIPTION,
    )
    record.add_argument("--once", action="store_true", help="record one reading, then exit")
    record.set_defaults(run=run_record)
    rebuild = actions.add_parser(
        "rebuild",
        parents=[common],
        help="restore missing candles from all recorded readings",
        description="Build candles from all recorded readings again, and store those that are "
        "missing from the dominance pair. Stored candles stay as they are.",
    )
    add_json_option(rebuild)
    rebuild.set_defaults(run=run_rebuild)


def run_record(options: argparse.Namespace) -> int:
    """Record until Ctrl-C or SIGTERM, which are its normal end.

    :raises InputError: on a platform without file locks, by which one process is chosen to poll.
    """
    if not has_locks():
        raise InputError(
            "dominance record needs file locks, which this platform does not have: run it on "
            "Linux, macOS or Windows, or in docker"
        )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    # Arrow's own allocator never returns the memory of files that grow, some megabytes a month. Not
    # in a bot, where it also serves others.
    pa.set_memory_pool(pa.system_memory_pool())
    config = load_configuration(options)
    datadir = data_directory(config)
    if not datadir.is_dir():
        datadir.mkdir(parents=True, exist_ok=True)
        tell(f"Created data directory: {datadir}")
    feed = Feed(config)
    if options.once:
        try:
            with showing_waits("the providers of dominance"):
                return _record_once(feed)
        finally:
            feed.close()
    with catching_stops() as stops:
        tell(f"Recording dominance into {feed.recording.log.path}; Ctrl-C ends it.")
        feed.start(on_end=stops.end)
        is_wanted = stops.wait()
        feed.stop(timeout=STOP_SECONDS)
    tell("Recording has ended.")
    return 0 if is_wanted else EXIT_BROKEN_OFF


def run_rebuild(options: argparse.Namespace) -> int:
    """Build candles from the whole log."""
    config = load_configuration(options, only_reads=True)
    datadir = data_directory(config)
    recording = Recording(datadir, open_store(config))
    if not recording.log.size():
        raise InputError(f"{recording.log.path}: expected recorded readings, found none")
    rebuilt = recording.rebuild(recording.log.size())
    print_report(RebuildReport(recording.log.path, rebuilt), options)
    return 0


def _record_once(feed: Feed) -> int:
    start = read_clock()
    feed.record()
    last = feed.recording.load_last()
    if last is None or last.dominance is None or last.known < start:
        tell(
            "No new reading: another process has polled in the last 10 minutes, or no provider "
            "responded."
        )
        return EXIT_NOTHING
    show(f"{last.known:%Y-%m-%d %H:%M:%S} UTC  {last.dominance:.2f} %  {last.provider}")
    return 0


class StopRequests:
    """Wait until a command is asked to end, by Ctrl-C or `docker stop`.

    A signal handler that raises is not enough: an exception is dropped where it is raised within a
    destructor or the callback of a weakref.
    """

    def __init__(self) -> None:
        # Sockets, since Windows writes signals to nothing else.
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)

    @property
    def descriptor(self) -> int:
        """Return the descriptor to which signals are written, each as a byte of its number."""
        return self._sender.fileno()

    def wait(self) -> bool:
        """Wait for a signal or for `end`; return whether it was a signal."""
        while True:
            for byte in self._receiver.recv(64):
                if byte in STOPPING or byte == ENDED[0]:
                    return byte in STOPPING

    def end(self) -> None:
        """End `wait`, from any thread."""
        with suppress(OSError):  # it has ended already
            self._sender.send(ENDED)

    def close(self) -> None:
        """Close the sockets."""
        self._receiver.close()
        self._sender.close()


@contextmanager
def catching_stops() -> Iterator[StopRequests]:
    """Catch Ctrl-C and SIGTERM, unless they are ignored here; works in the main thread only."""
    requests = StopRequests()
    written = signal.set_wakeup_fd(requests.descriptor, warn_on_full_buffer=False)
    caught = {
        number: signal.signal(number, _leave_to_descriptor)
        for number in STOPPING
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield requests
    finally:
        for number, handler in caught.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(written)
        requests.close()


def _leave_to_descriptor(*_: object) -> None:
    """Do nothing: without a Python handler no signal is written to the descriptor."""
