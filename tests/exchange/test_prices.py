"""The way of the price between two looks: worked out by hand from the hours in `accounts`."""

from decimal import Decimal
from pathlib import Path

import pytest

from altseason_lab.emulator.live import LiveMarket
from tests.exchange.accounts import ETH, MINUTE, START, store_hours
from tests.exchange.prices import Point, Prices, first_at, path_after


@pytest.fixture
def market(tmp_path: Path) -> LiveMarket:
    return store_hours(tmp_path)


def minutes(*points: tuple[float, float]) -> list[Point]:
    return [Point(START + int(minute * MINUTE), Decimal(repr(price))) for minute, price in points]


def path(market: LiveMarket, since: float, until: float) -> list[tuple[float, float]]:
    found = Prices(market).path(ETH, START + int(since * MINUTE), START + int(until * MINUTE))
    return [((point.time - START) / MINUTE, float(point.price)) for point in found]


def test_price_path_has_every_turn_and_the_jump_between_two_candles(market: LiveMarket) -> None:
    assert path(market, 70, 125) == [
        (70, 95),
        (80, 90),
        (100, 110),
        (120, 105),
        (120, 80),
        (125, 80),
    ]


def test_price_path_of_no_time_is_one_price(market: LiveMarket) -> None:
    assert set(path(market, 70, 70)) == {(70, 95)}


def test_price_path_begins_with_the_first_candle(market: LiveMarket) -> None:
    assert path(market, -30, 10) == [(0, 100), (10, 100)]


@pytest.mark.parametrize(
    ("price", "is_falling", "expected"),
    [
        (95, True, (70, 95)),
        (100, True, (60, 100)),
        (109, False, (99, 109)),
        (110, False, (100, 110)),
        # The jump from 105 carries past it.
        (85, True, (120, 80)),
    ],
)
def test_first_at_finds_the_moment(
    market: LiveMarket, price: float, is_falling: bool, expected: tuple[float, float]
) -> None:
    way = Prices(market).path(ETH, START + 60 * MINUTE, START + 180 * MINUTE)
    assert first_at(way, Decimal(price), is_falling=is_falling) == minutes(expected)[0]


def test_first_at_is_nothing_where_the_price_never_came(market: LiveMarket) -> None:
    way = Prices(market).path(ETH, START, START + 119 * MINUTE)
    assert first_at(way, Decimal("89.99"), is_falling=True) is None
    assert first_at(way, Decimal("110.01"), is_falling=False) is None


def test_path_after_begins_with_the_point() -> None:
    way = minutes((0, 10), (10, 20), (20, 15))
    (cut,) = minutes((5, 15))
    assert path_after(way, cut) == [cut, *way[1:]]


def test_path_after_a_jump_does_not_go_back() -> None:
    way = minutes((0, 10), (10, 20), (10, 5), (20, 5))
    assert path_after(way, way[2]) == way[2:]
    assert path_after(way, way[1]) == way[1:]


@pytest.mark.parametrize("minute", [0, 20, 60, 73.3, 100, 119.99, 120, 239, 240, 900])
def test_last_is_the_price_that_the_running_candle_shows(market: LiveMarket, minute: float) -> None:
    now = START + int(minute * MINUTE)
    shown = market.at(now).select(ETH, "1h", limit=1)["close"].iloc[0]
    assert Prices(market).last(ETH, now) == Decimal(repr(float(shown)))
    assert Prices(market).last(ETH, now) == market.at(now).price(ETH)


def test_last_is_nothing_before_the_first_candle(market: LiveMarket) -> None:
    assert Prices(market).last(ETH, START - 1) is None
    assert market.at(START - 1).price(ETH) is None
