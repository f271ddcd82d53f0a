"""The path of the price within a candle: the values were worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altseason_lab.emulator.live import run_candle

RISING = {"open": 10.0, "high": 14.0, "low": 8.0, "close": 12.0, "volume": 60.0}
FALLING = {"open": 12.0, "high": 14.0, "low": 8.0, "close": 10.0, "volume": 60.0}
prices = st.floats(min_value=1e-6, max_value=1e6, allow_nan=False)


@st.composite
def candles(draw: st.DrawFn) -> dict[str, float]:
    low, first, second, high = sorted(draw(prices) for _ in range(4))
    opened, closed = (first, second) if draw(st.booleans()) else (second, first)
    volume = draw(st.floats(min_value=0, max_value=1e9))
    return {"open": opened, "high": high, "low": low, "close": closed, "volume": volume}


@pytest.mark.parametrize(
    ("minute", "high", "low", "close"),
    [
        (0, 10, 10, 10),
        (10, 10, 9, 9),
        (20, 10, 8, 8),
        (30, 11, 8, 11),
        (40, 14, 8, 14),
        (50, 14, 8, 13),
        (60, 14, 8, 12),
    ],
)
def test_a_rising_candle_visits_its_low_first(
    minute: int, high: float, low: float, close: float
) -> None:
    running = run_candle(RISING, minute / 60)
    assert running == pytest.approx(
        {"open": 10, "high": high, "low": low, "close": close, "volume": minute}
    )


@pytest.mark.parametrize(
    ("minute", "high", "low", "close"),
    [(0, 12, 12, 12), (10, 13, 12, 13), (20, 14, 12, 14), (30, 14, 11, 11), (40, 14, 8, 8)],
)
def test_a_falling_candle_visits_its_high_first(
    minute: int, high: float, low: float, close: float
) -> None:
    running = run_candle(FALLING, minute / 60)
    assert (running["high"], running["low"], running["close"]) == pytest.approx((high, low, close))


@given(candles())
def test_the_path_hits_open_low_high_and_close(candle: dict[str, float]) -> None:
    at_knots = [run_candle(candle, part)["close"] for part in (0, 1 / 3, 2 / 3, 1)]
    assert at_knots[0] == candle["open"]
    assert set(at_knots[1:3]) == {candle["low"], candle["high"]}
    assert run_candle(candle, 1) == candle


@given(candles(), st.floats(min_value=0, max_value=1), st.floats(min_value=0, max_value=1))
def test_a_running_candle_only_grows_and_stays_within_the_finished_one(
    candle: dict[str, float], one: float, other: float
) -> None:
    earlier, later = (run_candle(candle, part) for part in sorted((one, other)))
    assert candle["low"] <= later["low"] <= earlier["low"] <= earlier["close"]
    assert earlier["close"] <= earlier["high"] <= later["high"] <= candle["high"]
    assert earlier["volume"] <= later["volume"] <= candle["volume"]
    assert later["low"] <= later["close"] <= later["high"]
