"""Whether a file is Bitcoin's dominance: what its names say, and what is refused if they do not."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason.sources.files import load_readings
from altseason.sources.rows import ImportOptions
from tests.sources.field import CANDLES, EXPECTED, MARCH, NOW, PAIRS, VALUES, closes, rows, write

# In pieces, too: how a file is read must not depend on its size.
pytestmark = pytest.mark.usefixtures("whole_or_in_pieces")


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
            "midnight in a zone other than UTC",
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
    assert not any("No name says" in note for note in readings.notes)


def test_candles_that_nothing_names_are_read_with_a_question(tmp_path: Path):
    """A chart of BTC.D has no volume of its own; what was traded has."""
    file = write(tmp_path, "time,open,high,low,close\n" + CANDLES)
    notes = load_readings(file, ImportOptions(), NOW).notes
    assert [note.endswith("'close'). Check that it is.") for note in notes] == [True]
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


def test_insisting_reads_it_all_the_same(tmp_path: Path):
    file = write(tmp_path, "date,close\n" + rows(MARCH), "BTCUSD.csv")
    assert closes(tmp_path, load_readings(file, ImportOptions(insist=True), NOW)) == EXPECTED
