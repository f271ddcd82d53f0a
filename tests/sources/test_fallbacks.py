"""The providers that are polled while CoinGecko does not respond, over HTTP."""

import json
import traceback

import pytest

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
from altseason.sources.session import build_session
from tests.providers.serving import Reply, Request, serving
from tests.sources.loopback import QUICK, fallback_answer, moment

HTML = b"<html><body>Bad gateway</body></html>"


FALLBACKS = {
    "coinmarketcap": lambda session, url: fetch_coinmarketcap(session, url=url),
    "coinpaprika": lambda session, url: fetch_coinpaprika(session, url=url),
    "coinlore": lambda session, url: fetch_coinlore(session, url=url),
}


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
