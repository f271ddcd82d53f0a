"""Ways in which people write tables: each is read correctly, or refused with what is missing."""

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.sources.files import load_readings
from altseason.sources.rows import ImportOptions
from tests.conftest import dominance_candles
from tests.sources.field import EXPECTED, MARCH, NOW, VALUES, closes, rows, write

# In pieces, too: how a file is read must not depend on its size.
pytestmark = pytest.mark.usefixtures("whole_or_in_pieces")


OFFSETS = [
    "2023-03-13T01:00+01:00",
    "2023-03-14T02:00+0200",
    "2023-03-15T00:00Z",
    "2023-03-15T18:00-06",
]
RECORDS = [{"d": day, "bitcoinDominance": v} for day, v in zip(MARCH, VALUES, strict=True)]
DAYS = (13, 14, 15, 16)


@pytest.mark.parametrize(
    "content",
    [
        ("sep=;\ndate;dominance\n" + rows(MARCH, ";").replace(".", ",")).replace("\n", "\r\n"),
        ("date\tdominance\n" + rows(MARCH, "\t")).encode("utf-16"),
        ("date\tdominance\n" + rows(MARCH, "\t")).encode("utf-16-le"),
        "\ufeffdate|dominance %\n" + rows(MARCH, "|").replace("\n", " %\n"),
        "# made by a script\n\ndate,dominance\n" + rows(MARCH) + "Source: somewhere\n",
        "date,dominance\n" + rows(MARCH).replace("\n", ",\n"),
        "date,dominance\n" + rows(MARCH).replace("\n", "\r"),
        "Date,BTC.D,ETH.D\n" + rows(MARCH).replace("\n", ",17\n"),
        "time,close,BTC Dominance\n" + rows([f"{day},1.5" for day in MARCH]),
        "date,dominance,note\n" + rows(MARCH).replace("\n", ',"two\nlines"\n'),
        "date,dominance,x,x\n" + rows(MARCH).replace("\n", ",NaN,\n"),
        "date,dominance\n2023-03-12,\n" + rows(MARCH) + "2023-03-17,NaN\n2023-03-17,\n",
        "date,dominance\n" + rows(MARCH) + rows(MARCH),
        "date,dominance\n" + rows(MARCH[:2]) + " Date,Dominance\n" + rows(MARCH, values=VALUES),
        "sep=\t\ndate\tdominance\n" + rows(MARCH, "\t"),
        "Fecha;Dominancia de Bitcoin\n" + rows(MARCH, ";").replace(".", ","),
        "Datum;Bitcoin-Dominanz\n" + rows(MARCH, ";").replace(".", ","),
        "date,btc_dominance,btc_dominance_24h_change\n" + rows(MARCH).replace("\n", ",0.1\n"),
        "day,share\n" + rows([f"{day}.03.2023" for day in DAYS]),
        "date,dominance\n" + rows([f"3/{day}/2023" for day in DAYS]),
        "date,dominance\n" + rows([f'"Mar {day}, 2023"' for day in DAYS]),
        "timestamp,btc_dominance\n" + rows(MARCH),
        "time (utc),dominance\n" + rows([f"{day} 00:00" for day in MARCH]),
        "time,dominance\n" + rows(OFFSETS),
        json.dumps([[1678665600000 + 86400000 * i, v] for i, v in enumerate(VALUES)]),
        json.dumps({"status": {"ok": 1}, "data": RECORDS}),
        json.dumps({"date": MARCH, "dominance": VALUES}),
        json.dumps(dict(zip(MARCH, VALUES, strict=True))),
    ],
)
def test_ways_of_writing_are_read(tmp_path: Path, content: str | bytes):
    assert (
        closes(tmp_path, load_readings(write(tmp_path, content), ImportOptions(), NOW)) == EXPECTED
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"2023-03-13": 58.25, "2023-03-14": 57.5, "2023-03-13": 58}', "'2023-03-13' has two"),
        ('[{"date": "2023-03-13", "dominance": 58, "dominance": 57}]', "'dominance' has two"),
        ('[{"date": "2023-03-13", "dominance": 1.5, "Dominance": 57}]', "found several"),
    ],
)
def test_name_with_two_values_in_json_is_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(InputError, match=message):
        load_readings(write(tmp_path, text), ImportOptions(), NOW)


