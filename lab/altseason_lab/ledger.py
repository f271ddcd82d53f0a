"""A ledger of trials: every variant of a strategy that was ever backtested on the user's candles.

The best of many variants looks good by chance, and better the more there were. How much of that is
luck can only be calculated if all of them are counted, also the failures. So lines are only ever
appended, each with the hash of the one before it: a line that was changed or removed is noticed.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from re import fullmatch
from typing import IO, Any

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from altseason.dominance.locking import LONG_TIMEOUT, locked
from altseason.dominance.synthetic import is_synthetic
from altseason.errors import InputError
from altseason.host.configuration import Config, data_directory
from altseason.output import tell

FILE = "altseason_trials.jsonl"
# In the place of a hash before the first line.
NOTHING = "0" * 64
# Of the first line: without it, the file is none of ours, and not just incomplete.
BEGINNING = b'{"number": 1,'
# Between the time range of a trial and its pairs.
SEPARATOR = ", "
WINDOW = r"(\d{4}-\d{2}-\d{2}) to (\d{4}-\d{2}-\d{2})"


@dataclass(frozen=True)
class Trial:
    """A variant that was backtested.

    :param key: the same only for the same content: strategy, parameters, settings, time and pairs.
    :param command: that ran it, such as "study".
    :param variant: what was varied, for people.
    :param scope: the time range and the pairs, as `write_scope` writes them.
    :param days: how many its wallet was followed for.
    :param sharpe: of daily returns, per day and not per year; None where it is not known.
    """

    key: str
    command: str
    strategy: str
    variant: str
    scope: str
    days: int
    sharpe: FiniteFloat | None

    def is_in(self, window: str) -> bool:
        """Return whether the time range is this one: trials of other ones lived in another market.

        Its end may differ by a day: whether the candle at the end of a time range is stored decides
        which day is written, and `walk-forward` writes the last whole one.

        :param window: as `texts.write_span` writes it.
        """
        own = self.scope.partition(SEPARATOR)[0]
        found, expected = fullmatch(WINDOW, own), fullmatch(WINDOW, window)
        if not found or not expected:
            return own == window
        ends = [datetime.fromisoformat(match[2]) for match in (found, expected)]
        return found[1] == expected[1] and abs(ends[0] - ends[1]) <= timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """A line of the file.

    :param number: from 1.
    :param previous: the hash of the line before it.
    """

    number: int
    time: datetime
    previous: str
    trial: Trial


ADAPTER = TypeAdapter(Line)


class Ledger:
    """The trials of one user data directory."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self.path = path

    def read(self) -> list[Trial]:
        """Return all trials in order; none where there is no file.

        :raises InputError: for a file that was changed, or cannot be read.
        """
        if self.path.is_fifo():
            # Reading it would wait forever.
            raise InputError(f"{self.path}: expected a file for the ledger of trials, found a pipe")
        try:
            return [line.trial for line in parse_lines(self.path.read_bytes(), self.path)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(f"{self.path}: cannot read the ledger: {error.strerror}") from error

    def validate(self) -> None:
        """Validate, before hours of backtests, that trials can be added after them.

        :raises InputError: for a file that was changed, or cannot be written.
        """
        self.read()
        if self.path.exists():
            self.append([])
        elif not os.access(self.path.parent, os.W_OK):
            raise InputError(
                f"{self.path}: cannot write the ledger; expected a folder that can be written"
            )

    def append(self, trials: Iterable[Trial]) -> int:
        """Add the trials that are not there yet, and return how many they are.

        :raises InputError: for a file that was changed, or cannot be written.
        :raises BusyError: where another process keeps it locked.
        """
        try:
            with self.path.open("a+b") as file, locked(file, LONG_TIMEOUT):
                return self._append(file, trials)
        except OSError as error:
            raise InputError(f"{self.path}: cannot write the ledger: {error.strerror}") from error

    def _append(self, file: IO[bytes], trials: Iterable[Trial]) -> int:
        file.seek(0)
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        lines = parse_lines(whole, self.path)
        if not content.startswith(BEGINNING[: len(content)]):
            raise _changed(self.path, 1)
        if len(whole) < len(content):
            tell(f"{self.path}: its last line was not written to the end; it is left out")
            file.truncate(len(whole))
        known = {line.trial.key for line in lines}
        new = {trial.key: trial for trial in trials if trial.key not in known}
        texts = whole.splitlines()
        previous = _hash(texts[-1]) if texts else NOTHING
        now, added = datetime.now(UTC), list[bytes]()
        for number, trial in enumerate(new.values(), start=len(lines) + 1):
            text = _write(Line(number, now, previous, trial))
            previous = _hash(text)
            added.append(text + b"\n")
        # At once, so that a line is whole or not there.
        file.write(b"".join(added))
        # While it is locked, since the next process reads the last line.
        file.flush()
        return len(new)


def parse_lines(content: bytes, path: Path) -> list[Line]:
    """Parse a ledger, and check that each line follows from the one before it.

    :param path: for messages.
    :raises InputError: where one does not.
    """
    lines: list[Line] = []
    previous = NOTHING
    end = content.rfind(b"\n") + 1
    for number, text in enumerate(content[:end].splitlines(), start=1):
        try:
            line = ADAPTER.validate_json(text)
        except ValidationError as error:
            raise _changed(path, number) from error
        if (line.number, line.previous) != (number, previous):
            raise _changed(path, number)
        lines.append(line)
        previous = _hash(text)
    return lines


def write_scope(window: str, pairs: Iterable[str]) -> str:
    """Return the time range and the pairs of a trial, for people."""
    return f"{window}{SEPARATOR}{' '.join(pairs)}"


def open_ledger(config: Config) -> Ledger | None:
    """Return the ledger of a configuration's user data directory, once it is valid.

    None on a synthetic market: it teaches nothing about real ones, so nothing is a trial there.

    :raises InputError: for a file that was changed, or cannot be written.
    """
    if is_synthetic(data_directory(config)):
        return None
    ledger = Ledger(Path(config["user_data_dir"]) / FILE)
    ledger.validate()
    return ledger


def _changed(path: Path, number: int) -> InputError:
    return InputError(
        f"{path}: line {number} does not follow from the lines before it, so one of them was "
        f"changed or removed, and the trials can no longer be counted. Restore the file, or move "
        f"it away to begin a new ledger"
    )


def _write(line: Line) -> bytes:
    values: dict[str, Any] = {**asdict(line), "time": line.time.isoformat(timespec="seconds")}
    return json.dumps(values).encode()


def _hash(text: bytes) -> str:
    return sha256(text).hexdigest()
