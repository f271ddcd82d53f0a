"""What the session does when a provider on the loopback fails it."""

import gzip
import json
import time
import traceback
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from altseason.errors import SettingsError
from altseason.sources.coingecko import ApiAccess, fetch_global, load_access
from altseason.sources.coinlore import fetch_coinlore
from altseason.sources.coinmarketcap import fetch_coinmarketcap, parse_coinmarketcap
from altseason.sources.coinpaprika import fetch_coinpaprika
from altseason.sources.errors import (
    AccessError,
    ProviderError,
    RateLimitedError,
    ResponseError,
    UnavailableError,
)
from altseason.sources.http import fetch_response
from altseason.sources.session import RequestPolicy, build_session
from tests.providers.serving import Provider, Reply, Request, serving
from tests.providers.world import World, global_body, three_coins

QUICK = RequestPolicy(
    connect_timeout=2, read_timeout=0.3, deadline=0.5, backoff=0.01, longest_wait=0.2
)
HTML = b"<html><body>Bad gateway</body></html>"


@pytest.fixture
def world() -> World:
    return three_coins(3)


@pytest.fixture
def coingecko(world: World):
    with serving(world.answer) as provider:
        yield provider


def ask(provider: Provider, policy: RequestPolicy = QUICK, **access: str) -> float:
    with build_session(policy) as session:
        return fetch_global(session, ApiAccess(url=provider.url, **access)).dominance


def test_session_says_who_it_is_and_sends_no_key_without_one(coingecko: Provider):
    assert ask(coingecko) == 57.0
    headers = coingecko.requests[0].headers
    assert headers["user-agent"].startswith("freqtrade-altseason/")
    assert not [name for name in headers if name.startswith("x-cg")]


@pytest.mark.parametrize(
    "faults",
    [
        [Reply(b"{}", 429)],
        [Reply(b"{}", 429, {"Retry-After": "0"})],
        [Reply(HTML, 500), Reply(HTML, 503), Reply(HTML, 599)],
        [Reply(b"", way="drop"), Reply(b"", way="hang")],
        [Reply(b"{}", way="truncated")],
        [Reply(b'{"data": {}}', way="cut")],
    ],
    ids=["429", "retry-after", "5xx", "drop-and-hang", "truncated", "cut"],
)
def test_passing_fault_is_retried(coingecko: Provider, faults: list[Reply]):
    coingecko.faults["/global"] = list(faults)
    assert ask(coingecko) == 57.0
    assert len(coingecko.requests) == len(faults) + 1


