"""Dominance from market caps, named as TradingView, CoinMarketCap and CoinGecko name them."""

from pathlib import Path

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason.sources.caps import load_cap_pair
from altseason.sources.files import load_readings
from altseason.sources.rows import ImportOptions
from tests.sources.field import EXPECTED as FOUR_DAYS
from tests.sources.field import MARCH, NOW, closes, write
from tests.sources.field import VALUES as FOUR_VALUES

DAYS = ("2023-03-13", "2023-03-14", "2023-03-15")
# 4.5, 4.6 and 4.4 of 10.
BITCOIN, TOTAL, EXPECTED = (4.5e11, 4.6e11, 4.4e11), (1e12, 1e12, 1e12), [45.0, 46.0, 44.0]


def chart(folder: Path, name: str, caps: tuple[float, ...], symbol: str = "") -> Path:
    head = "time,symbol" if symbol else "time"
    rows = [
        f"{day}{',' if symbol else ''}{symbol},{cap},{cap},{cap},{cap}"
        for day, cap in zip(DAYS, caps, strict=True)
    ]
    path = folder / name
    path.write_text("\n".join([f"{head},open,high,low,close", *rows]) + "\n")
    return path


@pytest.mark.parametrize("total", ["CRYPTOCAP_TOTAL, 1D.csv", "tv-total.csv", "all.csv"])
def test_two_tradingview_charts_are_divided(tmp_path: Path, total: str):
    ours = chart(tmp_path, "CRYPTOCAP_BTC, 1D.csv", BITCOIN)
    readings = load_cap_pair(ours, chart(tmp_path, total, TOTAL), ImportOptions(), NOW)
    assert readings.rows["close"].tolist() == pytest.approx(EXPECTED)
    assert readings.layout.stamp == "open"


@pytest.mark.parametrize(
    ("name", "main", "compared", "label"),
    [
        ("CRYPTOCAP_BTC, 1D.csv", BITCOIN, TOTAL, "TOTAL, CRYPTOCAP"),
        ("CRYPTOCAP_TOTAL, 1D.csv", TOTAL, BITCOIN, "BTC, CRYPTOCAP"),
    ],
)
def test_two_tradingview_charts_compared_in_one_are_divided(
    tmp_path: Path, name: str, main: tuple[float, ...], compared: tuple[float, ...], label: str
):
    rows = "".join(
        f"{day},1,1,1,{a},1,1,1,{b}\n" for day, a, b in zip(DAYS, main, compared, strict=True)
    )
    names = ",".join(f'"{label}: {price}"' for price in ("Open", "High", "Low", "Close"))
    (tmp_path / name).write_text(f"time,open,high,low,close,{names}\n{rows}")
    readings = load_readings(tmp_path / name, ImportOptions(), NOW)
    assert readings.layout.format == "table of two market caps"
    assert readings.rows["close"].tolist() == pytest.approx(EXPECTED)


@pytest.mark.parametrize(
    ("bitcoin", "total", "message"),
    [
        # 45 of 55 is 82: a share that could be believed.
        (("CRYPTOCAP_BTC, 1D.csv", ""), ("CRYPTOCAP_TOTAL2, 1D.csv", ""), "of all coins.*total2"),
        (("CRYPTOCAP_BTC, 1D.csv", ""), ("a.csv", "CRYPTOCAP:TOTAL3"), "of all coins.*total3"),
        (("CRYPTOCAP_BTC, 1D.csv", ""), ("total-ex-stables.csv", ""), "of all coins.*stables"),
        (("eth-usd-max.csv", ""), ("total.csv", ""), "of Bitcoin.*eth"),
        (("a.csv", "ETH"), ("total.csv", ""), "of Bitcoin.*eth"),
    ],
)
def test_caps_of_others_are_refused(
    tmp_path: Path, bitcoin: tuple[str, str], total: tuple[str, str], message: str
):
    ours = chart(tmp_path, bitcoin[0], BITCOIN, bitcoin[1])
    theirs = chart(tmp_path, total[0], (5.5e11, 5.4e11, 5.6e11), total[1])
    with pytest.raises(InputError, match=message):
        load_cap_pair(ours, theirs, ImportOptions(), NOW)
    assert len(load_cap_pair(ours, theirs, ImportOptions(insist=True), NOW).rows) == 3


def plain(folder: Path, name: str, head: str, caps: tuple[float, ...], time: str = "") -> Path:
    rows = "".join(f"{day}{time},{cap},1\n" for day, cap in zip(DAYS, caps, strict=True))
    (folder / name).write_text(f"{head}\n{rows}")
    return folder / name


