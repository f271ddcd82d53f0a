"""The gate: from dominance candles and a rule to the boolean column `alt_season`.

Everything that depends on hyperopt parameters is in `calculate_gate`, which works on the few
dominance candles; a strategy's many rows only look its result up.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.strategy import merge_informative_pair
from freqtrade.util import dt_ts

from altseason.dominance.candles import candle_length, find_frozen
from altseason.errors import InputError

GATING_MODES = ("level", "falling", "level_and_falling")
MODES = (*GATING_MODES, "off")
SUFFIX = "btcd"
DATE_COLUMN = f"date_{SUFFIX}"
# A day's close that is older than this says nothing about falling, whatever the pair's timeframe.
DAILY_MAX_AGE = pd.Timedelta(hours=36)


@dataclass(frozen=True)
class GateRule:
    """When the gate is open.

    :param mode: one of `MODES`; "level" and "falling" as below, "level_and_falling" needs both,
        "off" is always open, even without data.
    :param threshold: level opens when dominance is below this, in percent.
    :param band: level closes when dominance is at or above threshold + band, in percentage points.
    :param sma_days: falling means a daily close below the mean of this many days' closes.
    """

    mode: str = "level"
    threshold: float = 55.0
    band: float = 0.0
    sma_days: int = 20

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InputError(f"gate_mode: expected one of {', '.join(MODES)}, found {self.mode!r}")
        if not 1 < self.threshold < 100:
            raise InputError(
                f"dominance_threshold: expected percent between 1 and 100, found {self.threshold!r}"
            )
        if not 0 <= self.band < 100:
            raise InputError(
                f"gate_band: expected percentage points, 0 or more, found {self.band!r}"
            )
        if self.sma_days < 1:
            raise InputError(
                f"gate_sma_days: expected a number of days, 1 or more, found {self.sma_days!r}"
            )

    def __str__(self) -> str:
        level = f"dominance below {self.threshold:g} %"
        if self.band:
            level += f" (until {self.threshold + self.band:g} %)"
        falling = f"dominance below its {self.sma_days}-day SMA"
        return {
            "level": level,
            "falling": falling,
            "level_and_falling": f"{level}, and {falling}",
            "off": "off, always open",
        }[self.mode]


@dataclass(frozen=True, eq=False)
class Dominance:
    """The dominance that a strategy reads; frames as in `candles.validate_candles`, all real.

    :param timeframe: of `candles`, "1d" or "1h".
    :param candles: what the level is read from, and what must be fresh.
    :param daily: what falling is read from; the same frame where `timeframe` is "1d".
    :param max_age: how long after the end of the newest candle the gate may be open.
    :param problem: why candles may be missing from it, for a person; empty where nothing is wrong.
    """

    timeframe: str
    candles: pd.DataFrame
    daily: pd.DataFrame
    max_age: pd.Timedelta
    problem: str = ""

    @cached_property
    def _ends(self) -> "npt.NDArray[np.int64]":
        """The candles' ends in milliseconds: a bot asks for the age in every loop."""
        ends = self.candles["date"] + candle_length(self.timeframe)
        return np.asarray(ends.dt.as_unit("ms").astype("int64"), dtype=np.int64)

    @cached_property
    def _max_age_in_ms(self) -> float:
        return self.max_age / pd.Timedelta(milliseconds=1)

    @cached_property
    def _frozen(self) -> "npt.NDArray[np.bool_]":
        return find_frozen(self.candles)

    @cached_property
    def moving(self) -> "Dominance":
        """The same without frozen candles, see `candles.find_frozen`: they are no readings."""
        is_frozen = self._frozen
        is_frozen_day = find_frozen(self.daily)
        if not is_frozen.any() and not is_frozen_day.any():
            return self
        candles = self.candles[~is_frozen].reset_index(drop=True)
        daily = self.daily[~is_frozen_day].reset_index(drop=True)
        return Dominance(self.timeframe, candles, daily, self.max_age)

    def find_candle(self, time: datetime) -> pd.Series | None:
        """Return the newest candle that had ended at a time, None where there was none yet."""
        count = self._count_ended(time)
        return self.candles.iloc[count - 1] if count else None

    def is_stale(self, time: datetime) -> bool:
        """Return whether what was known at a time was too old, or frozen, for an open gate."""
        count = self._count_ended(time)
        if not count or self._frozen[count - 1]:
            return True
        return dt_ts(time) - int(self._ends[count - 1]) > self._max_age_in_ms

    def is_frozen(self, time: datetime) -> bool:
        """Return whether the newest candle at a time repeats a value that stays for too long."""
        count = self._count_ended(time)
        return bool(count and self._frozen[count - 1])

    def _count_ended(self, time: datetime) -> int:
        return int(self._ends.searchsorted(dt_ts(time), side="right"))


