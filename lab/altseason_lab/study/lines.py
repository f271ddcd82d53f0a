"""What a gate went by, day by day: the lines that FreqUI draws of dominance and breadth."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from altseason.gate.charts import DOMINANCE_LINES, add_lines


@dataclass(frozen=True)
class DailyLines:
    """Dominance and what decides, as they were known at the close of each day's last candle.

    :param start: the first day (UTC).
    :param values: in percent, by the name that FreqUI gives a line; of that day and each that
        follows, None where nothing was known. A line that the gate does not go by is left out.
    """

    start: date
    values: dict[str, tuple[float | None, ...]]


def find_daily_lines(strategy: Any, dates: "pd.Series[pd.Timestamp]", timeframe: str) -> DailyLines:
    """Return what the gate of a strategy object went by.

    :param dates: open times of the candles of a backtest that it was run on.
    """
    columns = strategy.alt_season_gate.columns
    rows = pd.DataFrame({"date": dates.groupby(dates.dt.floor("1D")).last()})
    rows = columns.add_dominance(rows, timeframe, is_required=False)
    is_open = columns.find_open(rows["date"], timeframe)
    rows = columns.add_gate(rows, timeframe, is_open)
    lines = add_lines(rows, strategy.gate_rule)[list(DOMINANCE_LINES)].resample("1D").asfreq()
    return DailyLines(
        lines.index[0].date(),
        {
            str(name): tuple(None if math.isnan(value) else round(value, 4) for value in values)
            for name, values in lines.dropna(axis="columns", how="all").astype("float64").items()
        },
    )
