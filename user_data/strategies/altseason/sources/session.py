"""The session for all providers, with timeouts, back-off and a user agent."""

import contextlib
import logging
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pandas as pd
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.utils import get_auth_from_url
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import InvalidHeader, TimeoutError
from urllib3.util import Retry

from altseason import __version__
from altseason.settings import is_loopback

logger = logging.getLogger(__name__)

USER_AGENT = f"freqtrade-altseason/{__version__}"
RETRIED_STATUS = frozenset({429, *range(500, 600)})
# A wait that a provider asks for is cut to this.
MAX_PAUSE_SECONDS = 6 * 3600.0


@dataclass(frozen=True)
class RequestPolicy:
    """How a session sends requests; times in seconds.

    :param deadline: how long one response may take, head and body.
    :param backoff: the wait before the first retry, doubled with each further one, plus jitter.
    :param longest_wait: bounds every wait; where `Retry-After` is longer, there is no retry.
    :param calls_per_minute: None for no limit.
    """

    connect_timeout: float = 5
    read_timeout: float = 20
    deadline: float = 60
    retries: int = 3
    backoff: float = 1
    longest_wait: float = 60
    calls_per_minute: float | None = None

    @property
    def pace(self) -> float:
        """Return the seconds between two requests."""
        return 60 / self.calls_per_minute if self.calls_per_minute else 0.0


class _Retries(Retry):
    """urllib3's retries, with a wait before each one and a bound for every wait."""

    policy = RequestPolicy()

    def new(self, **changes: Any) -> Self:
        retries = super().new(**changes)
        retries.policy = self.policy
        return retries

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        wait = self.get_retry_after(response) if response is not None else None
        is_too_long = (wait or 0) > self.policy.longest_wait
        # For a person who waits; a bot needs it only where the last attempt fails.
        host = getattr(_pool, "host", "the provider")
        found = f"status {response.status}" if response is not None else type(error).__name__
        logger.debug("%s: no usable response (%s), %s retries left", host, found, self.total)
        retries = self.new(total=0) if is_too_long else self
        return super(_Retries, retries).increment(method, url, response, error, _pool, _stacktrace)

    def parse_retry_after(self, retry_after: str) -> float:
        try:
            seconds = super().parse_retry_after(retry_after)
        except (InvalidHeader, ValueError, OverflowError):
            return 0.0  # not a time: back off as without the header
        return min(seconds, MAX_PAUSE_SECONDS)

    def get_backoff_time(self) -> float:
        # urllib3 would retry at once after the first failure, which a rate limit counts as well.
        wait = self.backoff_factor * 2 ** (len(self.history) - 1)
        jitter = random.uniform(0, self.backoff_factor)  # noqa: S311 - no secret
        return max(self.policy.pace, min(wait + jitter, self.policy.longest_wait))


