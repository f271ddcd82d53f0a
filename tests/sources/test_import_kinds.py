"""Tables as spreadsheets and scripts write them: read correctly, or refused."""

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
HEAD = "date,dominance\n"


def rows(form: str = "%Y-%m-%d", separator: str = ",") -> str:
    pairs = zip(DAYS, VALUES, strict=True)
    return "".join(f"{day:{form}}{separator}{value}\n" for day, value in pairs)


def epochs(*factors: float) -> str:
    pairs = zip(DAYS, VALUES, factors * 4, strict=False)
    return "".join(f"{day.timestamp() * factor:.0f},{value}\n" for day, value, factor in pairs)


@pytest.mark.parametrize(
    "content",
    [
        HEAD + epochs(1),
        HEAD + epochs(1e3),
        HEAD + epochs(1e6),
        HEAD + epochs(1e9),
        "Datum;Bitcoin-Dominanz;Währung\n".encode("cp1252")
        + rows(separator=";").replace(".", ",").replace("\n", ";für\n").encode("cp1252"),
        HEAD.encode("utf-16-be") + rows().encode("utf-16-be"),
        HEAD + rows() + "\ufeff" + HEAD + rows(),
        '"date","dominance",,\n' + rows().replace(",", '","').replace("\n", '",,\n"')[:-1].join(
            ['"', ""]
        ),
        HEAD + "".join(f"2023-03-12,{word}\n" for word in ("NULL", "None", "\\N", "—", "#N/A"))
        + rows(),
        "  date  ,  dominance  \n" + rows().replace(",", "  ,  ").replace("\n", " % \n"),
        HEAD + rows("%Y-%m-%dT00:00:00+00"),
        HEAD + rows("%a %b %d %Y 00:00:00 GMT+0000 (Coordinated Universal Time)"),
        HEAD + rows("%Y-%m-%d 00:00:00 UTC+00:00"),
    ],
)  # fmt: skip
def test_kind_is_read(tmp_path: Path, content: str | bytes):
    readings = load_readings(write(tmp_path, content), ImportOptions(), NOW)
    assert readings.rows["stamp"].tolist() == DAYS.tolist()
    assert readings.rows["close"].tolist() == VALUES


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD + rows() + "Total,229.75\n", "found a row that sums up.*remove it.*\n  line 6: 'To"),
        (HEAD + rows() + "Average,57.4\n", "found a row that sums up.*remove it.*\n  line 6: 'Av"),
        (HEAD + rows() + ",57.4\n", "found rows without one.*\n  line 6: ''"),
        (HEAD + rows("%d.%m.%y"), "years of two digits.*--date-format"),
        (HEAD + rows("%m/%d/%y"), "years of two digits.*--date-format"),
        (HEAD + rows("%d-%b-%y"), "years of two digits.*--date-format"),
        (HEAD + "".join(f"{45000 + i},{v}\n" for i, v in enumerate(VALUES)), "YYYY-MM-DD"),
        (HEAD + "1.67867E+12,58.25\n1.67875E+12,57.5\n", "rounded"),
        (HEAD + epochs(1, 1e3), "of one unit.*seconds and milliseconds.*\n  line 3"),
        (HEAD + "2023-03-13,58.25\n2023-03-14,0.575\n", r"line 3: '0.575'"),
        (b"date,dominance\n2023-03-13,\x81\x8d\n", "UTF-8 or UTF-16"),
        ("sep=§\n" + HEAD.replace(",", "§") + rows(separator="§"), "'sep=§'.*separator"),
        ('{"data":' * 5000 + "[[1,2]]" + "}" * 5000, "nested too deeply"),
    ],
)
def test_kind_is_asked_for(tmp_path: Path, content: str | bytes, message: str):
    with pytest.raises(InputError, match=message) as error:
        load_readings(write(tmp_path, content), ImportOptions(), NOW)
    assert "\n" not in str(error.value).split("\n  line")[0]