def test_columns_in_json_are_whole_whatever_stands_beside_them(tmp_path: Path):
    content = {"date": MARCH, "dominance": VALUES, "sources": [{"name": "x"}]}
    assert len(load_readings(write(tmp_path, json.dumps(content)), ImportOptions(), NOW).rows) == 4


def test_range_and_columns_are_as_asked(tmp_path: Path):
    file = write(tmp_path, "when,a,b\n" + rows(MARCH).replace("\n", ",x\n"))
    options = ImportOptions(
        column="a",
        date_column="when",
        since=pd.Timestamp("2023-03-14", tz="UTC"),
        until=pd.Timestamp("2023-03-16", tz="UTC"),
    )
    readings = load_readings(file, options, NOW)
    assert readings.left_out == {"rows outside of --since and --until": 2}
    assert closes(tmp_path, readings) == {"03-14": 57.5, "03-15": 57.75}


@pytest.mark.parametrize("data_format", ["json", "feather", "parquet"])
def test_folder_kept_in_another_format_is_imported(
    tmp_path: Path, data_format: str, capsys: pytest.CaptureFixture
):
    old = DominanceStore(tmp_path / "old", data_format)
    old.append(dominance_candles(list(VALUES), "2023-03-13"), "1d")
    readings = load_readings(old.path("1d"), ImportOptions(), NOW)
    assert closes(tmp_path, readings) == EXPECTED


def test_long_field_is_no_trouble(tmp_path: Path):
    text = "date,dominance,note\n" + rows(MARCH).replace("\n", f",{'x' * 200_000}\n")
    assert closes(tmp_path, load_readings(write(tmp_path, text), ImportOptions(), NOW)) == EXPECTED


STYLES = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%b %d, %Y", "%Y%m%d", "unix")


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), first=st.dates(date(2019, 1, 1), date(2024, 1, 1)))
def test_any_dialect_is_read_back_or_refused(tmp_path: Path, data: st.DataObject, first: date):
    count = data.draw(st.integers(2, 40))
    values = data.draw(
        st.lists(st.integers(2600, 7400), min_size=count, max_size=count, unique=True)
    )
    days = pd.date_range(first, periods=count, freq="1D", tz="UTC")
    style, sep = (
        data.draw(st.sampled_from(STYLES)),
        data.draw(st.sampled_from([",", ";", "\t", "|"])),
    )
    comma = data.draw(st.booleans())
    assume(not (comma and sep == ","))
    lines = []
    for day, value in zip(days, values, strict=True):
        stamp = f"{day.timestamp():.0f}" if style == "unix" else f"{day:{style}}"
        number = f"{value / 100:.2f}".replace(".", "," if comma else ".")
        extra = data.draw(st.sampled_from(["x", "", '"a b"']))
        lines.append(sep.join([f'"{stamp}"', extra, number]))
    lines += data.draw(st.lists(st.sampled_from(lines), max_size=3))
    lines = data.draw(st.permutations(lines)) if data.draw(st.booleans()) else lines
    text = sep.join(["Day", "note", "BTC.D"]) + "\n" + "\n".join(lines) + "\n"
    text = text.replace("\n", data.draw(st.sampled_from(["\n", "\r\n"])))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    file = write(tmp_path, text.encode(encoding))
    if style in ("%d/%m/%Y", "%m/%d/%Y") and max(day.day for day in days) <= 12:
        with pytest.raises(InputError, match="--date-format"):
            load_readings(file, ImportOptions(), NOW)
        readings = load_readings(file, ImportOptions(date_format=style), NOW)
    else:
        readings = load_readings(file, ImportOptions(), NOW)
    assert readings.rows["stamp"].tolist() == days.tolist()
    assert readings.rows["close"].tolist() == [value / 100 for value in values]
    assert readings.layout.stamp == "open"
