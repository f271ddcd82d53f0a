"""What a process keeps from cell to cell: Freqtrade runs one backtest in each, on one thread."""

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
    """What all cells of a study have in common, in whatever process they run.

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
    """Why a cell has no result; returned, since Dask prints the stack of whatever is raised."""

    error: Exception


class Session:
    """Runs cells of one job."""

    def __init__(self, job: Job, contents: ContentReader | None = None) -> None:
        """Open nothing yet.

        :param contents: of this job, where they have been read here before.
        """
        self.job = job
        self._contents = contents
        self._opened = ExitStack()
        self._runner: CellRunner | None = None

    def run(self, cell: Cell, expected: Contents) -> Found:
        """Run a cell, unless its contents are others than expected.

        :raises InputError: where they are, or no exchange responds.
        :raises OperationalException: for whatever Freqtrade itself refuses.
        """
        if self._runner is None:
            self._runner = self._open()
        self._refuse_others(cell, expected)
        # Of dominance at wrong dates a warning would be about nothing that there is.
        is_true = cell.placebo is None
        with _collected_messages() if is_true else _without_warnings() as messages:
            result = self._runner.run(cell)
        # What has changed meanwhile may be part of the result.
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
            f"expected the same files as here, found others: {differences}; copy them there, "
            "start the worker again, and run the study again"
        )
    return (
        f"{differences} changed while the study ran, so that its results would not belong "
        "together; run it again"
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
    """Yield a list to which everything is added that is logged as a warning meanwhile."""
    found: list[Message] = []
    collector = _Collector(found)
    logging.getLogger().addHandler(collector)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(collector)


@contextmanager
def _without_warnings() -> Iterator[list[Message]]:
    """Show no warning meanwhile, and yield a list that stays empty."""

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
    """Run a cell in a process that others hand cells to, and keep its candles for the next one."""
    # Collected after each cell instead, which takes a fifth less time.
    gc.disable()
    try:
        return _find_session(job).run(cell, expected)
    except Exception as error:  # whatever it is, it belongs to the command's terminal
        return Failure(_make_portable(error))
    finally:
        gc.collect()
        gc.enable()


def _find_session(job: Job) -> Session:
    global _session  # the one place that outlives a task
    if _session is None or _session.job.token != job.token:
        if _session is not None:
            _session.close()
        _session = Session(job)
        # What was imported stays: to look through it after each cell would take as long as the
        # fifth that is saved.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
    return _session


def _make_portable(error: Exception) -> Exception:
    """Return an error that another process can read, too."""
    try:
        found: Any = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    except Exception:  # a class of a strategy can raise anything
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error if isinstance(found, Exception) else RuntimeError(str(error))
