"""Describe whether the gate is open at a time, why, since when, and what would change it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from freqtrade.util import dt_ts

from altseason.dominance.candles import DAILY_MAX_AGE, DAY, candle_length, describe_duration
from altseason.gate.breadth import MIN_COINS, NO_COINS, CoinPrices, calculate_breadth
from altseason.gate.rule import Dominance, GateRule, calculate_gate, find_open
from altseason.invocation import altseason_command

HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True)
class Newest:
    """The newest dominance candle that had ended.

    :param close: its close, in percent.
    :param sma: the mean that "falling" compares the daily close with; None if there is none.
    :param end: when it ended, and `age` how long ago that is.
    """

    close: float
    sma: float | None
    end: pd.Timestamp
    age: pd.Timedelta


@dataclass(frozen=True)
class NewestBreadth:
    """The newest day that had ended and on which enough coins are measured.

    :param beating: how many of the `measured` coins have beaten Bitcoin.
    :param watched: how many coins are watched; those not measured have too little history.
    :param end: when the day ended, and `age` how long ago that is.
    """

    beating: int
    measured: int
    watched: int
    end: pd.Timestamp
    age: pd.Timedelta

    @property
    def percent(self) -> float:
        """Return the percentage of the measured coins that have beaten Bitcoin."""
        return 100 * self.beating / self.measured

    @property
    def is_stale(self) -> bool:
        """Return whether it is too old for an open gate."""
        return self.age > DAILY_MAX_AGE


@dataclass(frozen=True)
class Verdict:
    """The gate as it was known at a time.

    :param newest: the newest dominance; None if nothing is stored.
    :param max_age: how old dominance may be.
    :param is_stale: whether what the rule reads is missing, too old, or frozen.
    :param is_frozen: whether dominance has repeated one value for too long.
    :param closed_since: when the gate closed; None if it is open, or nothing is stored.
    :param was_ever_open: whether it was open before; if not, `closed_since` is when the data begin.
    :param problem: why dominance or coins may be missing, as in `Dominance` and `CoinPrices`.
    :param breadth: the newest breadth, in modes with breadth; None if too few coins are measured.
    :param coins: the prices that breadth is counted from.
    """

    rule: GateRule
    is_open: bool
    newest: Newest | None
    max_age: pd.Timedelta
    is_stale: bool
    is_frozen: bool = False
    closed_since: pd.Timestamp | None = None
    was_ever_open: bool = False
    problem: str = ""
    breadth: NewestBreadth | None = None
    coins: CoinPrices = NO_COINS

    @property
    def is_breadth_stale(self) -> bool:
        """Return whether the rule needs breadth, and it is missing or too old."""
        return self.rule.has_breadth and (self.breadth is None or self.breadth.is_stale)


def calculate_verdict(
    dominance: Dominance, rule: GateRule, now: datetime, coins: CoinPrices = NO_COINS
) -> Verdict:
    """Return the gate by the dominance and the coins that were known at a time."""
    verdict = _judge_dominance(dominance, rule, now)
    return _judge_breadth(verdict, dominance, now, coins) if rule.has_breadth else verdict


def _judge_dominance(dominance: Dominance, rule: GateRule, now: datetime) -> Verdict:
    """Return the gate by the dominance candles that had ended at a time."""
    time, is_off = pd.Timestamp(now), rule.mode == "off"
    ends = dominance.candles["date"] + candle_length(dominance.timeframe)
    known = dominance.candles[ends <= time]
    if known.empty:
        problem = dominance.problem
        return Verdict(rule, is_off, None, dominance.max_age, is_stale=True, problem=problem)
    # Frozen candles are not in it.
    gate = calculate_gate(dominance, rule).reindex(known["date"])
    opened = gate["alt_season"].eq(True).to_numpy()
    end, sma, is_stale = ends[len(known) - 1], gate["sma"].iloc[-1], dominance.is_stale(time)
    is_open = is_off or (bool(opened[-1]) and not is_stale)
    return Verdict(
        rule=rule,
        is_open=is_open,
        newest=Newest(
            close=float(known["close"].iloc[-1]),
            sma=None if pd.isna(sma) else float(sma),
            end=end,
            age=time - end,
        ),
        max_age=dominance.max_age,
        is_stale=is_stale,
        is_frozen=dominance.is_frozen(time),
        closed_since=None if is_open else _find_closing(ends, opened, dominance.max_age),
        was_ever_open=bool(opened.any()),
        problem=dominance.problem,
    )


def _judge_breadth(
    verdict: Verdict, dominance: Dominance, now: datetime, coins: CoinPrices
) -> Verdict:
    """Return the gate by its verdict on dominance, and by the days of breadth before a time."""
    rule, time = verdict.rule, pd.Timestamp(now)
    breadth = calculate_breadth(coins, rule.breadth_days)
    count = int(breadth.ends.searchsorted(dt_ts(now), side="right"))
    opened = find_open(dominance, rule, breadth.ends[:count], coins)
    is_open = bool(find_open(dominance, rule, np.array([dt_ts(now)]), coins)[0])
    newest, closed_since = None, None
    if count:
        ends = pd.Series(breadth.dates[:count] + DAY)
        newest = NewestBreadth(
            beating=int(breadth.beating[count - 1]),
            measured=int(breadth.measured[count - 1]),
            watched=len(coins.watched),
            end=ends.iloc[-1],
            age=time - ends.iloc[-1],
        )
        if not is_open:
            closed_since = min(time, _find_closing(ends, opened, DAILY_MAX_AGE))
    lacks_dominance = rule.reads_dominance and verdict.is_stale
    return replace(
        verdict,
        is_open=is_open,
        is_stale=lacks_dominance or newest is None or newest.is_stale,
        is_frozen=rule.reads_dominance and verdict.is_frozen,
        closed_since=closed_since,
        was_ever_open=bool(opened.any()),
        problem=coins.problem or (verdict.problem if rule.reads_dominance else ""),
        breadth=newest,
        coins=coins,
    )


def _find_closing(
    ends: "pd.Series[pd.Timestamp]", opened: "npt.NDArray[np.bool_]", max_age: pd.Timedelta
) -> pd.Timestamp:
    """Return when a gate that is closed now was last open; the first end if it never was."""
    if not opened.any():
        return ends.iloc[0]
    last = int(opened.nonzero()[0][-1])
    # It closed with the next candle, or earlier when the last one became stale.
    stale_from = ends.iloc[last] + max_age
    return min(ends.iloc[last + 1], stale_from) if last + 1 < len(opened) else stale_from


def describe_verdict(verdict: Verdict, *, with_age: bool = True) -> str:
    """Return sentences on whether the gate is open, why, and what would change it.

    :param with_age: whether to say how old the data are; false for a time in the past.
    """
    rule = verdict.rule
    if rule.mode == "off":
        return "The gate is off: entries do not depend on dominance."
    if verdict.is_breadth_stale:
        return f"{_describe_closed(verdict)}: {describe_lack(verdict)}"
    if rule.reads_dominance and verdict.newest is None:
        missing = f"no dominance is stored. {_advise()}"
        return f"The gate is closed: {f'{verdict.problem}.' if verdict.problem else missing}"
    facts = _describe_facts(verdict, with_age=with_age)
    if verdict.is_open:
        return f"The gate is open: {facts}. It closes {_name_closing(verdict)}."
    closed = _describe_closed(verdict)
    if verdict.is_frozen:
        return f"{closed}: {facts}, has not changed for days. {_advise()}"
    if verdict.is_stale:
        limit = describe_duration(verdict.max_age)
        reason = f"{verdict.problem}." if verdict.problem else _advise()
        return f"{closed}: {facts}, is older than {limit}. {reason}"
    return f"{closed}: {facts}. It opens {_name_opening(verdict)}."


def describe_lack(verdict: Verdict) -> str:
    """Return sentences on why breadth is not known, and what can be done."""
    coins, rule, breadth = verdict.coins, verdict.rule, verdict.breadth
    advice = f" {coins.advice[:1].upper()}{coins.advice[1:]}" if coins.advice else ""
    if coins.problem:
        return f"{coins.problem}."
    if breadth is not None:
        facts = _describe_breadth(rule, breadth, with_age=True)
        limit = describe_duration(DAILY_MAX_AGE)
        return f"{facts}, is older than {limit}, with fewer than {MIN_COINS} coins since.{advice}"
    if len(coins.watched) < MIN_COINS:
        return f"{MIN_COINS} coins or more have to be watched, and there are {len(coins.watched)}."
    return (
        f"fewer than {MIN_COINS} of the {len(coins.watched)} coins watched have daily candles of "
        f"{rule.breadth_days + 1} days, and the longest history has {coins.longest_history}."
        f"{advice}"
    )


def verdict_as_json(verdict: Verdict, *, with_age: bool = True) -> dict[str, Any]:
    """Return the facts of `describe_verdict`; dates in ISO 8601, UTC, dominance in percent."""
    newest, breadth = verdict.newest, verdict.breadth
    return {
        "open": verdict.is_open,
        "rule": str(verdict.rule),
        "dominance": newest.close if newest else None,
        "sma": newest.sma if newest else None,
        "known_at": newest.end.isoformat() if newest else None,
        "age_hours": round(newest.age / HOUR, 2) if newest else None,
        "max_age_hours": verdict.max_age / HOUR,
        "stale": verdict.is_stale,
        "frozen": verdict.is_frozen,
        "breadth": {
            "percent": breadth.percent,
            "beating": breadth.beating,
            "measured": breadth.measured,
            "watched": breadth.watched,
            "known_at": breadth.end.isoformat(),
            "age_hours": round(breadth.age / HOUR, 2),
        }
        if breadth
        else None,
        "closed_since": verdict.closed_since.isoformat() if verdict.closed_since else None,
        "reason": describe_verdict(verdict, with_age=with_age),
    }


def _advise() -> str:
    return f"`{altseason_command('dominance download')}` fetches what is missing."


def _describe_closed(verdict: Verdict) -> str:
    since = verdict.closed_since
    if since is None:
        return "The gate is closed"
    if verdict.was_ever_open:
        return f"The gate has been closed since {since:%Y-%m-%d %H:%M} UTC"
    data = "the first known breadth" if verdict.rule.has_breadth else "the first stored dominance"
    return f"The gate has been closed since {data}, {since:%Y-%m-%d}"


def _describe_newest(newest: Newest, *, with_age: bool) -> str:
    age = f", {describe_duration(newest.age)} ago" if with_age else ""
    return f"dominance {newest.close:.2f} %, of {newest.end:%Y-%m-%d %H:%M} UTC{age}"


def _describe_facts(verdict: Verdict, *, with_age: bool) -> str:
    """Return the facts that the rule depends on, breadth first."""
    facts = []
    if verdict.breadth is not None:
        facts.append(_describe_breadth(verdict.rule, verdict.breadth, with_age=with_age))
    if verdict.newest is not None and (verdict.rule.reads_dominance or not facts):
        facts.append(_describe_newest(verdict.newest, with_age=with_age))
    return "; ".join(facts)


def _describe_breadth(rule: GateRule, breadth: NewestBreadth, *, with_age: bool) -> str:
    age = f", {describe_duration(breadth.age)} ago" if with_age else ""
    left_out = breadth.watched - breadth.measured
    others = f" ({left_out} more have too little history)" if left_out > 0 else ""
    return (
        f"{breadth.beating} of {breadth.measured} coins ({breadth.percent:.0f} %) beat Bitcoin "
        f"over {rule.breadth_days} days{others}, of {breadth.end:%Y-%m-%d %H:%M} UTC{age}"
    )


def _name_opening(verdict: Verdict) -> str:
    rule, newest = verdict.rule, verdict.newest
    level = f"when dominance falls below {rule.threshold:g} %"
    breadth = f"when {rule.breadth_min:g} % or more beat Bitcoin over {rule.breadth_days} days"
    of_dominance = " of dominance" if rule.has_breadth else ""
    falling = f"with a daily close{of_dominance} below its {rule.sma_days}-day mean"
    if newest is None or newest.sma is None:
        falling += ", for which too few days are stored"
    else:
        falling += f", {newest.sma:.2f} % now"
    return ", and ".join(_choose(rule, level, breadth, falling))


def _name_closing(verdict: Verdict) -> str:
    rule, newest = verdict.rule, verdict.newest
    level = f"at {rule.threshold + rule.band:g} % or above"
    breadth = f"when fewer than {rule.breadth_min:g} % beat Bitcoin over {rule.breadth_days} days"
    of_dominance = " of dominance" if rule.has_breadth else ""
    mean = newest.sma if newest is not None and newest.sma else 0
    falling = f"with a daily close{of_dominance} at its {rule.sma_days}-day mean, {mean:.2f} % now"
    falling += ", or above"
    return ", or ".join(_choose(rule, level, breadth, falling))


def _choose(rule: GateRule, level: str, breadth: str, falling: str) -> list[str]:
    """Return those of three texts whose condition the rule has."""
    parts = ((rule.has_level, level), (rule.has_breadth, breadth), (rule.has_falling, falling))
    return [text for is_part, text in parts if is_part]