@pytest.mark.parametrize("way", ["whole", "chunked"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_answer_is_read_as_it_is_sent(coingecko: Provider, way: Any, encoding: str):
    body = json.dumps(global_body(51.5)).encode()
    if encoding == "gzip":
        body = gzip.compress(body)
    coingecko.faults["/global"] = [Reply(body, 200, {"Content-Encoding": encoding}, way)]
    assert ask(coingecko) == 51.5


def test_retry_after_is_waited_for(coingecko: Provider):
    coingecko.faults["/global"] = [Reply(b"{}", 429, {"Retry-After": "1"})]
    began = time.monotonic()
    assert ask(coingecko, RequestPolicy(backoff=0.01)) == 57.0
    assert 1 <= time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("asked", "hours"),
    [("1800", 0.5), ("86400", 6), ("Fri, 31 Dec 2100 23:59:59 GMT", 6), ("9" * 4000, 6)],
)
def test_provider_that_wants_a_longer_wait_is_not_asked_again(
    coingecko: Provider, asked: str, hours: float
):
    coingecko.faults["/global"] = [Reply(b"{}", 429, {"Retry-After": asked})]
    with pytest.raises(RateLimitedError, match=r"retry after [0-9]+ s") as error:
        ask(coingecko)
    assert error.value.retry_after == pd.Timedelta(hours=hours)
    assert len(coingecko.requests) == 1


@pytest.mark.parametrize("asked", ["soon", "-1", "0", "9" * 5000])
def test_retry_after_that_is_no_time_is_as_none(coingecko: Provider, asked: str):
    coingecko.faults["/global"] = [Reply(b"{}", 503, {"Retry-After": asked})]
    began = time.monotonic()
    assert ask(coingecko) == 57.0
    assert time.monotonic() - began < 1


def test_retry_is_not_faster_than_the_pace(coingecko: Provider):
    coingecko.faults["/global"] = [Reply(b"{}", 503)] * 2
    began = time.monotonic()
    assert ask(coingecko, replace(QUICK, calls_per_minute=150)) == 57.0
    assert 0.8 <= time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("reply", "kind", "message"),
    [
        (Reply(b'{"status":{"error_code":429}}', 429), RateLimitedError, "too many calls"),
        (Reply(HTML, 502), UnavailableError, "found 502"),
        (Reply(b"", way="drop"), UnavailableError, "no connection"),
        (Reply(b"", way="hang"), UnavailableError, "no response in time"),
        (Reply(b'{"data": {}}', way="truncated"), UnavailableError, "incomplete response"),
        (Reply(b"x" * 100, way="drip"), UnavailableError, "within 0.5 s"),
        (Reply(b"", way="slow head"), UnavailableError, "no response in time"),
        (Reply(b"", way="slow chunk"), UnavailableError, "within 0.5 s"),
        (Reply(HTML), ResponseError, "expected JSON, found '<html>"),
        (Reply(HTML, 403), AccessError, "address is refused"),
        (Reply(b"", 302, {"Location": "/other"}), AccessError, "redirects are not followed"),
        (Reply(b"\x1f\x8b", 200, {"Content-Encoding": "gzip"}), ProviderError, "expected"),
        (Reply(b"no gzip", 200, {"Content-Encoding": "gzip"}), UnavailableError, "expected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_lasting_fault_is_a_named_error(
    coingecko: Provider, reply: Reply, kind: type[ProviderError], message: str
):
    coingecko.faults["/global"] = [reply] * 8
    with pytest.raises(kind, match=message) as error:
        ask(coingecko)
    assert "\n" not in str(error.value)
    assert len(coingecko.requests) <= QUICK.retries + 1


@pytest.mark.parametrize("way", ["drip", "slow chunk", "slow head"])
def test_answer_that_drips_is_not_waited_for_before_a_retry_either(coingecko: Provider, way: Any):
    coingecko.faults["/global"] = [Reply(b"x" * 400, 503, way=way)] * 2
    began = time.monotonic()
    assert ask(coingecko) == 57.0
    assert time.monotonic() - began < 2


def test_silence_is_cut_before_the_server_hangs_up():
    """It would after five seconds, and long before the deadline."""
    with (
        serving(lambda _: Reply(b"", way="hang")) as provider,
        pytest.raises(UnavailableError, match="no response in time"),
    ):
        ask(provider, RequestPolicy(read_timeout=0.1, deadline=60, retries=0))


def test_nobody_there_is_a_named_error():
    with serving(three_coins(3).answer) as provider:
        pass
    with pytest.raises(UnavailableError, match=rf"{provider.url}/global: .*no connection"):
        ask(provider)


@pytest.mark.parametrize("url", ["http://[", "nonsense", "https://", "ftp://127.0.0.1"])
def test_url_that_cannot_be_asked_is_the_user_s_to_mend(url: str):
    with build_session(QUICK) as session, pytest.raises(AccessError, match="expected a URL"):
        fetch_response(session, url)


def test_certificates_that_are_not_there_are_the_user_s_to_mend(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    with build_session(QUICK) as session, pytest.raises(AccessError, match="/no/such/file"):
        fetch_response(session, "https://127.0.0.1/global")


def test_answer_without_end_is_refused():
    def answer(_: Request) -> Reply:
        return Reply(b" " * 21_000_000)

    with (
        serving(answer) as provider,
        build_session() as session,
        pytest.raises(ResponseError, match="at most 20000000 bytes"),
    ):
        fetch_response(session, provider.url)


def test_calls_keep_their_pace(coingecko: Provider):
    with build_session(RequestPolicy(calls_per_minute=600)) as session:
        began = time.monotonic()
        for _ in range(4):
            fetch_global(session, ApiAccess(url=coingecko.url))
        assert 0.3 <= time.monotonic() - began < 1


CODES = [
    (b'{"status":{"error_code":429,"error_message":"slow down"}}', 200, RateLimitedError, "429"),
    (
        b'{"error":{"status":{"error_code":10012,"error_message":"too far"}}}',
        401,
        AccessError,
        "the past 365 days are available",
    ),
    (
        b'{"error_code":10010,"status":{"error_message":"change your root URL"}}',
        400,
        AccessError,
        "https://pro-api.coingecko.com/api/v3 in x-cg-pro-api-key",
    ),
    (
        b'{"error_code":10011,"status":{"error_message":"change your root URL"}}',
        429,
        AccessError,
        "https://api.coingecko.com/api/v3 in x-cg-demo-api-key",
    ),
    (b'{"status":{"error_code":"10002","error_message":"missing"}}', 401, AccessError, "x-cg-demo"),
    (b'{"status":{"error_code":10005}}', 200, AccessError, "your plan does not have this call"),
    (b'{"error":"Missing parameter vs_currencies"}', 422, ResponseError, "Missing parameter"),
    (b'{"error":"Missing parameter vs_currencies"}', 200, ResponseError, "Missing parameter"),
    (b'{"status":{"error_code":1020,"error_message":"x"}}', 403, AccessError, "firewall"),
    (b"error code: 1020", 403, AccessError, "1020"),
    (b'{"status":{"error_code":500}}', 200, UnavailableError, "500"),
    (b'{"status":{"error_code":77777}}', 200, ResponseError, "77777"),
    (b'{"error":{"code":1}}', 200, ResponseError, "code"),
]


@pytest.mark.parametrize(("body", "status", "kind", "message"), CODES)
def test_coingecko_error_is_told_by_its_code_first(
    coingecko: Provider, body: bytes, status: int, kind: type[ProviderError], message: str
):
    coingecko.faults["/global"] = [Reply(body, status)] * 4
    with pytest.raises(kind, match=message) as error:
        ask(coingecko)
    assert type(error.value) is kind


def test_key_on_the_wrong_host_names_the_right_one(coingecko: Provider):
    with pytest.raises(AccessError, match="goes to https://pro-api") as error:
        ask(coingecko, tier="pro", key="CG-marker-7f3a")
    assert "marker-7f3a" not in str(error.value)


@pytest.mark.parametrize(
    ("section", "tier", "header"),
    [
        ({}, "keyless", None),
        ({"api_key": ""}, "keyless", None),
        ({"api_key": "CG-1"}, "demo", "x-cg-demo-api-key"),
        ({"api_key": "CG-1", "is_demo": True}, "demo", "x-cg-demo-api-key"),
        ({"api_key": "CG-1", "is_demo": False}, "pro", "x-cg-pro-api-key"),
    ],
)
def test_key_is_read_from_freqtrade_s_own_section(
    section: dict[str, object], tier: str, header: str | None
):
    access = load_access({"coingecko": section})
    assert access.tier == tier
    assert access.headers == ({header: "CG-1"} if header else {})
    assert ("pro-api" in access.url) == (tier == "pro")
    assert "CG-1" not in repr(access)


@pytest.mark.parametrize("key", ["CG-1\r\nHost: x", "CG 1", "Schlüssel"])
def test_key_that_cannot_be_sent_is_refused(key: str):
    with pytest.raises(AccessError, match=r"coingecko\.api_key") as error:
        load_access({"coingecko": {"api_key": key}})
    assert key not in str(error.value)


def test_key_never_goes_over_plain_http_to_another_machine():
    urls = {"coingecko": "http://api.coingecko.com/api/v3"}
    with pytest.raises(SettingsError, match="https"):
        load_access({"altseason": {"dominance": {"urls": urls}}})


def test_pace_is_the_tier_s_and_none_on_this_machine():
    paces = {
        load_access({"coingecko": section}).calls_per_minute
        for section in ({}, {"api_key": "CG-1"}, {"api_key": "CG-1", "is_demo": False})
    }
    assert paces == {6, 30, 250}
    assert ApiAccess(url="http://127.0.0.1:4000").calls_per_minute is None


def moment() -> pd.Timestamp:
    return pd.Timestamp.now(tz="UTC")


FALLBACKS = {
    "coinmarketcap": lambda session, url: fetch_coinmarketcap(session, url=url),
    "coinpaprika": lambda session, url: fetch_coinpaprika(session, url=url),
    "coinlore": lambda session, url: fetch_coinlore(session, url=url),
}


def fallback_answer(request: Request) -> Reply:
    now = moment()
    bodies = {
        "/v1/global-metrics/quotes/latest": '{"status":{"error_code":"0"},"data":'
        f'{{"btc_dominance":58.5,"last_updated":"{now.isoformat()}"}}}}',
        "/global": f'{{"bitcoin_dominance_percentage":58.5,"last_updated":{now.timestamp():.0f}}}',
        "/global/": '[{"btc_d":"58.50"}]',
    }
    return Reply(bodies[request.path].encode())


@pytest.mark.parametrize("name", FALLBACKS)
def test_fallback_is_asked_where_it_answers(name: str):
    with serving(fallback_answer) as provider, build_session(QUICK) as session:
        assert FALLBACKS[name](session, provider.url).dominance == 58.5


def test_coinmarketcap_key_goes_in_its_header():
    with serving(fallback_answer) as provider, build_session(QUICK) as session:
        fetch_coinmarketcap(session, "key-1", url=provider.url)
        fetch_coinmarketcap(session, url=provider.url)
    first, second = provider.requests
    assert first.headers["x-cmc_pro_api_key"] == "key-1"
    assert "x-cmc_pro_api_key" not in second.headers
    assert first.query == {"convert": "USD"}


@pytest.mark.parametrize("part", ["error_code", "error_message"])
def test_coinmarketcap_error_is_shown_by_its_beginning(part: str):
    body = {"status": {"error_code": 7, "error_message": "x", part: "long " * 10_000}}
    with pytest.raises(ResponseError) as error:
        parse_coinmarketcap(json.dumps(body).encode(), now=moment())
    assert "long" in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("key", ["marker-7f3a-\N{SNOWMAN}", "marker-7f3a\r\nHost: x"])
def test_coinmarketcap_key_that_cannot_be_sent_is_not_shown(key: str):
    with (
        serving(fallback_answer) as provider,
        build_session(QUICK) as session,
        pytest.raises(AccessError, match="a key that can be sent") as error,
    ):
        fetch_coinmarketcap(session, key, url=provider.url)
    assert "marker-7f3a" not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    ("name", "reply", "kind", "message"),
    [
        (
            "coinmarketcap",
            Reply(b'{"status":{"error_code":1001,"error_message":"API key invalid"}}', 401),
            AccessError,
            "X-CMC_PRO_API_KEY",
        ),
        (
            "coinmarketcap",
            Reply(b'{"status":{"error_code":1010}}', 429),
            RateLimitedError,
            "1010",
        ),
        ("coinmarketcap", Reply(b'{"status":{"error_code":5}}'), ResponseError, "found 5"),
        ("coinmarketcap", Reply(HTML, 503), UnavailableError, "503"),
        ("coinpaprika", Reply(b'{"error":"payment required"}', 402), RateLimitedError, "402"),
        ("coinlore", Reply(b"", 404), ResponseError, "404"),
    ],
)
def test_fallback_s_error_says_who_must_act(
    name: str, reply: Reply, kind: type[ProviderError], message: str
):
    def answer(_: Request) -> Reply:
        return reply

    with (
        serving(answer) as provider,
        build_session(QUICK) as session,
        pytest.raises(kind, match=message),
    ):
        FALLBACKS[name](session, provider.url)
