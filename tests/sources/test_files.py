"""Every file format of docs/dominance.md, and every way in which a file can be wrong."""

import contextlib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from altseason.dominance.importer import import_readings
from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.sources.caps import load_cap_pair
from altseason.sources.files import load_readings
from altseason.sources.reading import Readings
from altseason.sources.rows import ImportOptions
from tests.sources.field import NOW

NOTHING_SAID = ImportOptions()


def write(folder: Path, *lines: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def stored(folder: Path, readings: Readings, timeframe: str = "1d") -> dict[str, float]:
    """Import, and return the stored closes by the open time of their candle."""
    store = DominanceStore(folder / "data")
    import_readings(readings, store, NOW)
    candles = store.load(timeframe)
    return {
        f"{date:%Y-%m-%d %H:%M}": close
        for date, close in zip(candles.date, candles.close, strict=True)
    }


def test_tradingview_daily_export_is_stamped_at_the_open(tmp_path: Path):
    file = write(
        tmp_path,
        "time,open,high,low,close,Volume",
        "1609459200,70.1,71.2,69.9,70.9,NaN",  # 2021-01-01 00:00
        "1609545600,70.9,71.5,70.2,70.4,NaN",
        name="CRYPTOCAP_BTC.D, 1D.csv",
    )
    readings = load_readings(file, NOTHING_SAID, NOW)
    assert (readings.layout.format, readings.layout.stamp) == ("TradingView export", "open")
    assert stored(tmp_path, readings) == {"2021-01-01 00:00": 70.9, "2021-01-02 00:00": 70.4}
    candle = DominanceStore(tmp_path / "data").load("1d").iloc[0]
    assert candle[["open", "high", "low", "close", "volume"]].tolist() == [
        70.1,
        71.2,
        69.9,
        70.9,
        1,
    ]


@pytest.mark.parametrize(("hours", "timeframes"), [(1, ("1h", "1d")), (2, ("1d",))])
def test_rows_of_two_hours_make_no_hours(tmp_path: Path, hours: int, timeframes: tuple[str, ...]):
    """Every other hour would be missing."""
    rows = [f"2026-01-01 {hour:02}:00:00Z,{50 + hour / 10}" for hour in range(0, 24, hours)]
    file = write(tmp_path, "date,dominance", *rows)
    assert load_readings(file, NOTHING_SAID, NOW).timeframes == timeframes


@pytest.mark.parametrize("time", ["date", "datetime", "timestamp", "Open time", "when"])
def test_all_prices_of_a_candle_are_kept_whatever_its_time_is_called(tmp_path: Path, time: str):
    file = write(
        tmp_path,
        f"{time},open,high,low,close",
        "2021-01-01,70.1,71.2,69.9,70.9",
        "2021-01-02,70.9,71.5,70.2,70.4",
    )
    rows = load_readings(file, NOTHING_SAID, NOW).rows
    assert rows[["open", "high", "low", "close"]].to_numpy().tolist() == [
        [70.1, 71.2, 69.9, 70.9],
        [70.9, 71.5, 70.2, 70.4],
    ]


def test_tradingview_hourly_export_makes_hours_and_days(tmp_path: Path):
    hours = pd.date_range("2021-01-01", periods=50, freq="1h", tz="UTC")
    rows = [
        f"{hour.isoformat()},{60 + i},{60 + i + 0.5},{60 + i - 0.5},{60 + i + 0.25}"
        for i, hour in enumerate(hours[:30])
    ]
    readings = load_readings(write(tmp_path, "time,open,high,low,close", *rows), NOTHING_SAID, NOW)
    assert readings.timeframes == ("1h", "1d")
    closes = stored(tmp_path, readings, "1h")
    assert closes["2021-01-01 00:00"] == 60.25
    assert len(closes) == 30
    # The second day ends with hour 06:00: it does not show how it closed.
    day = DominanceStore(tmp_path / "data").load("1d")
    assert day[["open", "high", "low", "close", "volume"]].to_numpy().tolist() == [
        [60.0, 83.5, 59.5, 83.25, 24.0]
    ]


def test_last_day_is_left_out_where_its_last_hours_are_missing(tmp_path: Path):
    """The file ends there, so nothing shows how the day closed. A gap elsewhere is reported."""
    hours = pd.date_range("2021-01-01", periods=70, freq="1h", tz="UTC").delete([22, 23])
    rows = [f"{hour.isoformat()},{60 + i / 8}" for i, hour in enumerate(hours)]
    readings = load_readings(write(tmp_path, "time,dominance", *rows), NOTHING_SAID, NOW)
    # The rows of 21:00 on the 1st, 23:00 on the 2nd, and 21:00 on the 3rd.
    assert stored(tmp_path, readings) == {"2021-01-01 00:00": 62.625, "2021-01-02 00:00": 65.625}
    assert len(stored(tmp_path, readings, "1h")) == 68


def test_tradingview_four_hour_export_makes_days_only(tmp_path: Path):
    bars = pd.date_range("2021-01-01", periods=12, freq="4h", tz="UTC")
    rows = [f"{bar.timestamp():.0f},50,51,49,{50 + i / 10}" for i, bar in enumerate(bars)]
    readings = load_readings(write(tmp_path, "time,open,high,low,close", *rows), NOTHING_SAID, NOW)
    assert stored(tmp_path, readings) == {"2021-01-01 00:00": 50.5, "2021-01-02 00:00": 51.1}
    assert DominanceStore(tmp_path / "data").load("1h").empty
    assert DominanceStore(tmp_path / "data").load("1d")["volume"].tolist() == [6.0, 6.0]


def test_export_with_the_unfinished_day_leaves_it_out(tmp_path: Path):
    file = write(
        tmp_path, "time,open,high,low,close", "2026-05-31,50,51,49,50.5", "2026-06-01,50,51,49,50.9"
    )
    assert list(stored(tmp_path, load_readings(file, NOTHING_SAID, NOW))) == ["2026-05-31 00:00"]


def test_coinmarketcap_series_is_a_snapshot(tmp_path: Path):
    file = write(
        tmp_path,
        "timestamp,btc_dominance,eth_dominance",
        "2021-01-02T00:00:00.000Z,70.5,11",
        "2021-01-02T23:59:59.999Z,70.7,11",
        "2021-01-04T00:00:00.000Z,70.9,11",
    )
    readings = load_readings(file, NOTHING_SAID, NOW)
    assert (readings.layout.format, readings.layout.stamp) == ("CoinMarketCap series", "snapshot")
    assert stored(tmp_path, readings) == {
        "2021-01-01 00:00": 70.5,
        "2021-01-02 00:00": 70.7,
        "2021-01-03 00:00": 70.9,
    }


def test_coingecko_charts_are_divided(tmp_path: Path):
    bitcoin = write(
        tmp_path,
        "snapped_at,price,market_cap,total_volume",
        "2021-01-01 00:00:00 UTC,29000,540000,1",
        "2021-01-02 00:00:00 UTC,29400,546000,1",
        "2021-01-02 07:11:00 UTC,29300,545000,1",
        name="btc.csv",
    )
    total = write(
        tmp_path,
        "snapped_at,market_cap,total_volume",
        "1609459200000,780000,1",
        "1609545600000,840000,1",
        name="total.csv",
    )
    readings = load_cap_pair(bitcoin, total, NOTHING_SAID, NOW)
    assert stored(tmp_path, readings) == pytest.approx(
        {"2020-12-31 00:00": 100 * 540 / 780, "2021-01-01 00:00": 65.0}
    )


def test_coingecko_charts_the_wrong_way_round_are_refused(tmp_path: Path):
    small = write(tmp_path, "snapped_at,market_cap", "2021-01-01,5", "2021-01-02,5", name="a.csv")
    large = write(tmp_path, "snapped_at,market_cap", "2021-01-01,9", "2021-01-02,9", name="b.csv")
    with pytest.raises(InputError, match=r"right order.*\n  line 2: '180.00 %'"):
        load_cap_pair(large, small, NOTHING_SAID, NOW)


def test_market_cap_file_alone_asks_for_its_partner(tmp_path: Path):
    file = write(tmp_path, "snapped_at,market_cap,total_volume", "2021-01-01,540000,1")
    with pytest.raises(InputError, match="--total FILE"):
        load_readings(file, NOTHING_SAID, NOW)


def test_unknown_table_is_read_as_the_later_of_the_two_stamps(tmp_path: Path):
    file = write(tmp_path, "Date,Dominance", "2021-01-01,70.5", "2021-01-02,70.6")
    readings = load_readings(file, NOTHING_SAID, NOW)
    assert readings.layout.stamp == "open"
    assert list(stored(tmp_path, readings)) == ["2021-01-01 00:00", "2021-01-02 00:00"]


def test_unknown_table_is_read_as_the_user_says(tmp_path: Path):
    file = write(tmp_path, "when;what;BTC share", "2021-01-01;x;70.5", "2021-01-02;y;70.6")
    options = ImportOptions(column="btc share", date_column="WHEN", stamp="snapshot")
    readings = load_readings(file, options, NOW)
    assert list(stored(tmp_path, readings)) == ["2020-12-31 00:00", "2021-01-01 00:00"]


def test_stamp_of_a_known_format_can_be_overruled(tmp_path: Path):
    file = write(
        tmp_path, "time,open,high,low,close", "2021-01-02,50,51,49,50", "2021-01-03,50,51,49,51"
    )
    readings = load_readings(file, ImportOptions(stamp="snapshot"), NOW)
    assert list(stored(tmp_path, readings)) == ["2021-01-01 00:00", "2021-01-02 00:00"]


def test_newest_first_is_turned_round(tmp_path: Path):
    file = write(tmp_path, "date,dominance", "2021-01-03,63", "2021-01-02,62", "2021-01-01,61")
    readings = load_readings(file, NOTHING_SAID, NOW)
    assert not readings.was_sorted
    assert list(stored(tmp_path, readings).values()) == [61.0, 62.0, 63.0]


def test_dates_in_one_other_zone_are_turned_into_utc(tmp_path: Path):
    file = write(
        tmp_path, "time,dominance", "2021-01-01T02:00:00+02:00,61", "2021-01-02T02:00:00+02:00,62"
    )
    assert list(stored(tmp_path, load_readings(file, NOTHING_SAID, NOW))) == [
        "2021-01-01 00:00",
        "2021-01-02 00:00",
    ]


DAYS = [f"2021-01-{day:02},{60 + day}" for day in range(1, 10)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([""], "found an empty file"),
        (["date,dominance"], "expected rows below the header, found none"),
        (["<html><body>502</body></html>"], "expected a CSV file"),
        (["date,price_of_tea,x", "2021-01-01,1,2"], "name the one to read with --column"),
        (["a,b,c", "1,2,3"], "name the one to read with --date-column"),
        (["date,dominance,date", "2021-01-01,60,x"], "expected one column 'date', found several"),
        (["date,dominance", "2021-01-01,60", "2021-01-02"], r"2 fields.*\n  line 3: '2021-01-02'"),
        (
            ["date,dominance", "2021-01-01,0.57", "2021-01-02,0.58"],
            r"look like fractions.*\n  line 2: '0.57'",
        ),
        (
            ["date,dominance", *DAYS, "2021-01-10,150"],
            r"between 1 and 100.*1 row.*\n  line 11: '150'",
        ),
        (["date,dominance", *DAYS, "2021-01-10,0"], r"line 11: '0'"),
        (["date,dominance", *DAYS, "2021-01-10,inf"], r"numbers.*\n  line 11: 'inf'"),
        (["date;dominance", "2021-01-10;57,3", "2021-01-11;57.3"], r"one way.*\n  line 2: '57,3'"),
        (["date,dominance", *DAYS, "2021-01-10,5"], r"never below 25.*\n  line 11: '5'"),
        (["date,dominance", *DAYS, '2021-01-10,"60'], r"every quote to be closed.* line 11 on"),
        (["date,dominance", *DAYS, "10/01/2021,60"], r"expected dates.*\n  line 11: '10/01/2021'"),
        (["date,dominance", *DAYS, "44201,60"], r"expected dates.*\n  line 11: '44201'"),
        (
            ["date,dominance", *DAYS, "2031-01-10,60"],
            r"no time after now.*\n  line 11: '2031-01-10'",
        ),
        (["date,dominance", *DAYS, "1999-01-10,60"], r"from 2009 on.*\n  line 11"),
        (
            ["date,dominance", *DAYS, "2021-01-04,60"],
            r"one value for each time.*\n  line 5: '2021-01-04 .*64.0'\n  line 11: .*60.0'",
        ),
        (
            ["date,dominance", "2021-01-01 00:00,60", "2021-01-02 00:00 UTC,60"],
            r"with its time zone, or none.*\n  line 3",
        ),
        (
            ["date,dominance", "2021-01-01,60", "2021-01-08,60", "2021-01-15,60"],
            "at least a row a day",
        ),
    ],
)
def test_bad_files_are_refused_whole(tmp_path: Path, lines: list[str], message: str):
    with pytest.raises(InputError, match=message) as error:
        load_readings(write(tmp_path, *lines), NOTHING_SAID, NOW)
    assert "file.csv: " in str(error.value)


