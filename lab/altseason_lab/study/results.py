"""Stored results of cells, one small file each, so that a stopped study can be resumed."""

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated_dataclass

from altseason.errors import InputError
from altseason.host.configuration import Config
from altseason.output import tell
from altseason_lab.study.cell import CellResult

FOLDER = "altseason_study"
# A year of days takes about 10 kB.
MAX_RESULTS = 20_000


@dataclass(frozen=True)
class Message:
    """A warning of a backtest, as in a log record."""

    logger: str
    level: int
    text: str

    def log(self) -> None:
        """Log it here."""
        logging.getLogger(self.logger).log(self.level, "%s", self.text)


# By default, Pydantic writes NaN and infinity as null.
@validated_dataclass(frozen=True, config=ConfigDict(ser_json_inf_nan="constants"))
class Found:
    """The result of running a cell.

    :param messages: its warnings, each once.
    """

    result: CellResult
    messages: tuple[Message, ...]


ADAPTER = TypeAdapter(Found)


class ResultStore:
    """The stored results of all studies of a user data directory."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet.

        :param folder: created with the first result.
        """
        self.folder = folder
        self._has_told = False

    def load(self, key: str) -> Found | None:
        """Return what is stored; None where there is nothing, or it cannot be read."""
        path = self._path(key)
        try:
            found = ADAPTER.validate_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValidationError, OSError) as error:
            self._tell_damaged(path, error)
            return None
        # Those used last are kept longest; where nothing can be written, all are kept.
        with suppress(OSError):
            os.utime(path)
        return found

    def refuse_unwritable(self) -> None:
        """Refuse, before the first backtest, a folder in which no result can be stored.

        :raises InputError: in one line.
        """
        probe = self.folder / f"{os.getpid()}.json.part"
        try:
            self.folder.mkdir(exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise InputError(f"{self.folder}: cannot store results: {error.strerror}") from error

    def save(self, key: str, found: Found) -> Found:
        """Store a result in one step, and return it as it will be read back.

        :raises InputError: where it cannot be written.
        """
        # Values of a wrong type are refused below.
        text = ADAPTER.dump_json(found, warnings="none")
        path = self._path(key)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            self.folder.mkdir(exist_ok=True)
            part.write_bytes(text)
            part.replace(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise InputError(f"{path}: cannot store a result: {error.strerror}") from error
        return ADAPTER.validate_json(text)

    def remove_oldest(self, kept: int = MAX_RESULTS) -> None:
        """Remove the results that were not used for longest, and leftover parts of files."""
        by_age = sorted(self._list_files(), reverse=True)
        for _, path in by_age[kept:]:
            with suppress(OSError):
                path.unlink()

    def _list_files(self) -> Iterator[tuple[float, Path]]:
        for path in self.folder.glob("*.json*"):
            # Another study may have just removed it.
            with suppress(FileNotFoundError):
                yield path.stat().st_mtime, path

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _tell_damaged(self, path: Path, error: Exception) -> None:
        if not self._has_told:
            self._has_told = True
            reason = str(error).splitlines()[0]
            tell(
                f"{path}: expected the result of a backtest, found something else ({reason}). "
                "Its backtest is run again, and so is that of any other damaged file."
            )


def open_results(config: Config) -> ResultStore:
    """Return the results of a configuration's user data directory."""
    return ResultStore(Path(config["user_data_dir"]) / FOLDER)
