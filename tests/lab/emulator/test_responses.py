"""The answers: rows of klines and tickers, worked out by hand."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from altseason_lab.emulator.market import Symbol
from altseason_lab.emulator.responses import exchange_information, format_decimal, klines
from altseason_lab.emulator.ticker import day_ticker
from tests.lab.emulator.candle_files import HOUR

ETH = Symbol("ETH", "USDT")


def candle_rows(*rows: tuple[str, float, float, float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["date", "open", "high", "low", "close", "volume"])
    frame["date"] = pd.to_datetime(frame["date"], utc=True).dt.as_unit("ms")
    return frame.assign(open_time=frame["date"].astype("int64"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00000000"),
        (0.1, "0.10000000"),
        (1234.5, "1234.50000000"),
        (1234567890.12, "1234567890.12000000"),
        (0.00000825, "0.00000825"),
        (1e-9, "0.000000001"),
        (0.123456789012, "0.123456789012"),
        (1e16, "10000000000000000.00000000"),
    ],
)
def test_format_decimal_has_at_least_eight_places_and_no_exponent(value: float, text: str) -> None:
    assert format_decimal(value) == text


@given(st.floats(min_value=0, max_value=1e18, allow_nan=False))
def test_format_decimal_loses_nothing(value: float) -> None:
    assert float(format_decimal(value)) == value


def test_klines_have_binances_twelve_columns() -> None:
    candles = candle_rows(("2021-01-01 05:00", 10.0, 12.5, 9.5, 11.0, 3.0))
    assert klines(candles, "1h") == [
        [
            1609477200000,
            "10.00000000",
            "12.50000000",
            "9.50000000",
            "11.00000000",
            "3.00000000",
            1609480799999,
            "33.00000000",
            0,
            "0.00000000",
            "0.00000000",
            "0",
        ]
    ]


@pytest.mark.parametrize(
    ("interval", "opened", "closes"),
    [
        ("1m", "2021-01-01 00:00", "2021-01-01 00:01"),
        ("3d", "2021-01-01", "2021-01-04"),
        ("1w", "2021-01-04", "2021-01-11"),
        ("1M", "2021-02-01", "2021-03-01"),
        ("1M", "2021-12-01", "2022-01-01"),
    ],
)
def test_klines_close_a_millisecond_before_the_next(
    interval: str, opened: str, closes: str
) -> None:
    row = klines(candle_rows((opened, 1, 1, 1, 1, 1)), interval)[0]
    assert row[6] == pd.Timestamp(closes, tz="UTC").value // 1_000_000 - 1


def test_klines_of_no_candles_are_none() -> None:
    assert klines(pd.DataFrame({"open_time": []}), "1h") == []


def test_exchange_information_lists_each_symbol_as_trading() -> None:
    information = exchange_information([ETH], 5)
    (symbol,) = information["symbols"]
    assert information["serverTime"] == 5
    assert (symbol["symbol"], symbol["baseAsset"], symbol["quoteAsset"], symbol["status"]) == (
        "ETHUSDT",
        "ETH",
        "USDT",
        "TRADING",
    )


def test_day_ticker_sums_up_the_last_day_only() -> None:
    candles = candle_rows(
        ("2021-01-01 00:00", 1.0, 99.0, 0.1, 10.0, 1000.0),
        ("2021-01-01 01:00", 10.0, 15.0, 9.0, 12.0, 2.0),
        ("2021-01-02 00:00", 12.0, 13.0, 8.0, 11.0, 4.0),
    )
    ticker = day_ticker(ETH, candles, "1h")
    expected = {
        "openPrice": "10.00000000",
        "highPrice": "15.00000000",
        "lowPrice": "8.00000000",
        "lastPrice": "11.00000000",
        "volume": "6.00000000",
        "quoteVolume": "68.00000000",
        "priceChange": "1.00000000",
        "priceChangePercent": "10.000",
        "closeTime": 1609549200000 - 1,
        "openTime": 1609549200000 - 24 * HOUR,
    }
    assert {name: ticker[name] for name in expected} == expected


def test_day_ticker_of_weeks_is_the_last_week() -> None:
    week = candle_rows(("2021-01-04", 10.0, 15.0, 9.0, 12.0, 2.0))
    assert day_ticker(ETH, week, "1w")["openPrice"] == "10.00000000"
