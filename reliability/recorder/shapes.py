"""Responses that must not become a value: known errors of the providers, and wrong values.

The errors are those that the providers document; CoinGecko writes them in five ways.
"""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.providers.serving import Reply
from tests.providers.web_history import history_body, quote_body
from tests.providers.world import global_body, reply

HTML = b"<!DOCTYPE html><html><head><title>Attention Required!</title></head></html>"
COINGECKO_CODES = {429: 429, 1020: 403, 10002: 401, 10005: 401, 10010: 400, 10011: 400, 10012: 401}
COINMARKETCAP_CODES = {1001: 401, 1002: 401, 1005: 403, 1008: 429, 1010: 429, 1011: 429, 500: 500}
NUMBERS = {
    "0": 0,
    "150": 150,
    "100": 100,
    "1": 1,
    "-57": -57,
    "a fraction": 0.57,
    "null": None,
    "NaN as a text": "NaN",
    "a number as a text": "57.9",
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
    "true": True,
    "a list": [57.9],
    "an object": {"value": 57.9},
    "400 digits": 10**400,
}
TEXTS = {
    "a number": 57.9,
    "0": "0",
    "150": "150",
    "a fraction": "0.57",
    "null": None,
    "NaN": "NaN",
    "Infinity": "Infinity",
    "nothing": "",
    "a comma": "57,9",
    "an exponent": "5.7e1",
    "other digits": "\N{ARABIC-INDIC DIGIT FIVE}\N{ARABIC-INDIC DIGIT SEVEN}",
    "a percent sign": "57.9%",
    "a list": ["57.9"],
}
BODIES = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"57.9"',
    "a number": b"57.9",
    "deep nesting": b"[" * 100_000,
    "no UTF-8": b'{"data": "\xff\xfe"}',
}


def error_shapes(provider: str, now: datetime) -> dict[str, Reply]:
    """Return the responses of a provider without a current dominance, by what is wrong."""
    values = {
        "coingecko": lambda: _wrong_in(
            global_body(57.9, int(now.timestamp())),
            ("data", "market_cap_percentage", "btc"),
            ("data", "updated_at"),
            _wrong_seconds(now),
        ),
        "coinmarketcap": lambda: _wrong_in(
            {
                "data": {"btc_dominance": 57.9, "last_updated": now.isoformat()},
                "status": {"error_code": 0, "error_message": None},
            },
            ("data", "btc_dominance"),
            ("data", "last_updated"),
            _wrong_texts(now),
        ),
        "coinpaprika": lambda: _wrong_in(
            {"bitcoin_dominance_percentage": 57.9, "last_updated": int(now.timestamp())},
            ("bitcoin_dominance_percentage",),
            ("last_updated",),
            _wrong_seconds(now),
        ),
        "coinlore": _coinlore_values,
    }
    own = {"coingecko": _coingecko_errors, "coinmarketcap": _coinmarketcap_errors}
    return {**_by_status(), **own.get(provider, dict)(), **values[provider]()}


def history_shapes(now: datetime) -> dict[str, Reply]:
    """Return the responses of CoinMarketCap's history without valid days, by what is wrong."""
    today = now.date()
    days = [quote_body(today - timedelta(days=ago), 57.5) for ago in range(90)]
    whole = history_body(days)
    value, time = ("data", "quotes", 45, "btcDominance"), ("data", "quotes", 45, "timestamp")
    values = {name: wrong for name, wrong in NUMBERS.items() if name not in ("0", "null")}
    codes = {
        f"code {code!r}, {'an error' if status != 200 else 'status 200'}": reply(
            history_body([], error_code=code), status
        )
        for code in ("1008", "1011", "400", "500", 500)
        for status in (200, 429 if str(code).startswith("10") else int(code))
    }
    return {
        **_by_status(),
        **codes,
        "half of the JSON": Reply(json.dumps(whole).encode()[:2000]),
        "no status": reply({"data": whole["data"]}),
        "no quotes": _without(whole, ("data", "quotes")),
        "no days": reply(history_body([])),
        "the day of now alone": reply(history_body(days[:1])),
        "days of years ago": reply(
            history_body(
                [quote_body(today - timedelta(days=3000 + ago), 57.5) for ago in range(90)]
            )
        ),
        "two values for a day": reply(history_body([*days, quote_body(today, 58.5)])),
        "a quote that is none": _with(whole, ("data", "quotes", 45), 57.5),
        "a day without a value": _without(whole, value),
        "a day without a time": _without(whole, time),
        **{f"the value {name}": _with(whole, value, wrong) for name, wrong in values.items()},
        **{
            f"the time {name}": _with(whole, time, wrong)
            for name, wrong in _wrong_texts(now).items()
            if "hours" not in name and name != "unix seconds"  # which may be written so
        },
    }


