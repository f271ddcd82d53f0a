"""The session that all providers are asked with: it times out, backs off and says who it is."""

import contextlib
import logging
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import pandas as pd
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.utils import get_auth_from_url
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import InvalidHeader, TimeoutError
from urllib3.util import Retry

from altseason import __version__
from altseason.settings import is_loopback

logger = logging.getLogger(__name__)

USER_AGENT = f"freqtrade-altseason/{__version__}"
RETRIED_STATUS = frozenset({429, *range(500, 600)})
# Nobody is left alone for longer, whatever is asked for.
MAX_PAUSE_SECONDS = 6 * 3600.0


@dataclass(frozen=True)
class Manners:
    """How a session asks; times in seconds.

    :param deadline: the longest that one answer may take, its head and its body.
    :param backoff: the wait before the first retry, doubled with each further one, plus jitter.
    :param longest_wait: bounds every wait; who wants more (`Retry-After`) is not asked again.
    :param calls_per_minute: None for no pace at all.
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
        """Seconds between two calls."""
        return 60 / self.calls_per_minute if self.calls_per_minute else 0.0


class _Retries(Retry):
    """urllib3's retries with every wait bounded, and none of them left out."""

    manners = Manners()

    def new(self, **changes: Any) -> Self:
        retries = super().new(**changes)
        retries.manners = self.manners
        return retries

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        *arguments: Any,
        **words: Any,
    ) -> Self:
        wait = self.get_retry_after(response) if response is not None else None
        is_too_long = (wait or 0) > self.manners.longest_wait
        _log_failure(self, response, *arguments, **words)
        retries = self.new(total=0) if is_too_long else self
        return super(_Retries, retries).increment(method, url, response, *arguments, **words)

    def parse_retry_after(self, retry_after: str) -> float:
        try:
            seconds = super().parse_retry_after(retry_after)
        except (InvalidHeader, ValueError, OverflowError):
            return 0.0  # not a time: back off as if it had not been there
        return min(seconds, MAX_PAUSE_SECONDS)

    def get_backoff_time(self) -> float:
        # urllib3 asks again at once after the first failure, which a rate limit counts as well.
        wait = self.backoff_factor * 2 ** (len(self.history) - 1)
        jitter = random.uniform(0, self.backoff_factor)  # noqa: S311 - no secret
        return max(self.manners.pace, min(wait + jitter, self.manners.longest_wait))


def _log_failure(
    retries: Retry,
    response: BaseHTTPResponse | None,
    error: Exception | None = None,
    pool: HTTPConnectionPool | None = None,
    *_: Any,
    **words: Any,
) -> None:
    """Log what failed, for a person who waits; a bot has no use for it before it fails in the end.

    :param error: this and the pool are what urllib3 hands to `Retry.increment`.
    """
    host = getattr(words.get("_pool", pool), "host", "the provider")
    failure = words.get("error", error)
    found = f"status {response.status}" if response is not None else type(failure).__name__
    logger.debug("%s: no usable response (%s), %s retries left", host, found, retries.total)


class Deadline:
    """Hangs up on a server that takes too long for one response, at whatever part of it.

    It holds the socket by a descriptor of its own: in the meantime it may be wrapped by TLS, behind
    a tunnel, or closed.
    """

    def __init__(self, seconds: float, connected: socket.socket) -> None:
        self.seconds = seconds
        self.is_over = False
        # Not os.dup, which knows no sockets on Windows; nor connected.dup, which TLS refuses.
        self._socket = socket.fromfd(connected.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._timer.start()

    def cancel(self) -> None:
        """End it in time."""
        self._timer.cancel()
        with self._lock:
            self._socket.close()

    def _hang_up(self) -> None:
        with self._lock:
            self.is_over = self._socket.fileno() >= 0
            with contextlib.suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()


class _Deadlined:
    """A connection whose server, or proxy, cannot keep it waiting by sending byte by byte.

    The time begins with the connection, or with a further request on it, and goes on for the body:
    who reads that from the response cancels its `deadline`.
    """

    longest = Manners.deadline
    sock: socket.socket | None
    _deadline: Deadline | None = None
    _is_new = False

    def _new_conn(self) -> socket.socket:
        connected: socket.socket = super()._new_conn()  # type: ignore[misc] # of what it is mixed into
        self._begin(connected)
        self._is_new = True
        return connected

    def connect(self) -> None:
        # What is sent through a proxy or by TLS before the first request.
        with self._late_is_timeout():
            super().connect()  # type: ignore[misc] # of what it is mixed into

    def request(self, *arguments: Any, **words: Any) -> None:
        # On a connection that is kept; the last response may be one that nobody wanted to read.
        if self.sock is not None and not self._is_new:
            self._begin(self.sock)
        self._is_new = False
        with self._late_is_timeout():
            super().request(*arguments, **words)  # type: ignore[misc] # of what it is mixed into
        self._is_new = False

    def getresponse(self) -> Any:
        with self._late_is_timeout():
            response = super().getresponse()  # type: ignore[misc] # of what it is mixed into
        if self._deadline is not None and self._deadline.is_over:
            # Half a head can pass for a whole one without a body.
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


class PoliteAdapter(HTTPAdapter):
    """Adds the timeouts and the pace, so that no call can forget them."""

    def __init__(self, manners: Manners) -> None:
        retries = _Retries(
            total=manners.retries,
            allowed_methods={"GET"},
            status_forcelist=RETRIED_STATUS,
            backoff_factor=manners.backoff,
            raise_on_status=False,  # the last answer says why
        )
        retries.manners = manners
        super().__init__(max_retries=retries)
        self._pool_classes = _pool_classes(manners.deadline)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes
        self.manners = manners
        self._free_at = 0.0
        self._turn = threading.Lock()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override] # passed on as it is
        self._wait_for_turn()
        options["timeout"] = (self.manners.connect_timeout, self.manners.read_timeout)
        return super().send(request, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        if type(manager) is ProxyManager:  # one for SOCKS has connections of its own
            manager.pool_classes_by_scheme = self._pool_classes
        return manager

    def _wait_for_turn(self) -> None:
        with self._turn:
            time.sleep(max(0.0, self._free_at - time.monotonic()))
            self._free_at = time.monotonic() + self.manners.pace


class PoliteSession(requests.Session):
    """Takes proxies and certificates from the environment, and nothing else.

    No login is taken from `.netrc`, whose `default` entry would be sent to every provider, and what
    is on this machine is never asked through a proxy, which would get the key in clear.
    """

    def __init__(self) -> None:
        super().__init__()
        self.auth = _add_login_of_url  # requests reads .netrc where there is none

    def merge_environment_settings(self, url: Any, *arguments: Any, **words: Any) -> Any:
        settings = super().merge_environment_settings(url, *arguments, **words)
        return {**settings, "proxies": {}} if is_loopback(str(url)) else settings


def _add_login_of_url(request: requests.PreparedRequest) -> requests.PreparedRequest:
    login = get_auth_from_url(request.url or "")
    return HTTPBasicAuth(*login)(request) if any(login) else request


def build_session(manners: Manners | None = None) -> requests.Session:
    """Build the session that all providers are asked with."""
    session = PoliteSession()
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
    adapter = PoliteAdapter(manners or Manners())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def find_retry_after(response: requests.Response) -> pd.Timedelta | None:
    """Return how long the provider wants not to be asked again, where it says so."""
    asked = response.headers.get("Retry-After")
    seconds = _Retries().parse_retry_after(asked) if asked else 0.0
    return pd.Timedelta(seconds=seconds) if seconds > 0 else None
