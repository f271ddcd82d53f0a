"""What FreqUI draws around the candles."""

from typing import Any

import pandas as pd

from altseason.dominance.candles import candle_length

SEASON_COLOR = "rgba(46, 204, 113, 0.15)"
PLOT_CONFIG = {
    "main_plot": {"sma50": {"color": "#f5a623"}, "sma200": {"color": "#4a6fe3"}},
    "subplots": {
        "RSI": {"rsi": {"color": "#8e44ad"}},
        "MACD": {
            "macd": {"color": "#2980b9"},
            "macdsignal": {"color": "#e67e22"},
            "macdhist": {"type": "bar", "color": "#95a5a6"},
        },
        "BTC dominance %": {
            "close_btcd": {"color": "#c0392b"},
            "sma_btcd": {"color": "#7f8c8d"},
        },
    },
}


def season_areas(dataframe: pd.DataFrame, timeframe: str) -> list[dict[str, Any]]:
    """Give one area per alt season, for Freqtrade's `plot_annotations`.

    :param dataframe: columns date (open time) and alt_season (bool).
    :return: areas from the first candle's open to the last one's close.
    """
    is_open = dataframe["alt_season"].astype(bool)
    starts = dataframe.loc[is_open & ~is_open.shift(1, fill_value=False), "date"]
    lasts = dataframe.loc[is_open & ~is_open.shift(-1, fill_value=False), "date"]
    return [
        {
            "type": "area",
            "start": start.to_pydatetime(),
            "end": (last + candle_length(timeframe)).to_pydatetime(),
            "color": SEASON_COLOR,
            "label": "alt season",
        }
        for start, last in zip(starts, lasts, strict=True)
    ]
