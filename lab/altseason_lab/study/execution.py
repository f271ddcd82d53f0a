"""Get the results of cells: stored ones, else run here, by processes or by a scheduler."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from altseason.errors import InputError
from altseason.host.configuration import Config
from altseason.output import tell
from altseason.progress import Progress, no_progress
from altseason_lab.host.overlay import without_secrets
from altseason_lab.host.repeated import warnings_shown_once
from altseason_lab.study.cell import CellResult
from altseason_lab.study.contents import ContentReader, Contents
from altseason_lab.study.grid import Cell
from altseason_lab.study.process import Job, Session
from altseason_lab.study.results import Found, ResultStore, open_results

# A process takes as long to start as three to five small cells.
MIN_CELLS_FOR_PROCESSES = 12
Results = dict[Cell, CellResult]
RunCells = Callable[[Sequence[Cell]], Results]
Task = tuple[Cell, Contents]
RunTasks = Callable[[Sequence[Task]], Iterator[tuple[Cell, Found]]]
PATHS = ("datadir", "user_data_dir", "strategy_path")
DASK_ADVICE = "`pip install distributed`"


@dataclass(frozen=True)
class Execution:
    """How cells are run.

    :param processes: on this machine; None for one per core where that is worth their start.
    :param scheduler: the address of a Dask scheduler; None for this machine.
    :param fresh: whether to run cells that have stored results, too.
    :param offline: whether an emulator stands in for the exchange.
    """

    processes: int | None = None
    scheduler: str | None = None
    fresh: bool = False
    offline: bool = False


@contextmanager
def open_cells(
    config: Config, execution: Execution, expected: int, progress: Progress = no_progress
) -> Iterator[RunCells]:
    """Yield a function that runs cells, and stores their results.

    :param config: as `freqtrade backtesting` has it.
    :param expected: how many cells there will be in all.
    :param progress: takes how many of those that are run are done.
    :raises InputError: where no exchange answers, and for a strategy without a gate.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    results = open_results(config)
    with ExitStack() as stack:
        stack.enter_context(warnings_shown_once())
        cells = _Cells(config, execution, _Count(expected, progress), results, stack)
        yield cells
    results.remove_oldest()
    if cells.count.stored:
        tell(
            f"{cells.count.stored} of {expected} backtests were not run: their stored results in "
            f"{results.folder} were used. --fresh runs all of them."
        )


class _Cells:
    """Runs the cells that have no stored result, and starts processes only if there are any."""

    def __init__(
        self,
        config: Config,
        execution: Execution,
        count: "_Count",
        results: ResultStore,
        opened: ExitStack,
    ) -> None:
        self.count = count
        self._execution = execution
        self._results = results
        self._opened = opened
        # Everybody who can reach a scheduler can see what it is sent.
        is_remote = execution.scheduler is not None
        public = without_secrets(config)
        job_config = _with_full_paths(public) if is_remote else public
        self._job = Job(job_config, offline=execution.offline, is_remote=is_remote)
        self._contents = ContentReader(self._job.config, offline=execution.offline)
        self._run_tasks: RunTasks | None = None

    def __call__(self, cells: Sequence[Cell]) -> Results:
        scopes = {scope: self._contents.read(scope) for scope in {cell.scope for cell in cells}}
        contents = {cell: scopes[cell.scope] for cell in cells}
        found = self._load(contents)
        self.count.add_stored(len(found))
        missing = [(cell, contents[cell]) for cell in contents if cell not in found]
        if missing:
            if self._run_tasks is None:
                self._results.refuse_unwritable()
                self._run_tasks = self._open()
            for cell, result in self._run_tasks(missing):
                found[cell] = self._results.save(contents[cell].key(cell), result).result
                self.count.add_run()
        return {cell: found[cell] for cell in cells}

    def _load(self, contents: dict[Cell, Contents]) -> Results:
        found: Results = {}
        if self._execution.fresh:
            return found
        for cell, content in contents.items():
            if (stored := self._results.load(content.key(cell))) is not None:
                for message in stored.messages:
                    message.log()
                found[cell] = stored.result
        return found

    def _open(self) -> RunTasks:
        if self._execution.scheduler is not None:
            return self._open_scheduler(self._execution.scheduler)
        processes = self._execution.processes or choose_processes(self.count.left)
        if processes > 1 and find_spec("distributed") is None:
            tell(f"All backtests run in one process: several need Dask, {DASK_ADVICE}.")
            processes = 1
        return self._open_here() if processes == 1 else self._open_processes(processes)

    def _open_here(self) -> RunTasks:
        session = Session(self._job, self._contents)
        self._opened.callback(session.close)
        return lambda tasks: ((cell, session.run(cell, content)) for cell, content in tasks)

    def _open_processes(self, processes: int) -> RunTasks:
        # Importing Dask takes seconds, and it is optional.
        from altseason_lab.study.cluster import open_local_cluster
        from altseason_lab.study.scheduler import Handout

        client = self._opened.enter_context(open_local_cluster(processes))
        return _logging_messages(Handout(client, self._job))

    def _open_scheduler(self, address: str) -> RunTasks:
        if find_spec("distributed") is None:
            raise InputError(
                f"--scheduler {address}: expected Dask, which is missing; {DASK_ADVICE}"
            )
        from altseason_lab.study.cluster import open_scheduler
        from altseason_lab.study.scheduler import Handout

        client = self._opened.enter_context(open_scheduler(address))
        return _logging_messages(Handout(client, self._job))


def _with_full_paths(config: Config) -> Config:
    """Return a configuration that means the same whatever folder a worker was started in."""
    paths = {name: Path(config[name]).absolute() for name in PATHS if config.get(name)}
    return {**config, **paths}


class _Count:
    """Counts cells, and shows how many of those that are run are done.

    Stored ones are not included, since the time left is estimated from what was done.
    """

    def __init__(self, expected: int, progress: Progress) -> None:
        self.stored = 0
        self._done, self._total = 0, expected
        self._progress = progress
        progress(0, expected)

    @property
    def left(self) -> int:
        """Return how many are still to be run, as far as known."""
        return self._total - self._done

    def add_stored(self, number: int) -> None:
        """Count cells whose results were stored before."""
        self.stored += number
        self._total -= number
        self._progress(self._done, self._total)

    def add_run(self) -> None:
        """Count a cell that has just been run."""
        self._done += 1
        self._progress(self._done, self._total)


def choose_processes(cells: int) -> int:
    """Return how many processes are worth the time of their start."""
    return 1 if cells < MIN_CELLS_FOR_PROCESSES else os.cpu_count() or 1


def _logging_messages(run_tasks: RunTasks) -> RunTasks:
    """Log the messages of other processes in this one."""

    def run(tasks: Sequence[Task]) -> Iterator[tuple[Cell, Found]]:
        for cell, found in run_tasks(tasks):
            for message in found.messages:
                message.log()
            yield cell, found

    return run
