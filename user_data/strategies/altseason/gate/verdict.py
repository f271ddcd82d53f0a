"""Why the gate is open or closed at a time, since when, and what would change it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from altseason.dominance.candles import candle_length, describe_duration
from altseason.gate.rule import Dominance, GateRule, calculate_gate
from altseason.invocation import altseason_command

HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True)
class Newest:
    """The newest dominance candle that had ended.

    :param close: in percent.
    :param sma: the mean that falling compares the daily close with; None where there is none.
    :param age: how long ago it ended.
    """

    close: float
    sma: float | None
    end: pd.Timestamp
    age: pd.Timedelta


@dataclass(frozen=True)
class Verdict:
    """The gate as it was known at a time.

    :param newest: what it goes by; None where nothing is stored.
    :param max_age: how old that may be.
    :param is_stale: whether dominance is missing, too old, or frozen.
    :param is_frozen: whether it repeats one value for too long.
    :param closed_since: when the gate closed; None where it is open, or nothing is stored.
    :param was_ever_open: whether it was open before; else `closed_since` is where the data begin.
    :param problem: why dominance may be missing, as `Dominance` has it.
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


def calculate_verdict(dominance: Dominance, rule: GateRule, now: datetime) -> Verdict:
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


def _find_closing(
    ends: "pd.Series[pd.Timestamp]", opened: "npt.NDArray[np.bool_]", max_age: pd.Timedelta
) -> pd.Timestamp:
    """Return when a gate that is closed now was last open; the first end where it never was."""
    if not opened.any():
        return ends.iloc[0]
    last = int(opened.nonzero()[0][-1])
    # What was open closes with the next candle, or earlier when it becomes stale.
    stale_from = ends.iloc[last] + max_age
    return min(ends.iloc[last + 1], stale_from) if last + 1 < len(opened) else stale_from


def describe_verdict(verdict: Verdict, *, with_age: bool = True) -> str:
    """Return in sentences whether the gate is open, why, and what would change it.

    :param with_age: how old dominance is; false for a time that is not the current one.
    """
    if verdict.rule.mode == "off":
        return "The gate is off: entries do not depend on dominance."
    if verdict.newest is None:
        missing = f"no dominance is stored. {_advise()}"
        return f"The gate is closed: {f'{verdict.problem}.' if verdict.problem else missing}"
    facts = _describe_newest(verdict.newest, with_age=with_age)
    if verdict.is_open:
        return (
            f"The gate is open: {facts}. It closes {_name_closing(verdict.rule, verdict.newest)}."
        )
    since = _describe_since(verdict)
    if verdict.is_frozen:
        return f"The gate is closed{since}: {facts}, has not changed for days. {_advise()}"
    if verdict.is_stale:
        limit = describe_duration(verdict.max_age)
        reason = f"{verdict.problem}." if verdict.problem else _advise()
        return f"The gate is closed{since}: {facts}, is older than {limit}. {reason}"
    opening = _name_opening(verdict.rule, verdict.newest)
    return f"The gate is closed{since}: {facts}. It opens {opening}."


def verdict_as_json(verdict: Verdict, *, with_age: bool = True) -> dict[str, Any]:
    """Return the facts of `describe_verdict`; dates in ISO 8601, UTC, dominance in percent."""
    newest = verdict.newest
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
        "closed_since": verdict.closed_since.isoformat() if verdict.closed_since else None,
        "reason": describe_verdict(verdict, with_age=with_age),
    }


def _advise() -> str:
    return f"`{altseason_command('dominance download')}` fetches what is missing."


def _describe_since(verdict: Verdict) -> str:
    if verdict.closed_since is None:
        return ""
    if not verdict.was_ever_open:
        return f" since the stored dominance begins, {verdict.closed_since:%Y-%m-%d}"
    return f" since {verdict.closed_since:%Y-%m-%d %H:%M} UTC"


def _describe_newest(newest: Newest, *, with_age: bool) -> str:
    age = f", {describe_duration(newest.age)} ago" if with_age else ""
    return f"dominance {newest.close:.2f} %, of {newest.end:%Y-%m-%d %H:%M} UTC{age}"


def _name_opening(rule: GateRule, newest: Newest) -> str:
    level = f"when dominance falls below {rule.threshold:g} %"
    falling = f"with a daily close below its {rule.sma_days}-day mean"
    if newest.sma is None:
        falling += ", for which too few days are stored"
    else:
        falling += f", {newest.sma:.2f} % now"
    both = f"{level}, and {falling}"
    return {"level": level, "falling": falling, "level_and_falling": both}[rule.mode]


def _name_closing(rule: GateRule, newest: Newest) -> str:
    level = f"at {rule.threshold + rule.band:g} % or above"
    falling = f"with a daily close at its {rule.sma_days}-day mean, {newest.sma or 0:.2f} % now"
    falling += ", or above"
    both = f"{level}, or {falling}"
    return {"level": level, "falling": falling, "level_and_falling": both}[rule.mode]
