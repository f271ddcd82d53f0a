"""Breadth: by hand, against an oracle in plain Python, and without look-ahead."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from freqtrade.util import dt_ts
from hypothesis import given
from hypothesis import strategies as st

from altseason.dominance.candles import empty_candles
from altseason.gate.breadth import (
    MIN_COINS,
    NO_COINS,
    CoinPrices,
    calculate_breadth,
    calculate_prices,
)
from altseason.gate.rule import (
    BREADTH_MODES,
    Dominance,
    GateRule,
    add_breadth,
    find_closed,
    find_open,
)
from tests.conftest import dominance_candles
from tests.gate.coin_days import Closes, coin_days, coin_prices

NO_DOMINANCE = Dominance("1d", empty_candles(), empty_candles(), pd.Timedelta(hours=36))
START = datetime(2026, 5, 1, tzinfo=UTC)
#              the 1st  2nd   3rd   4th   5th
BITCOIN = [100.0, 100.0, 110.0, 100.0, 100.0]
COINS: dict[str, Closes] = {
    # Over two days: +20 % to Bitcoin's +10 %; 0 % to 0 %; -8.3 % to -9.1 %.
    "AAA": [10.0, 10.0, 12.0, 10.0, 11.0],
    # +10 % to +10 %; +10 % to 0 %; 0 % to -9.1 %.
    "BBB": [10.0, 10.0, 11.0, 11.0, 11.0],
    # +50 %; +60 %; +20 %.
    "CCC": [10.0, 10.0, 15.0, 16.0, 18.0],
    # -50 %; -50 %; +100 %.
    "DDD": [10.0, 10.0, 5.0, 5.0, 10.0],
}


def dominance(closes: list[float]) -> Dominance:
    candles = dominance_candles(closes, "2026-05-01")
    return Dominance("1d", candles, candles, pd.Timedelta(hours=36))


def moments(*times: str) -> "np.ndarray":
    return np.array([dt_ts(pd.Timestamp(f"2026-05-{time}", tz="UTC")) for time in times])


def counted(coins: CoinPrices, days: int) -> list[tuple[str, int, int]]:
    breadth = calculate_breadth(coins, days)
    return [
        (f"{date:%d}", int(beating), int(measured))
        for date, beating, measured in zip(
            breadth.dates, breadth.beating, breadth.measured, strict=True
        )
    ]


def test_coins_that_rose_by_more_than_bitcoin_are_counted():
    assert counted(coin_prices(COINS, BITCOIN), 2) == [("03", 2, 4), ("04", 2, 4), ("05", 4, 4)]


def test_gate_is_open_from_the_end_of_a_day_with_enough_of_them_until_it_is_stale():
    coins, rule = coin_prices(COINS, BITCOIN), GateRule("breadth", breadth_days=2)
    # The 5th ends at the midnight that begins the 6th; 36 hours later it is too old.
    times = moments("05 12:00", "05 23:59", "06 00:00", "07 12:00", "07 12:01")
    assert find_open(NO_DOMINANCE, rule, times, coins).tolist() == [False, False, True, True, False]
    # Breadth that is known to be too low closes the gate; unknown breadth does not.
    assert find_closed(NO_DOMINANCE, rule, times, coins).tolist() == [True, True, *[False] * 3]
    assert find_closed(NO_DOMINANCE, rule, moments("03 23:59"), coins).tolist() == [False]


def test_so_many_percent_and_no_more_are_enough():
    coins = coin_prices(COINS, BITCOIN)
    for minimum, is_open in ((50, True), (50.1, False)):
        rule = GateRule("breadth", breadth_min=minimum, breadth_days=2)
        assert find_open(NO_DOMINANCE, rule, moments("04 00:00"), coins).tolist() == [is_open]


def test_breadth_and_falling_needs_both():
    falling = dominance([60.0, 59.0, 58.0, 57.0, 56.0])
    rising = dominance([56.0, 57.0, 58.0, 59.0, 60.0])
    coins, times = coin_prices(COINS, BITCOIN), moments("05 00:00", "06 00:00")
    rule = GateRule("breadth_and_falling", sma_days=3, breadth_days=2)
    assert find_open(falling, rule, times, coins).tolist() == [False, True]
    assert find_open(rising, rule, times, coins).tolist() == [False, False]
    assert find_open(NO_DOMINANCE, rule, times, coins).tolist() == [False, False]
    assert find_closed(rising, rule, times, coins).tolist() == [True, True]


def test_coin_without_a_close_on_one_of_both_days_is_left_out():
    coins = {**COINS, "EEE": [None, None, 10.0, 10.0, 10.0], "FFF": [10.0, 10.0, None, 20.0, None]}
    found = counted(coin_prices(coins, BITCOIN), 2)
    assert found == [("03", 2, 4), ("04", 3, 5), ("05", 5, 5)]


def test_day_without_bitcoin_or_with_too_few_coins_does_not_count():
    assert counted(coin_prices(COINS, [100.0, 100.0, 110.0, None, 100.0]), 2) == [
        ("03", 2, 4),
        ("05", 4, 4),
    ]
    three = {coin: COINS[coin] for coin in list(COINS)[: MIN_COINS - 1]}
    assert counted(coin_prices(three, BITCOIN), 2) == []


def test_day_of_which_many_coins_have_not_arrived_counts_from_the_next_on():
    late = {f"L{number}": [1.0, 1.0, 1.0, None, None, None] for number in range(3)}
    coins = {coin: [*closes, 12.0] for coin, closes in COINS.items()}
    found = counted(coin_prices({**coins, **late}, [*BITCOIN, 100.0]), 2)
    # Seven, then four of seven, then four of four.
    assert [day for day, *_ in found] == ["03", "05", "06"]


@pytest.mark.parametrize("mode", BREADTH_MODES)
def test_gate_with_breadth_is_closed_without_coins(mode: str):
    falling = dominance([60.0, 59.0, 58.0])
    rule = GateRule(mode, sma_days=2)
    assert not find_open(falling, rule, moments("04 00:00")).any()
    assert not find_closed(falling, rule, moments("04 00:00")).any()


def test_quote_that_is_bitcoin_needs_no_pair_of_bitcoin():
    in_usdt = calculate_prices(
        {coin: coin_days(closes) for coin, closes in COINS.items()}, coin_days(BITCOIN)
    )
    in_bitcoin = {
        coin: coin_days([price / quote for price, quote in zip(closes, BITCOIN, strict=True)])
        for coin, closes in COINS.items()
    }
    pd.testing.assert_frame_equal(calculate_prices(in_bitcoin, None), in_usdt)


def test_days_that_freqtrade_filled_in_and_days_from_another_hour_on_are_none():
    filled = coin_days([1.0, 1.0, 1.0])
    filled.loc[1, "volume"] = 0.0
    shifted = coin_days([1.0, 1.0, 1.0])
    shifted["date"] += pd.Timedelta(hours=16)
    prices = calculate_prices({"A": filled, "B": shifted}, coin_days([1.0, 1.0, 1.0]))
    assert list(prices) == ["A"]
    assert prices["A"].isna().tolist() == [False, True, False]


def test_columns_have_what_was_known_at_each_close():
    breadth = calculate_breadth(coin_prices(COINS, BITCOIN), 2)
    times = moments("03 23:00", "04 00:00", "06 00:00", "09 00:00")
    candles = pd.DataFrame({"close": [1.0] * 4})
    assert list(add_breadth(candles.copy(), breadth, times, with_source=False)) == [
        "close",
        "breadth",
    ]
    rows = add_breadth(candles, breadth, times, with_source=True)
    assert rows["breadth"].fillna(-1).tolist() == [-1, 50, 100, -1]
    assert rows["coins_breadth"].fillna(-1).tolist() == [-1, 4, 4, -1]
    assert rows["date_breadth"].dt.strftime("%d").fillna("").tolist() == ["", "03", "05", ""]


CLOSES = st.lists(st.none() | st.integers(1, 40), min_size=1, max_size=14)


@given(
    coins=st.lists(CLOSES, min_size=3, max_size=7),
    bitcoin=CLOSES,
    days=st.integers(1, 5),
    minimum=st.integers(1, 100),
    hours=st.lists(st.integers(0, 24 * 18), min_size=1, max_size=20).map(sorted),
)
def test_gate_is_that_of_an_oracle(
    coins: list[list[int | None]],
    bitcoin: list[int | None],
    days: int,
    minimum: int,
    hours: list[int],
):
    prices = coin_prices({f"C{number}": closes for number, closes in enumerate(coins)}, bitcoin)
    rule = GateRule("breadth", breadth_min=minimum, breadth_days=days)
    times = [START + timedelta(hours=hour) for hour in hours]
    found = find_open(NO_DOMINANCE, rule, np.array([dt_ts(time) for time in times]), prices)
    expected = [is_open_by_oracle(coins, bitcoin, days, minimum, hour) for hour in hours]
    assert found.tolist() == expected


def is_open_by_oracle(
    coins: list[list[int | None]], bitcoin: list[int | None], days: int, minimum: int, hour: int
) -> bool:
    """The gate some hours after the first day's open, by exact fractions, day by day."""

    def growth(closes: list[int | None], day: int) -> Fraction | None:
        if day - days < 0 or day >= len(closes):
            return None
        old, new = closes[day - days], closes[day]
        return None if old is None or new is None else Fraction(new, old)

    def count(day: int) -> tuple[int, int]:
        market = growth(bitcoin, day)
        own = [one for closes in coins if (one := growth(closes, day)) is not None]
        return (0, 0) if market is None else (sum(one > market for one in own), len(own))

    for day in range(hour // 24 - 1, -1, -1):
        beating, measured = count(day)
        if hour - 24 * (day + 1) > 36:
            return False
        if measured >= 4 and 4 * measured >= 3 * count(day - 1)[1]:
            return Fraction(100 * beating, measured) >= minimum
    return False


@given(
    coins=st.lists(CLOSES, min_size=4, max_size=7),
    bitcoin=CLOSES,
    days=st.integers(1, 5),
    cut=st.integers(1, 13),
)
def test_what_comes_later_changes_no_day(
    coins: list[list[int | None]], bitcoin: list[int | None], days: int, cut: int
):
    def find(end: int | None) -> list[tuple[str, int, int]]:
        cut_coins = {f"C{number}": closes[:end] for number, closes in enumerate(coins)}
        return counted(coin_prices(cut_coins, bitcoin[:end]), days)

    last = f"{START + timedelta(days=cut - 1):%d}"
    assert find(cut) == [day for day in find(None) if day[0] <= last]


def test_no_coins_have_no_days():
    assert counted(NO_COINS, 90) == []
    assert NO_COINS.longest_history == 0
