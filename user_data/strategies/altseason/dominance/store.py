"""Store the dominance pair by Freqtrade's data handlers; what is stored is never shortened."""

import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from freqtrade.constants import AVAILABLE_DATAHANDLERS
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType
from freqtrade.misc import pair_to_filename

from altseason.dominance.candles import (
    PRICE_COLUMNS,
    TIMEFRAMES,
    empty_candles,
    real_candles,
    validate_candles,
)
from altseason.dominance.convention import find_version, load_convention, save_convention
from altseason.dominance.locking import LONG_TIMEOUT, locked, open_at_once
from altseason.dominance.outliers import save_choice
from altseason.dominance.synthetic import is_synthetic
from altseason.errors import StoredDataError
from altseason.host.candle_files import candle_file
from altseason.host.configuration import Config, data_directory, data_format
from altseason.settings import DEFAULT_PAIR, DEFAULT_PROVIDER, load_settings

UNFINISHED = ".altseason-part-"
# Held while a process appends, so that others wait.
LOCK = ".altseason.lock"
# Time of change and size of the candles' file, and the same of the file that names the provider.
Version = tuple[int, int, tuple[int, int] | None]


@dataclass(frozen=True)
class AppendResult:
    """What appending did.

    :param added: number of candles that were not there before.
    :param disagreements: columns date, stored, offered (closes in percent), replaced (bool).
    """

    added: int
    disagreements: pd.DataFrame

    @property
    def changes(self) -> int:
        """Return how many candles were added or replaced."""
        return self.added + int(self.disagreements["replaced"].sum())


class DominanceStore:
    """The candles of a dominance pair in one data directory, in the format of `dataformat_ohlcv`.

    :param pair: as in our settings.
    :param provider: whose dominance the candles have to be.
    :param timeout: how many seconds to wait for another process that appends.
    """

    def __init__(
        self,
        datadir: Path,
        data_format: str = "feather",
        *,
        pair: str = DEFAULT_PAIR,
        provider: str = DEFAULT_PROVIDER,
        timeout: float = LONG_TIMEOUT,
    ) -> None:
        self.pair = pair
        self.provider = provider
        self._datadir = datadir
        self._data_format = data_format
        self._timeout = timeout
        # One shared instance, so that `is` shows that nothing changed.
        self._nothing = empty_candles()
        self._paths: dict[str, Path] = {}
        self._loaded: dict[str, tuple[Version, pd.DataFrame]] = {}

    def path(self, timeframe: str) -> Path:
        """Return the file that holds the candles of a timeframe, whether it exists or not."""
        if timeframe not in self._paths:
            self._paths[timeframe] = candle_file(
                self._datadir, self._data_format, self.pair, timeframe
            )
        return self._paths[timeframe]

    def load(self, timeframe: str) -> pd.DataFrame:
        """Load all real candles; the file is read again only after it has changed.

        :return: a frame as in `validate_candles`, empty where nothing is stored; never modify it.
        :raises StoredDataError: where the file is damaged or holds something else, such as another
            provider's dominance.
        """
        path = self.path(timeframe)
        try:
            version = self._find_version(timeframe)
        except FileNotFoundError:
            return self._nothing
        if timeframe not in self._loaded or self._loaded[timeframe][0] != version:
            self._refuse_other_provider(timeframe)
            self._loaded[timeframe] = (version, self._read(path, timeframe))
        return self._loaded[timeframe][1]

    @property
    def outliers_file(self) -> Path:
        """Return the file whose existence has outliers counted; see outliers.py."""
        name = f"{pair_to_filename(self.pair)}-outliers-kept.txt"
        return self._real_path("1d").with_name(name)

    @property
    def keeps_outliers(self) -> bool:
        """Return whether days that jump and come back are counted in the mean."""
        return self.outliers_file.is_file()

    def keep_outliers(self) -> None:
        """Have days that jump and come back counted in the mean, from now on."""
        save_choice(self.outliers_file, self.pair)

    def append(
        self,
        candles: pd.DataFrame,
        timeframe: str,
        *,
        replaced: "pd.Series[Any] | None" = None,
        dry_run: bool = False,
    ) -> AppendResult:
        """Add candles to the stored ones, without ever losing one that is there.

        Of two candles with one date the one with more readings stays, the stored one if even.

        :param candles: real candles as in `validate_candles`.
        :param replaced: dates whose stored candle is replaced in any case, as the user asked.
        :param dry_run: whether only to find out what would change.
        :raises BusyError: where another process keeps the folder locked.
        :raises StoredDataError: where either side is not valid; the stored file is then unchanged.
        """
        validate_candles(candles, timeframe)
        if dry_run:
            self._refuse_other_provider(timeframe)
            return merge_candles(self.load(timeframe), candles, replaced)[1]
        self._datadir.mkdir(parents=True, exist_ok=True)
        # Append mode: nothing is written, so where it is a link nothing happens to its target.
        lock_path = self._real_path(timeframe).parent / LOCK
        with (
            open(lock_path, "a", opener=open_at_once) as lock,
            locked(lock, self._timeout),
        ):
            stored = self.load(timeframe)
            self._remember_provider(timeframe)
            merged, result = merge_candles(stored, candles, replaced)
            if not merged.equals(stored):
                self._write(merged, timeframe)
        return result

    def validate_provider(self) -> None:
        """Refuse a folder that holds candles of another provider.

        :raises StoredDataError: in one line, which says how to go on.
        """
        for timeframe in TIMEFRAMES:
            self._refuse_other_provider(timeframe)

    def _refuse_other_provider(self, timeframe: str) -> None:
        folder = self._real_path(timeframe).parent
        remembered = load_convention(folder, self.pair)
        if remembered == self.provider or is_synthetic(self._datadir):
            return
        # Of both timeframes and all formats, since the folder remembers one provider for all.
        files = [
            candle_file(folder, data_format, self.pair, each)
            for each in TIMEFRAMES
            for data_format in AVAILABLE_DATAHANDLERS
        ]
        found = [file for file in files if file.exists()]
        if found:
            raise StoredDataError(
                f"{found[0]}: these candles are {remembered}'s dominance, but {self.provider}'s is "
                f"wanted; their levels differ, so they are never mixed; set "
                f"altseason.dominance.provider to {remembered}, or move "
                f"{', '.join(file.name for file in found)} away to begin another series"
            )

    def _remember_provider(self, timeframe: str) -> None:
        """Store the provider in the folder, unless that says the same already."""
        self._refuse_other_provider(timeframe)
        folder = self._real_path(timeframe).parent
        if load_convention(folder, self.pair) != self.provider and not is_synthetic(self._datadir):
            save_convention(folder, self.provider, self.pair)
            flush_to_disk(folder)

    def _find_version(self, timeframe: str) -> Version:
        """Return a value that changes with the candles' file, and with the stored provider.

        :raises FileNotFoundError: where nothing is stored.
        """
        status = self.path(timeframe).stat()
        remembered = find_version(self._real_path(timeframe).parent, self.pair)
        return status.st_mtime_ns, status.st_size, remembered

    def _real_path(self, timeframe: str) -> Path:
        """Return the file itself, also where a link leads to it: several folders may share it."""
        return self.path(timeframe).resolve()

    def _read(self, path: Path, timeframe: str) -> pd.DataFrame:
        handler = get_datahandler(self._datadir, self._data_format)
        # Freqtrade logs a stack trace for a damaged file and returns an empty frame; we raise.
        with _unlogged({parent.__module__ for parent in type(handler).__mro__}):
            candles = handler.ohlcv_load(
                self.pair, timeframe, CandleType.SPOT, fill_missing=False, warn_no_data=False
            )
        advice = f"move {path} away and import your dominance file again"
        if candles.empty:
            raise StoredDataError(f"{path}: expected dominance candles, found none; {advice}")
        try:
            candles = real_candles(candles)
            validate_candles(candles, timeframe)
        except StoredDataError as error:
            raise StoredDataError(f"{path}: {error}; {advice}") from error
        except Exception as error:  # a damaged file can hold anything, whatever that raises
            kind = type(error).__name__
            raise StoredDataError(
                f"{path}: expected dominance candles, found something unreadable ({kind}); {advice}"
            ) from error
        return candles

    def _write(self, candles: pd.DataFrame, timeframe: str) -> None:
        """Write a new file beside the old one, then replace the old one at once.

        No other process writes meanwhile, since this one holds the lock.
        """
        path = self._real_path(timeframe)
        for left in path.parent.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)  # of a process that was killed while it wrote
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=UNFINISHED) as folder:
            handler = get_datahandler(Path(folder), self._data_format)
            handler.ohlcv_store(self.pair, timeframe, candles, CandleType.SPOT)
            written = Path(folder) / self.path(timeframe).name
            flush_to_disk(written)
            written.replace(path)
        flush_to_disk(path.parent)
        # Reading it back through Freqtrade is slow and leaks memory.
        self._loaded[timeframe] = (self._find_version(timeframe), candles)


