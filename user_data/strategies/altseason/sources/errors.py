"""Exceptions of providers, grouped by who has to act.

ProviderError               root: one line with the provider, what was expected and what was found
├── AccessError             the user: the key, the host, the plan or this machine's address
├── UnavailableError        nobody: no response now; try again later
│   ├── RateLimitedError    nobody: too many requests; try again later, and less often
│   ├── NotCurrentError     nobody: its value is not current (in the future: check the system clock)
│   └── RepeatedError       nobody: a response to another request; try again in a minute
└── ResponseError           the maintainer: the response has another shape than is documented
"""

from typing import Self

import pandas as pd

from altseason.errors import AltSeasonError

REFUSED = frozenset({401, 403})
# CoinPaprika responds with 402 when the calls of the month are used up.
TOO_MANY = frozenset({402, 429})


class ProviderError(AltSeasonError):
    """A provider gave no usable value.

    :param retry_after: how long it asks to wait before the next request, if it does.
    """

    def __init__(self, message: str, *, retry_after: pd.Timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def add(self, text: str) -> Self:
        """Return the same error with a text added."""
        return type(self)(f"{self}; {text}", retry_after=self.retry_after)


class AccessError(ProviderError):
    """The user must act: the key, the host, the plan or the address is refused."""


class UnavailableError(ProviderError):
    """No action needed: there is no response now."""


class RateLimitedError(UnavailableError):
    """No action needed: too many requests were made."""


class NotCurrentError(UnavailableError):
    """No action needed: the value's own time is not current."""


class RepeatedError(UnavailableError):
    """No action needed: the provider repeated its response to another request."""


class ResponseError(ProviderError):
    """The maintainer must act: the response is not of the documented shape."""


def error_for_status(endpoint: str, status: int, detail: str) -> ProviderError:
    """Return the error for an HTTP status, where the body does not say more.

    :param endpoint: the provider and path, for the message.
    :param detail: what the body says.
    """
    message = f"{endpoint}: expected HTTP status 200, found {status}: {detail}"
    if status in REFUSED:
        return AccessError(f"{message}; the key or this machine's address is refused")
    if status in TOO_MANY:
        return RateLimitedError(f"{message}; too many calls, try again later")
    if status >= 500:
        return UnavailableError(f"{message}; try again later")
    if 300 <= status < 400:
        return AccessError(f"{message}; redirects are not followed, since they would get the key")
    return ResponseError(message)
