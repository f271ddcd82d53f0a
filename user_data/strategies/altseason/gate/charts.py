"""What FreqUI draws of dominance and the gate: lines, shaded alt seasons, and fewer exit marks."""

from typing import Any

import numpy as np
import pandas as pd

from altseason.dominance.candles import candle_length
from altseason.gate.rule import BREADTH, SUFFIX, GateRule

SEASON_COLOR = "rgba(46, 204, 113, 0.15)"
DOMINANCE_PLOT = "BTC.D"
# FreqUI's legend shows the column names.
DOMINANCE_LINES = {
    "BTC.D %": {"color": "#c0392b"},
    "opens below %": {"color": "#27ae60"},
    "closes from %": {"color": "#e67e22"},
    "mean %": {"color": "#7f8c8d"},
    "coins above BTC %": {"color": "#8e44ad"},
    "coins open from %": {"color": "#16a085"},
}
# The label of a narrower area would overlap its neighbors.
MIN_LABELED_SHARE = 0.08


def with_dominance(plot_config: Any) -> Any:
    """Return a strategy's `plot_config` with a subplot of dominance, unless it has one.

    A `plot_config` that FreqUI cannot draw is returned as it is.
    """
    if not isinstance(plot_config, dict):
        return plot_config
    subplots = plot_config.get("subplots") or {}
    if not isinstance(subplots, dict):
        return plot_config
    return {**plot_config, "subplots": {DOMINANCE_PLOT: DOMINANCE_LINES, **subplots}}


def add_lines(dataframe: pd.DataFrame, rule: GateRule) -> pd.DataFrame:
    """Return analyzed candles with dominance and the lines that it is compared with."""
    lines = {"BTC.D %": dataframe[f"close_{SUFFIX}"], **_find_deciding_lines(dataframe, rule)}
    return dataframe.assign(**lines)


def thin_exits(dataframe: pd.DataFrame) -> pd.DataFrame:
    """Return analyzed candles with only the first of consecutive exit signals.

    The newest row keeps its signal, since a bot acts on it, again if its order was not filled.
    """
    if "exit_long" not in dataframe:
        return dataframe
    is_exit = dataframe["exit_long"] == 1
    is_again = is_exit & is_exit.shift(1, fill_value=False)
    is_again.iloc[-1:] = False
    return dataframe.assign(exit_long=dataframe["exit_long"].mask(is_again, 0))


def _find_deciding_lines(dataframe: pd.DataFrame, rule: GateRule) -> dict[str, Any]:
    """Return the lines of the rule's mode; those of other modes are NaN."""
    has_level = rule.has_level
    return {
        "opens below %": rule.threshold if has_level else np.nan,
        "closes from %": rule.threshold + rule.band if has_level and rule.band else np.nan,
        "mean %": dataframe[f"sma_{SUFFIX}"] if rule.has_falling else np.nan,
        "coins above BTC %": dataframe.get(BREADTH, np.nan) if rule.has_breadth else np.nan,
        "coins open from %": rule.breadth_min if rule.has_breadth else np.nan,
    }


def season_areas(dataframe: pd.DataFrame, timeframe: str) -> list[dict[str, Any]]:
    """Return one area per alt season, for Freqtrade's `plot_annotations`.

    :param dataframe: has the columns date (open time) and alt_season (bool).
    :return: areas from the open of the first candle to the close of the last one.
    """
    is_open = dataframe["alt_season"].astype(bool)
    starts = dataframe.loc[is_open & ~is_open.shift(1, fill_value=False), "date"]
    lasts = dataframe.loc[is_open & ~is_open.shift(-1, fill_value=False), "date"]
    length = candle_length(timeframe)
    min_width = MIN_LABELED_SHARE * len(dataframe) * length
    return [
        {
            "type": "area",
            "start": start.to_pydatetime(),
            "end": (last + length).to_pydatetime(),
            "color": SEASON_COLOR,
            **({"label": "alt season"} if last + length - start >= min_width else {}),
        }
        for start, last in zip(starts, lasts, strict=True)
    ]