def test_years_of_two_digits_are_read_as_told(tmp_path: Path):
    file = write(tmp_path, HEAD + rows("%d.%m.%y"))
    readings = load_readings(file, ImportOptions(date_format="%d.%m.%y"), NOW)
    assert readings.rows["stamp"].tolist() == DAYS.tolist()


@pytest.mark.parametrize("date_format", ["%Y-%m-%d %H:%M %Z", "%Y-%m-%d %H:%M %z"])
def test_format_with_a_zone_is_read(tmp_path: Path, date_format: str):
    zone = "UTC" if "Z" in date_format else "+0000"
    file = write(tmp_path, HEAD + rows(f"%Y-%m-%d 00:00 {zone}"))
    readings = load_readings(file, ImportOptions(date_format=date_format), NOW)
    assert readings.rows["stamp"].tolist() == DAYS.tolist()
    assert readings.layout.zone == "UTC, as the stamps themselves say"


@pytest.mark.parametrize("date_format", ["mixed", "ISO8601", "DD.MM.YYYY", "%Q"])
def test_format_without_directives_is_refused(tmp_path: Path, date_format: str):
    """Pandas would guess by its own words, and take 01/02/2023 for the 2nd of January."""
    file = write(tmp_path, HEAD + "01/02/2023,58.25\n02/02/2023,57.5\n")
    with pytest.raises(InputError, match=f"--date-format {date_format}: "):
        load_readings(file, ImportOptions(date_format=date_format), NOW)


def test_date_before_bitcoin_is_refused_in_a_format_as_well(tmp_path: Path):
    file = write(tmp_path, HEAD + rows("%d.%m.%y") + "17.03.99,56\n")
    with pytest.raises(InputError, match=r"from 2009 on.*\n  line 6: '17.03.99'"):
        load_readings(file, ImportOptions(date_format="%d.%m.%y"), NOW)


def test_text_that_is_not_unicode_is_told(tmp_path: Path):
    file = write(tmp_path, ("date,dominance,für\n" + rows().replace("\n", ",x\n")).encode("cp1252"))
    assert load_readings(file, ImportOptions(), NOW).notes == [
        "Read as Windows-1252 text, since it is not UTF-8."
    ]


def test_negative_percent_is_no_fraction(tmp_path: Path):
    with pytest.raises(InputError, match="expected percent between") as error:
        load_readings(write(tmp_path, HEAD + rows(separator=",-")), ImportOptions(), NOW)
    assert "fractions" not in str(error.value)


def test_zone_of_ends_of_days_is_told(tmp_path: Path):
    file = write(tmp_path, HEAD + rows("%Y-%m-%d 23:59:59"))
    readings = load_readings(file, ImportOptions(), NOW)
    assert readings.layout.zone.startswith("UTC, ")
    assert "--timezone" in readings.layout.zone
    assert readings.rows["known"].iloc[0] == pd.Timestamp("2023-03-13 23:59:59", tz="UTC")
    local = load_readings(file, ImportOptions(timezone="America/New_York"), NOW)
    assert local.rows["known"].iloc[0] == pd.Timestamp("2023-03-14 03:59:59", tz="UTC")


CMC = "timestamp,btc_dominance,eth_dominance\n"
MIDNIGHT = "%Y-%m-%dT00:00:00.000Z"


def caps(form: str, head: str, row: str) -> str:
    pairs = zip(DAYS, VALUES, strict=True)
    return head + "".join(
        row.format(t=f"{day:{form}}", ms=f"{day.timestamp():.0f}000", cap=value * 1e10) + "\n"
        for day, value in pairs
    )


