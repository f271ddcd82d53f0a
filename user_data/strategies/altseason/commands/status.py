"""The report of `altseason dominance status`: what is stored and recorded, and the current gate."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from altseason.commands.reporting import count_gaps, format_range, gaps_as_json, gaps_as_text
from altseason.dominance.candles import DAY, Gap, candle_length, describe_duration, find_gaps
from altseason.gate.breadth import NO_COINS, CoinPrices
from altseason.gate.rule import Dominance, GateRule
from altseason.gate.verdict import Verdict, calculate_verdict, describe_verdict, verdict_as_json
from altseason.host.origins import GATE_IS_OFF, TradedValues
from altseason.invocation import altseason_command
from altseason.recorder.log import Reading
from altseason.recorder.method import WEEK, WEEKS, find_weekly_offsets
from altseason.recorder.offsets import MAX_OFFSET_AGE, Offsets
from altseason.recorder.recording import Recording
from altseason.sources.reading import MAX_AGE, provider_name, read_clock

HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True)
class TimeframeStatus:
    """One stored timeframe.

    :param age: the time since the end of the newest candle.
    :param close: its close, in percent.
    :param is_frozen: whether it has repeated one value for too long.
    :param verdict: the current gate.
    """

    timeframe: str
    candles: int
    start: pd.Timestamp
    end: pd.Timestamp
    gaps: list[Gap]
    age: pd.Timedelta
    max_age: pd.Timedelta
    close: float
    is_frozen: bool
    verdict: Verdict

    def as_text(self) -> list[str]:
        """Describe the range, its gaps, its age and the gate."""
        freshness = f"allowed {describe_duration(self.max_age)}"
        if self.is_frozen:
            freshness += ", but frozen: one value for days, so it does not count"
        elif self.verdict.is_stale:
            freshness += ", so it is stale"
        return [
            (
                f"{self.timeframe}: {self.candles} candles, {format_range(self.start, self.end)}, "
                f"{count_gaps(self.gaps)}"
            ),
            *gaps_as_text(self.gaps),
            f"  newest close {self.close:.2f} %, {describe_duration(self.age)} old ({freshness})",
            # With breadth, dominance alone does not decide, see `BreadthStatus`.
            *([] if self.verdict.rule.has_breadth else [f"  {describe_verdict(self.verdict)}"]),
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program."""
        return {
            "timeframe": self.timeframe,
            "candles": self.candles,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "gaps": gaps_as_json(self.gaps),
            "age_hours": round(self.age / HOUR, 2),
            "max_age_hours": self.max_age / HOUR,
            "stale": self.verdict.is_stale,
            "frozen": self.is_frozen,
            "close": self.close,
            "gate_open": self.verdict.is_open,
            "gate": verdict_as_json(self.verdict),
        }


@dataclass(frozen=True)
class BreadthStatus:
    """The stored daily candles of the coins watched, and the gate that counts them."""

    coins: CoinPrices
    verdict: Verdict

    def as_text(self) -> list[str]:
        """Describe how many coins there are, the range of their candles, and the gate."""
        prices, verdict = self.coins.prices, describe_verdict(self.verdict)
        stored = f"daily candles of {len(prices.columns)}"
        if len(prices):
            start, end = prices.index[0], prices.index[-1] + DAY
            stored += f", {format_range(start, end)}"
        lines = [f"breadth: {len(self.coins.watched)} coins watched, {stored}", f"  {verdict}"]
        if self.coins.advice and self.coins.advice[1:] not in verdict:
            lines.append(f"  {self.coins.advice}")
        live = altseason_command("why --live")
        return [*lines, f"  A bot reads the exchange's candles instead: `{live}` shows its gate."]

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program."""
        with_candles = list(self.coins.prices.columns)
        return {
            "watched": list(self.coins.watched),
            "missing": [pair for pair in self.coins.watched if pair not in with_candles],
            "gate": verdict_as_json(self.verdict),
        }


@dataclass(frozen=True)
class RecordingStatus:
    """What was recorded in the last week.

    :param age: the time since the last reading that counts.
    :param primary: the name of the provider that the offsets refer to.
    :param offsets: the offset of each fallback, in percentage points; None if not calibrated.
    :param weekly: the same for each of the last weeks, the newest last.
    """

    last: Reading
    age: pd.Timedelta
    primary: str
    offsets: dict[str, float | None]
    weekly: dict[str, list[float | None]]

    @property
    def is_current(self) -> bool:
        """Return whether something is being recorded."""
        return self.age <= MAX_AGE

    def as_text(self) -> list[str]:
        """Describe the last reading, and the offsets."""
        last = self.last
        corrected = "" if last.offset is None else f", corrected by {-last.offset:+.2f}"
        return [
            (
                f"recorded: {last.dominance:.2f} % by {last.provider}{corrected}, "
                f"{describe_duration(self.age)} ago"
            ),
            *(
                f"  {name}: {_describe_offset(offset, self.primary)}"
                f"{_describe_weeks(self.weekly.get(name, []))}"
                for name, offset in self.offsets.items()
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program."""
        return {
            "current": self.is_current,
            "age_minutes": round(self.age / pd.Timedelta(minutes=1), 1),
            "last": self.last.model_dump(mode="json"),
            "offsets": self.offsets,
            "weekly_offsets": self.weekly,
        }


