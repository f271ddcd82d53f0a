"""`freqtrade hyperopt` on the train part of each window, with several seeds, several at once."""

import asyncio
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from altseason.errors import InputError
from altseason.host.configuration import Config
from altseason.host.strategy_errors import is_of_a_strategy
from altseason.invocation import shorten_path
from altseason_lab.emulator.processes import run_quietly
from altseason_lab.host.command import FreqtradeCommand
from altseason_lab.host.hyperopt import (
    Epoch,
    EpochCounter,
    hyperopt_arguments,
    make_user_directory,
    read_epochs,
    search_arguments,
)
from altseason_lab.temporary import temporary_folder
from altseason_lab.walkforward.windows import Window

POLL_SECONDS = 0.5
# More than a seed has windows.
RANDOM_STATES = 1000
# Of Freqtrade's log, and of a stack trace's last line.
ERROR_LINE = re.compile(r"^(?:.* - (?:ERROR|CRITICAL) - |(?=[\w.]*(?:Error|Exception)\b))(.+)$")
# Of a stack trace.
FRAME = re.compile(r'^\s*File "(.+)", line (\d+)', re.MULTILINE)
# Freqtrade logs this before a stack trace, whose last line says what it was.
NO_CAUSE = "Fatal exception!"


@dataclass(frozen=True)
class Search:
    """One run of hyperopt."""

    window: Window
    seed: int

    @property
    def random_state(self) -> int:
        """Return what hyperopt draws by: of each window another.

        Else all windows would try the same sets of parameters first, and agree by that alone.
        """
        return RANDOM_STATES * self.seed + self.window.number

    def __str__(self) -> str:
        return f"window {self.window.number} ({self.window.train}), seed {self.seed}"


@dataclass(frozen=True)
class SearchSettings:
    """What all searches share.

    :param epochs: how many sets of parameters each tries.
    :param loss: the class of Freqtrade's, or of the user's, by which they are compared.
    """

    epochs: int
    spaces: tuple[str, ...]
    loss: str


class Searches:
    """Runs of hyperopt, each in a process and a temporary user directory of its own."""

    def __init__(
        self,
        command: FreqtradeCommand,
        config: Config,
        settings: SearchSettings,
        *,
        processes: int,
        progress: Callable[[int], None],
    ) -> None:
        """Run nothing yet.

        :param command: `freqtrade backtesting` with the options that hyperopt is to have, too.
        :param config: of that command.
        :param processes: how many run at once.
        :param progress: takes how many epochs are done.
        """
        self._arguments = hyperopt_arguments(command, config)
        self._user_data = Path(config["user_data_dir"])
        self._settings = settings
        self._processes = processes
        self._progress = progress
        self._finished = 0
        self._running: dict[Search, EpochCounter] = {}

    def run(self, searches: Sequence[Search]) -> dict[Search, list[Epoch]]:
        """Run them all, and return the epochs of each.

        :raises InputError: where one of them fails; the others are ended.
        """
        # Without a name, since sockets of Python's multiprocessing are in it, whose paths have 104
        # letters at most.
        with temporary_folder() as folder:
            return asyncio.run(self._run_all(searches, folder))

    async def _run_all(self, searches: Sequence[Search], folder: Path) -> dict[Search, list[Epoch]]:
        free = asyncio.Semaphore(self._processes)
        watcher = asyncio.create_task(self._watch())
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {
                    search: group.create_task(self._run(search, folder, free))
                    for search in searches
                }
        except ExceptionGroup as errors:
            # The first one ends the others.
            raise errors.exceptions[0] from None
        finally:
            watcher.cancel()
        return {search: task.result() for search, task in tasks.items()}

    async def _run(self, search: Search, folder: Path, free: asyncio.Semaphore) -> list[Epoch]:
        settings = self._settings
        userdir = folder / f"{search.window.number}-{search.seed}"
        async with free:
            make_user_directory(userdir, self._user_data)
            self._running[search] = EpochCounter(userdir)
            words = search_arguments(
                userdir=userdir,
                timerange=search.window.train.timerange,
                spaces=settings.spaces,
                epochs=settings.epochs,
                random_state=search.random_state,
                loss=settings.loss,
            )
            output = userdir / "output.txt"
            process = [sys.executable, "-m", "freqtrade", *self._arguments, *words]
            code = await run_quietly(process, output, folder)
            epochs = read_epochs(userdir)
            if code or not epochs:
                # A wrong configuration ends Freqtrade with 0, too.
                raise InputError(f"freqtrade hyperopt failed in {search}: {find_error(output)}")
            # Its candles are as large as all else.
            shutil.rmtree(userdir)
            del self._running[search]
        # Without those that it left out, as sets of parameters that it had tried.
        self._finished += settings.epochs
        return epochs

    async def _watch(self) -> None:
        while True:
            running = sum(counter.count() for counter in self._running.values())
            self._progress(self._finished + running)
            await asyncio.sleep(POLL_SECONDS)


def find_error(output: Path) -> str:
    """Return the last line of Freqtrade's output that names an error, or its last one at all.

    With file and line where it was raised in the strategy's own code.
    """
    text = output.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [found[1] for line in lines if (found := ERROR_LINE.match(line))]
    named = [error for error in errors if error != NO_CAUSE]
    last = (named or errors or lines or ["it printed nothing"])[-1]
    frames = [frame for frame in FRAME.findall(text) if is_of_a_strategy(frame[0])]
    if not (named and frames):
        return str(last)
    file, number = frames[-1]
    return f"{shorten_path(Path(file))}, line {number}: {last}"
