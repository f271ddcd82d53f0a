"""Cells in several processes: one for each core, since Freqtrade runs one backtest a process."""

import gc
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from typing import Any

from altseason.errors import InputError
from altseason.host.configuration import Config
from altseason_lab.host.repeated import open_exchange, warnings_shown_once
from altseason_lab.study.cell import CellResult, CellRunner
from altseason_lab.study.grid import Cell

COMMAND = "study"
# A process takes as long to start as three to five small cells.
MIN_CELLS_FOR_PROCESSES = 12
Results = dict[Cell, CellResult]
RunCells = Callable[[Sequence[Cell], Callable[[], None]], Results]
Message = tuple[str, int, str]


def choose_processes(cells: int) -> int:
    """Return how many processes are worth their start."""
    return 1 if cells < MIN_CELLS_FOR_PROCESSES else os.cpu_count() or 1


@contextmanager
def open_cells(config: Config, processes: int) -> Iterator[RunCells]:
    """Yield what runs cells, and takes what is called after each of them.

    :param config: as `freqtrade backtesting` has it.
    :raises InputError: where no exchange answers.
    :raises OperationalException: for whatever Freqtrade itself refuses.
    """
    if processes == 1:
        with open_exchange(config, COMMAND) as exchange:
            yield _InThisProcess(CellRunner(config, exchange))
        return
    # Not by fork: an emulator may run in a thread of this process.
    executor = ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), _start_worker, (config,)
    )
    try:
        with warnings_shown_once():
            yield _InProcesses(executor)
    finally:
        executor.shutdown(cancel_futures=True)


class _InThisProcess:
    """Runs cells one after another."""

    def __init__(self, runner: CellRunner) -> None:
        self._runner = runner

    def __call__(self, cells: Sequence[Cell], count: Callable[[], None]) -> Results:
        results = {}
        for cell in cells:
            results[cell] = self._runner.run(cell)
            count()
        return results


class _InProcesses:
    """Hands cells to processes, and logs what these warn of."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    def __call__(self, cells: Sequence[Cell], count: Callable[[], None]) -> Results:
        with _interrupts_ignored():
            futures = {self._executor.submit(_run_cell, cell): cell for cell in cells}
        found: Results = {}
        for future in as_completed(futures):
            try:
                result, messages = future.result()
            except BrokenProcessPool as error:
                raise InputError(
                    "a process of the study was ended from outside, perhaps for want of memory; "
                    "run it again with --processes 1, or with fewer pairs or a shorter time range"
                ) from error
            for name, level, text in messages:
                logging.getLogger(name).log(level, "%s", text)
            found[futures[future]] = result
            count()
        return {cell: found[cell] for cell in cells}


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C: this one does, and ends them."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


class _Worker:
    """What a process keeps from cell to cell."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.messages: list[Message] = []
        # The exchange is open as long as the process lives.
        self._opened = ExitStack()
        self._runner: CellRunner | None = None
        logging.getLogger().addHandler(_Collector(self.messages))

    def run(self, cell: Cell) -> tuple[CellResult, list[Message]]:
        """Run a cell, and take what was logged meanwhile."""
        if self._runner is None:
            # Here and not at the start, since an error there would only say that a process died.
            exchange = self._opened.enter_context(open_exchange(self.config, COMMAND))
            self._runner = CellRunner(self.config, exchange)
        try:
            result = self._runner.run(cell)
        finally:
            gc.collect()
        taken = list(self.messages)
        self.messages.clear()
        return result, taken


class _Collector(logging.Handler):
    """Collects messages: a process of the pool has no place to show them."""

    def __init__(self, messages: list[Message]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append((record.name, record.levelno, record.getMessage()))


_worker: _Worker | None = None


def _start_worker(config: Any) -> None:
    global _worker  # the one place that a pool offers
    # Collected after each cell instead, which takes a fifth less time.
    gc.disable()
    _worker = _Worker(config)


def _run_cell(cell: Cell) -> tuple[CellResult, list[Message]]:
    if _worker is None:
        raise RuntimeError("expected a process that was started for cells")
    return _worker.run(cell)
