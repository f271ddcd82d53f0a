"""Dask processes: a cluster on this machine, or a scheduler that the user has started.

Since a scheduler executes whatever it is sent, nothing but this command may reach the cluster on
this machine: it listens on 127.0.0.1, requires a certificate that only its own processes have, and
has no dashboard.
"""

import asyncio
import logging
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import dask.config
from distributed import Client, Nanny, Scheduler, SpecCluster, Worker
from distributed.core import rpc
from distributed.security import Security
from distributed.utils import LoopRunner

from altseason.errors import InputError
from altseason.output import tell
from altseason_lab.temporary import temporary_folder

HOST = "127.0.0.1"
TIMEOUT_SECONDS = 10.0
# For a first worker that is started together with the study.
WORKER_SECONDS = 60.0
# Until a process that was asked to end is killed.
END_SECONDS = 0.5
CONFIG = {
    # For the first processes on a machine that is busy.
    "distributed.comm.timeouts.connect": "120s",
    # It would sample each thread a hundred times a second, and keep an hour of stacks.
    "distributed.worker.profile.enabled": False,
    # Logs of each task, which nobody reads and which take 40 KiB each.
    **{
        f"distributed.admin.{name}": 100
        for name in ("log-length", "low-level-log-length", "system-monitor.log-length")
    },
}
# A cell that has ended one process after another is not run a fourth time.
MAX_LOST_PROCESSES = 2
SILENT = logging.CRITICAL + 1
# The command itself reports everything that matters of what Dask logs.
LOGGERS = ("distributed", "tornado", "tornado.application", "asyncio")


class _WithoutHttp:
    """A part of a cluster without an HTTP server."""

    def start_http_server(self, *args: Any, **kwargs: Any) -> None:
        """Start no server."""


class LocalScheduler(_WithoutHttp, Scheduler):
    """The scheduler in the command's own process."""


class LocalWorker(_WithoutHttp, Worker):
    """A worker in its own process, with one thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _silence()
        super().__init__(*args, **kwargs)


@contextmanager
def open_local_cluster(processes: int) -> Iterator[Client]:
    """Yield a client of a cluster on this machine, whose processes end with it.

    :raises InputError: where its processes cannot be started.
    """
    with _quiet_dask(), dask.config.set(CONFIG), temporary_folder("workers") as folder:
        runner = _start_loop()
        try:
            cluster = _start_cluster(processes, runner, folder)
            try:
                with Client(cluster, timeout=TIMEOUT_SECONDS) as client:
                    yield client
            finally:
                with suppress(TimeoutError):
                    cluster.sync(_end_processes, cluster)
                    cluster.close(timeout=TIMEOUT_SECONDS)
        finally:
            runner.stop()


@contextmanager
def open_scheduler(address: str) -> Iterator[Client]:
    """Yield a client of a scheduler that the user has started, with at least one worker.

    :raises InputError: where it does not respond, or has no worker for a minute.
    """
    with _quiet_dask():
        _refuse_others(address)
        try:
            client = Client(address, timeout=TIMEOUT_SECONDS)
        except (ImportError, OSError, ValueError) as error:
            raise _no_scheduler(address, error) from error
        try:
            _wait_for_worker(client, address)
            yield client
        finally:
            # A suspended scheduler cannot confirm it.
            with suppress(TimeoutError):
                client.close()


def _refuse_others(address: str) -> None:
    """Refuse what is no scheduler: Dask's client would wait forever for a silent server.

    :raises InputError: in one line.
    """
    try:
        kind = asyncio.run(asyncio.wait_for(_ask_kind(address), TIMEOUT_SECONDS))
    except TimeoutError as error:
        raise _no_scheduler(address, f"no response in {TIMEOUT_SECONDS:g} s") from error
    except (OSError, TypeError) as error:  # the latter without the certificates for `tls://`
        raise _no_scheduler(address, error) from error
    except Exception as error:  # another server may send anything
        raise _no_scheduler(address, "another kind of server responds") from error
    if not kind.endswith("Scheduler"):
        raise _no_scheduler(address, f"a {kind}")


async def _ask_kind(address: str) -> str:
    async with rpc(address, connection_args=Security().get_connection_args("client")) as found:
        identity = await found.identity()
    return str(identity["type"])


def _no_scheduler(address: str, found: Exception | str) -> InputError:
    reason = " ".join(str(found).split()) or type(found).__name__
    return InputError(
        f"--scheduler {address}: expected a Dask scheduler, found none ({reason}); "
        "`dask scheduler` starts one and prints its address"
    )


def _wait_for_worker(client: Client, address: str) -> None:
    """Wait for a first worker, and print that.

    :raises InputError: where none has come.
    """
    if client.nthreads():
        return
    advice = f"`dask worker {address} --nthreads 1` starts one"
    tell(f"The study waits for a worker of {address}, {WORKER_SECONDS:g} s at most; {advice}.")
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except TimeoutError as error:
        raise InputError(
            f"--scheduler {address}: expected workers, found none; {advice}"
        ) from error


def _start_loop() -> LoopRunner:
    """Start the thread that starts all processes, with Ctrl-C blocked, which they inherit.

    This process receives it, and ends them.
    """
    # If the first process that needs it starts it, it unblocks the signal in that thread.
    resource_tracker.ensure_running()
    runner = LoopRunner()
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        runner.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)
    return runner


def _start_cluster(processes: int, runner: LoopRunner, folder: Path) -> SpecCluster:
    connection: dict[str, Any] = {
        "host": HOST,
        "protocol": "tls://",
        "security": Security.temporary(),
        "dashboard": False,
        # Dask's default folder would not be removed.
        "local_directory": str(folder),
    }
    worker = {
        **connection,
        "worker_class": LocalWorker,
        "nthreads": 1,
        # Otherwise a process would be paused for the memory that all of them use together.
        "memory_limit": 0,
        "silence_logs": SILENT,
    }
    scheduler = {**connection, "allowed_failures": MAX_LOST_PROCESSES}
    try:
        return SpecCluster(
            workers={number: {"cls": Nanny, "options": worker} for number in range(processes)},
            scheduler={"cls": LocalScheduler, "options": scheduler},
            security=connection["security"],
            loop=runner.loop,
            silence_logs=SILENT,
        )
    except Exception as error:  # of any kind: backtests in this process may still work
        raise InputError(
            f"cannot start {processes} processes ({error}); run the study with --processes 1"
        ) from error


async def _end_processes(cluster: SpecCluster) -> None:
    """End all processes at once; they have nothing to lose."""
    ended = (nanny.close(timeout=END_SECONDS) for nanny in cluster.workers.values())
    # One that takes longer, on a busy machine, has been killed nevertheless.
    await asyncio.gather(*ended, return_exceptions=True)


@contextmanager
def _quiet_dask() -> Iterator[None]:
    _silence()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"distributed\b")
        yield


def _silence() -> None:
    for name in LOGGERS:
        logging.getLogger(name).setLevel(SILENT)