def test_bad_files_show_the_first_five_rows_and_count_all(tmp_path: Path):
    lines = ["date,dominance", *(f"2021-01-{day:02},150" for day in range(1, 31))]
    with pytest.raises(InputError) as error:
        load_readings(write(tmp_path, *lines), NOTHING_SAID, NOW)
    first, *rows = str(error.value).splitlines()
    assert "30 rows" in first
    assert rows == [f"  line {line}: '150'" for line in range(2, 7)]


def test_line_numbers_count_empty_lines(tmp_path: Path):
    file = write(tmp_path, "date,dominance", "", "2021-01-01,60", "", "2021-01-02,x")
    with pytest.raises(InputError, match="line 5: 'x'"):
        load_readings(file, NOTHING_SAID, NOW)


def test_column_that_is_not_there_is_refused(tmp_path: Path):
    file = write(tmp_path, "date,dominance", "2021-01-01,60")
    with pytest.raises(InputError, match=r"expected the column 'btc' .*found date, dominance"):
        load_readings(file, ImportOptions(column="btc"), NOW)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0", b"PK\x03\x04", b"a,b\n\xff\xfe,1\n"])
def test_binary_file_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected a CSV file"):
        load_readings(path, NOTHING_SAID, NOW)


@pytest.mark.parametrize("path", ["missing.csv", "."])
def test_path_that_is_no_file_is_refused(tmp_path: Path, path: str):
    with pytest.raises(InputError, match="cannot be read: "):
        load_readings(tmp_path / path, NOTHING_SAID, NOW)


def test_damaged_store_stops_the_import_before_anything_is_written(tmp_path: Path):
    store = DominanceStore(tmp_path / "data")
    store.path("1d").parent.mkdir()
    store.path("1d").write_bytes(b"damaged")
    hours = pd.date_range("2021-01-01", periods=48, freq="1h", tz="UTC")
    rows = [f"{hour.isoformat()},60" for hour in hours]
    readings = load_readings(write(tmp_path, "time,dominance", *rows), NOTHING_SAID, NOW)
    with pytest.raises(InputError.__base__, match=r"move .* away"):
        import_readings(readings, store, NOW)
    assert not store.path("1h").exists()
    assert store.path("1d").read_bytes() == b"damaged"


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(alphabet='date,dominance;\n\t"2021-0:TZ+. 60e\0\x0b', max_size=80))
def test_no_text_at_all_raises_anything_but_an_input_error(tmp_path: Path, text: str):
    path = tmp_path / "fuzz.csv"
    path.write_text("date,dominance\n" + text, newline="")
    with contextlib.suppress(InputError):
        load_readings(path, NOTHING_SAID, NOW)
