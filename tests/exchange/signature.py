"""Signed requests: validation of key, signature and time.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
"""

import hashlib
import hmac
import re
from urllib.parse import parse_qsl

from altseason_lab.emulator import errors
from altseason_lab.emulator.errors import BinanceError
from altseason_lab.emulator.parameters import parse_number, required
from tests.exchange import codes
from tests.exchange.account import Account

API_KEY_HEADER = "X-MBX-APIKEY"
KEY_PATTERN = "[A-Za-z0-9-]{8,128}"
# In milliseconds, as all times.
DEFAULT_WINDOW = 5000
MAX_WINDOW = 60_000
# How far the client's clock may be ahead.
MAX_AHEAD = 1000
SIGNING = ("timestamp", "recvWindow", "signature")


def read_signed(
    query: str, body: str, key: str | None, account: Account, now: int
) -> dict[str, str]:
    """Read the parameters of a signed request, without those that sign it.

    :param query: as it was sent, since that is what is signed; so is the body, a form.
    :param key: of the request's header.
    :param now: the exchange's time in milliseconds.
    :raises BinanceError: where the key, the time or the signature is not good.
    """
    validate_key(key, account)
    parameters = read_form(query, body)
    signature = required(parameters, "signature")
    validate_time(parameters, now)
    expected = sign(without_signature(query) + without_signature(body), account.secret)
    if not hmac.compare_digest(signature.lower().encode(), expected.encode()):
        raise BinanceError(codes.INVALID_SIGNATURE, "Signature for this request is not valid.")
    return {name: value for name, value in parameters.items() if name not in SIGNING}


def read_form(query: str, body: str) -> dict[str, str]:
    """Read a query and a body, in which no name may occur twice."""
    found = [pair for text in (query, body) for pair in parse_qsl(text, keep_blank_values=True)]
    parameters = dict(found)
    if len(parameters) < len(found):
        raise BinanceError(errors.TOO_MANY_PARAMETERS, "Duplicate values for a parameter detected.")
    return parameters


def sign(payload: str, secret: str) -> str:
    """Return the signature of a payload."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def without_signature(text: str) -> str:
    """Return a query, or a body, without its signature."""
    return "&".join(part for part in text.split("&") if not part.startswith("signature="))


def validate_key(key: str | None, account: Account) -> None:
    """Refuse a request without a key, or with an unknown one."""
    if not key or not re.fullmatch(KEY_PATTERN, key):
        raise BinanceError(codes.BAD_API_KEY_FORMAT, "API-key format invalid.", status=401)
    if key != account.key:
        raise BinanceError(
            codes.REJECTED_KEY, "Invalid API-key, IP, or permissions for action.", status=401
        )


def validate_time(parameters: dict[str, str], now: int) -> None:
    """Refuse a request that is older than its window, or from the future."""
    required(parameters, "timestamp")
    sent = parse_number(parameters, "timestamp") or 0
    window = parse_number(parameters, "recvWindow")
    window = DEFAULT_WINDOW if window is None else window
    if window > MAX_WINDOW:
        raise BinanceError(codes.BAD_RECV_WINDOW, "'recvWindow' must be less than 60000.")
    if sent >= now + MAX_AHEAD:
        raise BinanceError(
            codes.INVALID_TIMESTAMP,
            "Timestamp for this request was 1000ms ahead of the server's time.",
        )
    if now - sent > window:
        raise BinanceError(
            codes.INVALID_TIMESTAMP, "Timestamp for this request is outside of the recvWindow."
        )