def _by_status() -> dict[str, Reply]:
    limit = json.dumps({"error": "too many"}).encode()
    waits = {"7": "7", "a date": "Fri, 31 Dec 2027 23:59:59 GMT", "no time": "soon", "-1": "-1"}
    return {
        "429": Reply(limit, 429),
        **{
            f"429, Retry-After {name}": Reply(limit, 429, {"Retry-After": wait})
            for name, wait in waits.items()
        },
        **{f"status {status}": Reply(HTML, status) for status in (400, 401, 402, 403, 404, 418)},
        **{f"status {status}": Reply(HTML, status) for status in (500, 502, 503, 504, 520, 599)},
        "a redirect": Reply(b"", 302, {"Location": "/elsewhere"}),
        "HTML with status 200": Reply(HTML, headers={"Content-Type": "text/html"}),
        "no gzip": Reply(b"not compressed", headers={"Content-Encoding": "gzip"}),
        **{f"{name} as the body": Reply(body) for name, body in BODIES.items()},
    }


def _coingecko_errors() -> dict[str, Reply]:
    shapes = {"in words": reply({"error": "Missing parameter vs_currencies"}, 422)}
    shapes["in words with status 200"] = reply({"error": "Missing parameter vs_currencies"})
    for code, status in COINGECKO_CODES.items():
        said = {"error_code": code, "error_message": "You were refused"}
        ways = {
            "status": {"status": said},
            "error.status": {"error": {"status": said}},
            "error_code": {"error_code": code, "status": {"error_message": "You were refused"}},
        }
        for way, body in ways.items():
            shapes[f"code {code} in {way}"] = reply(body, status)
            # The error counts even if there is a value as well.
            both = {**global_body(57.9), **body}
            shapes[f"code {code} in {way}, and a value"] = reply(both)
    return shapes


def _coinmarketcap_errors() -> dict[str, Reply]:
    shapes = {"no status": reply({"data": {"btc_dominance": 57.9}})}
    for code, status in COINMARKETCAP_CODES.items():
        for written in (code, str(code)):
            body = {"status": {"error_code": written, "error_message": "You were refused"}}
            shapes[f"code {written!r}"] = reply(body, status)
            shapes[f"code {written!r} with status 200"] = reply(body)
    return shapes


def _wrong_seconds(now: datetime) -> dict[str, Any]:
    seconds = int(now.timestamp())
    hours = 3600
    return {
        "two hours old": seconds - 2 * hours,
        "two hours ahead": seconds + 2 * hours,
        "in milliseconds": seconds * 1000,
        "zero": 0,
        "negative": -seconds,
        "null": None,
        "a text": str(seconds),
        "NaN": float("nan"),
        "true": True,
    }


def _wrong_texts(now: datetime) -> dict[str, Any]:
    hours = timedelta(hours=1)
    return {
        "two hours old": (now - 2 * hours).isoformat(),
        "two hours ahead": (now + 2 * hours).isoformat(),
        "unix seconds": int(now.timestamp()),
        "null": None,
        "now": "now",
        "a year": "2026",
        "no time": "2026-13-32T25:61:61Z",
        "of 1700, in nanoseconds": "1700-01-01T00:00:00.000000001Z",
        "of the year 1": datetime(1, 1, 1, tzinfo=UTC).isoformat(),
        "of the year 9999": datetime(9999, 12, 31, tzinfo=UTC).isoformat(),
    }


def _wrong_in(
    good: dict[str, Any], value: tuple[str, ...], time: tuple[str, ...], times: dict[str, Any]
) -> dict[str, Reply]:
    """Put each wrong value into an otherwise correct response."""
    whole = json.dumps(good).encode()
    return {
        "half of the JSON": Reply(whole[: len(whole) // 2]),
        "no value": _without(good, value),
        "no time": _without(good, time),
        **{f"the value {name}": _with(good, value, wrong) for name, wrong in NUMBERS.items()},
        **{f"the time {name}": _with(good, time, wrong) for name, wrong in times.items()},
    }


def _coinlore_values() -> dict[str, Reply]:
    return {
        "half of the JSON": Reply(b'[{"coins_count": 14000, "btc_d": "57'),
        "no value": reply([{"coins_count": 14000}]),
        "no coins": reply([]),
        "no list": reply({"btc_d": "57.9"}),
        **{f"the value {name}": reply([{"btc_d": wrong}]) for name, wrong in TEXTS.items()},
    }


def _with(good: dict[str, Any], path: tuple[str, ...], value: Any) -> Reply:
    body = deepcopy(good)
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return reply(body)


def _without(good: dict[str, Any], path: tuple[str, ...]) -> Reply:
    body = deepcopy(good)
    place = body
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return reply(body)
