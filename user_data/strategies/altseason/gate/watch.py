"""What people are notified of while a bot trades: each change of the gate, once."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd

from altseason.dominance.candles import DAY, candle_length, describe_duration
from altseason.gate.rule import Dominance, GateRule, calculate_gate
from altseason.gate.verdict import Verdict, calculate_verdict, describe_verdict
from altseason.invocation import altseason_command

WEEK = 7 * DAY


class GateWatch:
    """Compares the gate with what it was when it was last looked at."""

    def __init__(self) -> None:
        self._introduction: list[str] | None = None
        self._was_stale = False
        # The last reason that was given for dominance being stale.
        self._problem = ""
        self._was_open = False
        self._weeks = 0

    def observe(
        self,
        dominance: Dominance,
        rule: GateRule,
        now: datetime,
        introduction: Sequence[str] = (),
    ) -> list[str]:
        """Return the messages that are due.

        At the first look, and where the introduction is another than before, that is the
        introduction and the gate as it is; later each change of the gate, each reason for which
        dominance is stale, and once a week that the gate is closed.

        :param introduction: what the bot trades by.
        """
        verdict = calculate_verdict(dominance, rule, now)
        if self._introduction != list(introduction):
            self._introduction = list(introduction)
            messages = list(introduction)
            messages += [describe_verdict(verdict)] if rule.mode != "off" else []
        elif rule.mode == "off":
            messages = []
        else:
            messages = self._describe_changes(dominance, verdict, now)
        weeks = _count_weeks(verdict, now)
        # What has just been described is not repeated.
        if weeks > self._weeks and not messages:
            messages = [_describe_wait(verdict, weeks)]
        self._weeks = weeks
        self._was_stale = verdict.is_stale
        self._problem = (verdict.problem or self._problem) if verdict.is_stale else ""
        # While it is stale, the rule is compared with what it said before.
        self._was_open = self._was_open if verdict.is_stale else verdict.is_open
        return messages

    def _describe_changes(self, dominance: Dominance, verdict: Verdict, now: datetime) -> list[str]:
        if verdict.is_stale:
            is_told = self._was_stale and verdict.problem in ("", self._problem)
            return [] if is_told else [_describe_stale(dominance, now)]
        if self._was_stale:
            return [_describe_fresh(dominance, verdict.rule, is_open=verdict.is_open)]
        if self._was_open != verdict.is_open:
            return [_describe_change(dominance, verdict.rule, is_open=verdict.is_open)]
        return []


@lru_cache
def find_watch(datadir: Path) -> GateWatch:
    """Return the watch of a data directory, which outlives a strategy at `/reload_config`."""
    return GateWatch()


def find_last_season(alt_season: "pd.Series[bool]") -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Find the newest alt season that is over.

    :param alt_season: by the open time of the dominance candle.
    :return: open times of its first and its last candle.
    """
    is_over = ~alt_season[::-1].cummin()[::-1]  # the season that still goes on is not
    ended = alt_season & is_over
    if not ended.any():
        return None
    dates = pd.DatetimeIndex(alt_season.index)
    last = int(ended.to_numpy().nonzero()[0][-1])
    closed_before = (~alt_season.to_numpy()[:last]).nonzero()[0]
    first = int(closed_before[-1]) + 1 if len(closed_before) else 0
    return dates[first], dates[last]


def _describe_change(dominance: Dominance, rule: GateRule, *, is_open: bool) -> str:
    season = find_last_season(calculate_gate(dominance, rule)["alt_season"])
    length = candle_length(dominance.timeframe)
    facts = f"{_describe_newest(dominance)}; the rule: {rule}."
    before, after = "It is the first one on record.", ""  # with another rule there may be none
    if season is not None:
        start, end = season[0], season[1] + length
        days = _count_days((end - start) / DAY)
        before = f"The last one lasted {days}, to {end:%Y-%m-%d}."
        after = f" after {days}"
    if is_open:
        return f"Alt season has begun: {facts} {before}"
    return (
        f"Alt season is over{after}: {facts} There are no new entries; open trades exit by "
        f"their own rules."
    )


def _count_weeks(verdict: Verdict, now: datetime) -> int:
    since = verdict.closed_since
    return 0 if since is None else int((pd.Timestamp(now) - since) / WEEK)


def _describe_wait(verdict: Verdict, weeks: int) -> str:
    return (
        f"No entries for {7 * weeks} days. {describe_verdict(verdict)} "
        f"`{altseason_command('why')}` shows the other conditions of each pair."
    )


def _count_days(days: float) -> str:
    return f"{days:.3g} day{'' if days == 1 else 's'}"


def _describe_stale(dominance: Dominance, now: datetime) -> str:
    effect = "The gate is closed for entries; exits go on."
    candle = dominance.find_candle(now)
    problem = f" {dominance.problem}." if dominance.problem else ""
    if candle is None and problem:
        return f"Dominance cannot be read:{problem} {effect}"
    if candle is None:
        return f"No dominance is stored yet. {effect}"
    end = candle["date"] + candle_length(dominance.timeframe)
    if dominance.is_frozen(now):
        return (
            f"Dominance is frozen: {candle['close']:.2f} % without any change for days, up to "
            f"{end:%Y-%m-%d %H:%M} UTC. Whatever provides it has stopped working. {effect}"
        )
    age = describe_duration(pd.Timestamp(now) - end)
    return (
        f"Dominance is stale: the newest candle ended {end:%Y-%m-%d %H:%M} UTC, {age} ago; "
        f"allowed are {describe_duration(dominance.max_age)}.{problem} {effect}"
    )


def _describe_fresh(dominance: Dominance, rule: GateRule, *, is_open: bool) -> str:
    return (
        f"Dominance is fresh again: {_describe_newest(dominance)}. By the rule ({rule}) the gate "
        f"is {_name(is_open)}."
    )


def _name(is_open: bool) -> str:
    return "open" if is_open else "closed"


def _describe_newest(dominance: Dominance) -> str:
    return f"dominance {dominance.candles['close'].iloc[-1]:.2f} %"
