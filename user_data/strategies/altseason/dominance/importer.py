"""Store the candles of a file's readings, and report what was read and what it changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
from freqtrade.exchange import timeframe_to_resample_freq

from altseason.dominance.candles import (
    DAY,
    Gap,
    aggregate_candles,
    candle_length,
    find_frozen,
    find_gaps,
)
from altseason.dominance.outliers import find_outliers
from altseason.dominance.store import AppendResult, DominanceStore, merge_candles
from altseason.errors import InputError
from altseason.sources.reading import Readings

Replace = Literal["imported", "all"]


@dataclass(frozen=True)
class Imported:
    """What an import did for one timeframe.

    :param candles: the candles that the file gave.
    :param gaps: those missing between them.
    :param frozen: dates of candles that repeat one value for too long.
    :param outliers: days that jump and come back, as in `find_outliers`, with those stored before.
    :param outliers_kept: the file by which they are counted in the mean; None where they are not.
    :param left_out: the number of rows in no candle, since theirs is not finished.
    """

    pair: str
    timeframe: str
    candles: pd.DataFrame
    gaps: list[Gap]
    left_out: int
    result: AppendResult
    file: Path
    frozen: list[pd.Timestamp]
    outliers: pd.DataFrame
    outliers_kept: Path | None


def import_readings(
    readings: Readings,
    store: DominanceStore,
    now: pd.Timestamp,
    *,
    replace: Replace | None = None,
    recorded: Sequence[pd.Timestamp] = (),
    keep_outliers: bool = False,
    dry_run: bool = False,
) -> list[Imported]:
    """Make candles of every timeframe that the readings allow, and append them to the store.

    :param replace: which stored candles are replaced where they differ: all of them, or all but
        those that were recorded.
    :param recorded: when each recorded reading was known, in UTC.
    :param keep_outliers: whether days that jump and come back are counted in the mean from now on.
    :param dry_run: whether only to find out what would change.
    :raises InputError: where not one candle is finished; nothing is written then.
    """
    made = _make_all_candles(readings, now)
    # First of all: a damaged file must stop the import before anything is written.
    stored = {timeframe: store.load(timeframe) for timeframe in made}
    if keep_outliers and not dry_run:
        store.keep_outliers()
    is_kept = keep_outliers or store.keeps_outliers
    imported = []
    for timeframe, candles in made.items():
        replaced = _find_replaced(candles, timeframe, replace, recorded)
        result = store.append(candles, timeframe, replaced=replaced, dry_run=dry_run)
        imported.append(
            Imported(
                store.pair,
                timeframe,
                candles,
                find_gaps(candles, timeframe),
                len(readings.rows) - int(candles["volume"].sum()),
                result,
                store.path(timeframe),
                frozen=list(candles["date"][find_frozen(candles)]),
                outliers=_find_outliers(
                    candles, timeframe, merge_candles(stored[timeframe], candles, replaced)[0]
                ),
                outliers_kept=store.outliers_file if is_kept else None,
            )
        )
    return imported


def _make_all_candles(readings: Readings, now: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Return the finished candles of every timeframe that has any.

    :raises InputError: where none has.
    """
    made = {timeframe: _make_candles(readings, timeframe, now) for timeframe in readings.timeframes}
    made = {timeframe: candles for timeframe, candles in made.items() if not candles.empty}
    if not made:
        raise InputError(
            f"expected readings up to the end of at least one {readings.timeframes[0]} candle, "
            f"found {len(readings.rows)} from {readings.rows['stamp'].iloc[0]} on; "
            f"nothing was imported"
        )
    return made


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
    """Return the dates whose stored candle is to be replaced."""
    if replace is None:
        return None
    dates = candles["date"]
    if replace == "all":
        return dates
    known = pd.Series(pd.to_datetime(list(recorded), utc=True))
    kept = known.dt.ceil(timeframe_to_resample_freq(timeframe)) - candle_length(timeframe)
    return dates[~dates.isin(kept)]


def _find_outliers(candles: pd.DataFrame, timeframe: str, merged: pd.DataFrame) -> pd.DataFrame:
    """Return the outliers among the candles that are added, and those that these reveal.

    :param candles: those that are added: they may show that the last day before them was one.
    :param merged: the stored series with them.
    """
    if timeframe != "1d":
        return find_outliers(merged.iloc[:0])
    outliers = find_outliers(merged)
    dates = candles["date"]
    return outliers[outliers["date"].between(dates.iloc[0] - DAY, dates.iloc[-1])]
