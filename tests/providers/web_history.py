"""CoinMarketCap's history as its own charts are given it, with what it was seen to do wrong."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tests.providers.serving import Reply, Request

PATH = "/data-api/v3/global-metrics/quotes/historical"
FIRST_DAY = date(2013, 4, 29)
MAX_DAYS = 2000
DAY = timedelta(days=1)


@dataclass
class WebHistory:
    """A reading at each 00:00 UTC, up to that of today.

    :param percent: what was true on a day's first instant.
    :param clock: the time at which it lives.
    :param gaps: days that are missing.
    :param others: quotes that stand beside the days, such as one of now.
    :param repeats: how many of the next requests are given the last response once more.
    :param faults: replies of the next requests.
    """

    percent: Callable[[date], object] = lambda _: 60.0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    gaps: set[date] = field(default_factory=lambda: {date(2023, 1, 5)})
    others: list[dict[str, object]] = field(default_factory=list)
    repeats: int = 0
    faults: list[Reply] = field(default_factory=list)
    last: Reply | None = None

    def answer(self, request: Request) -> Reply:
        if self.faults:
            return self.faults.pop(0)
        if self.repeats and self.last is not None:
            self.repeats -= 1
            return self.last
        query = request.query
        if "interval" not in query:
            return Reply(json.dumps(history_body([], error_code="400")).encode(), 400)
        assert query["convertId"] == "2781"
        first, last = (
            datetime.fromtimestamp(int(query[name]), UTC) for name in ("timeStart", "timeEnd")
        )
        assert (last - first) / DAY < MAX_DAYS, f"more than {MAX_DAYS} days are asked for"
        days = [first.date() + number * DAY for number in range((last - first).days + 1)]
        there = [
            day for day in days if FIRST_DAY <= day <= self.clock().date() and day not in self.gaps
        ]
        quotes = [quote_body(day, self.percent(day)) for day in there]
        self.last = Reply(json.dumps(history_body([*quotes, *self.others])).encode())
        return self.last


def quote_body(day: date, percent: object) -> dict[str, object]:
    """A quote as it was recorded, of another day and dominance."""
    time = f"{day.isoformat()}T00:00:00.000Z"
    return {
        "timestamp": time,
        "btcDominance": percent,
        "quote": [
            {
                "totalMarketCap": 2009407868097.39,
                "altcoinMarketCap": 0.0,
                "totalVolume24H": 0.0,
                "timestamp": time,
            }
        ],
    }


def history_body(quotes: list[dict[str, object]], error_code: object = "0") -> dict[str, object]:
    """The whole response."""
    return {
        "data": {"quotes": quotes},
        "status": {
            "timestamp": "2026-05-27T10:39:30.000Z",
            "error_code": error_code,
            "error_message": "SUCCESS" if error_code == "0" else "You were refused",
            "elapsed": "4",
            "credit_count": 0,
        },
    }
