"""CoinGecko: its error codes, its keys and their rate limits."""

import pytest

from altseason.errors import SettingsError
from altseason.sources.coingecko import ApiAccess, load_access
from altseason.sources.errors import (
    AccessError,
    ProviderError,
    RateLimitedError,
    ResponseError,
    UnavailableError,
)
from tests.providers.serving import Provider, Reply
from tests.sources.loopback import ask

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
    (b'{"status":{"error_code":10005}}', 200, AccessError, "your plan does not include this call"),
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
