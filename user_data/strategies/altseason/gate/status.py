"""What is stored of the dominance pair, and what the gate says now."""

from dataclasses import dataclass

import pandas as pd

from altseason.dominance.candles import Gap, candle_length, find_gaps
from altseason.gate.rule import Dominance, GateRule
from altseason.gate.verdict import Verdict, calculate_verdict


@dataclass(frozen=True)
class Status:
    """One stored timeframe.

    :param age: time since the end of the newest real candle.
    :param close: that candle's close, in percent.
    :param is_frozen: whether it repeats one value for so long that it says nothing.
    :param verdict: the gate now.
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

    @property
    def is_stale(self) -> bool:
        """Whether the newest candle is too old, or frozen, for the gate to be open."""
        return self.verdict.is_stale


def calculate_status(dominance: Dominance, rule: GateRule, now: pd.Timestamp) -> Status:
    """Describe stored dominance, of which there must be some, as it stands now."""
    candles = dominance.candles
    end = candles["date"].iloc[-1] + candle_length(dominance.timeframe)
    return Status(
        timeframe=dominance.timeframe,
        candles=len(candles),
        start=candles["date"].iloc[0],
        end=end,
        gaps=find_gaps(candles, dominance.timeframe),
        age=now - end,
        max_age=dominance.max_age,
        close=float(candles["close"].iloc[-1]),
        is_frozen=dominance.is_frozen(now),
        verdict=calculate_verdict(dominance, rule, now),
    )
