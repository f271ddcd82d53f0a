"""CoinMarketCap's history, as requested by the charts of its web site."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from altseason_lab.emulator.market import DAY_IN_MS, MillisecondClock

PATH = "/data-api/v3/global-metrics/quotes/historical"
US_DOLLAR, DAILY = "2781", "1d"
MAX_DAYS = 2000
# A day that the real history lacks.
MISSING_DAY = datetime(2023, 1, 5, tzinfo=UTC)
SUCCESS, BAD_REQUEST = ("0", "SUCCESS"), ("400", "Bad request")


class WebHistory:
    """The endpoint, with a reading at each 00:00 UTC up to now.

    :param percent: returns dominance at a time, None where it is not stored.
    :param repeats_for: for how many milliseconds the last response is repeated.
    """

    def __init__(
        self,
        percent: Callable[[int], float | None],
        clock: MillisecondClock,
        repeats_for: int = 0,
    ) -> None:
        self._percent = percent
        self._clock = clock
        self._repeats_for = repeats_for
        self._last: tuple[int, list[dict[str, Any]]] | None = None

    async def respond(self, request: web.Request) -> web.Response:
        """Respond with the days that are requested, or with those of an earlier request."""
        query, now = request.query, self._clock()
        start, end = (_read_time(query.get(name, "")) for name in ("timeStart", "timeEnd"))
        is_right = query.get("interval") == DAILY and query.get("convertId") == US_DOLLAR
        if start is None or end is None or not is_right or (end - start) // DAY_IN_MS >= MAX_DAYS:
            return web.json_response({"status": _status(*BAD_REQUEST)}, status=400)
        if self._last is None or now - self._last[0] >= self._repeats_for:
            self._last = now, self._quotes(start, min(end, now))
        data = {"quotes": self._last[1]}
        return web.json_response({"data": data, "status": _status(*SUCCESS)})

    def _quotes(self, start: int, end: int) -> list[dict[str, Any]]:
        missing = int(MISSING_DAY.timestamp() * 1000)
        first = -(-start // DAY_IN_MS) * DAY_IN_MS
        known = {time: self._percent(time) for time in range(first, end + 1, DAY_IN_MS)}
        return [
            _quote(time, percent)
            for time, percent in known.items()
            if percent is not None and time != missing
        ]


def _quote(time: int, percent: float) -> dict[str, Any]:
    written = datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    caps = {"totalMarketCap": 2.5e12, "altcoinMarketCap": 0.0, "totalVolume24H": 0.0}
    return {
        "timestamp": written,
        "btcDominance": percent,
        "quote": [{**caps, "timestamp": written}],
    }


def _status(code: str, message: str) -> dict[str, Any]:
    return {"error_code": code, "error_message": message, "elapsed": "4", "credit_count": 0}


def _read_time(text: str) -> int | None:
    """Return unix seconds as milliseconds; None for anything else."""
    return int(text) * 1000 if text.isascii() and text.isdigit() and len(text) < 12 else None
