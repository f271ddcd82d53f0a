"""Notify of each change of the gate once, while a bot trades."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd

from altseason.dominance.candles import DAY, candle_length, describe_duration
from altseason.gate.breadth import NO_COINS, CoinPrices, calculate_breadth
from altseason.gate.rule import Dominance, GateRule, calculate_gate, find_open
from altseason.gate.verdict import Verdict, calculate_verdict, describe_lack, describe_verdict
from altseason.invocation import altseason_command

WEEK = 7 * DAY


class GateWatch:
    """Compare the gate with how it was when it was last observed."""

    def __init__(self) -> None:
        self._introduction: list[str] | None = None
        self._was_stale = False
        # The last reason that was reported for stale dominance.
        self._problem = ""
        self._was_open = False
        self._weeks = 0

    def observe(
        self,
        dominance: Dominance,
        rule: GateRule,
        now: datetime,
        introduction: Sequence[str] = (),
        coins: CoinPrices = NO_COINS,
    ) -> list[str]:
        """Return the messages that are due.

        At the first call, and when the introduction has changed, these are the introduction and the
        current gate. Later they are each change of the gate, each reason why dominance or breadth
        is stale, and once a week that the gate is still closed.

        :param introduction: messages on what the bot trades by.
        """
        verdict = calculate_verdict(dominance, rule, now, coins)
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
        # While it is stale, keep the last state, to compare with when it is fresh again.
        self._was_open = self._was_open if verdict.is_stale else verdict.is_open
        return messages

    def _describe_changes(self, dominance: Dominance, verdict: Verdict, now: datetime) -> list[str]:
        if verdict.is_stale:
            is_told = self._was_stale and verdict.problem in ("", self._problem)
            return [] if is_told else [_describe_stale(dominance, verdict, now)]
        if self._was_stale:
            return [_describe_fresh(verdict)]
        if self._was_open != verdict.is_open:
            return [_describe_change(dominance, verdict)]
        return []


@lru_cache
def find_watch(datadir: Path) -> GateWatch:
    """Return the watch of a data directory, which stays the same over `/reload_config`."""
    return GateWatch()


def calculate_open_days(
    dominance: Dominance, rule: GateRule, coins: CoinPrices
) -> "pd.Series[bool]":
    """Return whether the gate was open at the end of each day that counts in breadth.

    :param rule: one with breadth.
    :return: indexed by the day's open time.
    """
    breadth = calculate_breadth(coins, rule.breadth_days)
    return pd.Series(find_open(dominance, rule, breadth.ends, coins), index=breadth.dates)


def find_last_season(alt_season: "pd.Series[bool]") -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the newest alt season that is over; None if there is none.

    :param alt_season: whether the gate was open, indexed by the open time of the dominance candle.
    :return: the open times of its first and its last candle.
    """
    is_over = ~alt_season[::-1].cummin()[::-1]  # false for a season that is not over yet
    ended = alt_season & is_over
    if not ended.any():
        return None
    dates = pd.DatetimeIndex(alt_season.index)
    last = int(ended.to_numpy().nonzero()[0][-1])
    closed_before = (~alt_season.to_numpy()[:last]).nonzero()[0]
    first = int(closed_before[-1]) + 1 if len(closed_before) else 0
    return dates[first], dates[last]


def _describe_change(dominance: Dominance, verdict: Verdict) -> str:
    rule = verdict.rule
    if rule.has_breadth:
        season = find_last_season(calculate_open_days(dominance, rule, verdict.coins))
        length = DAY
    else:
        season = find_last_season(calculate_gate(dominance, rule)["alt_season"])
        length = candle_length(dominance.timeframe)
    facts = f"{_describe_newest(verdict)}; the rule: {rule}."
    before, after = "It is the first one on record.", ""
    if season is not None:
        start, end = season[0], season[1] + length
        days = _count_days((end - start) / DAY)
        before = f"The last one lasted {days}, to {end:%Y-%m-%d}."
        after = f" after {days}"
    if verdict.is_open:
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


def _describe_stale(dominance: Dominance, verdict: Verdict, now: datetime) -> str:
    effect = "The gate is closed for entries; exits continue."
    if verdict.is_breadth_stale:
        return f"Breadth is unknown: {describe_lack(verdict)} {effect}"
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
            f"{end:%Y-%m-%d %H:%M} UTC. Its provider has probably stopped updating it. {effect}"
        )
    age = describe_duration(pd.Timestamp(now) - end)
    return (
        f"Dominance is stale: the newest candle ended {end:%Y-%m-%d %H:%M} UTC, {age} ago; "
        f"allowed are {describe_duration(dominance.max_age)}.{problem} {effect}"
    )


def _describe_fresh(verdict: Verdict) -> str:
    return (
        f"{'Breadth' if verdict.rule.has_breadth else 'Dominance'} is fresh again: "
        f"{_describe_newest(verdict)}. By the rule ({verdict.rule}) the gate is "
        f"{'open' if verdict.is_open else 'closed'}."
    )


def _describe_newest(verdict: Verdict) -> str:
    facts = []
    if verdict.breadth is not None:
        facts.append(f"{verdict.breadth.percent:.0f} % of {verdict.breadth.measured} coins")
    if verdict.newest is not None and (verdict.rule.reads_dominance or not facts):
        facts.append(f"dominance {verdict.newest.close:.2f} %")
    return ", ".join(facts)
