"""Signed requests: Binance's own example, and what is refused."""

import pytest

from altseason_lab.emulator.errors import BinanceError
from tests.exchange.account import Account
from tests.exchange.signature import read_signed, sign, without_signature

NOW = 1_499_827_319_559
# From Binance's documentation, "SIGNED Endpoint Examples for POST /api/v3/order".
KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SIGNING_KEY = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ORDER = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
SIGNED = f"{ORDER}&recvWindow=5000&timestamp={NOW}"
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"
ACCOUNT = Account(key=KEY, secret=SIGNING_KEY)


def test_sign_gives_what_binance_documents() -> None:
    assert sign(SIGNED, SIGNING_KEY) == SIGNATURE


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (f"{SIGNED}&signature={SIGNATURE}", ""),
        ("", f"{SIGNED}&signature={SIGNATURE}"),
        (f"signature={SIGNATURE}&{SIGNED}", ""),
    ],
)
def test_read_signed_gives_what_was_asked(query: str, body: str) -> None:
    parameters = read_signed(query, body, KEY, ACCOUNT, NOW)
    assert parameters == {
        "symbol": "LTCBTC",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "1",
        "price": "0.1",
    }


def test_query_and_body_are_signed_together() -> None:
    query, body = ORDER, f"recvWindow=5000&timestamp={NOW}"
    signature = sign(query + body, SIGNING_KEY)
    assert read_signed(query, f"{body}&signature={signature}", KEY, ACCOUNT, NOW)


def test_without_signature_leaves_the_rest_as_it_was_sent() -> None:
    assert without_signature("b=%7B&signature=abc&a=1+2") == "b=%7B&a=1+2"


@pytest.mark.parametrize(
    ("key", "text", "now", "code"),
    [
        (None, SIGNED, NOW, -2014),
        ("bad key", SIGNED, NOW, -2014),
        ("another-key", SIGNED, NOW, -2015),
        (KEY, ORDER, NOW, -1102),
        (KEY, SIGNED.replace("quantity=1", "quantity=2"), NOW, -1022),
        (KEY, SIGNED, NOW + 5000, 0),
        (KEY, SIGNED, NOW + 5001, -1021),
        (KEY, SIGNED, NOW - 999, 0),
        (KEY, SIGNED, NOW - 1000, -1021),
        (KEY, SIGNED.replace("recvWindow=5000", "recvWindow=60001"), NOW, -1131),
    ],
)
def test_read_signed_refuses_as_binance_does(
    key: str | None, text: str, now: int, code: int
) -> None:
    try:
        read_signed(f"{text}&signature={SIGNATURE}", "", key, ACCOUNT, now)
    except BinanceError as refusal:
        found = refusal.code
    else:
        found = 0
    assert found == code


def test_missing_signature_is_a_missing_parameter() -> None:
    with pytest.raises(BinanceError, match="'signature'"):
        read_signed(SIGNED, "", KEY, ACCOUNT, NOW)
