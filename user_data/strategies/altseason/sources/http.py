"""Send one GET request and read the complete response."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd
import requests
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
    TimeoutError,
)

from altseason.settings import without_login
from altseason.sources.errors import (
    AccessError,
    ProviderError,
    ResponseError,
    UnavailableError,
)
from altseason.sources.session import Deadline, ThrottledAdapter, find_retry_after

MAX_BODY = 20_000_000
CHUNK = 65_536
# A shorter header is not a key, and any body may contain it by chance.
MIN_SECRET_LENGTH = 6
# urllib3 retries what it sees: the head. A body that breaks off is requested again here.
BODY_ATTEMPTS = 2
Value = TypeVar("Value")


@dataclass(frozen=True)
class Response:
    """A complete HTTP response.

    :param retry_after: how long the provider asks to wait before the next request, if it does.
    """

    url: str
    status: int
    body: bytes
    retry_after: pd.Timedelta | None = None

    def parse(self, parse: Callable[..., Value], **words: Any) -> Value:
        """Parse body and status; an error carries the wait that the provider asks for.

        :raises ProviderError: its class shows who has to act.
        """
        try:
            return parse(self.body, self.status, **words)
        except ProviderError as error:
            if self.retry_after is None:
                raise
            error.retry_after = self.retry_after
            seconds = self.retry_after.total_seconds()
            raise error.add(f"retry after {seconds:.0f} s") from error


def fetch_response(
    session: requests.Session,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Send a GET request and return the response, whatever its status; follow no redirects.

    :raises UnavailableError: where no complete response comes in time.
    :raises AccessError: where the URL or a header (a key) cannot be sent at all, or this machine is
        not set up for it.
    :raises ResponseError: where the response is larger than any that is documented.
    """
    shown = without_login(url)
    request = _prepare(session, shown, requests.Request("GET", url, params=params, headers=headers))
    with _as_provider_errors(shown):
        for attempt in range(1, BODY_ATTEMPTS + 1):
            try:
                with _send(session, request) as response:
                    body = _without_secrets(_read_body(shown, response), headers or {})
                    return Response(shown, response.status_code, body, find_retry_after(response))
            except ProtocolError as error:
                if attempt == BODY_ATTEMPTS or not _retries(session, url):
                    raise UnavailableError(
                        f"{shown}: incomplete response; try again later"
                    ) from error
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def _as_provider_errors(shown: str) -> Iterator[None]:
    """Convert the errors of a request into errors grouped by who has to act."""
    try:
        yield
    except requests.exceptions.InvalidHeader as error:
        raise ResponseError(
            f"{shown}: expected one Content-Length header, found several that differ"
        ) from error
    except (requests.RequestException, HTTPError) as error:
        # requests marks what cannot be sent as a ValueError.
        if isinstance(error, ValueError):
            raise _unsendable(shown, error) from None
        raise UnavailableError(
            f"{shown}: no usable response ({_reason(error)}); try again later"
        ) from error
    except UnicodeError as error:
        raise _unsendable(shown, error) from None
    except OSError as error:
        # Before anything is sent, such as for REQUESTS_CA_BUNDLE that names no file.
        raise AccessError(f"{shown}: no request can be sent from this machine: {error}") from error


def _prepare(
    session: requests.Session, shown: str, request: requests.Request
) -> requests.PreparedRequest:
    try:
        return session.prepare_request(request)
    except (requests.RequestException, ValueError) as error:
        raise _unsendable(shown, error) from None


def _send(session: requests.Session, request: requests.PreparedRequest) -> requests.Response:
    """Send it as `Session.request` would, with the proxies and certificates of the environment."""
    options = session.merge_environment_settings(request.url or "", {}, True, None, None)
    return session.send(request, allow_redirects=False, **options)


def _without_secrets(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Mask in a body what the headers held: an error may echo a key, and is shown."""
    for secret in headers.values():
        if len(secret) >= MIN_SECRET_LENGTH:
            body = body.replace(secret.encode(), b"***")
    return body


def _unsendable(url: str, error: Exception) -> AccessError:
    """Return an error that shows only the kind of another one, whose text may hold the key."""
    return AccessError(
        f"{url}: expected a URL and a key that can be sent, but one of them cannot "
        f"({type(error).__name__}); check both in the configuration"
    )


def _retries(session: requests.Session, url: str) -> bool:
    adapter = session.get_adapter(url)
    return not isinstance(adapter, ThrottledAdapter) or adapter.policy.retries > 0


def _read_body(url: str, response: requests.Response) -> bytes:
    # Other connections, such as those through SOCKS, have none.
    deadline: Deadline | None = getattr(response.raw, "deadline", None)
    body = bytearray()
    try:
        # Not iter_content, which waits for a full chunk, however slowly it comes.
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > MAX_BODY:
                raise ResponseError(f"{url}: expected at most {MAX_BODY} bytes, found more")
    finally:
        if deadline is not None:
            deadline.cancel()
            if deadline.is_over:
                # Whatever was read: a response that this side has cut off is not requested again.
                raise UnavailableError(
                    f"{url}: expected the response within {deadline.seconds:g} s; try again later"
                )
    return bytes(body)


def _reason(error: Exception) -> str:
    """Return the kind of a network error; its text is long, and repeats the URL."""
    # After the last retry, requests passes on urllib3's error, with the reason inside.
    cause = getattr(error.args[0] if error.args else error, "reason", error)
    if isinstance(cause, requests.exceptions.SSLError | SSLError):
        return "its certificate is not trusted"
    if isinstance(cause, ProxyError | requests.exceptions.ProxyError):
        return "the proxy of HTTP_PROXY or HTTPS_PROXY does not connect to it"
    if isinstance(cause, DecodeError):
        return "its body cannot be decompressed"
    # In urllib3 a refused connection is a subclass of a timeout, for historical reasons.
    is_late = isinstance(cause, requests.Timeout | TimeoutError)
    is_refused = isinstance(cause, NewConnectionError)
    return "no response in time" if is_late and not is_refused else "no connection"
