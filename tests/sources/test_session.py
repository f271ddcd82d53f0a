"""How long the session waits before a retry, and the deadlines of a connection that is kept."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pandas as pd
import pytest

from altseason.sources.errors import UnavailableError
from altseason.sources.http import fetch_response
from altseason.sources.session import RequestPolicy, build_session
from tests.providers.serving import Reply, serving

QUICK = RequestPolicy(connect_timeout=2, read_timeout=2, deadline=2, backoff=0.01, longest_wait=0.2)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the waits of urllib3 instead of waiting."""
    recorded: list[float] = []
    instead = SimpleNamespace(sleep=recorded.append, time=time.time)
    monkeypatch.setattr("urllib3.util.retry.time", instead)
    return recorded


def ask(policy: RequestPolicy, *replies: Reply) -> tuple[int, int]:
    """Return the status of the last response, and how many requests there were."""
    left = list(replies)
    with serving(lambda _: left.pop(0)) as provider, build_session(policy) as session:
        answer = fetch_response(session, provider.url)
        return answer.status, len(provider.requests)


def test_wait_doubles_from_the_first_retry_on_with_jitter(waits: list[float]):
    policy = RequestPolicy(backoff=1, retries=3, longest_wait=60)
    for _ in range(3):
        assert ask(policy, *[Reply(b"", 503)] * 3, Reply(b"{}")) == (200, 4)
    rounds = [waits[0:3], waits[3:6], waits[6:9]]
    for first, second, third in rounds:
        assert 1 <= first <= 2
        assert 2 <= second <= 3
        assert 4 <= third <= 5
    # Jitter: the same wait is not drawn three times.
    assert len({first for first, _, _ in rounds}) == 3


def test_wait_is_never_longer_than_the_longest(waits: list[float]):
    ask(RequestPolicy(backoff=10, retries=3, longest_wait=12), *[Reply(b"", 503)] * 3, Reply(b"{}"))
    assert 10 <= waits[0] <= 12
    assert waits[1:] == [12, 12]


@pytest.mark.parametrize(("seconds", "asked"), [(60, 2), (61, 1)])
def test_retry_after_counts_up_to_the_longest_wait(waits: list[float], seconds: int, asked: int):
    limited = Reply(b"{}", 429, {"Retry-After": str(seconds)})
    status, requests = ask(RequestPolicy(longest_wait=60), limited, Reply(b"{}"))
    assert (status, requests) == (200 if asked == 2 else 429, asked)
    assert waits == ([60] if asked == 2 else [])


@pytest.mark.parametrize(("retries", "asked"), [(3, 2), (0, 1)])
def test_body_that_breaks_off_is_asked_for_twice_at_most(retries: int, asked: int):
    broken = Reply(b'{"data": {}}', way="truncated")
    with serving(lambda _: broken) as provider:
        with (
            build_session(replace(QUICK, retries=retries)) as session,
            pytest.raises(UnavailableError, match="incomplete response"),
        ):
            fetch_response(session, provider.url)
        assert len(provider.requests) == asked


@pytest.mark.parametrize(("asked", "seconds"), [("0", None), ("soon", None), ("7", 7)])
def test_retry_after_is_kept_where_it_is_a_wait(asked: str, seconds: int | None):
    limited = Reply(b"{}", 429, {"Retry-After": asked})
    with (
        serving(lambda _: limited) as provider,
        build_session(replace(QUICK, retries=0)) as session,
    ):
        wait = fetch_response(session, provider.url).retry_after
    assert wait == (None if seconds is None else pd.Timedelta(seconds=seconds))


class _Keeping(BaseHTTPRequestHandler):
    """Keeps the connection, and takes a while for each response; the first one is an error."""

    protocol_version = "HTTP/1.1"
    connections = 0
    given = 0

    def setup(self) -> None:
        super().setup()
        type(self).connections += 1

    def do_GET(self) -> None:
        time.sleep(0.6)
        type(self).given += 1
        self.send_response(503 if self.given == 1 else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Keep the requests out of the tests' output."""


@contextmanager
def keeping() -> Iterator[tuple[str, type[_Keeping]]]:
    handler = type("Keeping", (_Keeping,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_time_of_an_error_that_is_over_does_not_cut_the_retry_on_its_connection():
    policy = RequestPolicy(read_timeout=3, deadline=1, retries=1, backoff=0.001, longest_wait=0.01)
    with keeping() as (url, handler), build_session(policy) as session:
        # 0.6 s each: the retry ends after the first deadline, and before its own.
        assert fetch_response(session, url).status == 200
        assert (handler.connections, handler.given) == (1, 2)


def test_read_answer_leaves_no_timer_behind():
    """Each would hold a thread and a socket until its deadline."""
    before = set(threading.enumerate())
    with serving(lambda _: Reply(b"{}")) as provider, build_session(RequestPolicy()) as session:
        for _ in range(3):
            fetch_response(session, provider.url)
        timers = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    for timer in set(timers) - before:
        timer.join(5)  # of 60 seconds
        assert not timer.is_alive()
