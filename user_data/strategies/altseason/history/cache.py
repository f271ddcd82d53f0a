"""The series that were fetched already today, so that an interrupted download goes on."""

import contextlib
import json
import os
import shutil
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from altseason.errors import InputError
from altseason.sources.coingecko_history import parse_market_caps
from altseason.sources.errors import AnswerError

FOLDER = ".altseason-download"


class SeriesCache:
    """The market caps of coins as files, one a coin, in a folder for one day.

    :param latest: the day's midnight; the folders of other days are removed.
    :param days: how far the series go back.
    """

    def __init__(self, datadir: Path, latest: pd.Timestamp, days: int) -> None:
        root = datadir / FOLDER
        today = f"{latest:%Y-%m-%d}"
        self.folder = root / f"{today}-{days}d"
        for other in root.glob("????-??-??-*d"):
            if not other.name.startswith(today):
                shutil.rmtree(other, ignore_errors=True)

    def load(self, coin: str) -> "pd.Series[float] | None":
        """Load a coin's market caps, or None where they were not fetched yet."""
        # What cannot be read is fetched again.
        with contextlib.suppress(OSError, AnswerError):
            return parse_market_caps(self._path(coin).read_bytes(), coin=coin)
        return None

    def save(self, coin: str, caps: "pd.Series[float]") -> None:
        """Keep a coin's market caps.

        :raises InputError: where the folder cannot be written.
        """
        milliseconds = pd.DatetimeIndex(caps.index).as_unit("ms").astype("int64").tolist()
        values = [None if pd.isna(cap) else cap for cap in caps.tolist()]
        points = [list(point) for point in zip(milliseconds, values, strict=True)]
        path = self._path(coin)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({"market_caps": points}))
            part.replace(path)
        except OSError as error:
            raise InputError(
                f"{self.folder}: expected a folder that can be written, but {error.strerror}"
            ) from error

    def _path(self, coin: str) -> Path:
        return self.folder / f"{quote(coin, safe='')}.json"
