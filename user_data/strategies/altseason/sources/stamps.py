"""Find out what a file's stamps mean: their zone, their spacing, and what they mark of a row."""

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from altseason.dominance.candles import DAY, FINE_SPACING, describe_duration
from altseason.errors import InputError
from altseason.sources.formats import Format
from altseason.sources.reading import Stamp
from altseason.sources.times import Times

MAX_SPACING = pd.Timedelta(hours=28)
MIN_DAILY = pd.Timedelta(hours=20)
# Stamps from this time of day on mark the end of the day.
DAY_IS_OVER = pd.Timedelta(hours=23, minutes=59)
# This many equal steps are another spacing; fewer are gaps. Two steps are equal within the second
# factor, and differ from the usual one by the third.
STRETCH, SAME_STEP, OTHER_STEP = 5, 0.05, 1.5
UNSURE = "the file does not say, so the later of the two"
QUARTER = pd.Timedelta(minutes=15)


@dataclass(frozen=True)
class Meaning:
    """Stamps in UTC, and what is known of them.

    :param reason: why `stamp` is taken.
    :param zone: which zone, and why.
    """

    stamps: "pd.Series[Any]"
    spacing: pd.Timedelta
    stamp: Stamp
    reason: str
    zone: str

    @property
    def is_sure(self) -> bool:
        """Return whether anything shows what the stamps mark."""
        return self.reason != UNSURE


def find_meaning(
    path: Any,
    times: Times,
    known: Format | None,
    column: str,
    *,
    stamp: Stamp | None,
    timezone: str | None,
) -> Meaning:
    """Find out what the stamps of a file mean.

    :raises InputError: where only the user knows it.
    """
    spacing = _find_usual(_find_steps(times.values))
    # By the writer's clock, or by UTC's.
    is_over = spacing == DAY and any(
        bool((clock - clock.dt.normalize() >= DAY_IS_OVER).all())
        for clock in (times.clock, times.values)
    )
    stamps, zone = _find_zone(path, times, known, column, timezone, spacing, is_over=is_over)
    meant, reason = _find_edge(known, stamp, is_over=is_over)
    is_alone = not times.is_day and times.values.nunique() == 1
    if is_alone and meant == "open" and stamp is None:
        raise InputError(
            f"{path}: expected two times or more, which show how long a period a row covers, found "
            f"one; say with --stamp whether a day begins there (open) or it is a reading (snapshot)"
        )
    return Meaning(stamps, spacing, meant, reason, zone)


def _find_edge(known: Format | None, stamp: Stamp | None, *, is_over: bool) -> tuple[Stamp, str]:
    """Return what stamps mark, and why."""
    if stamp is not None:
        return stamp, "as --stamp says"
    if is_over:
        return "snapshot", "since times at the end of a day mark its close"
    if known is not None and known.stamp is not None:
        return known.stamp, f"as in every {known.name} file"
    # A reading that counts late is never look-ahead.
    return "open", UNSURE


def _find_usual(steps: "npt.NDArray[np.int64]") -> pd.Timedelta:
    """Return the usual time between two rows: the median, or a whole day where it is about one.

    A single row is taken for a day.
    """
    if not len(steps):
        return DAY
    middle = (len(steps) - 1) // 2
    median = pd.Timedelta(int(np.partition(steps, middle)[middle]), unit="ms")
    if MIN_DAILY <= median <= MAX_SPACING:
        return DAY
    if abs(median - FINE_SPACING) < FINE_SPACING / 10:
        return FINE_SPACING
    return max(median.round("min"), pd.Timedelta(minutes=1))


def check_spacing(path: Any, meaning: Meaning) -> Meaning:
    """Return a meaning with the spacing of its stamps, of which some may have been left out.

    :raises InputError: where rows lie further apart than a day, or a stretch of them lies closer or
        further apart than the others: a bar of a week is known after a week, not after a day.
    """
    steps = _find_steps(meaning.stamps)
    if not len(steps):
        return meaning
    spacing = _find_usual(steps)
    if spacing > MAX_SPACING:
        raise InputError(
            f"{path}: expected at least a row a day, found rows {describe_duration(spacing)} apart"
        )
    if meaning.stamp == "open" and (step := _find_stretch(steps, spacing)):
        raise InputError(
            f"{path}: expected rows {describe_duration(spacing)} apart, as most are, found a "
            f"stretch of rows {describe_duration(step)} apart; import each by itself with --since "
            f"and --until, or say with --stamp snapshot that every row is a reading at its time"
        )
    return replace(meaning, spacing=spacing)


def _find_steps(values: "pd.Series[Any]") -> "npt.NDArray[np.int64]":
    """Return the times between rows, in milliseconds and in their order."""
    steps = np.diff(np.sort(values.to_numpy(dtype="datetime64[ms]").view("int64")))
    return np.asarray(steps if (steps > 0).all() else steps[steps > 0])


