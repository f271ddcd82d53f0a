"""Failures on demand, as the real ccxt meets them, and what was done in spite of them."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
import pytest
import requests

from altseason_lab.emulator.in_thread import in_thread
from tests.exchange.accounts import HandClock, connect, make_account, store_hours
from tests.exchange.server import run_exchange

PAIR = "ETH/USDT"
ORDER = {"path": "/api/v3/order", "method": "POST"}


@pytest.fixture
def clock() -> HandClock:
    clock = HandClock()
    clock.set_minute(5)
    return clock


@pytest.fixture
def url(tmp_path: Path, clock: HandClock) -> Iterator[str]:
    with in_thread(run_exchange(store_hours(tmp_path), make_account(), clock)) as url:
        yield url


@pytest.fixture
def binance(url: str, clock: HandClock) -> ccxt.binance:
    client = connect(url, clock)
    client.load_markets()
    return client


def post(url: str, *rules: dict[str, Any]) -> requests.Response:
    return requests.post(f"{url}/control/faults", json=rules, timeout=5)


def set_faults(url: str, *rules: dict[str, Any]) -> None:
    assert post(url, *rules).status_code == 200


def booked(url: str) -> list[dict[str, Any]]:
    return requests.get(f"{url}/control/ledger", timeout=5).json()["orders"]


def buy(binance: ccxt.binance) -> Any:
    return binance.create_order(PAIR, "market", "buy", 1)


@pytest.mark.parametrize(
    ("rule", "expected", "orders"),
    [
        ({"kind": "status", "status": 429, "retry_after": 7}, ccxt.DDoSProtection, 0),
        ({"kind": "status", "status": 418, "retry_after": 120}, ccxt.DDoSProtection, 0),
        ({"kind": "status", "status": 503}, ccxt.OperationFailed, 0),
        ({"kind": "drop"}, ccxt.NetworkError, 0),
        ({"kind": "lost"}, ccxt.NetworkError, 1),
    ],
)
def test_fault_becomes_ccxts_exception_and_does_or_does_not_trade(
    url: str, binance: ccxt.binance, rule: dict[str, Any], expected: type[Exception], orders: int
) -> None:
    set_faults(url, {**ORDER, **rule})
    with pytest.raises(expected):
        buy(binance)
    assert len(booked(url)) == orders
    # It was to fail once.
    assert buy(binance)["status"] == "closed"


@pytest.mark.parametrize("kind", ["malformed", "truncated"])
def test_broken_answer_is_for_ccxt_an_order_without_an_id(
    url: str, binance: ccxt.binance, kind: str
) -> None:
    set_faults(url, {**ORDER, "kind": kind})
    assert buy(binance)["id"] is None
    assert len(booked(url)) == 1


def test_refusal_says_when_to_come_again(url: str) -> None:
    set_faults(url, {"kind": "status", "status": 429, "retry_after": 7})
    answer = requests.get(f"{url}/api/v3/ping", timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["code"] == -1003


def test_latency_keeps_the_client_waiting(url: str) -> None:
    set_faults(url, {"kind": "latency", "seconds": 0.3})
    begin = time.monotonic()
    assert requests.get(f"{url}/api/v3/ping", timeout=5).status_code == 200
    assert time.monotonic() - begin >= 0.3


@pytest.mark.parametrize(("kind", "booked_meanwhile"), [("latency", 0), ("late", 1)])
def test_late_answer_is_to_what_was_done_at_once_or_only_then(
    url: str, binance: ccxt.binance, kind: str, booked_meanwhile: int
) -> None:
    set_faults(url, {**ORDER, "kind": kind, "seconds": 2})
    binance.timeout = 500
    with pytest.raises(ccxt.RequestTimeout):
        buy(binance)
    assert len(booked(url)) == booked_meanwhile


def test_stale_book_is_that_of_a_while_ago(url: str, clock: HandClock) -> None:
    # 90 at minute 80, 110 at minute 100.
    clock.set_minute(100)
    set_faults(url, {"kind": "stale", "path": "/api/v3/depth", "seconds": 1200, "times": 1})

    def ask() -> float:
        book = requests.get(f"{url}/api/v3/depth?symbol=ETHUSDT&limit=5", timeout=5).json()
        return float(book["asks"][0][0])

    assert [ask(), ask()] == [90.01, 110.02]


def test_only_what_is_meant_fails(url: str, binance: ccxt.binance) -> None:
    set_faults(url, {**ORDER, "side": "SELL", "symbol": "ETHUSDT", "kind": "drop", "times": None})
    assert buy(binance)["status"] == "closed"
    for _ in range(2):
        with pytest.raises(ccxt.NetworkError):
            binance.create_order(PAIR, "market", "sell", 1)
    set_faults(url)
    assert binance.create_order(PAIR, "market", "sell", 1)["status"] == "closed"


def test_faults_are_counted_from_the_nth_on(url: str) -> None:
    set_faults(url, {"kind": "status", "path": "/api/v3/ping", "skip": 1, "every": 2, "times": 2})
    found = [requests.get(f"{url}/api/v3/ping", timeout=5).status_code for _ in range(7)]
    assert found == [200, 200, 503, 200, 503, 200, 200]
    (rule,) = requests.get(f"{url}/control/faults", timeout=5).json()
    assert (rule["met"], rule["failed"]) == (7, 2)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "explode"},
        {"kind": "drop", "colour": "red"},
        {"kind": "status", "status": 200},
        {"kind": "stale", "path": "/api/v3/order"},
    ],
)
def test_rule_that_cannot_be_is_refused_and_changes_nothing(url: str, rule: dict[str, Any]) -> None:
    set_faults(url, {"kind": "drop", "path": "/nowhere"})
    assert post(url, rule).status_code == 400
    kept = requests.get(f"{url}/control/faults", timeout=5).json()
    assert [one["path"] for one in kept] == ["/nowhere"]
