"""Files that were cut off anywhere: what is read of them is right, or the file is refused."""

import json
from collections.abc import Callable
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
from altseason.sources.rows import ImportOptions
from tests.conftest import dominance_candles
from tests.sources.field import NOW

# Of these, every start of a later one is a number, too.
VALUES = ["58.25", "57.5", "57", "56.95", "56.125", "55.9"]
DAYS = [f"2023-03-{day}" for day in range(11, 17)]
CUT = "last line without a line end, which may be cut off"
Candles = dict[str, float]
Read = Callable[[bytes], Candles]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function: from a file to its stored closes by candle, none where it is refused."""

    def read_file(content: bytes, name: str = "file.csv") -> Candles:
        (tmp_path / name).write_bytes(content)
        try:
            readings = load_readings(tmp_path / name, ImportOptions(), NOW)
            made = import_readings(readings, DominanceStore(tmp_path), NOW, dry_run=True)
        except InputError:
            return {}
        return {
            f"{part.timeframe} {date}": close
            for part in made
            for date, close in zip(part.candles["date"], part.candles["close"], strict=True)
        }

    return read_file


def assert_every_cut_is_a_start(read: Read, content: bytes) -> None:
    whole = read(content)
    assert whole
    sizes = []
    for end in range(len(content)):
        found = read(content[:end])
        assert found.items() <= whole.items(), content[:end][-30:]
        sizes.append(len(found))
    assert max(sizes) >= len(whole) - 1


def lines(head: str, row: str, values: list[str] = VALUES) -> str:
    stamps = [int(pd.Timestamp(day).timestamp()) for day in DAYS]
    rows = [row.format(day=d, value=v, s=s, ms=s * 1000, german=".".join(d.split("-")[::-1]))
            for d, v, s in zip(DAYS, values, stamps, strict=True)]  # fmt: skip
    return "\n".join([head, *rows]) + "\n"


COMMAS = [value.replace(".", ",") for value in VALUES]


@pytest.mark.parametrize(
    "text",
    [
        lines("date,dominance", "{day},{value}"),
        lines("date,dominance", "{day},{value}").replace("\n", "\r\n"),
        lines("date,dominance", "{german},{value}"),
        lines("date,dominance", "{s},{value}"),
        lines("date,dominance", "{ms},{value}"),
        lines("date,dominance", "{day},{value}", [f"{float(v):.8f}" for v in VALUES]),
        lines("date,dominance", "{day},{value} %"),
        lines("date,dominance", '{day},"{value}"'),
        lines("date,dominance,note", "{day},{value},x"),
        lines("date,dominance,note", "{day},{value},"),
        lines("date,dominance", "{day},{value},"),
        lines("date,dominance,note", '{day},{value},"a\nb"'),
        lines("date,note,dominance", '{day},"a\nb",{value}'),
        lines("dominance,date", "{value},{day}"),
        lines("dominance,date", "{value},{ms}"),
        lines("dominance,date", "{value},{day}T00:00:00+00:00"),
        lines("date,dominance,time", "{day},{value},00:00:00"),
        lines("date,dominance,symbol", "{day},{value},BTC.D"),
        lines("time,open,high,low,close", "{s},57,59,55,{value}"),
        lines("time,open,high,low,close,Volume", "{s},57,59,55,{value},1000"),
        lines("timestamp,eth_dominance,btc_dominance", "{day}T00:00:00.000Z,18,{value}"),
        lines("date,btc_market_cap,total_market_cap", "{day},{value}e10,1000000000000"),
        lines("date,dominance", "{day},{value}") + "Source: CoinGecko\n",
        lines("date;dominance", "{day};{value}", COMMAS),
        lines("date;dominance;note", "{german};{value};x", COMMAS),
    ],
)
def test_file_cut_anywhere_gives_a_start_or_nothing(read: Read, text: str):
    assert_every_cut_is_a_start(read, text.encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_text_cut_anywhere_gives_a_start_or_nothing(read: Read, encoding: str):
    text = lines("Datum;Bitcoin-Dominanz;Währung", "{german};{value};für", COMMAS)
    assert_every_cut_is_a_start(read, text.encode(encoding))


@pytest.mark.parametrize("hours", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_hours_cut_anywhere_give_a_start_or_nothing(read: Read, hours: int):
    times = pd.date_range("2023-03-13", periods=54 // hours, freq=f"{hours}h")
    rows = [f"{time:%Y-%m-%dT%H:%MZ},{58 + i / 8:g}\n" for i, time in enumerate(times)]
    assert_every_cut_is_a_start(read, ("time,dominance\n" + "".join(rows)).encode())


@pytest.mark.parametrize(
    "content",
    [
        [{"date": day, "dominance": float(v)} for day, v in zip(DAYS, VALUES, strict=True)],
        {"data": [[day, v] for day, v in zip(DAYS, VALUES, strict=True)]},
        dict(zip(DAYS, VALUES, strict=True)),
    ],
)
def test_json_cut_anywhere_is_refused(read: Read, content: object):
    text = json.dumps(content).encode()
    assert len(read(text)) == len(DAYS)
    assert not any(read(text[:end]) for end in range(len(text)))


@pytest.mark.parametrize("data_format", ["feather", "parquet"])
def test_frame_cut_anywhere_is_refused(tmp_path: Path, read: Read, data_format: str):
    store = DominanceStore(tmp_path / "old", data_format)
    store.append(dominance_candles([58.25, 57.5, 57.0], "2023-03-13"), "1d")
    content = store.path("1d").read_bytes()
    assert len(read(content)) == 3
    assert not any(read(content[:end]) for end in range(0, len(content), 7))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_table_cut_anywhere_gives_a_start_or_nothing(read: Read, data: st.DataObject):
    values = data.draw(st.lists(st.floats(30, 70), min_size=2, max_size=6))
    digits = data.draw(st.integers(0, 6))
    days = pd.date_range("2023-03-27", periods=len(values))
    style = data.draw(st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%s", "%b %d %Y", "%Y%m%d"]))
    names = ["date", "dominance", "note"][: data.draw(st.integers(2, 3))]
    columns = data.draw(st.permutations(names))
    separator = data.draw(st.sampled_from([",", ";", "\t"]))
    rows = [separator.join(columns)]
    for day, value in zip(days, values, strict=True):
        cells = {"date": f"{day:{style}}", "dominance": f"{round(value, digits)}", "note": "x y"}
        rows.append(separator.join(cells[name] for name in columns))
    content = "\n".join(rows).encode()
    end = data.draw(st.integers(0, len(content)))
    assert read(content[:end]).items() <= read(content + b"\n").items()


def test_last_line_that_may_be_cut_off_is_left_out_and_counted(tmp_path: Path):
    text = lines("date,dominance", "{day},{value}")
    file = tmp_path / "a.csv"
    file.write_text(text[:-1])
    readings = load_readings(file, ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == [float(value) for value in VALUES[:-1]]
    assert readings.left_out == {CUT: 1}


@pytest.mark.parametrize(
    "text",
    [
        lines("date,dominance,note", "{day},{value},x"),
        lines("date,dominance", '{day},"{value}"'),
        lines("date,dominance", "{day},{value},"),
        lines("date,dominance", "{day},{value}") + "Source: CoinGecko\n",
    ],
)
def test_last_line_that_shows_where_its_value_ends_is_kept(tmp_path: Path, text: str):
    file = tmp_path / "a.csv"
    file.write_text(text[:-1])
    readings = load_readings(file, ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == [float(value) for value in VALUES]
    assert readings.left_out == {}


def test_only_line_that_may_be_cut_off_is_refused_with_what_to_do(tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text("date,dominance\n2023-03-13,58")
    with pytest.raises(InputError, match="end the file with a line break"):
        load_readings(file, ImportOptions(), NOW)


def test_market_cap_that_may_be_cut_off_is_left_out(tmp_path: Path):
    for name, value in (("btc.csv", "5e11"), ("total.csv", "1e12")):
        rows = "".join(f"\n{day},{value}" for day in DAYS)
        (tmp_path / name).write_text("snapped_at,market_cap" + rows)
    readings = load_cap_pair(tmp_path / "btc.csv", tmp_path / "total.csv", ImportOptions(), NOW)
    assert len(readings.rows) == len(DAYS) - 1
    assert readings.left_out == {f"{CUT} in btc.csv": 1, f"{CUT} in total.csv": 1}