class Deadline:
    """Closes the connection to a server that takes too long for one response, at any part of it.

    urllib3's read timeout begins anew with each byte. Checking a clock while the body is read would
    bound that alone: the head, the TLS handshake and the response of a proxy are read inside of
    http.client and ssl, and a server that sends them byte by byte would block the recorder's thread
    or a command forever. So a timer shuts down the socket.

    It duplicates the socket's descriptor, since the connection may later be wrapped in TLS, lead
    through a tunnel, or be closed.
    """

    def __init__(self, seconds: float, connected: socket.socket) -> None:
        self.seconds = seconds
        self.is_over = False
        # Not os.dup, which cannot copy sockets on Windows; nor connected.dup, which TLS refuses.
        self._socket = socket.fromfd(connected.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._timer.start()

    def cancel(self) -> None:
        """Stop the timer: the response is complete, or no longer wanted."""
        self._timer.cancel()
        with self._lock:
            self._socket.close()

    def _hang_up(self) -> None:
        with self._lock:
            self.is_over = self._socket.fileno() >= 0
            with contextlib.suppress(OSError):  # already closed
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()


class _Deadlined:
    """Mixin for a connection that sets a deadline for each response.

    It begins with the connection, or with a further request on it, and includes the body: the code
    that reads the body cancels the `deadline` of the response.
    """

    longest = RequestPolicy.deadline
    sock: socket.socket | None
    _deadline: Deadline | None = None
    _is_new = False

    def _new_conn(self) -> socket.socket:
        connected: socket.socket = super()._new_conn()  # type: ignore[misc] # the class that it is mixed into has it
        self._begin(connected)
        self._is_new = True
        return connected

    def connect(self) -> None:
        # A proxy and TLS exchange bytes before the first request.
        with self._late_is_timeout():
            super().connect()  # type: ignore[misc] # the class that it is mixed into has it

    def request(self, *arguments: Any, **words: Any) -> None:
        # On a connection that is kept; the last response may not have been read.
        if self.sock is not None and not self._is_new:
            self._begin(self.sock)
        self._is_new = False
        with self._late_is_timeout():
            super().request(*arguments, **words)  # type: ignore[misc] # the class that it is mixed into has it
        self._is_new = False

    def getresponse(self) -> Any:
        with self._late_is_timeout():
            response = super().getresponse()  # type: ignore[misc] # the class that it is mixed into has it
        if self._deadline is not None and self._deadline.is_over:
            # Half a head can pass for a complete one without a body.
            raise TimeoutError
        response.deadline = self._deadline
        return response

    def _begin(self, connected: socket.socket) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = Deadline(self.longest, connected)

    @contextlib.contextmanager
    def _late_is_timeout(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            if self._deadline is not None and self._deadline.is_over:
                raise TimeoutError from None
            raise


def _pool_classes(deadline: float) -> dict[str, type[HTTPConnectionPool]]:
    limits = {"longest": deadline}
    plain = type("Connection", (_Deadlined, HTTPConnection), limits)
    secure = type("SecureConnection", (_Deadlined, HTTPSConnection), limits)
    return {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


class ThrottledAdapter(HTTPAdapter):
    """Adds the timeouts and the rate limit, so that no request goes without them."""

    def __init__(self, policy: RequestPolicy) -> None:
        retries = _Retries(
            total=policy.retries,
            allowed_methods={"GET"},
            status_forcelist=RETRIED_STATUS,
            backoff_factor=policy.backoff,
            raise_on_status=False,  # the last response says why
        )
        retries.policy = policy
        super().__init__(max_retries=retries)
        self._pool_classes = _pool_classes(policy.deadline)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes
        self.policy = policy
        self._free_at = 0.0
        self._turn = threading.Lock()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override] # the options are passed on as they are
        self._wait_for_turn()
        options["timeout"] = (self.policy.connect_timeout, self.policy.read_timeout)
        return super().send(request, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        if type(manager) is ProxyManager:  # one for SOCKS has its own connections
            manager.pool_classes_by_scheme = self._pool_classes
        return manager

    def _wait_for_turn(self) -> None:
        with self._turn:
            time.sleep(max(0.0, self._free_at - time.monotonic()))
            self._free_at = time.monotonic() + self.policy.pace


class ProviderSession(requests.Session):
    """Takes proxies and certificates from the environment, and nothing else.

    No login comes from `.netrc`, whose `default` entry would be sent to every provider, and no
    request to this machine goes through a proxy, which would see the key in clear text.
    """

    def __init__(self) -> None:
        super().__init__()
        self.auth = _add_login_of_url  # without one, requests reads .netrc

    def merge_environment_settings(self, url: Any, *arguments: Any, **words: Any) -> Any:
        settings = super().merge_environment_settings(url, *arguments, **words)
        return {**settings, "proxies": {}} if is_loopback(str(url)) else settings


def _add_login_of_url(request: requests.PreparedRequest) -> requests.PreparedRequest:
    login = get_auth_from_url(request.url or "")
    return HTTPBasicAuth(*login)(request) if any(login) else request


def build_session(policy: RequestPolicy | None = None) -> requests.Session:
    """Build the session for all providers."""
    session = ProviderSession()
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
    adapter = ThrottledAdapter(policy or RequestPolicy())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def find_retry_after(response: requests.Response) -> pd.Timedelta | None:
    """Return how long the provider asks to wait before the next request, if it does."""
    header = response.headers.get("Retry-After")
    seconds = _Retries().parse_retry_after(header) if header else 0.0
    return pd.Timedelta(seconds=seconds) if seconds > 0 else None