def _find_stretch(steps: "npt.NDArray[np.int64]", spacing: pd.Timedelta) -> pd.Timedelta | None:
    """Return the step of `STRETCH` that are equal and others than the usual one, if there are."""
    usual = spacing / pd.Timedelta(milliseconds=1)
    is_other = (steps > int(usual * OTHER_STEP)) | (steps < int(usual / OTHER_STEP))
    if np.count_nonzero(is_other) < STRETCH:
        return None
    is_same = np.abs(np.diff(steps)) <= steps[1:] * SAME_STEP
    is_repeat = is_other[1:] & is_other[:-1] & is_same
    if len(is_repeat) < STRETCH - 1:
        return None
    found = np.flatnonzero(sliding_window_view(is_repeat, STRETCH - 1).all(axis=1))
    return pd.Timedelta(int(steps[found[0]]), unit="ms") if len(found) else None


def _find_zone(
    path: Any,
    times: Times,
    known: Format | None,
    column: str,
    timezone: str | None,
    spacing: pd.Timedelta,
    *,
    is_over: bool,
) -> tuple["pd.Series[Any]", str]:
    if times.has_zone:
        if timezone is not None and times.style != "unix time":
            raise InputError(f"{path}: the times name their zone: leave out --timezone")
        return times.values, "UTC, as the stamps themselves say"
    if timezone is not None:
        return _localize(path, times.values, timezone), f"{timezone}, as --timezone says"
    utc = times.values.dt.tz_localize("UTC")
    if "utc" in column or "gmt" in column:
        return utc, f"UTC, as the column {column!r} says"
    of_day = times.values - times.values.dt.normalize()
    if (of_day == pd.Timedelta(0)).all():
        return utc, "UTC, since these are days and name no zone"
    if is_over:
        return utc, (
            "UTC, in which providers end their days, since these times name no zone; say with "
            "--timezone if they are in another"
        )
    whose = "" if known is None else f" (a {known.name} has the local time of whoever made it)"
    ask = "say with --timezone which they are in, such as --timezone UTC or Europe/Berlin"
    example = f"{times.values.iloc[0]:%Y-%m-%d %H:%M}"
    if spacing < DAY:
        raise InputError(
            f"{path}: expected times with their zone, found {example} without{whose}; {ask}"
        )
    if of_day.nunique() <= 2 and (of_day % QUARTER == pd.Timedelta(0)).all():
        raise InputError(
            f"{path}: {example}, the same time on every day, is probably midnight in a zone other "
            f"than UTC{whose}; {ask}"
        )
    return utc, (
        "UTC, since the stamps name no zone (each value counts a day later, so none can look ahead)"
    )


def _localize(path: Any, values: "pd.Series[Any]", timezone: str) -> "pd.Series[Any]":
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(
            f"--timezone: expected a name such as UTC or America/New_York, found {timezone!r}"
        ) from error
    try:
        first, second = (
            values.dt.tz_localize(zone, ambiguous=np.full(len(values), is_summer))
            .dt.tz_convert("UTC")
            .dt.as_unit("ms")
            for is_summer in (True, False)
        )
    except ValueError as error:
        raise InputError(f"{path}: not every time exists in {timezone}: {error}") from error
    is_twice = (first != second).to_numpy()
    if not is_twice.any():
        return first
    is_second = _find_second(values.to_numpy(), is_twice)
    if is_second is None:
        example = values[is_twice].iloc[0]
        raise InputError(
            f"{path}: the clocks of {timezone} showed {example:%Y-%m-%d %H:%M} twice, and the rows "
            f"do not show which one is meant: for that, rows of both have to be there in "
            f"chronological order; write the times in UTC or with an offset, or remove these rows"
        )
    return first.where(~is_second, second)


def _find_second(clock: Any, is_twice: Any) -> Any:
    """Return which times are the second of two equal ones of a clock; None where it is not known.

    Rows in chronological order step back once in each hour that occurs twice.
    """
    steps = np.diff(clock.astype("datetime64[ms]").view("int64"))
    if (steps < 0).sum() > (steps > 0).sum():
        is_second = _find_second(clock[::-1], is_twice[::-1])
        return None if is_second is None else is_second[::-1]
    is_back = np.concatenate([[False], steps <= 0])
    # Elsewhere a row may repeat the one above.
    if ((np.concatenate([[False], steps < 0])) & ~is_twice).any():
        return None
    is_back &= is_twice
    starts = is_twice & ~np.concatenate([[False], is_twice[:-1]])
    run = np.cumsum(starts)
    # The first row of a run has to follow an earlier time.
    backs = np.bincount(run[is_back & ~starts], minlength=run[-1] + 1)
    if (backs[1:] != 1).any() or (is_back & starts).any():
        return None
    count = np.cumsum(is_back)
    return is_twice & (count > count[np.flatnonzero(starts)][np.maximum(run, 1) - 1])
