"""Dominance out of market caps, named as TradingView, CoinMarketCap and CoinGecko name them."""

from pathlib import Path

import pandas as pd
import pytest

from altseason.errors import InputError
from altseason.sources.caps import has_both_caps, load_cap_pair, load_cap_table
from altseason.sources.files import Options
from altseason.sources.table import read_table

NOW = pd.Timestamp("2026-06-01", tz="UTC")
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
    readings = load_cap_pair(ours, chart(tmp_path, total, TOTAL), Options(), NOW)
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
    table = read_table(tmp_path / name)
    assert has_both_caps(table)
    readings = load_cap_table(table, Options(), NOW)
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
        load_cap_pair(ours, theirs, Options(), NOW)
    assert len(load_cap_pair(ours, theirs, Options(insist=True), NOW).rows) == 3
