"""The server over HTTP: what Binance refuses is refused in Binance's shape."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from altseason_lab.emulator.market import Market
from tests.lab.emulator.serving import CLOCK, serving

KLINES = "/api/v3/klines?symbol=ETHUSDT&interval=1h"


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=5)


def test_ping_time_and_information_are_answered(url: str) -> None:
    assert get(f"{url}/api/v3/ping").json() == {}
    assert get(f"{url}/api/v3/time").json() == {"serverTime": CLOCK}
    one = get(f"{url}/api/v3/exchangeInfo?symbol=SOLUSDT").json()
    assert [symbol["symbol"] for symbol in one["symbols"]] == ["SOLUSDT"]


def test_klines_are_the_newest_500_by_default(url: str) -> None:
    rows = get(url + KLINES).json()
    assert len(rows) == 500
    assert rows[-1][0] == 1609459200000 + 1499 * 3_600_000


def test_klines_of_an_interval_without_a_file_are_an_empty_list(url: str) -> None:
    answer = get(f"{url}/api/v3/klines?symbol=SOLUSDT&interval=1d")
    assert (answer.status_code, answer.json()) == (200, [])


def test_ticker_gives_one_some_or_all(url: str) -> None:
    path = f"{url}/api/v3/ticker/24hr"
    assert get(f"{path}?symbol=SOLUSDT").json()["symbol"] == "SOLUSDT"
    assert [row["symbol"] for row in get(f'{path}?symbols=["SOLUSDT"]').json()] == ["SOLUSDT"]
    assert [row["symbol"] for row in get(path).json()] == ["ETHUSDT", "SOLUSDT"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v3/klines?symbol=NOUSDT&interval=1h", -1121),
        ("/api/v3/klines?symbol=BTCDUSD&interval=1h", -1121),
        ("/api/v3/klines?symbol=eth/usdt&interval=1h", -1100),
        ("/api/v3/klines?symbol=&interval=1h", -1105),
        ("/api/v3/klines?interval=1h", -1102),
        ("/api/v3/klines?symbol=ETHUSDT", -1102),
        ("/api/v3/klines?symbol=ETHUSDT&interval=7h", -1120),
        ("/api/v3/klines?symbol=ETHUSDT&interval=", -1105),
        (KLINES + "&limit=0", -1130),
        (KLINES + "&limit=1001", -1130),
        (KLINES + "&limit=ten", -1100),
        (KLINES + "&limit=", -1105),
        (KLINES + "&limit=1&limit=2", -1101),
        (KLINES + "&startTime=-1", -1100),
        (KLINES + "&startTime=1.5", -1100),
        (KLINES + "&endTime=yesterday", -1100),
        (KLINES + "&endTime=%D9%A1", -1100),
        (KLINES + "&colour=red", -1104),
        ("/api/v3/exchangeInfo?symbol=NOUSDT", -1121),
        ("/api/v3/time?zone=UTC", -1104),
        ("/api/v3/ticker/24hr?symbols=ETHUSDT", -1100),
        ("/api/v3/ticker/24hr?symbols=[1]", -1100),
        ('/api/v3/ticker/24hr?symbols=["NOUSDT"]', -1121),
    ],
)
def test_a_wrong_parameter_is_refused(url: str, path: str, code: int) -> None:
    answer = get(url + path)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert set(answer.json()) == {"code", "msg"}


def test_the_message_is_binances(url: str) -> None:
    answer = get(f"{url}/api/v3/klines?symbol=NOUSDT&interval=1h")
    assert answer.json() == {"code": -1121, "msg": "Invalid symbol."}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api/v3/nothing", 404),
        ("GET", "/api/v3/klines/", 404),
        ("GET", "/sapi/v1/capital/config/getall", 404),
        ("POST", "/api/v3/order", 404),
        ("POST", "/api/v3/klines", 405),
    ],
)
def test_an_unknown_path_is_refused(url: str, method: str, path: str, status: int) -> None:
    answer = requests.request(method, url + path, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (status, -1020)


def test_the_emulator_is_no_proxy(url: str) -> None:
    proxies = {"https": url}
    with pytest.raises(requests.exceptions.ProxyError):
        requests.get("https://example.org", proxies=proxies, timeout=5)


def test_two_emulators_share_nothing(
    datadir: Path, tmp_path: Path, url: str, serve: Callable[[Market], str]
) -> None:
    other = serve(Market(tmp_path))
    assert get(f"{other}/api/v3/exchangeInfo").json()["symbols"] == []
    assert len(get(f"{url}/api/v3/exchangeInfo").json()["symbols"]) == 2


def test_the_port_is_closed_afterwards(datadir: Path) -> None:
    with serving(Market(datadir)) as url:
        port = int(url.rpartition(":")[2])
        # A client that keeps its connection open does not hold the emulator back.
        client = socket.create_connection(("127.0.0.1", port), timeout=5)
    client.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
