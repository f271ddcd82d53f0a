"""Calculate Bitcoin's share of market caps, day by day.

A day's value is the reading at the midnight that ends it: the index of every series here is that
midnight, in UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from altseason.dominance.candles import (
    DAY,
    MAX_PERCENT,
    MIN_PERCENT,
    PARTIAL_AFTER,
    PRICE_COLUMNS,
    is_believable,
)
from altseason.sources.coingecko import PROVIDER
from altseason.sources.coingecko_history import BITCOIN, Coin
from altseason.sources.errors import ResponseError
from altseason.sources.reading import Layout, Readings

# Skip days on which coins worth more than this fraction of the total have no market cap; below it,
# forward-fill.
MAX_MISSING = 0.01


@dataclass(frozen=True)
class History:
    """Dominance by day.

    :param percent: by the midnight that ends the day.
    :param name: what it was made of, for the user.
    :param factor: what Bitcoin's share was multiplied by; 1 where it is the share itself.
    :param left_out: days (their midnight) on which too much of the sum is missing.
    :param columns: what the provider calls the time and the value.
    :param skipped: the number of readings that were left out, by reason.
    """

    percent: "pd.Series[float]"
    name: str
    factor: float = 1
    left_out: list[pd.Timestamp] = field(default_factory=list)
    provider: str = PROVIDER
    columns: tuple[str, str] = ("time", "market_cap")
    skipped: dict[str, int] = field(default_factory=dict)


def find_daily_closes(caps: "pd.Series[float]", latest: pd.Timestamp) -> "pd.Series[float]":
    """Return the market cap at the end of each day.

    :param caps: by time; the last point is the current one, which closes no day.
    :param latest: the last midnight to return.
    """
    points = caps.iloc[:-1].dropna()
    times = pd.DatetimeIndex(points.index)
    ends = times.ceil("D")
    is_close = (ends - times <= PARTIAL_AFTER) & (ends <= latest)
    return points[is_close].groupby(ends[is_close]).last()


def calculate_share_of_coins(
    series: Mapping[str, "pd.Series[float]"],
    coins: Sequence[Coin],
    current: float,
    latest: pd.Timestamp,
) -> History:
    """Divide Bitcoin's market cap by the sum of all coins', and scale it to current dominance.

    :param series: each coin's market caps, as in `find_daily_closes`.
    :param coins: the same coins, with their current market caps.
    :param current: the current dominance, in percent; one factor makes the current share equal it.
    :raises ResponseError: where there is too little to divide.
    """
    closes = pd.DataFrame({name: find_daily_closes(caps, latest) for name, caps in series.items()})
    now = pd.Series({coin.id: coin.market_cap for coin in coins})
    empty = [name for name in closes.columns if closes[name].isna().all()]
    if BITCOIN in empty or now[empty].sum() > MAX_MISSING * now.sum():
        largest = str(now[empty].idxmax())
        raise ResponseError(
            f"{PROVIDER}: expected market caps of {largest} at 00:00 UTC, found none among "
            f"{len(series[largest])} points"
        )
    # Before its first market cap a coin counts as nothing, later as the last one that is known.
    known = closes.drop(columns=empty).ffill()
    total = known.sum(axis=1)
    missing = known.where(closes.isna()).sum(axis=1) / total
    is_whole = (missing <= MAX_MISSING) & known[BITCOIN].notna()
    counted = now.drop(empty)
    factor = current / (100 * counted[BITCOIN] / counted.sum())
    percent = (factor * 100 * known[BITCOIN] / total)[is_whole]
    name = f"Bitcoin's share of the {len(coins)} largest coins"
    left_out = list(closes.index[~is_whole & (closes.index > closes[BITCOIN].first_valid_index())])
    return History(_believed(percent), name, float(factor), left_out)


def calculate_share_of_total(
    bitcoin: "pd.Series[float]",
    total: "pd.Series[float]",
    latest: pd.Timestamp,
    without: Sequence["pd.Series[float]"] = (),
) -> History:
    """Divide Bitcoin's market cap by that of all coins, on the days that all series have.

    :param without: market caps of coins that are subtracted from the total; before its first one a
        coin counts as nothing.
    :raises ResponseError: where there is no such day, or the share cannot be believed.
    """
    both = pd.DataFrame(
        {
            "bitcoin": find_daily_closes(bitcoin, latest),
            "total": find_daily_closes(total, latest),
        }
    ).dropna()
    for caps in without:
        closes = find_daily_closes(caps, latest)
        first = closes.index.min()
        both["total"] -= closes.reindex(both.index).mask(both.index < first, 0.0)
    both = both.dropna()
    percent = 100 * both["bitcoin"] / both["total"]
    return History(_believed(percent), "Bitcoin's share of the total market cap")


def make_readings(history: History, days: int, latest: pd.Timestamp) -> Readings:
    """Return the last days as readings that close them.

    :raises ResponseError: where there is none of these days.
    """
    percent = history.percent[history.percent.index > latest - days * DAY]
    if percent.empty:
        raise ResponseError(
            f"{history.provider}: expected dominance from {latest - days * DAY:%Y-%m-%d} to "
            f"{latest:%Y-%m-%d}, found none of these {days} days; nothing was stored"
        )
    stamps = pd.Series(percent.index)
    rows = pd.DataFrame({"stamp": stamps, "known": stamps})
    for column in PRICE_COLUMNS:
        rows[column] = percent.to_numpy()
    time, value = history.columns
    layout = Layout(history.name, time, (value,) * 4, "snapshot")
    return Readings(layout, rows, DAY, was_sorted=True, left_out=history.skipped)


def _believed(percent: "pd.Series[float]") -> "pd.Series[float]":
    if percent.empty:
        raise ResponseError(
            f"{PROVIDER}: expected market caps of Bitcoin and of all at 00:00 UTC, found none"
        )
    wrong = percent[~is_believable(percent)]
    if len(wrong):
        raise ResponseError(
            f"{PROVIDER}: expected Bitcoin's share between {MIN_PERCENT:g} and "
            f"{MAX_PERCENT:g} percent, found {wrong.iloc[0]:.2f} at {wrong.index[0]}; nothing was "
            f"stored"
        )
    return percent
