"""The comparison of a soak fails where it has to."""

import pandas as pd

from reliability.soak.compare import (
    Difference,
    EntryComparison,
    compare_entries,
    compare_signals,
    find_gated,
)
from reliability.soak.runs import Span
from reliability.soak.verdict import Verdict
from reliability.tally import Tally

PAIR, OTHER = "ETH/USDT", "BNB/USDT"
UNTIL = pd.Timestamp("2021-09-02", tz="UTC")


def candles(*signals: tuple[int, int, bool], pair: str = PAIR) -> pd.DataFrame:
    """Enter, exit and gate of candles from midnight on."""
    dates = pd.date_range("2021-09-01", periods=len(signals), freq="h", tz="UTC")
    said = pd.DataFrame(list(signals), columns=["enter_long", "exit_long", "alt_season"])
    return said.assign(pair=pair, date=dates)


def trades(*made: tuple[str, str, str | None, str]) -> pd.DataFrame:
    """Pair, times of day and exit reason."""
    frame = pd.DataFrame(list(made), columns=["pair", "open_date", "close_date", "exit_reason"])
    for name in ("open_date", "close_date"):
        frame[name] = pd.to_datetime("2021-09-01 " + frame[name].astype("string"), utc=True)
    return frame


def asked(*entries: tuple[str, str, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(list(entries), columns=["pair", "time", "confirmed"])
    return frame.assign(
        time=pd.to_datetime("2021-09-01 " + frame["time"].astype("string"), utc=True)
    )


SIGNALS = candles((0, 0, True), (1, 0, True), (0, 1, False))
EXPECTED = SIGNALS[["pair", "date"]]


def test_same_signals_are_no_problem():
    found = compare_signals(SIGNALS, SIGNALS, EXPECTED)
    assert (found.compared, found.problems) == (3, [])


def test_each_changed_column_is_found():
    for column, wrong in (("enter_long", 0), ("exit_long", 1), ("alt_season", False)):
        changed = SIGNALS.copy()
        changed.loc[1, column] = wrong
        found = compare_signals(changed, SIGNALS, EXPECTED)
        assert list(found.differing["date"]) == [SIGNALS["date"][1]]
        assert len(found.problems) == 1


def test_candle_that_was_analysed_twice_has_to_be_right_twice():
    again = SIGNALS.iloc[[2]].assign(alt_season=True)
    found = compare_signals(pd.concat([SIGNALS, again]), SIGNALS, EXPECTED)
    assert (found.compared, len(found.differing)) == (4, 1)


def test_candle_that_was_not_analysed_is_missing():
    found = compare_signals(SIGNALS.drop(index=1), SIGNALS, EXPECTED)
    assert list(found.missing["date"]) == [SIGNALS["date"][1]]
    assert len(found.problems) == 1


def test_candle_that_the_backtest_does_not_know_differs():
    found = compare_signals(SIGNALS, SIGNALS.drop(index=1), EXPECTED)
    assert list(found.differing["date"]) == [SIGNALS["date"][1]]


def test_same_entries_are_no_difference():
    found = compare_entries(
        trades((PAIR, "03:00:01", "05:00:01", "roi")),
        trades((PAIR, "03:00", "04:00", "roi")),
        asked((PAIR, "03:00:01", True)),
        UNTIL,
    )
    assert (found.both, found.differences) == (1, [])


def test_missing_entry_is_explained_by_a_trade_that_is_left_later():
    first = (PAIR, "03:00:01", "07:00:01", "stop_loss")
    theirs = trades((PAIR, "03:00", "04:00", "roi"), (PAIR, "07:00", "09:00", "macd_down"))
    found = compare_entries(trades(first), theirs, asked(), UNTIL)
    assert found.unexplained == []
    assert found.causes == {
        "live: the pair was still held, until stop_loss; left before by roi in the backtest": 1
    }


def test_missing_entry_is_unexplained_where_the_pair_was_free():
    ours = trades((PAIR, "03:00:01", "06:00:01", "stop_loss"))
    theirs = trades((PAIR, "03:00", "04:00", "roi"), (PAIR, "07:00", "09:00", "macd_down"))
    found = compare_entries(ours, theirs, asked(), UNTIL)
    assert found.problems == [
        "unexplained: backtest alone entered ETH/USDT at 2021-09-01 07:00",
    ]
    # Another pair's trade explains nothing.
    others = trades((OTHER, "03:00:01", None, ""))
    assert len(compare_entries(others, theirs, asked(), UNTIL).unexplained) == 3


def test_missing_entry_is_explained_by_what_became_of_the_order():
    theirs = trades((PAIR, "03:00", "04:00", "roi"))
    for is_confirmed, word in ((True, "not filled"), (False, "stale")):
        found = compare_entries(trades(), theirs, asked((PAIR, "03:00:01", is_confirmed)), UNTIL)
        (cause,) = found.causes
        assert word in cause


def test_surplus_entry_is_explained_only_where_the_backtest_held_the_pair():
    held = trades((PAIR, "03:00", "06:00", "macd_down"))
    ours = trades((PAIR, "03:00:01", "04:00:01", "roi"), (PAIR, "05:00:01", "08:00:01", "roi"))
    found = compare_entries(ours, held, asked(), UNTIL)
    assert (found.both, len(found.causes), found.unexplained) == (1, 1, [])
    left = trades((PAIR, "03:00", "04:00", "macd_down"))
    assert len(compare_entries(ours, left, asked(), UNTIL).unexplained) == 1


def test_entry_against_the_gate_is_found():
    gate = candles((0, 0, False), (0, 0, True))
    # The second candle ends at 02:00.
    made = trades((PAIR, "01:00:01", None, ""), (PAIR, "02:00:01", None, ""))
    assert find_gated(made, gate) == [(PAIR, made["open_date"][0])]
    assert find_gated(trades((OTHER, "02:00:01", None, "")), gate) != []


def test_lost_is_whatever_is_wrong():
    changed = SIGNALS.assign(alt_season=[True, False, False])
    signals = compare_signals(changed.drop(index=2), SIGNALS, EXPECTED)
    unknown, known = (
        Difference(PAIR, UNTIL, "live", cause) for cause in ("", "backtest: the pair was held")
    )
    entries = EntryComparison(5, [unknown, known])
    span = Span(UNTIL.to_pydatetime(), UNTIL.to_pydatetime())
    # An entry may be wrong in two ways, and is lost once.
    verdict = Verdict(span, signals, entries, [(PAIR, UNTIL), (OTHER, UNTIL)])

    assert verdict.counted_candles == Tally(tried=3, survived=1, lost=2)
    assert verdict.counted_entries == Tally(tried=7, survived=5, lost=2)
