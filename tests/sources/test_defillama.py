"""Stablecoins' market caps, on the shape that was recorded."""

import json
from typing import Any

import pandas as pd
import pytest

from altseason.sources.defillama import parse_stablecoins
from altseason.sources.errors import ProviderError, ResponseError

FIRST = 1511913600  # 2017-11-29 00:00 UTC
DAY = 86400


def row(day: int, **caps: Any) -> dict[str, Any]:
    return {"date": str(FIRST + day * DAY), "totalCirculatingUSD": caps}


def parse(*rows: Any) -> "pd.Series[float]":
    return parse_stablecoins(json.dumps(rows).encode())


def test_day_is_known_at_its_end_and_the_last_one_is_not_whole():
    rows = (
        row(0, peggedUSD=110105, peggedEUR=14967600),
        row(1, peggedUSD=120000),
        row(2, peggedUSD=1),
    )
    caps = parse(*rows)
    assert caps.index.tolist() == [
        pd.Timestamp("2017-11-30", tz="UTC"),
        pd.Timestamp("2017-12-01", tz="UTC"),
    ]
    assert caps.tolist() == [15077705.0, 120000.0]


def test_times_may_be_numbers():
    rows = [{**row(day, peggedUSD=5), "date": FIRST + day * DAY} for day in range(2)]
    assert parse(*rows).tolist() == [5.0]


GOOD = row(0, peggedUSD=1)


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (GOOD,),
        (row(1, peggedUSD=1), GOOD),
        (GOOD, GOOD),
        (GOOD, row(1)),
        (GOOD, row(1, peggedUSD=None)),
        (GOOD, row(1, peggedUSD="5")),
        (GOOD, row(1, peggedUSD=-5)),
        (GOOD, {"date": "2017-11-30", "totalCirculatingUSD": {"peggedUSD": 1}}),
        (GOOD, {"date": "5", "totalCirculatingUSD": {"peggedUSD": 1}}),
        (GOOD, {"totalCirculatingUSD": {"peggedUSD": 1}}),
        (GOOD, 5),
    ],
)
def test_other_shapes_are_refused(rows: tuple[Any, ...]):
    with pytest.raises(ResponseError, match="DefiLlama"):
        parse(*rows)


@pytest.mark.parametrize(
    ("body", "status"), [(b"<html>", 200), (b'{"message": "no"}', 200), (b"[]", 503), (b"", 429)]
)
def test_errors_are_refused(body: bytes, status: int):
    with pytest.raises(ProviderError, match="DefiLlama"):
        parse_stablecoins(body, status)
