"""Compare a bot with a backtest of the same days: every signal, and every entry."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

SIGNALS = ["enter_long", "exit_long", "alt_season"]
HOUR = pd.Timedelta(hours=1)
KEY = ["pair", "date"]


@dataclass(frozen=True)
class SignalComparison:
    """The signals of both for each candle.

    :param compared: the number of candles, of all pairs.
    :param differing: the candles whose signals differ, with the columns of both.
    :param missing: pair and date of the candles that the bot has not analyzed.
    """

    compared: int
    differing: pd.DataFrame
    missing: pd.DataFrame

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words."""
        differing = [f"differs: {row}" for row in self.differing.to_dict("records")]
        missing = [f"never analyzed: {row.pair} {row.date}" for row in self.missing.itertuples()]
        return differing + missing


@dataclass(frozen=True)
class Difference:
    """An entry that only one of the two made.

    :param side: which one, "live" or "backtest".
    :param cause: why the other did not make it; empty where that is unknown.
    """

    pair: str
    candle: pd.Timestamp
    side: str
    cause: str

    def __str__(self) -> str:
        return f"{self.side} alone entered {self.pair} at {self.candle:%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class EntryComparison:
    """How many entries both made, and why the others were made by only one."""

    both: int
    differences: list[Difference]

    @property
    def causes(self) -> dict[str, int]:
        """Return how many differences have each cause."""
        return dict(Counter(one.cause for one in self.differences if one.cause))

    @property
    def unexplained(self) -> list[Difference]:
        """Return the differences without a known cause."""
        return [one for one in self.differences if not one.cause]

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words."""
        return [f"unexplained: {one}" for one in self.unexplained]


def compare_signals(
    live: pd.DataFrame, backtest: pd.DataFrame, expected: pd.DataFrame
) -> SignalComparison:
    """Compare the signals of all expected candles.

    :param live: pair, date and `SIGNALS`, one row for each time that a candle was analyzed.
    :param backtest: the same, one row for each candle.
    :param expected: pair and date.
    """
    wanted = live.merge(expected, on=KEY)
    paired = wanted.merge(backtest, on=KEY, how="left", suffixes=("_live", "_backtest"))
    differs = pd.Series(False, index=paired.index)
    for name in SIGNALS:
        # A missing signal of the backtest is NaN, and equal to nothing.
        differs |= paired[f"{name}_live"] != paired[f"{name}_backtest"]
    columns = [f"{name}_{side}" for name in SIGNALS for side in ("live", "backtest")]
    seen = expected.merge(live[KEY].drop_duplicates(), on=KEY, how="left", indicator=True)
    missing = seen.loc[seen["_merge"] == "left_only", KEY]
    return SignalComparison(len(paired), paired.loc[differs, [*KEY, *columns]], missing)


def compare_entries(
    live: pd.DataFrame, backtest: pd.DataFrame, asked: pd.DataFrame, until: pd.Timestamp
) -> EntryComparison:
    """Compare the entries by pair and candle, and find the cause of each that only one made.

    :param live: the bot's trades: pair, open_date, close_date, exit_reason.
    :param backtest: the same.
    :param asked: the entries that the bot was about to make: pair, time, confirmed.
    :param until: entries from then on are not compared: a backtest makes none in its last candle.
    """
    ours, theirs = (find_entries(trades, until) for trades in (live, backtest))
    differences = [
        Difference(pair, candle, "backtest", explain_missing(pair, candle, live, backtest, asked))
        for pair, candle in sorted(theirs - ours)
    ] + [
        Difference(pair, candle, "live", explain_surplus(pair, candle, live, backtest))
        for pair, candle in sorted(ours - theirs)
    ]
    return EntryComparison(len(ours & theirs), differences)


def find_entries(trades: pd.DataFrame, until: pd.Timestamp) -> set[tuple[str, pd.Timestamp]]:
    """Return pair and candle of the trades that were opened before a time."""
    opened = trades[trades["open_date"] < until]
    return set(zip(opened["pair"], opened["open_date"].dt.floor("h"), strict=True))


def find_holder(trades: pd.DataFrame, pair: str, candle: pd.Timestamp) -> pd.Series | None:
    """Return the trade that prevented an entry of a pair at the open of a candle.

    It may have been closed in this very candle: the bot locks the pair until the candle's end, and
    a backtest checks entries before exits.
    """
    was_opened = trades["open_date"].dt.floor("h") < candle
    left = trades["close_date"].dt.floor("h")
    held = trades[(trades["pair"] == pair) & was_opened & (left.isna() | (left >= candle))]
    return None if held.empty else held.iloc[0]


def explain_missing(
    pair: str,
    candle: pd.Timestamp,
    live: pd.DataFrame,
    backtest: pd.DataFrame,
    asked: pd.DataFrame,
) -> str:
    """Return why the bot did not enter where the backtest did; empty where that is unknown."""
    holder = find_holder(live, pair, candle)
    if holder is not None:
        return describe_holder("live", holder, "backtest", backtest, candle)
    here = asked[(asked["pair"] == pair) & (asked["time"].dt.floor("h") == candle)]
    if here.empty:
        return ""
    if not here["confirmed"].any():
        return "live: dominance became stale between the signal and the entry"
    return "live: the order was not filled in time"


def explain_surplus(
    pair: str, candle: pd.Timestamp, live: pd.DataFrame, backtest: pd.DataFrame
) -> str:
    """Return why the backtest did not enter where the bot did; empty where that is unknown."""
    holder = find_holder(backtest, pair, candle)
    return "" if holder is None else describe_holder("backtest", holder, "live", live, candle)


def describe_holder(
    side: str, holder: pd.Series, other: str, others: pd.DataFrame, candle: pd.Timestamp
) -> str:
    """Return which exit one made later than the other; empty where none was later."""
    is_same = others["open_date"].dt.floor("h") == holder["open_date"].floor("h")
    twin = others[is_same & (others["pair"] == holder["pair"])]
    if twin.empty:
        return f"{side}: the pair was held by a trade that is a difference itself"
    if not twin["close_date"].iloc[0] < candle:
        return ""
    return (
        f"{side}: the pair was still held, until {holder['exit_reason'] or 'the end'}; "
        f"left before by {twin['exit_reason'].iloc[0]} in the {other}"
    )


def find_gated(entries: pd.DataFrame, candles: pd.DataFrame) -> list[tuple[str, pd.Timestamp]]:
    """Return pair and time of the entries that were made while the gate was closed.

    :param entries: trades.
    :param candles: pair, date and alt_season of the analyzed candles.
    """
    said = candles.assign(known=candles["date"] + HOUR).sort_values("known")
    opened = entries.sort_values("open_date")
    known = pd.merge_asof(
        opened,
        said[["pair", "known", "alt_season"]],
        left_on="open_date",
        right_on="known",
        by="pair",
    )
    gated = known[known["alt_season"].ne(True)]
    return list(zip(gated["pair"], gated["open_date"], strict=True))
