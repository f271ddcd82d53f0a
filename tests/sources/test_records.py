"""JSON, feather and parquet as data frames and web pages write them: read correctly, or refused."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason.sources.caps import load_cap_pair
from altseason.sources.files import load_readings
from altseason.sources.rows import ImportOptions
from tests.sources.field import NOW, write

DAYS = pd.date_range("2023-03-13", periods=4, tz="UTC")
VALUES = [58.25, 57.5, 57.75, 56.25]


@pytest.mark.parametrize("name", [None, "index", "date", "when"])
@pytest.mark.parametrize("as_text", [True, False])
def test_times_in_the_index_of_a_frame_are_read(tmp_path: Path, name: str | None, *, as_text: bool):
    index = DAYS.tz_localize(None)
    frame = pd.DataFrame(
        {"btc_dominance": VALUES}, index=(index.astype(str) if as_text else index).rename(name)
    )
    frame.to_parquet(tmp_path / "indexed.parquet")
    frame.reset_index().to_parquet(tmp_path / "numbered.parquet")
    frame.reset_index().to_csv(tmp_path / "numbered.csv", index=False)
    for path in tmp_path.iterdir():
        readings = load_readings(path, ImportOptions(), NOW)
        assert readings.rows["stamp"].tolist() == DAYS.tolist()
        assert readings.rows["close"].tolist() == VALUES


def test_numbers_in_the_index_of_a_frame_are_not_read(tmp_path: Path):
    frame = pd.DataFrame({"date": DAYS, "share": VALUES}, index=[1, 3, 7, 9])
    frame.to_parquet(tmp_path / "file.parquet")
    readings = load_readings(tmp_path / "file.parquet", ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == VALUES


OTHERS = DAYS - pd.Timedelta(days=2)


@pytest.mark.parametrize("index", [list("abcd"), [1, 3, 7, 9], DAYS])
@pytest.mark.parametrize("name", ["date", "Date", "timestamp", "time (UTC)", "when"])
def test_column_of_times_is_read_beside_an_index(tmp_path: Path, name: str, index: object):
    frame = pd.DataFrame({name: DAYS, "btc_dominance": VALUES}, index=index)
    frame.to_parquet(tmp_path / "file.parquet")
    frame.to_json(tmp_path / "split.json", orient="split", date_format="iso")
    for path in tmp_path.iterdir():
        readings = load_readings(path, ImportOptions(), NOW)
        assert readings.rows["stamp"].tolist() == DAYS.tolist()


def test_index_that_is_a_column_too_is_read(tmp_path: Path):
    pd.DataFrame({"date": DAYS, "btc_dominance": VALUES}).set_index("date", drop=False).to_parquet(
        tmp_path / "file.parquet"
    )
    readings = load_readings(tmp_path / "file.parquet", ImportOptions(), NOW)
    assert readings.rows["stamp"].tolist() == DAYS.tolist()


@pytest.mark.parametrize("name", ["date", "Date", "timestamp", "time (UTC)", "when"])
@pytest.mark.parametrize("orient", ["index", "columns", "split", None])
def test_two_times_of_a_row_are_asked_for(tmp_path: Path, name: str, orient: str | None):
    """Taking one of them in silence would move every day by two."""
    frame = pd.DataFrame({name: OTHERS, "btc_dominance": VALUES}, index=DAYS)
    path = tmp_path / "file"
    if orient is None:
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient=orient, date_format="iso")
    with pytest.raises(InputError, match=f"in the index .* and in column {re.escape(repr(name))}"):
        load_readings(path, ImportOptions(), NOW)


def test_volume_as_long_as_a_time_is_none(tmp_path: Path):
    frame = pd.DataFrame({"btc_dominance": VALUES, "volume": [1672531200 + i for i in range(4)]})
    frame.set_index(DAYS).to_parquet(tmp_path / "file.parquet")
    readings = load_readings(tmp_path / "file.parquet", ImportOptions(), NOW)
    assert readings.rows["stamp"].tolist() == DAYS.tolist()


def test_lists_in_a_frame_are_no_values(tmp_path: Path):
    frame = pd.DataFrame({"date": DAYS, "btc_dominance": VALUES, "quote": [[1.0, 2.0]] * 4})
    frame.to_parquet(tmp_path / "file.parquet")
    readings = load_readings(tmp_path / "file.parquet", ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == VALUES


MILLISECONDS = [int(day.timestamp() * 1e3) for day in DAYS]
TOTAL = {"market_cap_chart": {
    "market_cap": [[ms, 1e12] for ms in MILLISECONDS],
    "volume": [[ms, 1e10] for ms in MILLISECONDS],
}}  # fmt: skip
BITCOIN = {
    "prices": [[ms, 20000.0] for ms in MILLISECONDS],
    "market_caps": [[ms, v * 1e10] for ms, v in zip(MILLISECONDS, VALUES, strict=True)],
    "total_volumes": [[ms, 1e10] for ms in MILLISECONDS],
}


def test_coingecko_answers_are_divided(tmp_path: Path):
    ours = write(tmp_path, json.dumps(BITCOIN), "bitcoin.json")
    total = write(tmp_path, json.dumps(TOTAL), "total.json")
    readings = load_cap_pair(ours, total, ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == pytest.approx(VALUES)
    assert readings.layout.stamp == "snapshot"


@pytest.mark.parametrize("content", [BITCOIN, TOTAL])
def test_coingecko_answer_alone_asks_for_the_other(tmp_path: Path, content: dict):
    with pytest.raises(InputError, match=r"market caps are not dominance.*--total FILE"):
        load_readings(write(tmp_path, json.dumps(content), "a.json"), ImportOptions(), NOW)


def test_coinmarketcap_points_are_divided(tmp_path: Path):
    points = [
        {"marketCap": 1e12, "volume": 1e10, "btcValue": value * 1e10, "ethValue": 1e11,
         "stableValue": 1e11, "otherValue": 1e11, "timestamp": f"{ms // 1000}"}
        for ms, value in zip(MILLISECONDS, VALUES, strict=True)
    ]  # fmt: skip
    file = write(tmp_path, json.dumps({"data": {"points": points}}), "a.json")
    readings = load_readings(file, ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == pytest.approx(VALUES)
    assert readings.layout.stamp == "open"


def frame() -> pd.DataFrame:
    return pd.DataFrame({"date": DAYS, "btc_dominance": VALUES, "volume": 1.5})


def in_milliseconds() -> pd.DataFrame:
    return frame().assign(date=MILLISECONDS)


def as_lines() -> str:
    return frame().to_json(orient="records", lines=True, date_format="iso")


@pytest.mark.parametrize(
    "content",
    [
        as_lines(),
        as_lines() + "\n\n",
        as_lines().strip().replace("\n", "\r\n"),
        "".join(f'["{day:%Y-%m-%d}", {v}]\n' for day, v in zip(DAYS, VALUES, strict=True)),
        *(
            in_milliseconds().to_json(orient=orient)
            for orient in ("columns", "index", "split", "records")
        ),
        frame().to_json(date_format="iso"),
        frame().iloc[::-1].to_json(date_format="iso"),
        in_milliseconds().set_index("date").to_json(),
        frame().set_index("date").to_json(date_format="iso"),
        frame().set_index("date").to_json(orient="index", date_format="iso"),
        in_milliseconds().set_index("date").to_json(orient="index"),
        in_milliseconds().set_index("date")["btc_dominance"].to_json(),
        in_milliseconds().set_index("date")[["btc_dominance"]].to_json(),
        frame().set_index("date").to_json(orient="split", date_format="iso"),
        in_milliseconds().set_index("date").to_json(orient="split"),
        frame().to_json(orient="table", index=False),
        frame().set_index("date").to_json(orient="table"),
        in_milliseconds().assign(date=lambda f: f["date"] * 1000).set_index("date").to_json(),
        in_milliseconds().assign(date=lambda f: f["date"] * 10**6).set_index("date").to_json(),
    ],
)
def test_json_that_programs_write_is_read(tmp_path: Path, content: str):
    readings = load_readings(write(tmp_path, content, "a.json"), ImportOptions(), NOW)
    assert readings.rows["stamp"].tolist() == DAYS.tolist()
    assert readings.rows["close"].tolist() == VALUES


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"columns": ["date", "dominance", "dominance"], "data": [["2023-03-13", 58.25, 57.5]]},
            "found several",
        ),
        ({"columns": ["date", ["close", "BTC.D"]], "data": [["2023-03-13", 0.5]]}, "percent"),
        ({"columns": ["date", {"a": 1}], "data": [["2023-03-13", 0.5]]}, "percent"),
        ([{"date": "2023-03-13", "dominance": 58.25, "note": "\ud800"}], "half of a character"),
        ([{"date": "2023-03-13", "dominance": 58.25, "\ud800": 1}], "half of a character"),
        ({"market_caps": []}, "expected rows, found none"),
        ({"data": {"points": []}}, "expected rows, found none"),
    ],
)
def test_json_that_is_no_table_of_one_series_is_refused(
    tmp_path: Path, content: object, message: str
):
    with pytest.raises(InputError, match=message):
        load_readings(write(tmp_path, json.dumps(content), "a.json"), ImportOptions(), NOW)


def test_orientation_that_nothing_tells_is_refused(tmp_path: Path):
    content = {"1": {"1": 58.25, "2": 57.5}, "2": {"1": 57.5, "2": 57.75}}
    with pytest.raises(InputError, match="one list of records"):
        load_readings(write(tmp_path, json.dumps(content), "a.json"), ImportOptions(), NOW)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (as_lines().strip()[:-3], "expected JSON, but .* line 4 .*is the file complete"),
        (as_lines() + '{"date" \n' + as_lines(), "expected JSON, but .* line 6 "),
        (
            '{"known":"2026-01-01T00:00:03Z","time":"2026-01-01T00:00:00Z","provider":"CoinGecko",'
            '"raw":58.2,"dominance":58.2,"offset":null}\n' * 2,
            "dominance rebuild",
        ),
    ],
)
def test_json_lines_that_are_no_table_are_refused(tmp_path: Path, content: str, message: str):
    with pytest.raises(InputError, match=message) as error:
        load_readings(write(tmp_path, content, "a.jsonl"), ImportOptions(), NOW)
    assert "\n" not in str(error.value)
