"""The gate's rule: turn dominance candles into the boolean column `alt_season`.

Everything that depends on hyperopt parameters is in `calculate_gate` and in breadth.py. They work
on the few candles of dominance and on days; the many rows of a strategy only look up the result.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.util import dt_ts

from altseason.dominance.candles import DAILY_MAX_AGE, candle_length, find_frozen, find_newest
from altseason.dominance.outliers import find_outliers
from altseason.errors import InputError
from altseason.gate.breadth import NO_COINS, Breadth, CoinPrices, calculate_breadth

# These need only dominance, which every user of the gate has.
DOMINANCE_MODES = ("level", "falling", "level_and_falling")
BREADTH_MODES = ("breadth", "breadth_and_falling")
GATING_MODES = (*DOMINANCE_MODES, *BREADTH_MODES)
MODES = (*GATING_MODES, "off")
LEVEL_MODES = frozenset(("level", "level_and_falling"))
FALLING_MODES = frozenset(("falling", "level_and_falling", "breadth_and_falling"))
SUFFIX = "btcd"
BREADTH = "breadth"
# A century; pandas cannot represent much longer spans.
MAX_DAYS = 36_500


@dataclass(frozen=True)
class GateRule:
    """When the gate is open.

    :param mode: one of `MODES`. Those with "and" need both conditions; "off" is always open, even
        without data.
    :param threshold: "level" opens when dominance is below this, in percent.
    :param band: "level" closes at threshold + band or above; in percentage points.
    :param sma_days: "falling" is open after a daily close below the mean of this many days' closes.
    :param breadth_min: "breadth" is open while at least this percentage of the coins watched have
        beaten Bitcoin.
    :param breadth_days: the number of days over which they are compared with Bitcoin.
    """

    mode: str = "level"
    threshold: float = 55.0
    band: float = 0.0
    sma_days: int = 20
    breadth_min: float = 75
    breadth_days: int = 90

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
        if not 1 <= self.sma_days <= MAX_DAYS:
            raise InputError(
                f"gate_sma_days: expected a number of days, 1 to {MAX_DAYS}, "
                f"found {self.sma_days!r}"
            )
        if not 0 < self.breadth_min <= 100:
            raise InputError(
                f"breadth_min: expected percent above 0 and up to 100, found {self.breadth_min!r}"
            )
        if not 1 <= self.breadth_days <= MAX_DAYS:
            raise InputError(
                f"breadth_days: expected a number of days, 1 to {MAX_DAYS}, "
                f"found {self.breadth_days!r}"
            )

    @property
    def has_level(self) -> bool:
        """Return whether dominance has to be below the threshold."""
        return self.mode in LEVEL_MODES

    @property
    def has_falling(self) -> bool:
        """Return whether dominance has to be below its mean."""
        return self.mode in FALLING_MODES

    @property
    def has_breadth(self) -> bool:
        """Return whether enough coins have to beat Bitcoin."""
        return self.mode in BREADTH_MODES

    @property
    def reads_dominance(self) -> bool:
        """Return whether the gate is closed without dominance."""
        return self.has_level or self.has_falling

    def __str__(self) -> str:
        level = f"dominance below {self.threshold:g} %"
        if self.band:
            level += f" (until {self.threshold + self.band:g} %)"
        falling = f"dominance below its {self.sma_days}-day SMA"
        breadth = (
            f"{self.breadth_min:g} % or more of the coins watched beat Bitcoin over "
            f"{self.breadth_days} days"
        )
        parts = ((self.has_level, level), (self.has_breadth, breadth), (self.has_falling, falling))
        return ", and ".join(text for is_part, text in parts if is_part) or "off, always open"


@dataclass(frozen=True, eq=False)
class Dominance:
    """The dominance that a strategy reads; frames as in `candles.validate_candles`, all real.

    :param timeframe: that of `candles`, "1d" or "1h".
    :param candles: the candles that "level" reads, of which the newest must be fresh.
    :param daily: the candles that "falling" reads; the same frame where `timeframe` is "1d".
    :param max_age: for how long after the end of the newest candle the gate may be open.
    :param problem: why candles may be missing, as a message; empty if nothing is wrong.
    :param keeps_outliers: whether days that jump and come back count in the mean.
    """

    timeframe: str
    candles: pd.DataFrame
    daily: pd.DataFrame
    max_age: pd.Timedelta
    problem: str = ""
    keeps_outliers: bool = False

    @cached_property
    def _ends(self) -> "npt.NDArray[np.int64]":
        # Cached, since a bot needs the age in every loop.
        return calculate_closes(self.candles["date"], self.timeframe)

    @cached_property
    def _max_age_in_ms(self) -> float:
        return self.max_age / pd.Timedelta(milliseconds=1)

    @cached_property
    def _frozen(self) -> "npt.NDArray[np.bool_]":
        return find_frozen(self.candles)

    @cached_property
    def moving(self) -> "Dominance":
        """Return the same without frozen candles (`candles.find_frozen`), which are no readings."""
        is_frozen = self._frozen
        is_frozen_day = find_frozen(self.daily)
        if not is_frozen.any() and not is_frozen_day.any():
            return self
        candles = self.candles[~is_frozen].reset_index(drop=True)
        daily = self.daily[~is_frozen_day].reset_index(drop=True)
        return replace(self, candles=candles, daily=daily)

    @cached_property
    def outliers(self) -> pd.DatetimeIndex:
        """Return the days that are left out of the mean from the end of the next day on."""
        daily = self.daily.iloc[:0] if self.keeps_outliers else self.daily
        return pd.DatetimeIndex(find_outliers(daily)["date"])

    def find_candle(self, time: datetime) -> pd.Series | None:
        """Return the newest candle that had ended at a time; None if there was none yet."""
        count = self._count_ended(time)
        return self.candles.iloc[count - 1] if count else None

    def find_known(self, times: "npt.NDArray[np.int64]") -> "npt.NDArray[np.intp]":
        """Return which candle was known, and fresh, at each time; -1 where there is none.

        That is the newest candle that had ended, unless it had ended more than `max_age` ago or was
        frozen.

        :param times: in milliseconds.
        :return: positions in `candles`.
        """
        positions = find_newest(self._ends, times, self._max_age_in_ms)
        if not len(self._ends):
            return positions
        return np.where(self._frozen[positions], -1, positions)

    def is_stale(self, time: datetime) -> bool:
        """Return whether the newest candle at a time was too old, or frozen, for an open gate."""
        return bool(self.find_known(np.array([dt_ts(time)]))[0] < 0)

    def is_frozen(self, time: datetime) -> bool:
        """Return whether the newest candle at a time repeats one value for too long."""
        count = self._count_ended(time)
        return bool(count and self._frozen[count - 1])

    def _count_ended(self, time: datetime) -> int:
        return int(self._ends.searchsorted(dt_ts(time), side="right"))


def calculate_closes(dates: "pd.Series[pd.Timestamp]", timeframe: str) -> "npt.NDArray[np.int64]":
    """Return when candles close, in milliseconds, from their open times."""
    closes = dates + candle_length(timeframe)
    return np.asarray(closes.dt.as_unit("ms").astype("int64"), dtype=np.int64)


def add_dominance(dataframe: pd.DataFrame, dominance: Dominance, timeframe: str) -> pd.DataFrame:
    """Add the dominance that was known at each row's close.

    Adds `date_btcd` (open time of the newest dominance candle known then) and `close_btcd`
    (percent). Both are missing (NaT, NaN) where there was none yet, or where it was stale, see
    `Dominance.find_known`.

    :param dataframe: a strategy's candles.
    :param timeframe: that of the strategy.
    """
    positions = dominance.find_known(calculate_closes(dataframe["date"], timeframe))
    for name in ("date", "close"):
        # Position -1 becomes a missing value.
        values = dominance.candles[name].array.take(positions, allow_fill=True)
        dataframe[f"{name}_{SUFFIX}"] = values
    return dataframe


@lru_cache(maxsize=8)
def calculate_gate(dominance: Dominance, rule: GateRule) -> pd.DataFrame:
    """Apply the conditions of a rule that depend on dominance to every candle of it.

    Cached, since every pair of a run needs it.

    :return: indexed by the candle's `date`, with `sma` (percent), `alt_season` (bool) and
        `is_closed` (bool, see `find_closed`), as known at the candle's end; must not be modified.
    """
    outliers = dominance.outliers
    dominance = dominance.moving
    days = _calculate_falling(dominance.daily, rule.sma_days, outliers)
    gate = _merge_known_day(dominance, days)
    is_open = pd.Series(True, index=gate.index)
    is_closed = pd.Series(False, index=gate.index)
    if rule.has_level:
        level = _calculate_level(dominance, rule)
        is_open &= level.eq(1.0)
        is_closed |= level.eq(0.0)
    if rule.has_falling:
        is_open &= gate["is_falling"].eq(True)
        is_closed |= gate["is_falling"].eq(False) & gate["sma"].notna()
    gate = gate.assign(alt_season=is_open, is_closed=is_closed)
    return gate.set_index("date")[["sma", "alt_season", "is_closed"]]


def find_open(
    dominance: Dominance,
    rule: GateRule,
    times: "npt.NDArray[np.int64]",
    coins: CoinPrices = NO_COINS,
) -> "npt.NDArray[np.bool_]":
    """Return whether the gate was open at each time by what was known then.

    :param times: in milliseconds.
    """
    is_open = np.full(len(times), True)
    if rule.reads_dominance:
        is_open &= _look_up(dominance, rule, "alt_season", times)
    if rule.has_breadth:
        breadth = calculate_breadth(coins, rule.breadth_days)
        is_open &= breadth.find_open(rule.breadth_min, times)
    return is_open


def find_closed(
    dominance: Dominance,
    rule: GateRule,
    times: "npt.NDArray[np.int64]",
    coins: CoinPrices = NO_COINS,
) -> "npt.NDArray[np.bool_]":
    """Return whether fresh dominance or breadth closed the gate at each time.

    Not where the gate is closed for lack of data: inside the band after a gap, without a mean, or
    with too few coins measured.

    :param times: in milliseconds.
    """
    is_closed = np.full(len(times), False)
    if rule.reads_dominance:
        is_closed |= _look_up(dominance, rule, "is_closed", times)
    if rule.has_breadth:
        breadth = calculate_breadth(coins, rule.breadth_days)
        is_closed |= breadth.find_closed(rule.breadth_min, times)
    return is_closed


def find_mean(
    dominance: Dominance, rule: GateRule, times: "npt.NDArray[np.int64]"
) -> "npt.NDArray[np.float32]":
    """Return the mean of dominance, in percent, that was known at each time; NaN if there was none.

    :param times: in milliseconds.
    """
    means = calculate_gate(dominance, rule)["sma"].reindex(dominance.candles["date"])
    return np.append(means.to_numpy("float32"), np.float32("nan"))[dominance.find_known(times)]


def add_breadth(
    dataframe: pd.DataFrame, breadth: Breadth, times: "npt.NDArray[np.int64]", *, with_source: bool
) -> pd.DataFrame:
    """Add the breadth that was known at each row's close.

    Adds `breadth` (percent of the coins that beat Bitcoin); NaN where none was known, or it was
    stale.

    :param times: the rows' closes, in milliseconds.
    :param with_source: whether to also add `date_breadth` (open time of the newest day that counts)
        and `coins_breadth` (how many coins were measured).
    """
    positions = breadth.find_known(times)
    none = np.float32("nan")
    columns = {BREADTH: breadth.percent}
    if with_source:
        dataframe[f"date_{BREADTH}"] = pd.Series(
            breadth.dates.array.take(positions, allow_fill=True), index=dataframe.index
        )
        columns[f"coins_{BREADTH}"] = breadth.measured.astype("float64")
    for name, values in columns.items():
        dataframe[name] = np.append(values.astype("float32"), none)[positions]
    return dataframe


def _look_up(
    dominance: Dominance, rule: GateRule, column: str, times: "npt.NDArray[np.int64]"
) -> "npt.NDArray[np.bool_]":
    """Return a column of `calculate_gate` as known at each time; False where nothing was known."""
    return _find_facts(dominance, rule, column)[dominance.find_known(times)]


@lru_cache(maxsize=16)
def _find_facts(dominance: Dominance, rule: GateRule, column: str) -> "npt.NDArray[np.bool_]":
    """Return a column of `calculate_gate` by candle; cached, since each entry needs it.

    :return: one more than there are candles: the last value, at position -1, is for no candle.
    """
    facts = calculate_gate(dominance, rule)[column].reindex(dominance.candles["date"])
    return np.append(facts.eq(True).to_numpy(), False)


def _calculate_level(dominance: Dominance, rule: GateRule) -> "pd.Series[float]":
    """Return 1 from a close below the threshold on, and 0 from one at threshold + band or above on.

    NaN before either has happened, and again after a gap.
    """
    candles = dominance.candles
    close = candles["close"]
    event = pd.Series(np.nan, index=candles.index)
    event[close < rule.threshold] = 1.0
    event[close >= rule.threshold + rule.band] = 0.0
    # In between the last state holds, unless the data became stale in the meantime.
    was_stale = candles["date"].diff() > dominance.max_age
    return event.groupby(was_stale.cumsum()).ffill()


def _merge_known_day(dominance: Dominance, days: pd.DataFrame) -> pd.DataFrame:
    """Return, for each dominance candle, the newest day that had ended by its end, unless stale.

    By time, not by row, since dominance candles may have gaps.
    """
    candles = dominance.candles[["date"]]
    return pd.merge_asof(
        candles.assign(end=candles["date"] + candle_length(dominance.timeframe)),
        days.assign(end=days["date"] + candle_length("1d")).drop(columns="date"),
        on="end",
        tolerance=DAILY_MAX_AGE,
    )


def _calculate_falling(daily: pd.DataFrame, days: int, outliers: pd.DatetimeIndex) -> pd.DataFrame:
    """Compare each daily close with the mean of the last `days` calendar days.

    Missing days are left out of the mean. If more than a quarter of them are missing, or if there
    are fewer than `days` days of history, there is no mean, and dominance is not falling.

    An outlier counts as a missing day from the end of the next day on, when it is known to be one.
    At its own end it cannot be told from a move of the market: its close is compared, and counts in
    that day's mean, as on any day. So no day depends on a later one.

    :param outliers: dates as in `find_outliers`; each is followed by its next day.
    """
    closes = daily.set_index("date")["close"]
    known = closes.index.intersection(outliers)
    sma = _calculate_mean(closes.mask(closes.index.isin(known)), days)
    for date in known:
        # Over the days up to this one, of which only the earlier outliers were known then.
        until = closes[:date]
        means = _calculate_mean(until.mask(until.index.isin(known[known < date])), days)
        sma[date] = means.iloc[-1]
    has_history = closes.index >= closes.index.min() + pd.Timedelta(days=days - 1)
    sma = sma.where(has_history)
    return pd.DataFrame({"date": closes.index, "sma": sma, "is_falling": closes < sma}).reset_index(
        drop=True
    )


def _calculate_mean(closes: "pd.Series[float]", days: int) -> "pd.Series[float]":
    return closes.rolling(f"{days}D", min_periods=days - days // 4).mean()
