"""Every provider's parser returns a reading or raises a named error, whatever the response."""

import contextlib
import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from altseason.sources.coingecko import parse_global
from altseason.sources.coingecko_history import (
    parse_coins,
    parse_market_caps,
    parse_total_market_caps,
)
from altseason.sources.coinlore import parse_coinlore
from altseason.sources.coinmarketcap import parse_coinmarketcap
from altseason.sources.coinpaprika import parse_coinpaprika
from altseason.sources.errors import NotCurrentError, ProviderError, ResponseError
from altseason.sources.reading import ProviderReading
from tests.providers.world import global_body

NOW = pd.Timestamp("2026-05-27 10:40", tz="UTC")
UPDATED = 1779878351  # 2026-05-27 10:39:11 UTC
TIME = pd.Timestamp("2026-05-27 10:39:11", tz="UTC")

GLOBAL = global_body(57.9539332566265, UPDATED)
COINMARKETCAP = {
    "data": {
        "active_cryptocurrencies": 9000,
        "eth_dominance": 9.6,
        "btc_dominance": 58.1234,
        "quote": {"USD": {"total_market_cap": 2.6e12, "stablecoin_market_cap": 2.6e11}},
        "last_updated": "2026-05-27T10:39:11.999Z",
    },
    "status": {
        "timestamp": "2026-05-27T10:39:30.000Z",
        "error_code": 0,
        "error_message": None,
        "credit_count": 1,
    },
}
COINPAPRIKA = {
    "market_cap_usd": 2621040321355,
    "volume_24h_usd": 95133256404,
    "bitcoin_dominance_percentage": 58.21,
    "cryptocurrencies_number": 60000,
    "last_updated": UPDATED,
}
COINLORE = [{"coins_count": 14000, "total_mcap": 2.6e12, "btc_d": "57.31", "eth_d": "9.58"}]

Parser = Callable[..., ProviderReading]
PARSERS: dict[str, tuple[Parser, Any, tuple[Any, ...], tuple[Any, ...] | None]] = {
    "coingecko": (
        parse_global,
        GLOBAL,
        ("data", "market_cap_percentage", "btc"),
        ("data", "updated_at"),
    ),
    "coinmarketcap": (
        parse_coinmarketcap,
        COINMARKETCAP,
        ("data", "btc_dominance"),
        ("data", "last_updated"),
    ),
    "coinpaprika": (
        parse_coinpaprika,
        COINPAPRIKA,
        ("bitcoin_dominance_percentage",),
        ("last_updated",),
    ),
    "coinlore": (parse_coinlore, COINLORE, (0, "btc_d"), None),
}
TIMED = [name for name, (*_, time_path) in PARSERS.items() if time_path]
ON_EACH = pytest.mark.parametrize("name", PARSERS)


def as_bytes(answer: Any) -> bytes:
    return json.dumps(answer).encode()