@pytest.mark.parametrize(
    ("content", "is_reading"),
    [
        (CMC + rows(MIDNIGHT).replace("\n", ",18\n"), True),
        (CMC + rows("%Y-%m-%dT00:04:30.000Z").replace("\n", ",18\n"), True),
        (CMC + rows("%Y-%m-%dT23:59:59.999Z").replace("\n", ",18\n"), True),
        (CMC + rows().replace("\n", ",18\n"), False),
        (CMC + rows("%Y-%m-%d 00:00:00").replace("\n", ",18\n"), False),
        (CMC + rows("%Y-%m-%dT00:00:00Z").replace("\n", ",18\n"), False),
        (CMC + rows("%Y-%m-%dT12:00:00.000Z").replace("\n", ",18\n"), False),
        (CMC + epochs(1).replace("\n", ",18\n"), False),
        (CMC + epochs(1e3).replace("\n", ",18\n"), False),
        (CMC.replace("\n", ",others\n") + rows().replace("\n", ",18,24\n"), False),
        ("timestamp,btcDominance,quote\n" + rows().replace("\n", ",x\n"), False),
        ("timestamp,btcDominance,quote\n" + rows(MIDNIGHT).replace("\n", ",x\n"), True),
        # One row that is written otherwise: nobody knows where it comes from.
        (CMC + (rows(MIDNIGHT) + "2023-03-17T00:00:00Z,56\n").replace("\n", ",18\n"), False),
    ],
)
def test_time_is_a_reading_at_an_instant_only_where_it_is_written_as_one(
    tmp_path: Path, content: str, is_reading: bool
):
    readings = load_readings(write(tmp_path, content), ImportOptions(), NOW)
    assert readings.layout.stamp == ("snapshot" if is_reading else "open")
    late = pd.Timedelta(0 if is_reading else "1D")
    assert (readings.rows["known"] - readings.rows["stamp"] == late).all()


