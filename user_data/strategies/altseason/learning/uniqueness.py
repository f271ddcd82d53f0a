"""The weight of a row whose label shares its time with others: López de Prado (2018), 4.3 and 4.4.

Two entries of one week, in one coin or in two, are decided by much the same market, and are not two
observations. At each moment as many labels are open as there are; a label's uniqueness is the mean,
over the time for which it is open, of one divided by that number. The sum of all is about as many
rows as there would be if none overlapped.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from altseason.errors import InputError


def calculate_uniqueness(
    start: "pd.Series[pd.Timestamp]", known: "pd.Series[pd.Timestamp]"
) -> "npt.NDArray[np.float64]":
    """Return the average uniqueness of labels, above 0 and up to 1, those of all pairs pooled.

    :param start: when each entry is bought.
    :param known: when its label is known, which is later.
    :raises InputError: where it is not, or a time is missing.
    """
    if not (known > start).all():
        raise InputError("uniqueness: expected every label to be known later than it starts")
    starts, ends = (_in_ms(times) for times in (start, known))
    moments = np.unique(np.concatenate([starts, ends]))
    begin, finish = np.searchsorted(moments, starts), np.searchsorted(moments, ends)
    changes = np.bincount(begin, minlength=len(moments)) - np.bincount(
        finish, minlength=len(moments)
    )
    open_labels = np.cumsum(changes)[:-1]
    # Where none is open, nobody asks.
    shares = np.diff(moments) / np.maximum(open_labels, 1)
    total = np.concatenate([[0.0], np.cumsum(shares)])
    return (total[finish] - total[begin]) / (ends - starts)


def _in_ms(times: "pd.Series[pd.Timestamp]") -> "npt.NDArray[np.float64]":
    return np.asarray(times.dt.as_unit("ms").astype("int64"), dtype=np.float64)
