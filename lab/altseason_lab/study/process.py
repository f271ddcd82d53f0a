"""The state that a process keeps from cell to cell; it runs one backtest at a time."""

import gc
import logging
import os
import pickle
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from altseason.errors import InputError
from altseason.host.configuration import Config, data_directory, data_format
from altseason_lab.emulator.in_thread import in_thread
from altseason_lab.emulator.server import run_emulator
from altseason_lab.host.overlay import exchange_settings, offline_environment
from altseason_lab.host.repeated import open_exchange
from altseason_lab.sandbox import open_market
from altseason_lab.study.cell import CellRunner
from altseason_lab.study.contents import ContentReader, Contents, describe_differences
from altseason_lab.study.grid import Cell
from altseason_lab.study.results import Found, Message

COMMAND = "study"


@dataclass(frozen=True)
class Job:
    """What all cells of a study have in common, whatever process runs them.

    :param config: as `freqtrade backtesting` has it, for the whitelist and all time.
    :param offline: whether an emulator stands in for the exchange.
    :param is_remote: whether the process may be on another machine, where it needs an emulator of
        its own.
    """

    config: Config
    offline: bool = False
    is_remote: bool = False
    token: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Failure:
    """Why a cell has no result; returned, since Dask prints the stack trace of what is raised."""

    error: Exception


class Session:
    """Runs the cells of one job."""

    def __init__(self, job: Job, contents: ContentReader | None = None) -> None:
        """Open nothing yet.

        :param contents: of this job, if this process has read them before.
        """
        self.job = job
        self._contents = contents
        self._opened = ExitStack()
        self._runner: CellRunner | None = None

    def run(self, cell: Cell, expected: Contents) -> Found:
        """Run a cell, unless its contents differ from those expected.

        :raises InputError: where they do, or no exchange responds.
        :raises OperationalException: for whatever Freqtrade itself refuses.
        """
        if self._runner is None:
            self._runner = self._open()
        self._refuse_others(cell, expected)
        # A warning about dominance at wrong dates would mean nothing.
        is_true = cell.placebo is None
        with _collected_messages() if is_true else _without_warnings() as messages:
            result = self._runner.run(cell)
        # A change in the meantime may have affected the result.
        self._refuse_others(cell, expected)
        return Found(result, tuple(dict.fromkeys(messages)))

    def close(self) -> None:
        """Close the exchange."""
        self._runner = None
        self._opened.close()

    def _open(self) -> CellRunner:
        config = self.job.config
        if self.job.offline and self.job.is_remote:
            config = self._opened.enter_context(_own_emulator(config))
        exchange = self._opened.enter_context(open_exchange(config, COMMAND))
        return CellRunner(config, exchange)

    def _refuse_others(self, cell: Cell, expected: Contents) -> None:
        if self._contents is None:
            self._contents = ContentReader(self.job.config, offline=self.job.offline)
        if differences := describe_differences(expected, self._contents.read(cell.scope)):
            raise InputError(_describe_others(differences, is_remote=self.job.is_remote))


def _describe_others(differences: str, *, is_remote: bool) -> str:
    if is_remote:
        return (
            f"expected the same files as on the machine of the command, found others: "
            f"{differences}; copy them to the worker's machine, restart the worker, and run the "
            "study again"
        )
    return (
        f"{differences} changed while the study ran, so its results would not fit together; run "
        "it again"
    )


@contextmanager
def _own_emulator(config: Config) -> Iterator[Config]:
    """Yield the configuration with an emulator of this process as the exchange."""
    market = open_market(data_directory(config), data_format(config))
    with (
        in_thread(run_emulator(market)) as url,
        patch.dict(os.environ, offline_environment(os.environ, url), clear=True),
    ):
        yield {**config, "exchange": {**config["exchange"], **exchange_settings(url)}}


@contextmanager
def _collected_messages() -> Iterator[list[Message]]:
    """Yield a list that collects all warnings that are logged inside the context."""
    found: list[Message] = []
    collector = _Collector(found)
    logging.getLogger().addHandler(collector)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(collector)


@contextmanager
def _without_warnings() -> Iterator[list[Message]]:
    """Show no warning inside the context, and yield a list that stays empty."""

    def is_error(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR

    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(is_error)
    try:
        yield []
    finally:
        for handler in handlers:
            handler.removeFilter(is_error)


class _Collector(logging.Handler):
    def __init__(self, messages: list[Message]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append(Message(record.name, record.levelno, record.getMessage()))


_session: Session | None = None


def run_cell(job: Job, cell: Cell, expected: Contents) -> Found | Failure:
    """Run a cell that another process has sent, and keep its candles for the next one."""
    # Garbage is collected after each cell instead, which takes a fifth less time.
    gc.disable()
    try:
        return _find_session(job).run(cell, expected)
    except Exception as error:  # of any kind: the command has to show it
        return Failure(_make_portable(error))
    finally:
        gc.collect()
        gc.enable()


def _find_session(job: Job) -> Session:
    global _session  # nothing else outlives a task
    if _session is None or _session.job.token != job.token:
        if _session is not None:
            _session.close()
        _session = Session(job)
        # Imported modules stay: scanning them after each cell would take as long as was saved.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
    return _session


def _make_portable(error: Exception) -> Exception:
    """Return an error that can be sent to another process."""
    try:
        found: Any = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    except Exception:  # a class of a strategy can raise anything
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error if isinstance(found, Exception) else RuntimeError(str(error))
