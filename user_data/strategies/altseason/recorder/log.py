"""The log of readings: each one goes here first, and candles can be made from it again.

It has one JSON object per line, which is only ever appended, and is on disk before it counts. A
line without its end was torn by a crash: it never counted, and the next one takes its place.
"""

import errno
import io
import logging
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import pandas as pd
from freqtrade.misc import pair_to_filename
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from altseason.dominance.candles import MAX_PERCENT, MIN_PERCENT
from altseason.dominance.locking import BRIEF_TIMEOUT, locked, open_at_once
from altseason.dominance.store import flush_to_disk
from altseason.notifications import Notifier
from altseason.settings import DEFAULT_PAIR, DEFAULT_PROVIDER

logger = logging.getLogger(__name__)

FIRST_CHUNK = 64 * 1024
# The most that is read at once: a month of readings.
MAX_BYTES = 1024 * 1024
# A line may be this far in the future by the clock, and is still believed.
MAX_CLOCK_ERROR = timedelta(days=1)

# Before any reading.
BEGINNING = pd.Timestamp(0, tz="UTC")

Number = Annotated[float, Field(allow_inf_nan=False)]
Percent = Annotated[float, Field(gt=MIN_PERCENT, lt=MAX_PERCENT)]


class Reading(BaseModel):
    """One line.

    :param known: when it was read, in UTC; this decides which candle it belongs to.
    :param time: when it was true, where the provider says so.
    :param raw: as the provider reported it, in percent.
    :param dominance: what counts, in percent; None where it was only compared with the primary.
    :param offset: raw minus the primary, in percentage points: measured where it was compared,
        the calibration offset where a fallback counts; None for the primary itself.
    :param convention: the primary, as our settings name it; CoinGecko in lines of earlier versions.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    known: AwareDatetime
    time: AwareDatetime | None
    provider: str
    raw: Percent
    dominance: Percent | None
    offset: Number | None
    convention: str = DEFAULT_PROVIDER

    @property
    def is_comparison(self) -> bool:
        """Return whether it does not count, and was compared with the primary."""
        return self.dominance is None and self.offset is not None


class ReadingLog:
    """A pair's log in one data directory; any number of processes may read and append."""

    def __init__(self, datadir: Path, pair: str = DEFAULT_PAIR) -> None:
        self.path = datadir / f"{pair_to_filename(pair)}-readings.jsonl"
        self._notifier = Notifier(logger)

    def size(self) -> int:
        """Return the size in bytes, 0 where there is no log yet."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, make: Callable[[], Reading]) -> Reading | None:
        """Append the reading that `make` returns, and return it once it is on disk.

        `make` is called while nobody else can read, so that a later reader finds everything that
        was known before.

        :return: None where the log has a later reading, since the clock was set back. One that is
            more than a day later is ignored where the provider shows that the clock is right.
        :raises OSError: where it cannot be written, or is not a log; nothing in it changes then.
        """
        is_new = not self.path.exists()
        # Unbuffered: else closing the file would write once more what a full disk has not taken.
        with self._open("ab+", buffering=0) as file, locked(file, BRIEF_TIMEOUT):
            self._refuse_another_file(file)
            end = self._find_end(file)
            file.truncate(end)
            reading = make()
            last = self._parse(_last_line(file, end))
            if last and reading.known < last[0].known and not _is_wrong(last[0], reading):
                return None
            _write(file, end, reading.model_dump_json(exclude_defaults=True).encode() + b"\n")
        if is_new:
            flush_to_disk(self.path.parent)
        return reading

    def load(
        self,
        start: pd.Timestamp,
        clock: Callable[[], pd.Timestamp],
        *,
        max_bytes: int = MAX_BYTES,
    ) -> tuple[pd.Timestamp, list[Reading]]:
        """Return the readings from a time on, after the moment up to which they are complete.

        Lines that cannot be true are left out.

        :param clock: read while nobody can append.
        :param max_bytes: what is read at most, from the end of the log.
        :raises BusyError: where another process holds the log for too long.
        :raises OSError: where it cannot be read, or is not a log.
        """
        try:
            with self._open("rb") as file, locked(file, BRIEF_TIMEOUT, shared=True):
                now, content = clock(), self._read_back_to(file, start, max_bytes)
        except FileNotFoundError:
            return clock(), []
        possible = [one for one in self._parse(content) if self._is_possible(one, now)]
        return now, [reading for reading in possible if reading.known >= start]

    def _open(self, mode: str, buffering: int = -1) -> BinaryIO:
        file = open(self.path, mode, buffering, opener=open_at_once)  # noqa: SIM115 - the caller closes it
        return cast("BinaryIO", file)

    def _is_possible(self, reading: Reading, now: pd.Timestamp) -> bool:
        """Return whether a reading can be true, and warn once of those that cannot."""
        was_true_before = reading.time is None or reading.time - reading.known <= MAX_CLOCK_ERROR
        if was_true_before and reading.known - now.to_pydatetime(warn=False) <= MAX_CLOCK_ERROR:
            return True
        self._notifier.warn(
            f"{self.path}: expected readings of the past, found one of {reading.known:%Y-%m-%d}; "
            f"such lines are ignored, and kept in the file",
            topic="future",
        )
        return False

    def _refuse_another_file(self, file: BinaryIO) -> None:
        """Raise where a link leads to something else, whose last line would be dropped as torn."""
        if not self.path.is_symlink():
            return
        file.seek(0)
        content = file.read(FIRST_CHUNK)
        if content and not self._parse(content[: content.rfind(b"\n") + 1]):
            reason = "expected a log of readings, found a link to another file"
            raise OSError(errno.ELOOP, reason, str(self.path))

    def _read_back_to(self, file: BinaryIO, start: pd.Timestamp, max_bytes: int) -> bytes:
        """Read whole lines from the end backwards, until one is older than `start`."""
        end, chunk = self._find_end(file), FIRST_CHUNK
        while True:
            chunk = min(chunk, max_bytes)
            begin = max(0, end - chunk)
            file.seek(begin)
            content = file.read(end - begin)
            if begin == 0:
                return content
            content = content[content.index(b"\n") + 1 :] if b"\n" in content else b""
            oldest = self._parse(content[: content.find(b"\n") + 1])
            if oldest and oldest[0].known < start:
                return content
            if chunk == max_bytes:
                self._notifier.warn(
                    f"{self.path}: only its last {max_bytes / 2**20:.0f} MB were searched for "
                    f"readings since {start:%Y-%m-%d}; earlier ones are ignored",
                    topic="size",
                )
                return content
            chunk *= 2

    def _find_end(self, file: BinaryIO) -> int:
        """Return the position after the last whole line.

        :raises OSError: where what follows is larger than any line, so it was not torn by a crash.
        """
        size = end = file.seek(0, os.SEEK_END)
        while end > 0:
            if size - end > MAX_BYTES:
                reason = "expected lines of readings, found something else at the end"
                raise OSError(errno.EINVAL, reason, str(self.path))
            begin = max(0, end - FIRST_CHUNK)
            file.seek(begin)
            newline = file.read(end - begin).rfind(b"\n")
            if newline >= 0:
                return begin + newline + 1
            end = begin
        return 0

    def _parse(self, content: bytes) -> list[Reading]:
        readings = []
        # Not splitlines, which would hold all of them: in junk there may be many.
        for whole in io.BytesIO(content):
            line = whole.rstrip(b"\r\n")
            if not line.startswith(b"{"):  # parsing it takes long, where there is much of it
                self._report_damage(line)
                continue
            try:
                readings.append(Reading.model_validate_json(line))
            except ValidationError:
                self._report_damage(line)
        return readings

    def _report_damage(self, line: bytes) -> None:
        self._notifier.warn(
            f"{self.path}: expected a reading in each line, found {line[:60]!r}; such lines are "
            f"ignored, and kept in the file",
            topic="damage",
        )


def _is_wrong(last: Reading, new: Reading) -> bool:
    """Return whether the last line is so far in the future that it must be wrong.

    The provider's own time agrees with the local clock, or its value would have been refused: so
    it is the line that is wrong.
    """
    return new.time is not None and last.known - new.known > MAX_CLOCK_ERROR


def _last_line(file: BinaryIO, end: int) -> bytes:
    begin = max(0, end - FIRST_CHUNK)
    file.seek(begin)
    lines = file.read(end - begin).splitlines()
    return lines[-1] if lines else b""


def _write(file: BinaryIO, end: int, line: bytes) -> None:
    try:
        while line:
            line = line[file.write(line) :]
        os.fsync(file.fileno())
    except OSError:
        # On a full disk, there may have been room for half a line.
        os.ftruncate(file.fileno(), end)
        raise
