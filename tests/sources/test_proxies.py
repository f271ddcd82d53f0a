"""Providers behind proxies, and what a session takes from the environment."""

import errno
import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from altseason.errors import SettingsError
from altseason.settings import is_loopback, load_settings, without_login
from altseason.sources.coingecko import ApiAccess, fetch_global
from altseason.sources.coingecko_history import (
    fetch_largest_coins,
    fetch_market_caps,
    fetch_total_market_caps,
)
from altseason.sources.coinlore import fetch_coinlore
from altseason.sources.coinmarketcap import fetch_coinmarketcap
from altseason.sources.coinpaprika import fetch_coinpaprika
from altseason.sources.errors import (
    AccessError,
    ProviderError,
    ResponseError,
    UnavailableError,
)
from altseason.sources.http import fetch_response
from altseason.sources.session import RequestPolicy, build_session
from tests.providers.proxies import WAYS, reaching
from tests.providers.serving import Reply, Request, serving
from tests.providers.world import global_body, reply, three_coins
from tests.sources.loopback import fallback_answer

QUICK = RequestPolicy(connect_timeout=2, read_timeout=0.3, deadline=0.5, retries=0)
KEY = "CG-abcdefghijklmnop"
LATE = [
    Reply(b'{"data": 1}' * 20, way="drip"),
    Reply(b"{}", way="slow head"),
    Reply(b"{}", way="slow chunk"),
    Reply(b"{}", way="hang"),
]


