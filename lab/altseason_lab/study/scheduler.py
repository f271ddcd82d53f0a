"""Hand out cells to processes by Dask, one at a time to each."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from distributed import Client, Future, get_worker, wait
from distributed.client import FutureCancelledError, FuturesCancelledError
from distributed.scheduler import KilledWorker

from altseason.errors import InputError
from altseason.output import tell
from altseason_lab.study.cell import describe_backtest
from altseason_lab.study.contents import Contents
from altseason_lab.study.grid import Cell
from altseason_lab.study.process import Failure, Job, run_cell
from altseason_lab.study.results import Found

Task = tuple[Cell, Contents]
RunTask = Callable[[Job, Cell, Contents], Found | Failure]
POLL_SECONDS = 5.0
# Within which a running scheduler responds.
RESPONSE_SECONDS = 10.0
# Polls without any worker, while lost ones are restarted.
MAX_USUAL_POLLS = 1
# That a process may take to restart on a busy machine.
RESTART_SECONDS = 120.0
STORED = "finished backtests are stored, and are not run again"


class Handout:
    """Hands cells to the workers of a scheduler.

    There are never more cells under way than workers: a lost worker costs only the cell that it
    ran, and no other cell is blamed for its end.
    """

    def __init__(self, client: Client, job: Job, run: RunTask = run_cell) -> None:
        """Hand out nothing yet.

        :param run: what runs a cell on a worker.
        """
        self._client = client
        # For the advice to start a worker; local ones restart by themselves.
        self._address = client.scheduler_info()["address"]
        self._job = job
        self._run = run
        self._workers = 0
        self._polls_without_worker = 0
        self._is_silent = False

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Cell, Found]]:
        """Yield each result as soon as it is available.

        :raises InputError: where a cell ended its process repeatedly, a worker cannot be used, or
            the scheduler is gone.
        """
        waiting, running = deque(tasks), dict[Future[Any], Cell]()
        try:
            self._submit(waiting, running)
            while running:
                finished = [(future, running.pop(future)) for future in self._wait(running)]
                # Before these results are stored, so that no worker waits.
                self._submit(waiting, running)
                for future, cell in finished:
                    yield self._take(future, cell)
        finally:
            for future in running:
                future.release()

    def _submit(self, waiting: deque[Task], running: dict[Future[Any], Cell]) -> None:
        while waiting and len(running) < max(1, self._count_workers()):
            cell, contents = waiting.popleft()
            future = self._client.submit(
                run_on_worker, self._run, self._job, cell, contents, pure=False
            )
            running[future] = cell

    def _wait(self, running: dict[Future[Any], Cell]) -> Sequence[Future[Any]]:
        while True:
            try:
                return list(wait(list(running), POLL_SECONDS, return_when="FIRST_COMPLETED").done)
            except TimeoutError:
                self._check_workers()
            except FuturesCancelledError as error:
                raise self._lost_scheduler() from error

    def _take(self, future: Future[Any], cell: Cell) -> tuple[Cell, Found]:
        try:
            found = future.result()
        except KilledWorker as error:
            raise InputError(
                f"{describe_backtest(cell, self._job.config)} ended each process that ran it, "
                f"perhaps for lack of memory; {STORED}. Run the study with fewer processes, fewer "
                "pairs or shorter windows"
            ) from error
        except (FutureCancelledError, OSError) as error:
            raise self._lost_scheduler() from error
        if isinstance(found, Failure):
            raise found.error
        return cell, found

    def _count_workers(self) -> int:
        """Return how many workers there are, or were before the scheduler became silent."""
        scheduler: Any = self._client.scheduler
        try:
            found = self._client.sync(scheduler.ncores, callback_timeout=RESPONSE_SECONDS)
        except TimeoutError:
            self._tell_silent()
            return self._workers
        except OSError as error:
            raise self._lost_scheduler() from error
        self._is_silent = False
        self._workers = len(found)
        if found:
            self._polls_without_worker = 0
        return self._workers

    def _check_workers(self) -> None:
        """Print that there is no worker; those on this machine restart by themselves.

        :raises InputError: where they do not.
        """
        if self._count_workers():
            return
        self._polls_without_worker += 1
        if self._polls_without_worker == MAX_USUAL_POLLS + 1:
            self._tell_no_worker()
        if not self._job.is_remote and self._polls_without_worker * POLL_SECONDS > RESTART_SECONDS:
            raise InputError(
                f"the processes of the study have ended and do not restart; {STORED}. Run it "
                "again with --processes 1"
            )

    def _tell_no_worker(self) -> None:
        if not self._job.is_remote:
            tell(
                "The study waits: its processes were suspended or have ended, and are being "
                f"restarted. Ctrl-C ends the study; {STORED}."
            )
            return
        tell(
            f"The study waits: the scheduler at {self._address} has lost its last worker. "
            f"`dask worker {self._address} --nthreads 1` starts one. Ctrl-C ends the study; "
            f"{STORED}."
        )

    def _tell_silent(self) -> None:
        if not self._is_silent:
            self._is_silent = True
            tell(
                f"The study waits: the scheduler at {self._address} does not respond, perhaps "
                f"because it was suspended. Ctrl-C ends the study; {STORED}."
            )

    def _lost_scheduler(self) -> InputError:
        return InputError(f"the Dask scheduler has ended or cannot be reached; {STORED}")


def run_on_worker(run: RunTask, job: Job, cell: Cell, contents: Contents) -> Found | Failure:
    """Run a cell on the worker that calls this, and name the worker in an error."""
    worker: Any = get_worker()
    threads = worker.state.nthreads
    if threads != 1:
        return Failure(
            InputError(
                f"{worker.address}: expected a Dask worker with one thread, since Freqtrade keeps "
                f"its trades per process, found {threads} threads; start it with --nthreads 1"
            )
        )
    found = run(job, cell, contents)
    if isinstance(found, Failure) and isinstance(found.error, InputError) and job.is_remote:
        return Failure(InputError(f"{worker.address}: {found.error}"))
    return found
