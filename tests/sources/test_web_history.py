"""CoinMarketCap's web history: what is read of it, and what is refused."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from altseason.sources.coinmarketcap_history import (
    NO_VALUE,
    NOT_MIDNIGHT,
    WebHistory,
    fetch_web_history,
    parse_web_history,
)
from altseason.sources.errors import (
    AccessError,
    ProviderError,
    RateLimitedError,
    RepeatedError,
    ResponseError,
    UnavailableError,
)
from altseason.sources.session import RequestPolicy, build_session
from tests.providers import web_history
from tests.providers.serving import Provider, Reply, serving
from tests.providers.web_history import PATH, history_body, quote_body
from tests.providers.world import reply

QUICK = RequestPolicy(read_timeout=0.5, backoff=0.001, longest_wait=0.05)
FIRST, LAST = (pd.Timestamp(text, tz="UTC") for text in ("2024-08-30", "2024-09-02"))
DAYS = [date(2024, 8, 30), date(2024, 8, 31), date(2024, 9, 1), date(2024, 9, 2)]
PERCENT = [56.25, 56.5, 56.75, 56.3349]
QUOTES = [quote_body(day, percent) for day, percent in zip(DAYS, PERCENT, strict=True)]


def parse(quotes: Any, status: int = 200, **more: Any) -> WebHistory:
    body = json.dumps({**history_body(quotes), **more}).encode()
    return parse_web_history(body, status, first=FIRST, last=LAST)


def with_day(number: int, **changes: Any) -> list[dict[str, Any]]:
    """The four days, one of them changed; without a key whose value is `...`."""
    quotes = [dict(quote) for quote in QUOTES]
    quotes[number] |= changes
    quotes[number] = {key: value for key, value in quotes[number].items() if value is not ...}
    return quotes


@pytest.fixture
def world() -> web_history.WebHistory:
    return web_history.WebHistory(percent=dict(zip(DAYS, PERCENT, strict=True)).__getitem__)


@pytest.fixture
def server(world: web_history.WebHistory) -> Iterator[Provider]:
    with serving(world.answer) as provider:
        yield provider


def fetch(server: Provider) -> WebHistory:
    with build_session(QUICK) as session:
        return fetch_web_history(session, FIRST, LAST, url=server.url)


def test_days_are_asked_for_by_the_unix_second_without_a_key(server: Provider):
    history = fetch(server)
    assert history.percent.to_list() == PERCENT
    assert history.percent.index.to_list() == list(pd.date_range(FIRST, LAST, freq="D"))
    assert history.left_out == {}
    [request] = server.requests
    assert request.path == PATH
    assert request.query == {
        "convertId": "2781",
        "interval": "1d",
        "timeStart": "1724976000",
        "timeEnd": "1725235200",
    }
    assert not [name for name in request.headers if "key" in name]


@pytest.mark.parametrize("written", [1725235200, "1725235200", "2024-09-02T00:00:00Z"])
def test_times_may_be_written_in_unix_seconds(written: Any):
    assert parse(with_day(3, timestamp=written)).percent[LAST] == 56.3349


def test_days_may_come_in_any_order_and_be_repeated():
    assert parse([*reversed(QUOTES), QUOTES[2]]).percent.to_list() == PERCENT


@pytest.mark.parametrize("value", [None, 0, 0.0])
def test_day_without_a_value_is_left_out_and_counted(value: Any):
    history = parse(with_day(1, btcDominance=value))
    assert history.percent.to_list() == [56.25, 56.75, 56.3349]
    assert history.left_out == {NO_VALUE: 1}


def test_reading_at_another_time_closes_no_day():
    now = {**QUOTES[3], "timestamp": "2024-09-02T10:20:30.000Z", "btcDominance": 57.0}
    history = parse([*QUOTES, now])
    assert history.percent.to_list() == PERCENT
    assert history.left_out == {NOT_MIDNIGHT: 1}


def test_single_days_may_be_missing_anywhere():
    for number in range(4):
        quotes = [quote for place, quote in enumerate(QUOTES) if place != number]
        assert len(parse(quotes).percent) == 3


@pytest.mark.parametrize("days", [-2000, -10, -4, 4, 10, 2000])
def test_days_that_were_not_asked_for_are_refused(days: int):
    moved = [quote_body(day + days * web_history.DAY, 56.0) for day in DAYS]
    with pytest.raises(RepeatedError, match=r"the days 2024-08-30 to 2024-09-02, found \d{4}-"):
        parse(moved)


def test_days_that_begin_later_or_end_earlier_are_refused():
    asked = pd.Timestamp("2024-08-01", tz="UTC"), pd.Timestamp("2024-09-30", tz="UTC")
    for first, last in [(asked[0], LAST), (FIRST, asked[1])]:
        with pytest.raises(RepeatedError):
            parse_web_history(json.dumps(history_body(QUOTES)).encode(), first=first, last=last)


def test_day_more_at_either_end_is_dropped():
    around = [quote_body(date(2024, 8, 29), 50.0), *QUOTES, quote_body(date(2024, 9, 3), 50.0)]
    assert parse(around).percent.to_list() == PERCENT


def test_no_days_may_come_later():
    with pytest.raises(UnavailableError, match="found none"):
        parse([])


@pytest.mark.parametrize(
    "value", [0.56, 1, 100, 150, -5, "56.3", "NaN", True, [], {}, float("nan"), 10**400, ...]
)
def test_value_that_cannot_be_dominance_refuses_all(value: Any):
    with pytest.raises(ResponseError, match=r"btcDominance|JSON"):
        parse(with_day(2, btcDominance=value))


@pytest.mark.parametrize(
    "time", [None, "", "now", "2024", 2024, 1725235200000, "9999-12-31T00:00:00Z", True, [], ...]
)
def test_time_that_is_none_refuses_all(time: Any):
    with pytest.raises(ResponseError, match=r"timestamp|times from"):
        parse(with_day(2, timestamp=time))


def test_two_values_for_one_day_are_refused():
    with pytest.raises(ResponseError, match="found two at 2024-09-01"):
        parse([*QUOTES, {**QUOTES[2], "btcDominance": 57.0}])


@pytest.mark.parametrize("quotes", [None, {}, "", 5, [5], [[]], [None]])
def test_other_shape_is_refused(quotes: Any):
    with pytest.raises(ResponseError):
        parse(quotes)


REFUSALS = {
    "429 for the rest of the day": (Reply(b"{}", 429, {"Retry-After": "40000"}), RateLimitedError),
    "429 as HTML": (Reply(b"<html>", 429), RateLimitedError),
    "1008 with status 200": (reply(history_body([], error_code="1008")), RateLimitedError),
    "firewall": (Reply(b"<html>", 403), AccessError),
    "gone": (Reply(b"<html>", 404), ResponseError),
    "410": (Reply(b"", 410), ResponseError),
    "500": (reply(history_body([], error_code="500"), 500), UnavailableError),
    "500 with status 200": (reply(history_body([], error_code=500)), ResponseError),
    "no interval": (reply(history_body([], error_code="400"), 400), ResponseError),
    "moved": (Reply(b"", 302, {"Location": "https://example.org"}), AccessError),
    "HTML": (Reply(b"<html>Just a moment</html>"), ResponseError),
    "nothing": (Reply(b""), ResponseError),
    "no status": (reply({"data": {"quotes": QUOTES}}), ResponseError),
    "half": (Reply(json.dumps(history_body(QUOTES)).encode(), way="truncated"), UnavailableError),
    "half a number": (Reply(json.dumps(history_body(QUOTES)).encode()[:200]), ResponseError),
    "hangs up": (Reply(b"", way="drop"), UnavailableError),
    "hangs": (Reply(b"", way="hang"), UnavailableError),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_failure_names_who_must_act(world: web_history.WebHistory, server: Provider, name: str):
    fault, kind = REFUSALS[name]
    world.faults = [fault] * (QUICK.retries + 3)
    with pytest.raises(kind) as raised:
        fetch(server)
    assert type(raised.value) is kind
    assert "\n" not in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside),
    max_leaves=8,
)


@given(JSON, JSON)
def test_whatever_comes_is_days_or_a_named_error(time: Any, value: Any):
    try:
        history = parse(with_day(1, timestamp=time, btcDominance=value))
    except ProviderError:
        return
    assert history.percent.between(1, 100).all()
    assert history.percent.index.is_monotonic_increasing