def add_dominance(dataframe: pd.DataFrame, dominance: Dominance, timeframe: str) -> pd.DataFrame:
    """Add what was known of dominance at each row's close.

    Adds `date_btcd` (open time of the newest real dominance candle known then) and `close_btcd`
    (percent). Both are missing (NaT, NaN) where there was none yet, or where it was stale: the
    row's close minus that candle's end was more than `dominance.max_age`, or it was frozen.

    :param dataframe: a strategy's candles; `timeframe` is theirs.
    """
    # Only the dates take part: the merge would copy every other column of the rows.
    known = merge_informative_pair(
        dataframe[["date"]],
        dominance.candles[["date", "close"]],
        timeframe,
        dominance.timeframe,
        append_timeframe=False,
        suffix=SUFFIX,
    )
    date, close = known[f"date_{SUFFIX}"], known[f"close_{SUFFIX}"]
    age = known["date"] + candle_length(timeframe) - (date + candle_length(dominance.timeframe))
    is_fresh = ((age <= dominance.max_age) & date.isin(dominance.moving.candles["date"])).to_numpy()
    dataframe[date.name] = date.where(is_fresh).array
    dataframe[close.name] = close.where(is_fresh).array
    return dataframe


@lru_cache(maxsize=8)
def calculate_gate(dominance: Dominance, rule: GateRule) -> pd.DataFrame:
    """Apply a rule to every dominance candle; remembered, since every pair of a run asks for it.

    :return: indexed by the candle's `date`, with `sma` (percent), `alt_season` (bool) and
        `is_closed` (bool, see `is_closed_by_rule`), as known at the candle's end; not to be
        modified.
    """
    dominance = dominance.moving
    gate = _merge_known_day(dominance, _calculate_falling(dominance.daily, rule.sma_days))
    is_open = pd.Series(True, index=gate.index)
    is_closed = pd.Series(False, index=gate.index)
    if rule.mode in ("level", "level_and_falling"):
        level = _calculate_level(dominance, rule)
        is_open &= level.eq(1.0)
        is_closed |= level.eq(0.0)
    if rule.mode in ("falling", "level_and_falling"):
        is_open &= gate["is_falling"].eq(True)
        is_closed |= gate["is_falling"].eq(False) & gate["sma"].notna()
    gate = gate.assign(alt_season=is_open, is_closed=is_closed)
    return gate.set_index("date")[["sma", "alt_season", "is_closed"]]


def add_gate(dataframe: pd.DataFrame, gate: pd.DataFrame, rule: GateRule) -> pd.DataFrame:
    """Add `sma_btcd` (percent, for charts) and `alt_season` (bool) to rows with dominance."""
    at_rows = gate.reindex(dataframe[f"date_{SUFFIX}"])
    dataframe[f"sma_{SUFFIX}"] = at_rows["sma"].to_numpy(dtype="float32")
    is_open = at_rows["alt_season"].eq(True).to_numpy()
    dataframe["alt_season"] = np.full(len(dataframe), True) if rule.mode == "off" else is_open
    return dataframe


def is_closed_by_rule(dataframe: pd.DataFrame, gate: pd.DataFrame) -> "pd.Series[bool]":
    """Return for rows that `add_dominance` has seen where fresh dominance closes the gate.

    Not where the lack of it does: the level has nothing to say inside its band after a gap, and
    falling has nothing to say where there is no mean.
    """
    at_rows = gate["is_closed"].reindex(dataframe[f"date_{SUFFIX}"])
    return pd.Series(at_rows.eq(True).to_numpy(), index=dataframe.index)


def _calculate_level(dominance: Dominance, rule: GateRule) -> "pd.Series[float]":
    """Return 1 from below the threshold on, and 0 from threshold + band on.

    Before the first of them it is NaN, also after a gap.
    """
    candles = dominance.candles
    close = candles["close"]
    event = pd.Series(np.nan, index=candles.index)
    event[close < rule.threshold] = 1.0
    event[close >= rule.threshold + rule.band] = 0.0
    # Between the two the last state holds, unless the data had become stale in the meantime.
    was_stale = candles["date"].diff() > dominance.max_age
    return event.groupby(was_stale.cumsum()).ffill()


def _merge_known_day(dominance: Dominance, days: pd.DataFrame) -> pd.DataFrame:
    """Return each dominance candle what its newest day says that had ended, if not long ago.

    Unlike a strategy's rows, dominance candles have gaps, which `merge_informative_pair` would lose
    days in.
    """
    candles = dominance.candles[["date"]]
    return pd.merge_asof(
        candles.assign(end=candles["date"] + candle_length(dominance.timeframe)),
        days.assign(end=days["date"] + candle_length("1d")).drop(columns="date"),
        on="end",
        tolerance=DAILY_MAX_AGE,
    )


def _calculate_falling(daily: pd.DataFrame, days: int) -> pd.DataFrame:
    """Compare each daily close with the mean of the last `days` calendar days.

    Days that are missing are left out of the mean; with more than a quarter of them missing, or
    with less than `days` days of history, there is no mean and nothing is falling.
    """
    closes = daily.set_index("date")["close"]
    sma = closes.rolling(f"{days}D", min_periods=days - days // 4).mean()
    has_history = closes.index >= closes.index.min() + pd.Timedelta(days=days - 1)
    sma = sma.where(has_history)
    return pd.DataFrame({"date": closes.index, "sma": sma, "is_falling": closes < sma}).reset_index(
        drop=True
    )
