"""What is stored of the dominance pair, and what the gate says now."""

from dataclasses import dataclass

import pandas as pd

from altseason.dominance.candles import Gap, candle_length, find_gaps
from altseason.dominance.gate import Dominance, GateRule, calculate_gate


@dataclass(frozen=True)
class Status:
    """One stored timeframe.

    :param age: time since the end of the newest real candle.
    :param close: that candle's close, in percent.
    :param is_frozen: whether it repeats one value for so long that it says nothing.
    :param is_open: whether the gate is open now; False as well where dominance is stale.
    """

    timeframe: str
    candles: int
    start: pd.Timestamp
    end: pd.Timestamp
    gaps: list[Gap]
    age: pd.Timedelta
    max_age: pd.Timedelta
    close: float
    is_open: bool
    is_frozen: bool

    @property
    def is_stale(self) -> bool:
        """Whether the newest candle is too old, or frozen, for the gate to be open."""
        return self.is_frozen or self.age > self.max_age


def calculate_status(dominance: Dominance, rule: GateRule, now: pd.Timestamp) -> Status:
    """Describe stored dominance, of which there must be some, as it stands now."""
    candles = dominance.candles
    end = candles["date"].iloc[-1] + candle_length(dominance.timeframe)
    is_stale = dominance.is_stale(now)
    is_open = not is_stale and bool(calculate_gate(dominance, rule)["alt_season"].iloc[-1])
    return Status(
        timeframe=dominance.timeframe,
        candles=len(candles),
        start=candles["date"].iloc[0],
        end=end,
        gaps=find_gaps(candles, dominance.timeframe),
        age=now - end,
        max_age=dominance.max_age,
        close=float(candles["close"].iloc[-1]),
        is_open=rule.mode == "off" or is_open,
        is_frozen=dominance.is_frozen(now),
    )
