"""The rows that a model learns from: the entries of all pairs, each with its label and its weight.

One pair's entries are too few, and all pairs answer to the same dominance, so they are pooled.
"""

from collections.abc import Iterable

import pandas as pd

from altseason.errors import TooFewRowsError
from altseason.learning.labels import Barriers, label_entries
from altseason.learning.uniqueness import calculate_uniqueness

ROW_COLUMNS = ["pair", "date", "start", "known", "weight", "outcome", "profit_ratio"]


def collect_rows(
    pair: str,
    candles: pd.DataFrame,
    entries: "pd.Series[bool]",
    features: pd.DataFrame,
    barriers: Barriers,
) -> pd.DataFrame:
    """Return a pair's entries that have a label and all features, in the order of time.

    :param candles: up to what may be known; no row depends on what comes later.
    :param entries: at which of them the rules would enter, and `features` what was known there.
    :return: `ROW_COLUMNS` without weights, then the features; `date` is the signal's candle.
    """
    labels = label_entries(candles, entries, barriers).dropna(subset=["outcome"])
    rows = labels.drop(columns="known_row").assign(
        pair=pair, date=candles["date"].loc[labels.index]
    )
    ordered = rows[[name for name in ROW_COLUMNS if name != "weight"]]
    return ordered.join(features.loc[labels.index]).dropna().reset_index(drop=True)


def pool_rows(rows: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several pairs as one frame, in the order of time, each with its weight.

    :return: `ROW_COLUMNS`, then the features.
    :raises TooFewRowsError: where there are none at all.
    """
    parts = [one for one in rows if not one.empty]
    if not parts:
        raise TooFewRowsError("expected entries to learn from, found none")
    pooled = pd.concat(parts, ignore_index=True)
    pooled = pooled.sort_values(["date", "pair"], ignore_index=True)
    weight = calculate_uniqueness(pooled["start"], pooled["known"])
    pooled.insert(ROW_COLUMNS.index("weight"), "weight", weight)
    return pooled
