"""The market: which files are markets, and which candles a request selects."""

from pathlib import Path

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason_lab.emulator.market import Market, Symbol, select_candles
from tests.lab.emulator.candle_files import HOUR, make_candles, store_candles

ETH = Symbol("ETH", "USDT")


def open_hours(*hours: int) -> pd.DataFrame:
    return pd.DataFrame({"open_time": [hour * HOUR for hour in hours]})


def select_hours(candles: pd.DataFrame, start: int | None, end: int | None, limit: int):
    selected = select_candles(candles, start=start, end=end, limit=limit)
    return [time // HOUR for time in selected["open_time"]]


def test_market_finds_pairs_of_candle_files(datadir: Path) -> None:
    market = Market(datadir)
    assert {name: symbol.pair for name, symbol in market.symbols.items()} == {
        "ETHUSDT": "ETH/USDT",
        "SOLUSDT": "SOL/USDT",
    }
    assert market.intervals(ETH) == ["1h", "1d"]


@pytest.mark.parametrize(
    "name",
    [
        "ETH_USDT-trades.feather",
        "ETH_USDT_USDT-1h.feather",
        "ETH_USDT-1h-mark.feather",
        "ETHUSDT-1h.feather",
        "ETH_USDT-1h.json",
        "BTCD_USD-1d.feather",
        "notes.txt",
    ],
)
def test_market_leaves_out_what_is_no_spot_candle_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert Market(tmp_path).symbols == {}


def test_market_refuses_a_file_name_that_freqtrade_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "ETH_USDT-1h-backup.feather").touch()
    with pytest.raises(InputError, match="backup"):
        Market(tmp_path)


def test_market_refuses_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="punched cards"):
        Market(tmp_path, "punched cards")


@pytest.mark.parametrize("data_format", ["feather", "parquet", "json", "jsongz"])
def test_load_candles_reads_every_format_of_freqtrade(tmp_path: Path, data_format: str) -> None:
    candles = make_candles(30)
    store_candles(tmp_path, "ETH/USDT", candles, data_format=data_format)
    loaded = Market(tmp_path, data_format).load_candles(ETH, "1h")
    assert loaded["open_time"].iloc[[0, -1]].tolist() == [1609459200000, 1609459200000 + 29 * HOUR]
    pd.testing.assert_frame_equal(loaded.drop(columns="open_time"), candles)


def test_load_candles_leaves_gaps(datadir: Path) -> None:
    opened = Market(datadir).load_candles(ETH, "1h")["open_time"]
    assert len(opened) == 1480
    assert opened.diff().max() == 21 * HOUR


def test_load_candles_of_an_interval_without_a_file_are_none(datadir: Path) -> None:
    assert Market(datadir).load_candles(ETH, "4h").empty


def test_load_candles_reads_a_file_once(datadir: Path) -> None:
    market = Market(datadir)
    first = market.load_candles(ETH, "1h")
    (datadir / "ETH_USDT-1h.feather").unlink()
    assert market.load_candles(ETH, "1h") is first


@pytest.mark.parametrize(
    ("start", "end", "limit", "expected"),
    [
        (None, None, 3, [6, 7, 8]),
        (None, None, 100, [1, 2, 3, 6, 7, 8]),
        (None, 7 * HOUR, 2, [6, 7]),
        (None, 7 * HOUR - 1, 2, [3, 6]),
        (2 * HOUR, None, 3, [2, 3, 6]),
        (2 * HOUR + 1, None, 3, [3, 6, 7]),
        (4 * HOUR, None, 1, [6]),
        (0, None, 2, [1, 2]),
        (2 * HOUR, 6 * HOUR, 100, [2, 3, 6]),
        (2 * HOUR, 6 * HOUR, 2, [2, 3]),
        (4 * HOUR, 5 * HOUR, 100, []),
        (9 * HOUR, None, 100, []),
        (None, 0, 100, []),
        (7 * HOUR, 2 * HOUR, 100, []),
        (0, 10**20 - 1, 1, [1]),
    ],
)
def test_select_candles_honours_start_end_and_limit(
    start: int | None, end: int | None, limit: int, expected: list[int]
) -> None:
    assert select_hours(open_hours(1, 2, 3, 6, 7, 8), start, end, limit) == expected