@pytest.mark.parametrize("way", WAYS)
def test_every_call_to_coingecko_works_by_every_way(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with (
        reaching(way, three_coins(3).answer, tmp_path, monkeypatch) as reached,
        build_session(QUICK) as session,
    ):
        access = ApiAccess(url=reached.url)
        assert fetch_global(session, access).dominance == 57.0
        assert len(fetch_largest_coins(session, access, 3)) == 3
        assert fetch_market_caps(session, access, "bitcoin", 365).iloc[0] == 600.0
        assert len(reached.proxy.asked) == (0 if way == "direct" else 3)


@pytest.mark.parametrize("way", WAYS)
def test_call_of_a_pro_key_works_by_every_way(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    world = replace(three_coins(3), is_pro=True, total=[1200.0, 1000.0, 800.0])
    with (
        reaching(way, world.answer, tmp_path, monkeypatch) as reached,
        build_session(QUICK) as session,
    ):
        totals = fetch_total_market_caps(session, ApiAccess("pro", KEY, reached.url), 365)
        assert totals.tolist()[:3] == [1200.0, 1000.0, 800.0]
        [request] = reached.provider.requests
        assert request.path == "/global/market_cap_chart"
        assert request.headers["x-cg-pro-api-key"] == KEY
        [*asked] = reached.proxy.asked
        assert len(asked) == (0 if way == "direct" else 1)
        # What a tunnel is asked for is not what goes through it.
        assert (KEY in "".join(asked)) == (way == "http proxy")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fetch", [fetch_coinmarketcap, fetch_coinpaprika, fetch_coinlore])
def test_every_fallback_works_by_every_way(
    way: str, fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with (
        reaching(way, fallback_answer, tmp_path, monkeypatch) as reached,
        build_session(QUICK) as session,
    ):
        assert fetch(session, url=reached.url).dominance == 58.5


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reply", LATE, ids=lambda reply: reply.way)
def test_deadline_holds_by_every_way(
    way: str, reply: Reply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with (
        reaching(way, lambda _: reply, tmp_path, monkeypatch) as reached,
        build_session(QUICK) as session,
        # Without a deadline, what drips would arrive whole in the end.
        pytest.raises(UnavailableError),
    ):
        fetch_response(session, f"{reached.url}/global")


@pytest.fixture
def windows_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `os.dup` fail for sockets, which are handles on Windows, not descriptors."""
    duplicate = os.dup

    def refuse(descriptor: int) -> int:
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return duplicate(descriptor)

    monkeypatch.setattr("os.dup", refuse)


@pytest.mark.usefixtures("windows_descriptors")
@pytest.mark.parametrize("way", WAYS)
def test_deadline_holds_where_sockets_are_no_descriptors(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    replies = iter([reply(global_body(57.0)), reply(global_body(57.5)), Reply(b"{}", way="hang")])
    with (
        reaching(way, lambda _: next(replies), tmp_path, monkeypatch) as reached,
        build_session(replace(QUICK, read_timeout=60)) as session,
    ):
        # The second on the first's connection.
        assert fetch_global(session, ApiAccess(url=reached.url)).dominance == 57.0
        assert fetch_global(session, ApiAccess(url=reached.url)).dominance == 57.5
        with pytest.raises(UnavailableError):
            fetch_response(session, f"{reached.url}/global")


@pytest.mark.parametrize("who", ["proxy", "provider"])
def test_late_beginning_of_a_response_is_no_lost_connection(
    who: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Hanging up on a server that drips must not look like the server's doing.

    A proxy's half head passes for a tunnel, and then TLS fails in it; no status line passes at all.
    """
    way = "connect proxy" if who == "proxy" else "direct"
    with (
        reaching(way, lambda _: Reply(b"", way="slow status"), tmp_path, monkeypatch) as reached,
        build_session(QUICK) as session,
    ):
        reached.proxy.fault = "drips"
        with pytest.raises(UnavailableError, match="no response in time"):
            fetch_response(session, f"{reached.url}/global")


def test_kept_connection_has_a_deadline_for_each_response(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The time of a response that is over must not cut the next one on its connection."""
    with (
        reaching("connect proxy", three_coins(3).answer, tmp_path, monkeypatch) as reached,
        build_session(QUICK) as session,
    ):
        for _ in range(3):
            assert fetch_global(session, ApiAccess(url=reached.url)).dominance == 57.0
            time.sleep(0.3)


@pytest.mark.parametrize("is_there", [True, False])
def test_proxy_that_leads_nowhere_is_what_the_user_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
):
    with (
        reaching("connect proxy", three_coins(3).answer, tmp_path, monkeypatch) as reached,
        build_session(QUICK) as session,
    ):
        reached.proxy.fault = "wants a login"
        if not is_there:
            monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        with pytest.raises(UnavailableError, match="the proxy of HTTP_PROXY or HTTPS_PROXY"):
            fetch_response(session, f"{reached.url}/global")


def test_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password-1@127.0.0.1:9")
    with build_session(QUICK) as session, pytest.raises(UnavailableError) as error:
        fetch_response(session, "https://provider.example/global")
    assert "provider.example" in str(error.value)
    assert "password-1" not in str(error.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1.2.3"])
def test_this_machine_is_never_asked_through_a_proxy(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with reaching("http proxy", three_coins(3).answer, tmp_path, monkeypatch) as reached:
        monkeypatch.setenv("ALL_PROXY", reached.proxy.url)
        url = reached.provider.url.replace("127.0.0.1", host)
        with build_session(QUICK) as session:
            access = ApiAccess(url=url, key=KEY, tier="demo")
            if host == "127.1.2.3":
                with pytest.raises(UnavailableError):
                    fetch_global(session, access)
            else:
                fetch_global(session, access)
        assert reached.proxy.asked == []


def test_no_login_is_taken_from_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".netrc").write_text("default login somebody password secret-1\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with serving(three_coins(3).answer) as provider, build_session(QUICK) as session:
        fetch_global(session, ApiAccess(url=provider.url))
        assert "authorization" not in provider.requests[0].headers
        # One in the address itself is meant to be sent.
        url = provider.url.replace("//", "//me:mine@")
        fetch_global(session, ApiAccess(url=url))
        assert provider.requests[1].headers["authorization"] == "Basic bWU6bWluZQ=="


@pytest.mark.parametrize(
    "body",
    [
        f'{{"status":{{"error_code":10002,"error_message":"wrong key {KEY}"}}}}',
        f'{{"error":"{KEY} is not known"}}',
        f"<html>{KEY}</html>",
        f'{{"{KEY}":1}}',
    ],
)
@pytest.mark.parametrize("status", [200, 401, 429, 500])
def test_key_that_a_response_repeats_is_not_shown(body: str, status: int):
    def answer(_: Request) -> Reply:
        return Reply(body.encode(), status)

    with (
        serving(answer) as provider,
        build_session(QUICK) as session,
        pytest.raises(ProviderError) as error,
    ):
        fetch_global(session, ApiAccess(url=provider.url, key=KEY, tier="demo"))
    assert KEY not in str(error.value)
    with (
        serving(answer) as provider,
        build_session(QUICK) as session,
        pytest.raises(ProviderError) as error,
    ):
        fetch_coinmarketcap(session, KEY, url=provider.url)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("reply", [Reply(b"{}", 500), Reply(b"{}", way="drop"), Reply(b"")])
def test_password_in_an_address_is_not_shown(reply: Reply):
    with (
        serving(lambda _: reply) as provider,
        build_session(QUICK) as session,
        pytest.raises(ProviderError) as error,
    ):
        fetch_global(session, ApiAccess(url=provider.url.replace("//", "//me:password-1@")))
    assert "password-1" not in str(error.value)
    assert "CoinGecko" in str(error.value) or provider.url in str(error.value)


def test_password_in_an_address_that_is_refused_is_not_shown():
    urls = {"coingecko": "http://me:password-1@mirror.example/api"}
    with pytest.raises(SettingsError, match="https://") as error:
        load_settings({"altseason": {"dominance": {"urls": urls}}})
    assert "password-1" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x@y", "https://a.example/x@y"),
        ("https://me:p@a.example/x", "https://a.example/x"),
        ("https://me:p@q@a.example", "https://a.example"),
        ("nonsense", "nonsense"),
    ],
)
def test_address_is_shown_without_a_login(url: str, shown: str):
    assert without_login(url) == shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.8.9.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost", True),
        ("http://128.0.0.1", False),
        ("http://localhost.example", False),
        ("x", False),
    ],
)
def test_loopback_is_every_address_of_it(url: str, expected: bool):
    assert is_loopback(url) is expected


def test_two_lengths_are_the_provider_s_fault():
    def answer(_: Request) -> Reply:
        return Reply(b"{}", headers={"Content-Length": "5"})

    with (
        serving(answer) as provider,
        build_session(QUICK) as session,
        pytest.raises(ProviderError) as error,
    ):
        fetch_response(session, provider.url)
    assert not isinstance(error.value, AccessError)
    assert isinstance(error.value, ResponseError)