@dataclass(frozen=True)
class StatusReport:
    """A data directory, and the rule of the strategy that reads it.

    :param pair: the dominance pair of our settings.
    :param provider: the provider of our settings.
    :param recorded: None if nothing was recorded in the last week.
    :param values: the values that the strategy trades by.
    :param breadth: None if the rule does not count coins.
    """

    datadir: Path
    pair: str
    provider: str
    is_synthetic: bool
    rule: GateRule
    timeframes: list[TimeframeStatus]
    recorded: RecordingStatus | None
    values: TradedValues
    breadth: BreadthStatus | None = None

    @property
    def is_recording(self) -> bool:
        """Return whether something was recorded in the last hour."""
        return self.recorded is not None and self.recorded.is_current

    def as_text(self) -> list[str]:
        """Describe what is stored and recorded, and the values that the strategy trades by."""
        label = " (SYNTHETIC, no market data)" if self.is_synthetic else ""
        lines = [
            f"{self.pair} in {self.datadir}{label}",
            f"Provider: {provider_name(self.provider)} (altseason.dominance.provider)",
            f"Gate: {self.rule}",
        ]
        if not self.timeframes:
            lines.append(
                f"Nothing is stored: `{altseason_command('dominance import FILE')}` imports a file "
                f"you have, and `{altseason_command('dominance download')}` downloads a year."
            )
        for timeframe in self.timeframes:
            lines += timeframe.as_text()
        lines += self.breadth.as_text() if self.breadth else []
        nothing = ["recorded: nothing in the last week"]
        lines += nothing if self.recorded is None else self.recorded.as_text()
        lines += self.values.describe()
        return [*lines, *([GATE_IS_OFF] if self.rule.mode == "off" else [])]

    def as_json(self) -> dict[str, Any]:
        """Return the same facts for a program; dates in ISO 8601, UTC."""
        return {
            "datadir": str(self.datadir),
            "pair": self.pair,
            "provider": self.provider,
            "synthetic": self.is_synthetic,
            "rule": vars(self.rule),
            "timeframes": [timeframe.as_json() for timeframe in self.timeframes],
            "breadth": self.breadth.as_json() if self.breadth else None,
            **self.values.as_json(),
            "recorded": None if self.recorded is None else self.recorded.as_json(),
        }


def calculate_status(
    dominance: Dominance, rule: GateRule, now: pd.Timestamp, coins: CoinPrices = NO_COINS
) -> TimeframeStatus:
    """Return the status of stored dominance, which must not be empty."""
    candles = dominance.candles
    end = candles["date"].iloc[-1] + candle_length(dominance.timeframe)
    return TimeframeStatus(
        timeframe=dominance.timeframe,
        candles=len(candles),
        start=candles["date"].iloc[0],
        end=end,
        gaps=find_gaps(candles, dominance.timeframe),
        age=now - end,
        max_age=dominance.max_age,
        close=float(candles["close"].iloc[-1]),
        is_frozen=dominance.is_frozen(now),
        verdict=calculate_verdict(dominance, rule, now, coins),
    )


def load_recording_status(recording: Recording) -> RecordingStatus | None:
    """Return the status of the log; None if no reading of the last week counts."""
    now, of_weeks = recording.load(read_clock() - WEEKS * WEEK)
    readings = [reading for reading in of_weeks if now - reading.known <= MAX_OFFSET_AGE]
    counted = [reading for reading in readings if reading.dominance is not None]
    if not counted:
        return None
    offsets = Offsets(readings)
    primary = provider_name(recording.store.provider)
    names = sorted({reading.provider for reading in readings} - {primary})
    return RecordingStatus(
        counted[-1],
        now - counted[-1].known,
        primary,
        {name: offsets.find(name, now) for name in names},
        find_weekly_offsets(of_weeks, now),
    )


def _describe_offset(offset: float | None, primary: str) -> str:
    return "not calibrated yet" if offset is None else f"{offset:+.2f} to {primary}"


def _describe_weeks(offsets: list[float | None]) -> str:
    """Describe how the offset has moved, if it is known for more than one week."""
    known = [offset for offset in offsets if offset is not None]
    if len(known) < 2:
        return ""
    return f" (by week, the newest last: {', '.join(f'{offset:+.2f}' for offset in known)})"
