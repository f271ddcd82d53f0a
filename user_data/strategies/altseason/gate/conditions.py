"""Named conditions of an entry: what is compared, and with what.

A strategy names each condition once, for its entries, for `altseason why` and for charts.
"""

from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

import pandas as pd
from technical import qtpylib

Conditions = dict[str, "Condition"]
CROSSES_ABOVE = "crosses above"


@dataclass(frozen=True)
class Condition:
    """A condition of an entry.

    :param holds: whether it holds, for each candle or for all of them.
    :param value: the value that is compared; None where nothing is.
    :param comparison: how it is compared, such as ">".
    :param limit: what it is compared with.
    """

    holds: "pd.Series[bool] | bool"
    value: "pd.Series[float] | None" = None
    comparison: str = ""
    limit: "pd.Series[float] | float | None" = None


def above(value: "pd.Series[float]", limit: "pd.Series[float] | float") -> Condition:
    """Return the condition that a value is above a limit."""
    return Condition(value > limit, value, ">", limit)


def below(value: "pd.Series[float]", limit: "pd.Series[float] | float") -> Condition:
    """Return the condition that a value is below a limit."""
    return Condition(value < limit, value, "<", limit)


def crosses_above(value: "pd.Series[float]", limit: "pd.Series[float]") -> Condition:
    """Return the condition that a value is above a limit, but was not one candle before."""
    return Condition(qtpylib.crossed_above(value, limit), value, CROSSES_ABOVE, limit)


def is_true(holds: "pd.Series[bool] | bool") -> Condition:
    """Return a condition without a comparison to show."""
    return Condition(holds)


def all_hold(conditions: Conditions, index: pd.Index) -> "pd.Series[bool]":
    """Return whether every condition holds, for each candle.

    :param index: that of the candles, since no condition need be given by candle.
    """
    by_candle: list[Any] = [condition.holds for condition in conditions.values()]
    return pd.Series(reduce(and_, by_candle, True), index=index)


def set_entries(
    dataframe: pd.DataFrame, conditions: Conditions, tag: str, *, adds_columns: bool
) -> pd.DataFrame:
    """Set an entry signal and a tag at each candle at which every condition holds.

    :param adds_columns: whether to also add each condition as a column of its name, unless there is
        one already.
    """
    for name, condition in conditions.items() if adds_columns else ():
        if name not in dataframe:
            dataframe[name] = condition.holds
    enters = all_hold(conditions, dataframe.index)
    dataframe["enter_long"] = enters.astype("int8")
    dataframe.loc[enters, "enter_tag"] = tag
    return dataframe
