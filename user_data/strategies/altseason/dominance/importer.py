"""From a file's readings to stored candles, with a report of what was read and what it changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
from freqtrade.exchange import timeframe_to_resample_freq

from altseason.dominance.candles import (
    Gap,
    aggregate_candles,
    candle_length,
    find_frozen,
    find_gaps,
)
from altseason.dominance.store import AppendResult, DominanceStore
from altseason.errors import InputError
from altseason.sources.reading import Readings

Replace = Literal["imported", "all"]
# A day that jumps by more than this and comes back the next is rather an error of the provider.
MAX_JUMP = 4.0


@dataclass(frozen=True)
class Imported:
    """What an import made of one timeframe.

    :param candles: the candles that the file gave.
    :param gaps: those missing between them.
    :param frozen: dates of candles that repeat one value for too long.
    :param jumps: dates of days that jump and come back.
    :param left_out: rows that ended in no candle, since theirs is not finished.
    """

    timeframe: str
    candles: pd.DataFrame
    gaps: list[Gap]
    left_out: int
    result: AppendResult
    file: Path
    frozen: list[pd.Timestamp]
    jumps: list[pd.Timestamp]


def import_readings(
    readings: Readings,
    store: DominanceStore,
    now: pd.Timestamp,
    *,
    replace: Replace | None = None,
    recorded: Sequence[pd.Timestamp] = (),
    dry_run: bool = False,
) -> list[Imported]:
    """Make candles of every timeframe that the readings can give, and append them to the store.

    :param replace: whether stored candles give way to those that differ: all of them, or all but
        those that were recorded.
    :param recorded: when each recorded reading was known, in UTC.
    :param dry_run: whether only to find out what would change.
    :raises InputError: where not one candle is finished; nothing is written then.
    """
    made = {timeframe: _make_candles(readings, timeframe, now) for timeframe in readings.timeframes}
    made = {timeframe: candles for timeframe, candles in made.items() if not candles.empty}
    if not made:
        raise InputError(
            f"expected readings up to the end of at least one {readings.timeframes[0]} candle, "
            f"found {len(readings.rows)} from {readings.rows['stamp'].iloc[0]} on; "
            f"nothing was imported"
        )
    for timeframe in made:
        store.load(timeframe)  # a damaged file must stop the import before anything is written
    imported = []
    for timeframe, candles in made.items():
        replaced = _find_replaced(candles, timeframe, replace, recorded)
        result = store.append(candles, timeframe, replaced=replaced, dry_run=dry_run)
        left_out = len(readings.rows) - int(candles["volume"].sum())
        imported.append(_report(timeframe, candles, left_out, result, store.path(timeframe)))
    return imported


def _report(
    timeframe: str, candles: pd.DataFrame, left_out: int, result: AppendResult, file: Path
) -> Imported:
    return Imported(
        timeframe,
        candles,
        find_gaps(candles, timeframe),
        left_out,
        result,
        file,
        frozen=list(candles["date"][find_frozen(candles)]),
        jumps=_find_jumps(candles) if timeframe == "1d" else [],
    )


def _make_candles(readings: Readings, timeframe: str, now: pd.Timestamp) -> pd.DataFrame:
    """Make candles; the last one only where the file goes on until it ends."""
    spacing = readings.spacing
    candles = aggregate_candles(readings.rows, timeframe, spacing=spacing, now=now)
    unread = candles["date"] + candle_length(timeframe) - readings.rows["known"].iloc[-1]
    return candles[unread < spacing].reset_index(drop=True)


def _find_replaced(
    candles: pd.DataFrame,
    timeframe: str,
    replace: Replace | None,
    recorded: Sequence[pd.Timestamp],
) -> "pd.Series[pd.Timestamp] | None":
    """Return the dates whose stored candle gives way."""
    if replace is None:
        return None
    dates = candles["date"]
    if replace == "all":
        return dates
    known = pd.Series(pd.to_datetime(list(recorded), utc=True))
    kept = known.dt.ceil(timeframe_to_resample_freq(timeframe)) - candle_length(timeframe)
    return dates[~dates.isin(kept)]


def _find_jumps(candles: pd.DataFrame) -> list[pd.Timestamp]:
    step = candles["close"].diff()
    is_jump = (step.abs() > MAX_JUMP) & (step.shift(-1).abs() > MAX_JUMP)
    return list(candles["date"][is_jump & (step * step.shift(-1) < 0)])
