"""Collect the rows that a model learns from: the entries of all pairs, with labels and weights.

One pair has too few entries, and all pairs depend on the same dominance, so they are pooled.

Two entries of one week, in one coin or in two, are decided by much the same market, and are not two
observations. So a row is weighted by the uniqueness of its label: the mean, over the time for which
it is open, of one divided by the number of labels that are open then. The weights add up to about
as many rows as there would be if none overlapped. After López de Prado (2018), 4.3 and 4.4.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from altseason.errors import InputError, TooFewRowsError
from altseason.learning.labels import Barriers, label_entries

ROW_COLUMNS = ["pair", "date", "start", "known", "weight", "outcome", "profit_ratio"]


def collect_rows(
    pair: str,
    candles: pd.DataFrame,
    entries: "pd.Series[bool]",
    features: pd.DataFrame,
    barriers: Barriers,
) -> pd.DataFrame:
    """Return a pair's entries that have a label and all features, in chronological order.

    :param candles: those that may be known; no row depends on later ones.
    :param entries: whether the rules would enter, by candle, as are `features`.
    :return: `ROW_COLUMNS` without weights, then the features; `date` is the signal's candle.
    """
    labels = label_entries(candles, entries, barriers).dropna(subset=["outcome"])
    rows = labels.drop(columns="known_row").assign(
        pair=pair, date=candles["date"].loc[labels.index]
    )
    ordered = rows[[name for name in ROW_COLUMNS if name != "weight"]]
    return ordered.join(features.loc[labels.index]).dropna().reset_index(drop=True)


def pool_rows(rows: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several pairs in one frame, in chronological order, with their weights.

    :return: `ROW_COLUMNS`, then the features.
    :raises TooFewRowsError: if there are no rows at all.
    """
    parts = [one for one in rows if not one.empty]
    if not parts:
        raise TooFewRowsError("expected entries to learn from, found none")
    pooled = pd.concat(parts, ignore_index=True)
    pooled = pooled.sort_values(["date", "pair"], ignore_index=True)
    weight = calculate_uniqueness(pooled["start"], pooled["known"])
    pooled.insert(ROW_COLUMNS.index("weight"), "weight", weight)
    return pooled


def calculate_uniqueness(
    start: "pd.Series[pd.Timestamp]", known: "pd.Series[pd.Timestamp]"
) -> "npt.NDArray[np.float64]":
    """Return the average uniqueness of the labels of all pairs, above 0 and up to 1.

    :param start: when each entry is bought.
    :param known: when its label is known, which must be later.
    :raises InputError: if it is not later, or a time is missing.
    """
    if not (known > start).all():
        raise InputError("labels: expected each to be known later than it starts, found others")
    starts, ends = (_in_ms(times) for times in (start, known))
    moments = np.unique(np.concatenate([starts, ends]))
    begin, finish = np.searchsorted(moments, starts), np.searchsorted(moments, ends)
    changes = np.bincount(begin, minlength=len(moments)) - np.bincount(
        finish, minlength=len(moments)
    )
    open_labels = np.cumsum(changes)[:-1]
    # Where no label is open, the share is not used.
    shares = np.diff(moments) / np.maximum(open_labels, 1)
    total = np.concatenate([[0.0], np.cumsum(shares)])
    return (total[finish] - total[begin]) / (ends - starts)


def _in_ms(times: "pd.Series[pd.Timestamp]") -> "npt.NDArray[np.float64]":
    return np.asarray(times.dt.as_unit("ms").astype("int64"), dtype=np.float64)
