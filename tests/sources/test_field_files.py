"""Files as people have them: read right, or refused in a line that says what to do."""

import gzip
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from altseason.cli import main
from altseason.dominance.importer import import_readings
from altseason.dominance.store import DominanceStore
from altseason.errors import InputError
from altseason.sources import cells, text
from altseason.sources.caps import load_cap_pair
from altseason.sources.files import load_readings
from altseason.sources.reading import Readings
from altseason.sources.rows import ImportOptions
from tests.conftest import ROOT, dominance_candles

NOW = pd.Timestamp("2026-06-01", tz="UTC")
VALUES = (58.25, 57.5, 57.75, 56.25)


@pytest.fixture(autouse=True, params=["whole", "pieces"])
def _pieces(request: pytest.FixtureRequest) -> Iterator[None]:
    """Read every file also in pieces of a few characters, and columns in pieces of three cells."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "pieces":
            patch.setattr(cells, "PIECE", 3)
            patch.setattr(text, "PIECE", 20)
        yield


def write(folder: Path, text: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def closes(folder: Path, readings: Readings, timeframe: str = "1d") -> dict[str, float]:
    store = DominanceStore(folder / "data")
    import_readings(readings, store, NOW)
    candles = store.load(timeframe)
    return dict(zip(candles["date"].dt.strftime("%m-%d"), candles["close"], strict=True))


def rows(days: list[str], sep: str = ",", values: tuple[float, ...] = VALUES) -> str:
    return "".join(f"{day}{sep}{value}\n" for day, value in zip(days, values, strict=False))


MARCH = [f"2023-03-{day:02}" for day in (13, 14, 15, 16)]
DAYS = (13, 14, 15, 16)
PAIRS = [list(pair) for pair in zip(MARCH, VALUES, strict=True)]
OFFSETS = [
    "2023-03-13T01:00+01:00",
    "2023-03-14T02:00+0200",
    "2023-03-15T00:00Z",
    "2023-03-15T18:00-06",
]
RECORDS = [{"d": day, "bitcoinDominance": v} for day, v in zip(MARCH, VALUES, strict=True)]
EXPECTED = dict(zip(["03-13", "03-14", "03-15", "03-16"], VALUES, strict=True))


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


def test_end_of_day_stamps_are_closes(tmp_path: Path):
    text = "date,dominance\n" + rows([f"{day} 23:59:59" for day in MARCH])
    readings = load_readings(write(tmp_path, text), ImportOptions(), NOW)
    assert readings.layout.stamp == "snapshot"
    assert closes(tmp_path, readings) == EXPECTED


@pytest.mark.parametrize("drift", [1, 60, 3000])
def test_daily_log_that_drifts_is_daily_and_never_early(tmp_path: Path, drift: int):
    days = pd.date_range("2023-03-13 09:00", periods=4, freq="1D")
    stamps = [f"{day + pd.Timedelta(seconds=i * drift)}" for i, day in enumerate(days)]
    readings = load_readings(
        write(tmp_path, "date,dominance\n" + rows(stamps)), ImportOptions(), NOW
    )
    assert readings.spacing == pd.Timedelta(days=1)
    late = dict(zip(["03-14", "03-15", "03-16", "03-17"], VALUES, strict=True))
    assert closes(tmp_path, readings) == late


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        (
            "CRYPTOCAP_ETH.D, 1D.csv",
            "time,open,high,low,close\n2023-03-13,30,30,30,30\n",
            {},
            "eth.d",
        ),
        ("others_dominance.csv", "date,dominance\n" + rows(MARCH), {}, "--insist"),
        ("BTCUSD.csv", "date,close\n" + rows(MARCH), {}, "--insist"),
        ("a.csv", "date,eth_dominance\n" + rows(MARCH), {}, "--insist"),
        (
            "a.csv",
            "date,close,Market Cap\n" + rows(MARCH).replace("\n", ",9\n"),
            {},
            "coin's price",
        ),
        (
            "a.csv",
            "date,value,value_classification\n" + rows(MARCH).replace("\n", ",Greed\n"),
            {},
            "another index",
        ),
        ("a.csv", "date,ticker,dominance\n2023-03-13,USDT.D,58\n", {}, "says 'USDT.D'"),
        ("a.csv", "date,symbol,close\n2023-03-13,BTC.D,58\n2023-03-13,ETH.D,30\n", {}, "several"),
        (
            "a.csv",
            "date,dominance\n" + rows(MARCH, values=(17.0, 17.1, 17.2, 17.3)),
            {},
            "never below 25",
        ),
        (
            "a.csv",
            "time,dominance\n" + rows([f"2023-03-13 0{h}:00" for h in range(4)]),
            {},
            "--timezone",
        ),
        (
            "a.csv",
            "date,dominance\n" + rows([f"{day} 18:00" for day in MARCH]),
            {},
            "midnight somewhere",
        ),
        ("a.csv", "date,dominance\n" + rows([f"{day} 05:30" for day in MARCH]), {}, "--timezone"),
        ("a.csv", "date,dominance\n01/02/2023,58\n02/02/2023,58\n", {}, "--date-format"),
        ("a.csv", "date,dominance\n13 mars 2023,58\n14 mars 2023,58\n", {}, "--date-format"),
        ("a.csv", "date,dominance\n13/02/2023,58\n02/14/2023,58\n", {}, "day or the month"),
        ("a.csv", "time,dominance\n2023-03-13T05:00Z,58.25\n", {}, "with --stamp whether"),
        ("a.csv", "time,dominance\n1678665600,58.25\n1678665600,58.25\n", {}, "--stamp whether"),
        ("a.csv", "date,dominance\n2023-03-13,58.25\n2023-03-14", {}, "2 fields"),
        (
            "a.csv",
            "time,dominance\n2023-03-13T00:00Z,58\n2023-03-14T00:00Z,58\n",
            {"timezone": "UTC"},
            "leave out --timezone",
        ),
        (
            "a.csv",
            "time,dominance\n" + rows([f"{d} 01:00" for d in MARCH]),
            {"timezone": "Mars"},
            "expected a name such as",
        ),
        (
            "a.csv",
            "snapped_at,price,market_cap,total_volume\n2023-03-13,1,2,3\n",
            {},
            "--total FILE",
        ),
    ],
)
def test_what_is_not_known_is_asked(
    tmp_path: Path, name: str, content: str, options: dict, message: str
):
    with pytest.raises(InputError, match=message) as error:
        load_readings(write(tmp_path, content, name), ImportOptions(**options), NOW)
    assert "\n" not in str(error.value).split("\n  line")[0]


PRICES = (35, 37.1, 39.9, 36.2, 41, 44.5, 42, 47.1, 44, 41, 38.7, 41.3) * 3
STABLE_DAYS = [f"{day:%Y-%m-%d}" for day in pd.date_range("2023-01-01", periods=len(PRICES))]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "Datum;Ethereum-Dominanz\n" + rows(MARCH, ";"), "--insist"),
        ("a.csv", "Fecha;Dominancia ETH\n" + rows(MARCH, ";"), "--insist"),
        ("a.csv", "date,btc_dominance_ex_stables\n" + rows(MARCH), "'ex' in its name"),
        ("a.csv", "date,BTC.D excluding stablecoins\n" + rows(MARCH), "'excluding'"),
        ("a.csv", "date,btc_dominance_yesterday\n" + rows(MARCH), "'yesterday'"),
        ("XRP.csv", "date,close\n" + rows(MARCH), "the file's name has 'xrp'"),
        ("a.csv", "date,price\n" + rows(MARCH), "named as a price"),
        ("a.csv", "date,close\n" + rows(STABLE_DAYS, values=PRICES), "as a coin's price does"),
        ("a.csv", "<!DOCTYPE html>\n<html><p>a, b</p>\n<p>c, d</p></html>\n", "a web page"),
        ("a.csv", gzip.compress(b"date,dominance\n", mtime=0)[:-9], "gzip archive: unpack it"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"),
        ("a.csv", "date,dominance\n" + rows(MARCH) + "Total,229.75\n", "line 6: 'Total'"),
        ("a.csv", "date,dominance\n" + rows(["2023-01-02", "2023-01-09"]), "7 days apart"),
    ],
)
def test_what_is_another_series_or_no_table_is_refused(
    tmp_path: Path, name: str, content: str | bytes, message: str
):
    with pytest.raises(InputError, match=message) as error:
        load_readings(write(tmp_path, content, name), ImportOptions(), NOW)
    assert "\n" not in str(error.value).split("\n  line")[0]


@pytest.mark.parametrize("column", ["close", "value", "price %", "last", "x", "level", "btc"])
def test_values_that_nothing_names_are_asked_for(tmp_path: Path, column: str):
    """As calm as dominance, and of its level: a coin at 37.50 to 38.40 for weeks."""
    file = write(tmp_path, f"date,{column}\n" + rows(MARCH, values=(37.5, 38.1, 38.4, 37.9)))
    with pytest.raises(InputError, match=r"only the values.*--column.*--insist") as error:
        load_readings(file, ImportOptions(), NOW)
    assert "\n" not in str(error.value)
    for options in (ImportOptions(insist=True), ImportOptions(column=column)):
        assert len(load_readings(file, options, NOW).rows) == 4


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.csv", "date,dominance\n"),
        ("a.csv", "date,BTC.D\n"),
        ("a.csv", "date,Dominance (%)\n"),
        ("a.csv", "date,share\n"),
        ("a.csv", "date,Dominanz\n"),
        ("a.csv", "fecha,Dominancia\n"),
        ("a.csv", "date,доминация\n"),
        ("a.csv", "date,市占率\n"),
        ("CRYPTOCAP_BTC.D, 1D.csv", "time,close\n"),
        ("my_dominance.csv", "date,close\n"),
        ("Bitcoin Dominance History.csv", "date,value\n"),
        ("btcd.csv", "date,value\n"),
        ("a.csv", "# Bitcoin dominance, daily\ndate,value\n"),
    ],
)
def test_values_that_something_names_are_read_without_a_question(
    tmp_path: Path, name: str, head: str
):
    readings = load_readings(write(tmp_path, head + rows(MARCH), name), ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == list(VALUES)
    assert not any("Is it that?" in note for note in readings.notes)


CANDLES = "".join(f"{day},{v},{v},{v},{v}\n" for day, v in zip(MARCH, VALUES, strict=True))


def test_candles_that_nothing_names_are_read_with_a_question(tmp_path: Path):
    """A chart of BTC.D has no volume of its own; what was traded has."""
    file = write(tmp_path, "time,open,high,low,close\n" + CANDLES)
    notes = load_readings(file, ImportOptions(), NOW).notes
    assert [note.endswith("'close'. Is it that?") for note in notes] == [True]
    for volume in ("0", "100", ""):
        file = write(tmp_path, "time,open,high,low,close,Volume\n" + CANDLES.replace(
            "\n", f",{volume}\n"
        ))  # fmt: skip
        assert len(load_readings(file, ImportOptions(), NOW).notes) == 1


@pytest.mark.parametrize("name", ["Volume", "Vol.", "Volume USDT", "volumeto", "quote_volume"])
def test_candles_of_something_traded_are_asked_for(tmp_path: Path, name: str):
    lines = [f"{row},{30 + i}.5K\n" for i, row in enumerate(CANDLES.splitlines())]
    file = write(tmp_path, f"time,open,high,low,close,{name}\n" + "".join(lines))
    with pytest.raises(InputError, match=r"only the values.*--insist"):
        load_readings(file, ImportOptions(), NOW)
    named = write(tmp_path, file.read_text(), "CRYPTOCAP_BTC.D, 1D.csv")
    assert len(load_readings(named, ImportOptions(), NOW).rows) == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"eth_dominance": PAIRS}, "'eth_dominance' is named as"),
        ({"prices": PAIRS}, "only the values"),
        ({"data": {"close": PAIRS}}, "only the values"),
        ({"data": {"usdt.d": dict(PAIRS)}}, "'usdt.d' is named as"),
        ("# Ethereum dominance\ndate,value\n" + rows(MARCH), "above the table has 'ethereum"),
        (
            "CRYPTOCAP:USDT.D\ndate,dominance\n" + rows(MARCH),
            "table has 'cryptocap:usdt.d'",
        ),
    ],
)
def test_name_outside_of_the_table_is_heard(tmp_path: Path, content: object, message: str):
    text = content if isinstance(content, str) else json.dumps(content)
    with pytest.raises(InputError, match=message):
        load_readings(write(tmp_path, text), ImportOptions(), NOW)


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


OTHERS_OF_ITS_NAME = """social_dominance
btc_social_dominance|volume dominance|BTC dominance by volume|realized cap dominance
btc_dominance_rank|btc_dominance_zscore|dominance_score|btc hashrate share|mining pool share
btc_dominance_20d|btc_dominance_log|market_share_binance|bitcoin share of volume|dominance_2
BTC dominance lag1|shifted btc dominance|btc_dominance_t-1|btc_dominance_next|hodl dominance
target_btc_dominance|btc_dominance_ewm|Доминация эфира|以太坊市占率|Dominanz von Ether
BTC.D open|btc_dominance_high|btc_dominance_low,btc_dominance_high""".replace("\n", "|").split("|")


@pytest.mark.parametrize("column", OTHERS_OF_ITS_NAME)
def test_word_beside_dominance_that_is_not_known_is_asked_for(tmp_path: Path, column: str):
    row = ",58" if "," in column else ""
    file = write(tmp_path, f"date,{column}\n" + rows(MARCH).replace("\n", f"{row}\n"))
    with pytest.raises(InputError, match=r"--column|--insist"):
        load_readings(file, ImportOptions(), NOW)
    chosen = ImportOptions(column=column.split(",")[0])
    assert len(load_readings(file, chosen, NOW).rows) == 4


@pytest.mark.parametrize(
    "column",
    (
        "Bitcoin Dominance Index|Dominance BTC|btc_dom|BTC.D (1D)|CoinGecko BTC dominance"
        "|Bitcoin (%)|market_cap_percentage.btc|btc_dominance_pct|Bitcoin-Dominanz in Prozent"
        "|BTC.D, CRYPTOCAP: Close|market share|Dominación de Bitcoin|비트코인 도미넌스"
        "|Domination du BTC (%)|BTC.D open,BTC.D"
    ).split("|"),
)
def test_words_beside_dominance_that_change_nothing_are_known(tmp_path: Path, column: str):
    names = ",".join(f'"{name}"' for name in column.replace(", ", "; ").split(","))
    names = names.replace("; ", ", ")
    row = "1," if "open," in column else ""
    text = f"date,{names}\n" + rows(MARCH).replace(",", f",{row}")
    readings = load_readings(write(tmp_path, text), ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == list(VALUES)
    assert readings.notes == []


@pytest.mark.parametrize("name", ["BTC_ETF_dominance", "social_dominance", "volume-dominance"])
def test_share_of_something_else_in_the_name_of_a_file_is_asked_for(tmp_path: Path, name: str):
    with pytest.raises(InputError, match="--insist"):
        load_readings(
            write(tmp_path, "date,dominance\n" + rows(MARCH), f"{name}.csv"), ImportOptions(), NOW
        )


def test_names_of_columns_beside_the_rows_are_heard(tmp_path: Path):
    content = {"columns": ["date", "eth_dominance"], "index": [0, 1, 2, 3], "data": PAIRS}
    with pytest.raises(InputError, match="'eth_dominance' is named as"):
        load_readings(write(tmp_path, json.dumps(content)), ImportOptions(), NOW)
    file = write(tmp_path, json.dumps({**content, "columns": ["date", "btc_dominance"]}))
    assert load_readings(file, ImportOptions(), NOW).rows["close"].tolist() == list(VALUES)


def test_key_of_a_list_names_its_values(tmp_path: Path):
    file = write(tmp_path, json.dumps({"data": {"btc_dominance": PAIRS}}))
    assert load_readings(file, ImportOptions(), NOW).notes == []


@pytest.mark.parametrize("offset", ["+02:00", "-11:00", "Z"])
def test_end_of_a_local_day_is_a_close(tmp_path: Path, offset: str):
    text = "date,dominance\n" + rows([f"{day}T23:59:59{offset}" for day in MARCH])
    readings = load_readings(write(tmp_path, text), ImportOptions(), NOW)
    assert readings.layout.stamp == "snapshot"
    known = pd.Timestamp(f"2023-03-13T23:59:59{offset}").tz_convert("UTC")
    assert readings.rows["known"].iloc[0] == known


def test_insisting_reads_it_all_the_same(tmp_path: Path):
    file = write(tmp_path, "date,close\n" + rows(MARCH), "BTCUSD.csv")
    assert closes(tmp_path, load_readings(file, ImportOptions(insist=True), NOW)) == EXPECTED


def test_zone_moves_local_midnights_to_their_days(tmp_path: Path):
    days = [f"{day} 19:00" for day in ("2023-03-12", *MARCH[:3])]
    file = write(tmp_path, "datetime,symbol,open,high,low,close,volume\n" + "".join(
        f"{day},CRYPTOCAP:BTC.D,{v},{v},{v},{v},1\n" for day, v in zip(days, VALUES, strict=True)
    ))  # fmt: skip
    options = ImportOptions(timezone="America/Chicago")
    assert closes(tmp_path, load_readings(file, options, NOW)) == EXPECTED


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


@pytest.mark.parametrize(("hours", "count"), [(-12, 3), (+12, 4)])
def test_bar_that_ran_when_the_file_was_written_is_left_out(tmp_path: Path, hours: int, count: int):
    file = write(tmp_path, "time,open,high,low,close\n" + "".join(
        f"{day},{v},{v},{v},{v}\n" for day, v in zip(MARCH, VALUES, strict=True)
    ))  # fmt: skip
    written = pd.Timestamp("2023-03-17", tz="UTC") + pd.Timedelta(hours=hours)
    os.utime(file, (written.timestamp(),) * 2)
    readings = load_readings(file, ImportOptions(), NOW)
    assert len(readings.rows) == count
    assert sum(readings.left_out.values()) == 4 - count


def test_caps_of_any_two_providers_are_divided(tmp_path: Path):
    stamps = [f"{day}T23:59:59.999Z" for day in MARCH]
    ours = write(tmp_path, "timeOpen;timeClose;open;high;low;close;marketCap;timestamp\n" + "".join(
        f"x;{s};1;1;1;1;{v}e10;{s}\n" for s, v in zip(stamps, VALUES, strict=True)
    ), "btc.csv")  # fmt: skip
    midnights = [pd.Timestamp(s).ceil("D").timestamp() + i for i, s in enumerate(stamps)]
    total = write(tmp_path, "snapped_at,market_cap,total_volume\n" + "".join(
        f"{m * 1000:.0f},1e12,1\n" for m in midnights[:3]
    ), "total.csv")  # fmt: skip
    readings = load_cap_pair(ours, total, ImportOptions(), NOW)
    assert closes(tmp_path, readings) == pytest.approx(dict(list(EXPECTED.items())[:3]))
    assert readings.left_out == {"rows of btc.csv at times that the other file does not have": 1}


def test_caps_in_one_table_are_divided(tmp_path: Path):
    text = "date,Bitcoin Market Cap,total_market_cap\n" + "".join(
        f'{day},"{v * 1e10:,.0f}","1,000,000,000,000"\n'
        for day, v in zip(MARCH, VALUES, strict=True)
    )
    readings = load_readings(write(tmp_path, text), ImportOptions(), NOW)
    assert closes(tmp_path, readings) == pytest.approx(EXPECTED)


@pytest.mark.parametrize("data_format", ["json", "feather", "parquet"])
def test_folder_kept_in_another_format_is_imported(
    tmp_path: Path, data_format: str, capsys: pytest.CaptureFixture
):
    old = DominanceStore(tmp_path / "old", data_format)
    old.append(dominance_candles(list(VALUES), "2023-03-13"), "1d")
    readings = load_readings(old.path("1d"), ImportOptions(), NOW)
    assert closes(tmp_path, readings) == EXPECTED


def run(*words: object) -> int:
    return main([*map(str, words), "--userdir", str(ROOT / "user_data")])


def test_replacing_corrects_stored_candles_and_lists_them(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    file = write(tmp_path, "date,dominance\n" + rows(MARCH))
    words = ("dominance", "import", file, "--datadir", tmp_path / "data")
    assert run(*words, "--dry-run") == 0
    assert list((tmp_path / "data").glob("BTCD*")) == []
    assert run(*words) == 0
    assert run(*words) == 0
    assert "Nothing new" in capsys.readouterr().out
    write(tmp_path, "date,dominance\n" + rows(MARCH).replace("57.75", "55.75"))
    assert run(*words, "--json") == 0
    assert json.loads(capsys.readouterr().out)["timeframes"][0]["replaced"] == 0
    assert run(*words, "--replace", "--json") == 0
    [change] = json.loads(capsys.readouterr().out)["timeframes"][0]["changes"]
    assert change == {
        "date": "2023-03-15T00:00:00+00:00",
        "stored": 57.75,
        "new": 55.75,
        "replaced": True,
    }
    assert DominanceStore(tmp_path / "data").load("1d")["close"].iloc[2] == 55.75


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


ZONES = ("UTC", "Europe/Berlin", "America/Chicago", "Asia/Kolkata")
CLOCKS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "unix")

# Winter, and the days before the clocks change in America and in Europe, in spring and in autumn.
CHANGES = ("2023-01-13", "2023-03-11", "2023-03-25", "2023-10-28", "2023-11-04")


def is_twice(local: pd.Timestamp) -> bool:
    """Tell whether a clock shows this time twice."""
    time = local.to_pydatetime()
    return time.replace(fold=0).utcoffset() > time.replace(fold=1).utcoffset()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_times_of_day_are_read_back_or_refused(tmp_path: Path, data: st.DataObject):
    hours = data.draw(st.sampled_from([1, 4, 24]))
    begin = pd.Timestamp(data.draw(st.sampled_from(CHANGES)), tz="UTC") + pd.Timedelta(
        minutes=data.draw(st.sampled_from([0, 330, 1080, 1439]))
    )
    values = data.draw(st.lists(st.integers(5000, 5900), min_size=3, max_size=30, unique=True))
    stamps = pd.date_range(begin, periods=len(values), freq=f"{hours}h")
    zone, style = data.draw(st.sampled_from(ZONES)), data.draw(st.sampled_from(CLOCKS))
    is_blank = [data.draw(st.integers(0, 9)) == 0 for _ in values]
    # Of one of two equal hours nothing but its neighbors says which it is.
    is_unclear = any(is_blank) or any(is_twice(stamp.tz_convert(zone)) for stamp in stamps)
    lines = []
    for stamp, value, blank in zip(stamps, values, is_blank, strict=True):
        local = stamp if style.endswith("Z") else stamp.tz_convert(zone)
        text = f"{stamp.timestamp():.0f}" if style == "unix" else local.strftime(style)
        lines.append(f"{text},{'' if blank else value / 100}")
    file = write(tmp_path, "time,BTC.D\n" + "\n".join(lines) + "\n")
    is_naive = not (style == "unix" or style.endswith(("Z", "%z")))
    try:
        readings = load_readings(file, ImportOptions(), NOW)
    except InputError:
        assume(not all(is_blank))
        if not is_naive:
            # Blank rows may leave none, a single one, or rows further apart than a day.
            assert any(is_blank)
            assert hours == 24 or len(values) < 9 or sum(is_blank) > 4
            return
        try:
            readings = load_readings(file, ImportOptions(timezone=zone), NOW)
        except InputError:
            assert is_unclear
            return
    else:
        # Without a zone nothing is taken that could be known later than it is.
        if is_naive and zone != "UTC":
            true = [stamp for stamp, blank in zip(stamps, is_blank, strict=True) if not blank]
            assert (readings.rows["known"].to_numpy() >= pd.DatetimeIndex(true).to_numpy()).all()
            return
    kept = [
        (stamp, value / 100)
        for stamp, value, blank in zip(stamps, values, is_blank, strict=True)
        if not blank
    ]
    assert readings.rows["stamp"].tolist() == [stamp for stamp, _ in kept]
    assert readings.rows["close"].tolist() == [value for _, value in kept]


@pytest.mark.parametrize(
    ("zone", "begin"),
    [("Europe/Berlin", "2023-10-28 12:00"), ("America/Chicago", "2023-11-04 12:00")],
)
@pytest.mark.parametrize("frequency", ["5min", "15min", "1h"])
@pytest.mark.parametrize("order", ["oldest first", "newest first", "mixed"])
def test_hour_that_a_clock_shows_twice_is_read_by_its_order(
    tmp_path: Path, zone: str, begin: str, frequency: str, order: str
):
    stamps = pd.date_range(begin, begin[:8] + f"{int(begin[8:10]) + 1:02} 12:00", freq=frequency)
    stamps = stamps.tz_localize("UTC")
    texts = stamps.tz_convert(zone).strftime("%Y-%m-%d %H:%M")
    values = [50 + i / 1000 for i in range(len(stamps))]
    lines = [f"{time},{value}\n" for time, value in zip(texts, values, strict=True)]
    lines = lines[::-1] if order == "newest first" else lines
    lines = lines[1::2] + lines[::2] if order == "mixed" else lines
    file = write(tmp_path, "time,BTC.D\n" + "".join(lines))
    if order == "mixed":
        with pytest.raises(InputError, match=r"twice.*write the times in UTC"):
            load_readings(file, ImportOptions(timezone=zone), NOW)
        return
    readings = load_readings(file, ImportOptions(timezone=zone), NOW)
    assert readings.rows["stamp"].tolist() == stamps.tolist()
    assert readings.rows["close"].tolist() == values
