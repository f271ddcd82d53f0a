"""From a file's readings to stored candles, with a report of what was read and what it changed."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from altseason.dominance.candles import Gap, aggregate_candles, find_gaps
from altseason.dominance.sources.files import Readings
from altseason.dominance.store import AppendResult, DominanceStore
from altseason.errors import InputError


@dataclass(frozen=True)
class Imported:
    """What an import made of one timeframe.

    :param candles: the candles that the file gave.
    :param gaps: those missing between them.
    :param left_out: rows that ended in no candle, since theirs is not finished.
    """

    timeframe: str
    candles: pd.DataFrame
    gaps: list[Gap]
    left_out: int
    result: AppendResult
    file: Path


def import_readings(readings: Readings, store: DominanceStore, now: pd.Timestamp) -> list[Imported]:
    """Make candles of every timeframe that the readings can give, and append them to the store.

    :raises InputError: where not one candle is finished; nothing is written then.
    """
    made = {
        timeframe: aggregate_candles(readings.rows, timeframe, spacing=readings.spacing, now=now)
        for timeframe in readings.timeframes
    }
    made = {timeframe: candles for timeframe, candles in made.items() if not candles.empty}
    if not made:
        raise InputError(
            f"expected readings up to the end of at least one {readings.timeframes[0]} candle, "
            f"found {len(readings.rows)} from {readings.rows['stamp'].iloc[0]} on; "
            f"nothing was imported"
        )
    for timeframe in made:
        store.load(timeframe)  # a damaged file must stop the import before anything is written
    return [
        Imported(
            timeframe,
            candles,
            find_gaps(candles, timeframe),
            len(readings.rows) - int(candles["volume"].sum()),
            store.append(candles, timeframe),
            store.path(timeframe),
        )
        for timeframe, candles in made.items()
    ]
