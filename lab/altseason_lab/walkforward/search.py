"""Run `freqtrade hyperopt` on the train part of each window with several seeds, in parallel."""

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
# More than there are windows.
RANDOM_STATES = 1000
# Of Freqtrade's log, and of a stack trace's last line.
ERROR_LINE = re.compile(r"^(?:.* - (?:ERROR|CRITICAL) - |(?=[\w.]*(?:Error|Exception)\b))(.+)$")
# Of a stack trace.
FRAME = re.compile(r'^\s*File "(.+)", line (\d+)', re.MULTILINE)
# Freqtrade logs this before a stack trace, whose last line names the error.
NO_CAUSE = "Fatal exception!"


@dataclass(frozen=True)
class Search:
    """One run of hyperopt."""

    window: Window
    seed: int

    @property
    def random_state(self) -> int:
        """Return hyperopt's random state, another one for each window.

        Otherwise all windows would try the same sets of parameters first, and agree for that alone.
        """
        return RANDOM_STATES * self.seed + self.window.number

    def __str__(self) -> str:
        return f"window {self.window.number} ({self.window.train}), seed {self.seed}"


@dataclass(frozen=True)
class SearchSettings:
    """What all searches share.

    :param epochs: how many sets of parameters each tries.
    :param loss: the class of Freqtrade or of the user that compares them.
    """

    epochs: int
    spaces: tuple[str, ...]
    loss: str


class Searches:
    """Runs of hyperopt, each in its own process and temporary user directory."""

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

        :param command: `freqtrade backtesting` with the options that hyperopt gets, too.
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
        # Without a name, since it holds sockets of Python's multiprocessing, whose paths have at
        # most 104 characters.
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
                # With a wrong configuration Freqtrade may end with 0, too.
                raise InputError(f"freqtrade hyperopt failed in {search}: {find_error(output)}")
            # Its copy of the candles is large.
            shutil.rmtree(userdir)
            del self._running[search]
        # All of them: it skips sets of parameters that it has already tried.
        self._finished += settings.epochs
        return epochs

    async def _watch(self) -> None:
        while True:
            running = sum(counter.count() for counter in self._running.values())
            self._progress(self._finished + running)
            await asyncio.sleep(POLL_SECONDS)


def find_error(output: Path) -> str:
    """Return the last line of Freqtrade's output that names an error, or else its last line.

    It begins with file and line if the error was raised in the strategy's own code.
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
