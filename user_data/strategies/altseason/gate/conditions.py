"""Conditions of an entry under names: what is compared, and with what.

A strategy names each once; its entry, `altseason why` and the chart read the same names.
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
    """A condition by candle.

    :param holds: whether it holds, by candle, or for all of them.
    :param value: what is compared, None where nothing is.
    :param comparison: how, such as ">".
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
    """Return the condition that a value is above a limit, and was not one candle before."""
    return Condition(qtpylib.crossed_above(value, limit), value, CROSSES_ABOVE, limit)


def is_true(holds: "pd.Series[bool] | bool") -> Condition:
    """Return a condition that compares nothing."""
    return Condition(holds)


def all_hold(conditions: Conditions, index: pd.Index) -> "pd.Series[bool]":
    """Return where every condition holds, also where none of them is by candle.

    :param index: of the candles.
    """
    by_candle: list[Any] = [condition.holds for condition in conditions.values()]
    return pd.Series(reduce(and_, by_candle, True), index=index)


def set_entries(
    dataframe: pd.DataFrame, conditions: Conditions, tag: str, *, adds_columns: bool
) -> pd.DataFrame:
    """Enter long, with a tag, at the candles at which every condition holds.

    :param adds_columns: whether to add a column for each condition under its name, unless there is
        one of that name.
    """
    for name, condition in conditions.items() if adds_columns else ():
        if name not in dataframe:
            dataframe[name] = condition.holds
    enters = all_hold(conditions, dataframe.index)
    dataframe["enter_long"] = enters.astype("int8")
    dataframe.loc[enters, "enter_tag"] = tag
    return dataframe