def changed(answer: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The response with another value at a path; without it where the value is `...`."""
    answer = copy.deepcopy(answer)
    place = answer
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return answer


def test_recorded_answers_are_read():
    assert parse_global(as_bytes(GLOBAL), now=NOW) == ProviderReading(
        TIME, 57.9539332566265, "CoinGecko"
    )
    assert parse_coinmarketcap(as_bytes(COINMARKETCAP), now=NOW) == ProviderReading(
        pd.Timestamp("2026-05-27 10:39:11.999", tz="UTC"), 58.1234, "CoinMarketCap"
    )
    assert parse_coinpaprika(as_bytes(COINPAPRIKA), now=NOW) == ProviderReading(
        TIME, 58.21, "CoinPaprika"
    )
    assert parse_coinlore(as_bytes(COINLORE), now=NOW) == ProviderReading(None, 57.31, "CoinLore")


def test_coinmarketcap_success_may_be_written_as_text():
    answer = changed(COINMARKETCAP, ("status", "error_code"), "0")
    assert parse_coinmarketcap(as_bytes(answer), now=NOW).dominance == 58.1234


WRONG = [
    0,
    0.57,
    1,
    100,
    150,
    -5,
    None,
    "NaN",
    "",
    True,
    [],
    {},
    float("nan"),
    float("inf"),
    10**400,
]


@ON_EACH
@pytest.mark.parametrize("value", [*WRONG, ...], ids=lambda value: repr(value)[:12])
def test_value_that_cannot_be_dominance_is_refused(name: str, value: Any):
    parse, answer, path, _ = PARSERS[name]
    values = [value]
    if name == "coinlore" and isinstance(value, int | float):
        values = [value, str(value)[:50]]  # there a percentage is a text
    for wrong in values:
        with pytest.raises(ResponseError, match=r"expected .*found"):
            parse(as_bytes(changed(answer, path, wrong)), now=NOW)


@ON_EACH
def test_value_of_the_other_kind_is_refused(name: str):
    parse, answer, path, _ = PARSERS[name]
    wrong = 57.3 if name == "coinlore" else "57.3"
    with pytest.raises(ResponseError, match=r"expected .*found.*57\.3"):
        parse(as_bytes(changed(answer, path, wrong)), now=NOW)


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("value", [None, "", "now", "2026", True, 0, UPDATED * 1000, 10**400, ...])
def test_time_that_is_none_is_refused(name: str, value: Any):
    parse, answer, _, path = PARSERS[name]
    with pytest.raises(ResponseError, match=r"expected .*found"):
        parse(as_bytes(changed(answer, path, value)), now=NOW)


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize(
    ("minutes", "message"), [(62, "at most 60 minutes old"), (-6, "the system clock")]
)
def test_value_of_another_time_is_refused(name: str, minutes: int, message: str):
    parse, answer, *_ = PARSERS[name]
    with pytest.raises(NotCurrentError, match=message):
        parse(as_bytes(answer), now=TIME + pd.Timedelta(minutes=minutes))


@ON_EACH
@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body>Just a moment...</body></html>", b"\xff\xfe\x00", b"null", b"[" * 100_000],
)
def test_body_that_is_no_answer_is_refused(name: str, body: bytes):
    with pytest.raises(ResponseError, match=r"expected .*found") as error:
        PARSERS[name][0](body, now=NOW)
    assert len(str(error.value)) < 300
    assert "\n" not in str(error.value)


@ON_EACH
def test_truncated_body_is_refused(name: str):
    parse, answer, *_ = PARSERS[name]
    body = as_bytes(answer)
    for length in range(len(body)):
        with pytest.raises(ResponseError):
            parse(body[:length], now=NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=6) | st.sampled_from(["data", "status"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
CHARTS: list[Callable[..., object]] = [parse_coins, parse_market_caps, parse_total_market_caps]


def feed(body: bytes, status: int) -> None:
    for parse, *_ in PARSERS.values():
        with contextlib.suppress(ProviderError):
            assert 1 < parse(body, status, now=NOW).dominance < 100
    for parse_chart in CHARTS:
        with contextlib.suppress(ProviderError):
            parse_chart(body, status)


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=60), status=st.integers(100, 599))
def test_no_bytes_raise_anything_but_a_provider_error(body: bytes, status: int):
    feed(body, status)


@settings(max_examples=150, deadline=None)
@given(answer=JSON, status=st.sampled_from([200, 200, 429, 500]))
def test_no_json_raises_anything_but_a_provider_error(answer: Any, status: int):
    feed(as_bytes(answer), status)


def paths_of(answer: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps: Any = []
    if isinstance(answer, dict | list):
        steps = answer.items() if isinstance(answer, dict) else enumerate(answer)
    inner = [place for step, value in steps for place in paths_of(value, (*path, step))]
    return [path, *inner] if path else inner


CHART = {"market_caps": [[1779753600000, 1.5e12], [1779840000000, None], [1779878351000, 1.6e12]]}
TOTAL = {"market_cap_chart": {"market_cap": CHART["market_caps"], "volume": []}}
COINS = [{"id": "bitcoin", "market_cap": 1.5e12}, {"id": "atlas-2", "market_cap": None}]
VALID = [*(answer for _, answer, *_ in PARSERS.values()), CHART, TOTAL, COINS]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_mutated_answer_raises_anything_but_a_provider_error(data: st.DataObject):
    answer = data.draw(st.sampled_from(VALID))
    for _ in range(data.draw(st.integers(1, 2))):
        if paths := paths_of(answer):
            path = data.draw(st.sampled_from(paths))
            answer = changed(answer, path, data.draw(JSON | st.just(...)))
    feed(as_bytes(answer), 200)


# What else a provider may send: JSON has no NaN and no Infinity, so a body with them is not valid.
OTHER_KEYS = st.dictionaries(
    st.text(max_size=6).filter(lambda key: key not in ("error", "status", "error_code")),
    JSON.filter(lambda value: not re.search("NaN|Infinity", json.dumps(value))),
    max_size=3,
)


@settings(max_examples=100, deadline=None)
@given(
    dominance=st.floats(1, 100, exclude_min=True, exclude_max=True),
    age=st.integers(0, 3500),
    other=OTHER_KEYS,
    shares=st.dictionaries(st.text(max_size=5), st.floats(0, 100), max_size=4),
)
def test_every_valid_answer_is_read(
    dominance: float, age: int, other: dict[str, Any], shares: dict[str, float]
):
    moment = int(NOW.timestamp()) - age
    data = {"market_cap_percentage": {**shares, "btc": dominance}, "updated_at": moment}
    found = parse_global(as_bytes({**other, "data": {**other, **data}}), now=NOW)
    assert found == ProviderReading(
        pd.Timestamp(moment, unit="s", tz="UTC"), dominance, "CoinGecko"
    )

    iso = pd.Timestamp(moment, unit="s", tz="UTC").isoformat()
    data = {**other, "btc_dominance": dominance, "last_updated": iso}
    answer = {**other, "status": {**other, "error_code": 0}, "data": data}
    assert parse_coinmarketcap(as_bytes(answer), now=NOW).dominance == dominance

    answer = {**other, "bitcoin_dominance_percentage": dominance, "last_updated": moment}
    assert parse_coinpaprika(as_bytes(answer), now=NOW).dominance == dominance

    text = f"{dominance:.2f}"
    if 1 < float(text) < 100:
        answer = [{**other, "btc_d": text}]
        assert parse_coinlore(as_bytes(answer), now=NOW).dominance == float(text)


def test_market_caps_are_read_with_their_holes():
    caps = parse_market_caps(as_bytes(CHART))
    assert [f"{time:%Y-%m-%d %H:%M:%S}" for time in caps.index] == [
        "2026-05-26 00:00:00",
        "2026-05-27 00:00:00",
        "2026-05-27 10:39:11",
    ]
    assert caps.isna().tolist() == [False, True, False]
    assert parse_total_market_caps(as_bytes(TOTAL)).equals(caps)


def test_coins_without_a_market_cap_are_left_out():
    assert [coin.id for coin in parse_coins(as_bytes(COINS))] == ["bitcoin"]


@pytest.mark.parametrize(
    "points",
    [
        [],
        None,
        [[1779753600000]],
        [[1779753600, 1.0]],
        [["1779753600000", 1.0]],
        [[1779753600000, "1"]],
        [[1779753600000, -1]],
        [[1779753600000, True]],
        [[1779753600000, float("inf")]],
    ],
)
def test_market_caps_of_another_shape_are_refused(points: Any):
    with pytest.raises(ResponseError, match=r"/coins/bitcoin/market_chart: expected .*found"):
        parse_market_caps(as_bytes({"market_caps": points}))


@pytest.mark.parametrize("year", ["1700", "2250"])
def test_time_of_another_century_is_refused(year: str):
    body = {
        "data": {"btc_dominance": 57.0, "last_updated": f"{year}-05-27T00:00:00.000000001Z"},
        "status": {"error_code": 0},
    }
    with pytest.raises(NotCurrentError, match=year):
        parse_coinmarketcap(json.dumps(body).encode(), now=NOW)
