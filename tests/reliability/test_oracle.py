"""The harness has to see what is wrong: each thing that it looks for, made by hand."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from reliability.recorder.oracle import (
    LOG,
    Key,
    check_candles,
    check_counted,
    check_log,
    reckon_candles,
    reckon_jumps,
)
from reliability.tally import Tally, Try


def key(time: str, value: float) -> Key:
    return f"2026-05-27T{time}:00+00:00", "CoinGecko", value, value


def write_log(folder: Path, *keys: Key, end: str = "") -> None:
    names = ("known", "provider", "raw", "dominance")
    lines = [json.dumps(dict(zip(names, one, strict=True))) + "\n" for one in keys]
    (folder / LOG).write_text("".join(lines) + end)


def write_candle(folder: Path, close: float, volume: float = 2.0) -> None:
    date = pd.to_datetime(["2026-05-27 10:00"], utc=True)
    row = {"open": 57.0, "high": 58.0, "low": 57.0, "close": close, "volume": volume}
    candles = pd.DataFrame({"date": date, **row})
    candles.to_feather(folder / "BTCD_USD-1h.feather")


FIRST, SECOND = key("10:10", 57.0), key("11:00", 58.0)
NOON = datetime(2026, 5, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("logged", "lost", "problems"),
    [
        ([FIRST, SECOND], 0, 0),
        ([FIRST], 1, 1),
        ([FIRST, SECOND, SECOND], 0, 1),
        ([SECOND, FIRST], 0, 1),
        ([FIRST, SECOND, key("11:10", 150.0)], 1, 1),
    ],
)
def test_log_is_compared_with_what_was_acknowledged(tmp_path, logged, lost, problems):
    write_log(tmp_path, *logged)
    this = Try("")
    check_log(this, tmp_path, [FIRST, SECOND], {57.0, 58.0})

    assert (this.lost, len(this.problems)) == (lost, problems)


def test_torn_line_is_no_damage_and_a_whole_one_is(tmp_path):
    write_log(tmp_path, FIRST, end='{"known": "20')
    torn, damaged = Try("torn"), Try("damaged")
    check_log(torn, tmp_path, [FIRST], {57.0})
    write_log(tmp_path, FIRST, end='{"known": "20\n')
    check_log(damaged, tmp_path, [FIRST], {57.0})

    assert (torn.problems, damaged.problems) == ([], ["1 lines are damaged"])


@pytest.mark.parametrize(
    ("close", "volume", "lost"), [(58.0, 2.0, 0), (57.9, 2.0, 1), (58.0, 3.0, 1)]
)
def test_candles_are_compared_with_the_log(tmp_path, close, volume, lost):
    write_log(tmp_path, FIRST, SECOND)
    write_candle(tmp_path, close, volume)
    this = Try("")
    check_candles(this, tmp_path, NOON)

    assert this.lost == lost


def test_candle_that_nobody_stored_is_missing(tmp_path):
    write_log(tmp_path, FIRST, SECOND)
    strict, lenient = Try("all have to be there"), Try("those that are there have to be right")
    check_candles(strict, tmp_path, NOON)
    check_candles(lenient, tmp_path, NOON, all_there=False)

    assert (strict.lost, lenient.lost) == (1, 0)


def test_candles_are_reckoned_by_the_rules_of_the_documents():
    readings = [FIRST, SECOND, key("11:10", 59.0), key("20:59", 56.0)]
    end = datetime(2026, 5, 28, tzinfo=UTC)
    hours = reckon_candles(readings, "1h", NOON)

    assert hours == {
        datetime(2026, 5, 27, 10, tzinfo=UTC): (57.0, 58.0, 57.0, 58.0, 2),
        datetime(2026, 5, 27, 11, tzinfo=UTC): (59.0, 59.0, 59.0, 59.0, 1),
    }
    # The last reading lies more than three hours before midnight, then exactly three.
    assert reckon_candles(readings, "1d", end) == {}
    assert reckon_candles([FIRST, key("21:00", 56.0)], "1d", end) == {
        datetime(2026, 5, 27, tzinfo=UTC): (57.0, 57.0, 56.0, 56.0, 2)
    }


def test_tally_counts_an_exception_and_goes_on():
    tally = Tally()
    with tally.trying("one") as this:
        this.lost += 2
        raise ZeroDivisionError
    with tally.trying("two"):
        pass

    assert (tally.tried, tally.survived, tally.lost) == (2, 1, 2)
    assert tally.problems == ["one: raised ZeroDivisionError()"]


@pytest.mark.parametrize(
    ("raws", "restarts", "confirmed", "counted"),
    [
        ([5.8, 58.1], (), (), [None, 58.1]),
        ([53.0, 52.5], (), (), [None, 52.5]),
        ([53.0, 57.9, 53.0], (), (), [None, 57.9, None]),
        ([53.0, 52.5, 52.4], {1}, (), [None, None, 52.4]),
        ([53.0], (), {0}, [53.0]),
        # In ten minutes two points, and a sixth of half a point.
        ([60.08, 62.17], (), (), [60.08, None]),
    ],
)
def test_oracle_waits_for_what_confirms_a_jump(raws, restarts, confirmed, counted):
    times = pd.date_range("2026-05-27 10:10", periods=len(raws), freq="10min", tz="UTC")
    last = (datetime(2026, 5, 27, 10, tzinfo=UTC), 58.0)
    told = list(zip(times, raws, strict=True))
    assert reckon_jumps(last, told, 0.0, restarts, confirmed) == counted


@pytest.mark.parametrize(
    ("counted", "wrong"), [([57.0, None], 0), ([57.0, 58.0], 1), ([None, None], 1)]
)
def test_readings_are_compared_with_what_counts_of_them(tmp_path, counted, wrong):
    waits = (*SECOND[:3], None)
    write_log(tmp_path, FIRST, waits)
    this = Try("")
    said = [(datetime.fromisoformat(one[0]), one[1], one[2]) for one in (FIRST, SECOND)]
    check_counted(this, tmp_path, said, counted)

    assert (this.lost, len(this.problems)) == (wrong, int(bool(wrong)))
