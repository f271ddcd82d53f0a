"""What a person is told about the gate while a bot trades: each change of it, once."""

import logging
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd

from altseason.dominance.candles import candle_length
from altseason.dominance.gate import Dominance, GateRule, calculate_gate

logger = logging.getLogger(__name__)

DAY = pd.Timedelta(days=1)


class GateWatch:
    """Compares the gate with what it was when it was last looked at."""

    def __init__(self) -> None:
        self._was_stale: bool | None = None
        self._was_open: bool | None = None

    def observe(self, dominance: Dominance, rule: GateRule, now: datetime) -> list[str]:
        """Give the messages that are due; none where the gate is off.

        The first look tells only of stale dominance, since an open gate is no change.
        """
        if rule.mode == "off":
            return []
        is_stale = dominance.is_stale(now)
        messages = []
        if is_stale and not self._was_stale:
            messages.append(_describe_stale(dominance, now))
        if not is_stale:
            is_open = bool(calculate_gate(dominance, rule)["alt_season"].iloc[-1])
            if self._was_stale:
                messages.append(_describe_fresh(dominance, rule, is_open=is_open))
            elif self._was_open is None:
                logger.info(f"The gate is {_name(is_open)}: {_describe_newest(dominance)}; {rule}.")
            elif self._was_open != is_open:
                messages.append(_describe_change(dominance, rule, is_open=is_open))
            self._was_open = is_open
        self._was_stale = is_stale
        return messages


@lru_cache
def find_watch(datadir: Path) -> GateWatch:
    """Give the watch of a data directory: `/reload_config` replaces the strategy, and not this."""
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
        f"Alt season is over{after}: {facts} There are no new entries; open trades keep their own "
        f"exits."
    )


def _count_days(days: float) -> str:
    return f"{days:.3g} day{'' if days == 1 else 's'}"


def _describe_stale(dominance: Dominance, now: datetime) -> str:
    effect = "The gate is closed for entries; exits go on."
    candle = dominance.find_candle(now)
    if candle is None:
        return f"No dominance is stored yet. {effect}"
    end = candle["date"] + candle_length(dominance.timeframe)
    if dominance.is_frozen(now):
        return (
            f"Dominance is frozen: {candle['close']:.2f} % without any change for days, up to "
            f"{end:%Y-%m-%d %H:%M} UTC. Whatever provides it has stopped working. {effect}"
        )
    hours = (now - end) / pd.Timedelta(hours=1)
    allowed = dominance.max_age / pd.Timedelta(hours=1)
    return (
        f"Dominance is stale: the newest candle ended {end:%Y-%m-%d %H:%M} UTC, {hours:.1f} hours "
        f"ago; allowed are {allowed:g}. {effect}"
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