@pytest.mark.parametrize(
    ("head", "row", "form", "is_reading"),
    [
        ("snapped_at,market_cap,total_volume\n", "{t},{cap},1", "%Y-%m-%d 00:00:00 UTC", True),
        ("snapped_at,market_cap,total_volume\n", "{ms},{cap},1", "", True),
        ("snapped_at,market_cap,total_volume\n", "{t},{cap},1", "%Y-%m-%d", False),
        ("snapped_at,market_cap,total_volume\n", "{t},{cap},1", "%Y-%m-%d 00:00:00", False),
        (
            "timeopen,timeclose,open,high,low,close,marketcap,timestamp\n",
            "{t},{t},1,1,1,1,{cap},{t}",
            "%Y-%m-%dT23:59:59.999Z",
            True,
        ),
        (
            "timeopen,timeclose,open,high,low,close,marketcap,timestamp\n",
            "{t},{t},1,1,1,1,{cap},{t}",
            "%Y-%m-%d",
            False,
        ),
    ],
)
def test_time_of_a_market_cap_is_an_instant_only_where_it_is_written_as_one(
    tmp_path: Path, head: str, row: str, form: str, is_reading: bool
):
    ours = write(tmp_path, caps(form, head, row), "bitcoin.csv")
    total = write(tmp_path, caps(form, head, row.replace("{cap}", "1e12")), "total.csv")
    readings = load_cap_pair(ours, total, ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == pytest.approx(VALUES)
    assert readings.layout.stamp == ("snapshot" if is_reading else "open")


def days(first: str, count: int, step: str, level: float = 58.0) -> str:
    times = pd.date_range(first, periods=count, freq=step)
    return "".join(f"{time:%Y-%m-%dT%H:%MZ},{level + i / 8:g}\n" for i, time in enumerate(times))


def bars(order: str, form: str = "{},{},{},{}", rows: int = 8) -> list[str]:
    """Candles of dominance, their prices in the order of the letters."""
    prices = [{"o": 58 - i / 8, "h": 59 - i / 8, "l": 57 - i / 8, "c": 57.5 - i / 8}
              for i in range(rows)]  # fmt: skip
    return [form.format(*(row[letter] for letter in order)) for row in prices]


def listed(order: str) -> str:
    times = (1678665600000 + 86400000 * i for i in range(8))
    pairs = zip(times, bars(order), strict=True)
    return "[" + ",".join(f"[{time},{row},0]" for time, row in pairs) + "]"


def named(*names: str, order: str = "ohlc") -> str:
    lines = (f"2023-03-{13 + i},{row}\n" for i, row in enumerate(bars(order)))
    return ",".join(("time", *names)) + "\n" + "".join(lines)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        # Decimal commas between commas: 58,25 is not 58.
        (HEAD + rows().replace(".", ","), r"one field more.*decimal comma.*\n  line 2: '25'"),
        ("date,dominance,note\n" + rows().replace(".", ",").replace("\n", ",x\n"), "line 2: 'x'"),
        ("date,dominance,\n" + rows().replace(".", ","), r"one field more.*\n  line 2: '25'"),
        # R's write.table has no name above the numbers of its rows.
        (HEAD + "".join(f"{i},{row}\n" for i, row in enumerate(rows().splitlines())), "more"),
        # A bar of a week is known after a week, not after a day.
        (HEAD + days("2022-11-01", 10, "7D") + days("2023-01-10", 60, "1D"), "7 days apart"),
        (HEAD + days("2023-01-10", 60, "1D") + days("2023-03-11", 6, "7D"), "7 days apart"),
        (HEAD + days("2023-01-10", 10, "1D") + days("2023-01-20", 100, "1h"), "24 hours apart"),
        (HEAD + days("2023-01-10", 40, "1D") + days("2023-02-19", 30, "1h"), "60 minutes apart"),
        ("date,provider,dominance\n" + rows().replace(",", ",gecko,") + "2023-03-17,cmc,59\n",
         "several in column 'provider' \\(gecko, cmc\\)"),
        ("date,non-BTC dominance\n" + rows(), "'non' in its name"),
        ("date,1 - dominance\n" + rows(), "'1 -' in its name"),
        ("date,100-BTC.D\n" + rows(), "'100-' in its name"),
        ("date,inverse dominance\n" + rows(), "'inverse' in its name"),
        # Open, close, high, low, as some exchanges answer.
        (listed("ochl"), r"highest.*--column"),
        (named("open", "high", "low", "close", order="ochl"), r"highest.*--column"),
        (named("open", "high", "low", "close", order="olhc"), r"highest.*--column"),
    ],
)  # fmt: skip
def test_kind_that_looks_like_another_is_asked_for(tmp_path: Path, content: str, message: str):
    with pytest.raises(InputError, match=message) as error:
        load_readings(write(tmp_path, content), ImportOptions(), NOW)
    assert "\n" not in str(error.value).split("\n  line")[0]


@pytest.mark.parametrize(
    ("content", "options", "count"),
    [
        (listed("ohlc"), ImportOptions(), 8),
        (named("open", "close", "high", "low", order="ochl"), ImportOptions(), 8),
        (named("open", "high", "low", "close", order="ochl"), ImportOptions(column="high"), 8),
        # Readings are true at an instant, however far apart.
        (HEAD + days("2022-11-01", 10, "7D") + days("2023-01-10", 60, "1D"),
         ImportOptions(stamp="snapshot"), 70),
        (HEAD + days("2022-11-01", 10, "7D") + days("2023-01-10", 60, "1D"),
         ImportOptions(since=pd.Timestamp("2023-01-10", tz="UTC")), 60),
        # Holes and weekends are none of these.
        (HEAD + days("2023-01-02", 5, "1D") + days("2023-01-09", 5, "1D"), ImportOptions(), 10),
        (HEAD + days("2023-01-02", 9, "1D") + days("2023-02-09", 3, "2D"), ImportOptions(), 12),
        ("date,source,dominance\n" + rows().replace(",", ",gecko,"), ImportOptions(), 4),
        ("日付,ドミナンス\n" + rows(), ImportOptions(), 4),
    ],
)  # fmt: skip
def test_kind_beside_these_is_read(
    tmp_path: Path, content: str, options: ImportOptions, count: int
):
    assert len(load_readings(write(tmp_path, content), options, NOW).rows) == count
