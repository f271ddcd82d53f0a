"""What the session does when a provider on the loopback fails."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from altseason.sources.coingecko import ApiAccess, fetch_global
from altseason.sources.errors import (
    AccessError,
    ProviderError,
    RateLimitedError,
    ResponseError,
    UnavailableError,
)
from altseason.sources.http import fetch_response
from altseason.sources.session import RequestPolicy, build_session
from tests.clock.waits import Waits
from tests.providers.serving import Provider, Reply, Request, serving
from tests.providers.world import global_body, three_coins
from tests.sources.loopback import QUICK, ask

HTML = b"<html><body>Bad gateway</body></html>"


@pytest.fixture
def retry_waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """The waits before retries, which urllib3 makes."""
    waits = Waits()
    monkeypatch.setattr("urllib3.util.retry.time", waits)
    return waits


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


def test_retry_after_is_waited_for(coingecko: Provider, retry_waits: Waits):
    coingecko.faults["/global"] = [Reply(b"{}", 429, {"Retry-After": "1"})]
    assert ask(coingecko, RequestPolicy(backoff=0.01)) == 57.0
    assert retry_waits.seconds == [1]


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
def test_retry_after_that_is_no_time_is_as_none(
    coingecko: Provider, asked: str, retry_waits: Waits
):
    coingecko.faults["/global"] = [Reply(b"{}", 503, {"Retry-After": asked})]
    assert ask(coingecko) == 57.0
    assert retry_waits.monotonic() < 0.1


def test_retry_is_not_faster_than_the_pace(coingecko: Provider, retry_waits: Waits):
    coingecko.faults["/global"] = [Reply(b"{}", 503)] * 2
    assert ask(coingecko, replace(QUICK, calls_per_minute=150)) == 57.0
    assert retry_waits.seconds == pytest.approx([0.4, 0.4])


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
        (Reply(b"no gzip", 200, {"Content-Encoding": "gzip"}), UnavailableError, "decompressed"),
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
    # More than half an hour of it, or without an end.
    coingecko.faults["/global"] = [Reply(b"x" * 40_000, 503, way=way)] * 2
    assert ask(coingecko) == 57.0


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


def test_calls_keep_their_pace(coingecko: Provider, monkeypatch: pytest.MonkeyPatch):
    waits = Waits()
    monkeypatch.setattr("altseason.sources.session.time", waits)
    with build_session(RequestPolicy(calls_per_minute=600)) as session:
        for _ in range(4):
            fetch_global(session, ApiAccess(url=coingecko.url))
    assert waits.seconds == pytest.approx([0, 0.1, 0.1, 0.1])
