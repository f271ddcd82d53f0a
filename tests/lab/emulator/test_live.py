"""The live view: stored candles that end now, and nothing of what comes after."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from altseason.errors import InputError
from altseason_lab.emulator.live import LiveMarket, plan_shift, stored_span
from altseason_lab.emulator.market import DAY_IN_MS, Market, Symbol
from tests.lab.emulator.candle_files import HOUR, drop_rows, make_candles, store_candles

ETH = Symbol("ETH", "USDT")
VALUES = ["open", "high", "low", "close", "volume"]


def milliseconds(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


# 240 hours, the 100th to the 104th missing, moved from 2021 to 2026.
START, NOW = milliseconds(2021, 1, 1), milliseconds(2026, 3, 8, 17, 20)
MOVED_START = milliseconds(2026, 3, 1)
SHIFT = (date(2026, 3, 1) - date(2021, 1, 1)).days * DAY_IN_MS


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Market:
    folder = tmp_path_factory.mktemp("live")
    hours = make_candles(240)
    store_candles(folder, "ETH/USDT", drop_rows(hours, 100, 104))
    days = hours.resample("1D", on="date").agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    days = days.reset_index()
    store_candles(folder, "ETH/USDT", days, timeframe="1d")
    return Market(folder)


@pytest.fixture(scope="module")
def live(stored: Market) -> LiveMarket:
    return LiveMarket(stored, SHIFT)


def price(market: LiveMarket, now: int) -> float | None:
    last = market.at(now).price(ETH)
    return None if last is None else float(last)


@pytest.mark.parametrize(
    ("days", "seen"),
    [
        # 28 days before the end, rounded down to a time of day as it is now.
        (200, milliseconds(2021, 6, 21, 17, 20)),
        # A quarter of them: 2.5 days before the 11th.
        (10, milliseconds(2021, 1, 7, 17, 20)),
    ],
)
def test_plan_shift_leaves_some_weeks_to_come(days: int, seen: int) -> None:
    shift = plan_shift(START, START + days * DAY_IN_MS, NOW)
    assert NOW - shift == seen
    assert shift % DAY_IN_MS == 0


@given(
    span=st.integers(min_value=2 * DAY_IN_MS, max_value=2000 * DAY_IN_MS),
    now=st.integers(min_value=START, max_value=2 * START),
)
def test_plan_shift_lies_within_what_is_stored(span: int, now: int) -> None:
    shift = plan_shift(START, START + span, now)
    assert shift % DAY_IN_MS == 0
    assert START < now - shift < START + span


def test_plan_shift_refuses_too_little() -> None:
    with pytest.raises(InputError, match=r"2 days or more to trade on, found 1\.5 days"):
        plan_shift(START, START + 36 * HOUR, NOW)


def test_stored_span_is_from_the_first_open_to_the_last_end(stored: Market) -> None:
    assert stored_span(stored, [ETH]) == (START, START + 240 * HOUR)


def test_select_ends_with_the_running_candle(live: LiveMarket, stored: Market) -> None:
    candles = live.at(NOW).select(ETH, "1h", limit=1000)
    finished = stored.load_candles(ETH, "1h")
    # 7 days and 17 hours have ended, and 5 hours are missing.
    assert len(candles) == 7 * 24 + 17 - 5 + 1
    assert candles["open_time"].iloc[[0, -1]].tolist() == [MOVED_START, NOW - 20 * 60_000]
    assert candles["date"].iloc[0] == pd.Timestamp("2026-03-01", tz="UTC")
    pd.testing.assert_frame_equal(candles[VALUES].iloc[:-1], finished[VALUES].iloc[:180])
    # After a third it is at the first turn of its path.
    running, last = candles.iloc[-1], finished.iloc[180]
    turn = "low" if last["close"] >= last["open"] else "high"
    assert running["open"] == last["open"]
    assert running["close"] == running[turn] == last[turn]
    assert running["volume"] == pytest.approx(last["volume"] / 3)


def test_select_gives_a_finished_candle_as_it_is_stored(live: LiveMarket, stored: Market) -> None:
    end = MOVED_START + 7 * HOUR
    newest = live.at(end).select(ETH, "1h", limit=2)
    assert newest["open_time"].tolist() == [end - HOUR, end]
    finished = stored.load_candles(ETH, "1h").iloc[6]
    assert newest.iloc[0][VALUES].tolist() == finished[VALUES].tolist()
    # The next one has just opened.
    opened = newest.iloc[1]
    assert opened["high"] == opened["low"] == opened["close"] == opened["open"]
    assert opened["volume"] == 0


def test_a_candle_nears_its_end_without_a_jump(live: LiveMarket, stored: Market) -> None:
    end = MOVED_START + 7 * HOUR
    last = live.at(end - 1).select(ETH, "1h", limit=1).iloc[0]
    finished = stored.load_candles(ETH, "1h").iloc[6]
    assert last[VALUES].tolist() == pytest.approx(finished[VALUES].tolist(), rel=1e-5)


@pytest.mark.parametrize("hours", [100, 102.5, 104.9])
def test_in_a_gap_the_last_candle_is_the_one_before(live: LiveMarket, hours: float) -> None:
    moment = live.at(MOVED_START + int(hours * HOUR))
    assert moment.select(ETH, "1h", limit=1)["open_time"].tolist() == [MOVED_START + 99 * HOUR]
    assert (
        price(live, MOVED_START + int(hours * HOUR))
        == live.load_candles(ETH, "1h")["close"].iloc[99]
    )


def test_before_the_first_candle_and_after_the_last_there_is_no_failure(live: LiveMarket) -> None:
    times = MOVED_START - 1, MOVED_START + 400 * HOUR
    before, after = (live.at(time) for time in times)
    assert price(live, times[0]) is None
    assert before.select(ETH, "1h", limit=5).empty
    assert price(live, times[1]) == live.load_candles(ETH, "1h")["close"].iloc[-1]
    assert after.select(ETH, "4h", limit=5).empty


@given(
    now=st.integers(min_value=MOVED_START, max_value=MOVED_START + 240 * HOUR - 1),
    limit=st.integers(min_value=1, max_value=300),
)
def test_no_candle_opens_after_now_and_two_looks_agree(
    live: LiveMarket, stored: Market, now: int, limit: int
) -> None:
    candles = live.at(now).select(ETH, "1h", start=0, limit=limit)
    assert candles["open_time"].max() <= now
    pd.testing.assert_frame_equal(
        candles, LiveMarket(stored, SHIFT).at(now).select(ETH, "1h", start=0, limit=limit)
    )
    finished = live.load_candles(ETH, "1h").loc[candles.index]
    assert (candles["high"] <= finished["high"]).all()
    assert (candles["low"] >= finished["low"]).all()
    assert (candles["open"] == finished["open"]).all()


@given(now=st.integers(min_value=MOVED_START, max_value=MOVED_START + 240 * HOUR - 1))
def test_a_longer_candle_runs_as_the_shorter_ones_in_it(live: LiveMarket, now: int) -> None:
    day = live.at(now).select(ETH, "1d", limit=1).iloc[0]
    hours = live.at(now).select(ETH, "1h", start=now // DAY_IN_MS * DAY_IN_MS, limit=24)
    if len(hours):
        assert day["close"] == hours["close"].iloc[-1] == price(live, now)
        assert (day["high"], day["low"]) == (hours["high"].max(), hours["low"].min())
        assert day["volume"] == pytest.approx(hours["volume"].sum())


def test_looking_changes_nothing(live: LiveMarket) -> None:
    before = live.load_candles(ETH, "1h").copy()
    live.at(NOW).select(ETH, "1h", limit=1000)
    pd.testing.assert_frame_equal(live.load_candles(ETH, "1h"), before)


def test_a_market_without_shorter_candles_runs_by_itself(tmp_path: Path) -> None:
    store_candles(tmp_path, "ETH/USDT", make_candles(10, frequency="1D"), timeframe="1d")
    market = LiveMarket(Market(tmp_path), 0)
    noon = START + 3 * DAY_IN_MS + DAY_IN_MS // 2
    last = market.load_candles(ETH, "1d").iloc[3]
    # Half-way the path is half-way between the low and the high.
    assert price(market, noon) == pytest.approx((last["low"] + last["high"]) / 2)