@pytest.mark.parametrize("is_bitcoin_sure", [True, False])
@pytest.mark.parametrize(
    ("stamp", "expected"), [("snapshot", EXPECTED), ("open", [46 / 1.25, 44 / 1.5])]
)
def test_file_that_does_not_tell_is_asked_for_beside_one_that_does(
    tmp_path: Path, stamp: str, expected: list[float], *, is_bitcoin_sure: bool
):
    """CoinGecko's readings at midnight, and plain days, which may end then or begin."""
    sure, unsure = ("snapped_at,market_cap,total_volume", " 00:00:00 UTC"), ("date,cap,x", "")
    head, time = sure if is_bitcoin_sure else unsure
    ours = plain(tmp_path, "btc.csv", head, BITCOIN, time)
    head, time = unsure if is_bitcoin_sure else sure
    growing = TOTAL if stamp == "snapshot" else (1.25e12, 1.5e12, 1.75e12)
    total = plain(tmp_path, "total.csv", head, growing, time)
    unsure_name = "total.csv" if is_bitcoin_sure else "btc.csv"
    with pytest.raises(InputError, match=rf"{unsure_name}: a row can be a reading .*--stamp"):
        load_cap_pair(ours, total, ImportOptions(), NOW)
    readings = load_cap_pair(ours, total, ImportOptions(stamp=stamp), NOW)
    if stamp == "open" and not is_bitcoin_sure:
        expected = [45 / 1.5, 46 / 1.75]
    assert readings.rows["close"].tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ours", "theirs", "is_read"),
    [
        (("btc-eur-max.csv", "date,cap,x"), ("total.csv", "date,cap,x"), False),
        (("btc-eur-max.csv", "date,cap,x"), ("total-usd.csv", "date,cap,x"), False),
        (("btc-usd-max.csv", "date,cap,x"), ("total.csv", "date,cap,x"), True),
        (("btc-eur-max.csv", "date,cap,x"), ("total-eur.csv", "date,cap,x"), True),
        (("btc.csv", "date,btc market cap (eur),x"), ("total.csv", "date,cap,x"), False),
    ],
)
def test_two_currencies_are_refused(
    tmp_path: Path, ours: tuple[str, str], theirs: tuple[str, str], *, is_read: bool
):
    files = plain(tmp_path, *ours, BITCOIN), plain(tmp_path, *theirs, TOTAL)
    if not is_read:
        with pytest.raises(InputError, match=r"one currency.*--insist"):
            load_cap_pair(*files, ImportOptions(), NOW)
    readings = load_cap_pair(*files, ImportOptions(insist=True), NOW)
    assert readings.rows["close"].tolist() == pytest.approx(EXPECTED)


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, EXPECTED), (5, EXPECTED), (-50, EXPECTED), (6, None), (40, None)]
)
def test_total_that_was_true_later_is_not_taken(
    tmp_path: Path, minutes: int, expected: list[float] | None
):
    paths = []
    for name, caps, shift in [("btc-usd.csv", BITCOIN, 0), ("total.csv", TOTAL, minutes)]:
        times = pd.to_datetime(list(DAYS), utc=True) + pd.Timedelta(hours=12, minutes=shift)
        rows = [f"{time:%Y-%m-%dT%H:%M:00Z},{cap}" for time, cap in zip(times, caps, strict=True)]
        paths.append(tmp_path / name)
        paths[-1].write_text("\n".join(["snapped_at,market_cap", *rows]) + "\n")
    if expected is None:
        with pytest.raises(InputError, match="at most 0 days 00:05:00 later"):
            load_cap_pair(*paths, ImportOptions(), NOW)
    else:
        readings = load_cap_pair(*paths, ImportOptions(), NOW)
        assert readings.rows["close"].tolist() == pytest.approx(expected)


@pytest.mark.usefixtures("whole_or_in_pieces")
def test_caps_of_any_two_providers_are_divided(tmp_path: Path):
    stamps = [f"{day}T23:59:59.999Z" for day in MARCH]
    ours = write(tmp_path, "timeOpen;timeClose;open;high;low;close;marketCap;timestamp\n" + "".join(
        f"x;{s};1;1;1;1;{v}e10;{s}\n" for s, v in zip(stamps, FOUR_VALUES, strict=True)
    ), "btc.csv")  # fmt: skip
    midnights = [pd.Timestamp(s).ceil("D").timestamp() + i for i, s in enumerate(stamps)]
    total = write(tmp_path, "snapped_at,market_cap,total_volume\n" + "".join(
        f"{m * 1000:.0f},1e12,1\n" for m in midnights[:3]
    ), "total.csv")  # fmt: skip
    readings = load_cap_pair(ours, total, ImportOptions(), NOW)
    assert closes(tmp_path, readings) == pytest.approx(dict(list(FOUR_DAYS.items())[:3]))
    assert readings.left_out == {"rows of btc.csv at times that the other file does not have": 1}


@pytest.mark.usefixtures("whole_or_in_pieces")
def test_caps_in_one_table_are_divided(tmp_path: Path):
    text = "date,Bitcoin Market Cap,total_market_cap\n" + "".join(
        f'{day},"{v * 1e10:,.0f}","1,000,000,000,000"\n'
        for day, v in zip(MARCH, FOUR_VALUES, strict=True)
    )
    readings = load_readings(write(tmp_path, text), ImportOptions(), NOW)
    assert closes(tmp_path, readings) == pytest.approx(FOUR_DAYS)


@pytest.mark.parametrize("cap", ["0", "-1e12"])
def test_cap_that_is_not_above_zero_is_refused(tmp_path: Path, cap: str):
    """Zero by zero is no number, and of two below zero the share could be believed."""
    text = "date,btc market cap,total market cap\n2023-03-13,6e11,1e12\n2023-03-14,"
    file = write(tmp_path, f"{text}{cap},{cap}\n")
    for options in (ImportOptions(), ImportOptions(insist=True)):
        with pytest.raises(InputError, match=f"'btc market cap'.*\n  line 3: '{cap}'"):
            load_readings(file, options, NOW)