def open_store(config: Config, *, provider: str | None = None) -> DominanceStore:
    """Return the store of a configuration.

    :param provider: whose dominance the candles have to be; by default as the configuration says.
    :raises SettingsError: where our own section is wrong.
    """
    settings = load_settings(config).dominance
    return DominanceStore(
        data_directory(config),
        data_format(config),
        pair=settings.pair,
        provider=provider or settings.provider,
    )


def merge_candles(
    stored: pd.DataFrame, offered: pd.DataFrame, replaced: "pd.Series[Any] | None" = None
) -> tuple[pd.DataFrame, AppendResult]:
    """Merge two frames of real candles by date; see `DominanceStore.append` for who wins."""
    both = stored.merge(offered, on="date", suffixes=("_stored", "_offered"))
    differs = np.zeros(len(both), dtype=bool)
    for column in PRICE_COLUMNS:
        differs |= ~np.isclose(both[f"{column}_stored"], both[f"{column}_offered"], rtol=1e-9)
    is_better = both["volume_offered"] > both["volume_stored"]
    if replaced is not None:
        is_better |= both["date"].isin(replaced) & differs
    disagreements = pd.DataFrame(
        {
            "date": both["date"],
            "stored": both["close_stored"],
            "offered": both["close_offered"],
            "replaced": is_better,
        }
    )[differs].reset_index(drop=True)
    kept = stored[~stored["date"].isin(both.loc[is_better, "date"])]
    taken = offered[~offered["date"].isin(both.loc[~is_better, "date"])]
    # An empty frame would take part in choosing the column types.
    parts = [part for part in (kept, taken) if not part.empty]
    merged = pd.concat(parts).sort_values("date", ignore_index=True) if parts else stored
    return merged, AppendResult(added=len(offered) - len(both), disagreements=disagreements)


def flush_to_disk(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk before going on."""
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":
        return  # Windows opens no folders, and keeps their names by itself.
    # Windows flushes only what is open for writing.
    descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _unlogged(names: Iterable[str]) -> Iterator[None]:
    """Suppress what this thread logs by some loggers; other threads still log."""
    this_thread = threading.get_ident()

    def is_from_elsewhere(record: logging.LogRecord) -> bool:
        return record.thread != this_thread

    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(is_from_elsewhere)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_from_elsewhere)
