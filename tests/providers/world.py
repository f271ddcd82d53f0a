"""A small world of coins that answers like CoinGecko, and the fallbacks beside it.

Run as a program it serves 140 days of it until it is stopped, and prints its address first:
`python -m tests.providers.world`.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.providers.serving import Reply, Request, serving
from tests.providers.web_history import PATH as WEB_HISTORY
from tests.providers.web_history import WebHistory

DAY = timedelta(days=1)


@dataclass
class World:
    """Market caps in US dollars.

    :param caps: by coin, at 00:00 UTC of each day up to today's; None where there is none.
    :param now: by coin, at this moment; the order of `/coins/markets` is that of size.
    :param dominance: what `/global` says, in percent.
    :param total: all coins together, as `/global/market_cap_chart` has it; as `caps`.
    :param is_pro: whether this is the host for Pro keys.
    """

    caps: dict[str, list[float | None]]
    now: dict[str, float | None]
    dominance: float
    total: list[float | None] | None = None
    is_pro: bool = False

    def answer(self, request: Request) -> Reply:
        """Answer as CoinGecko would, with its errors for a wrong key or host."""
        refused = self.refuse(request)
        if refused:
            return refused
        path = request.path
        if path == "/global":
            return reply(global_body(self.dominance))
        if path == "/coins/markets":
            return reply(self.markets(int(request.query["per_page"]), int(request.query["page"])))
        days = int(request.query.get("days", 0))
        if path == "/global/market_cap_chart" and self.total:
            # Their total holds two lists, as the documentation shows.
            points = chart(self.total, 0.0, days)
            return reply({"market_cap_chart": {"market_cap": points, "volume": points}})
        coin = path.removeprefix("/coins/").removesuffix("/market_chart")
        if coin in self.caps:
            points = chart(self.caps[coin], self.now[coin], days)
            return reply({"prices": points, "market_caps": points, "total_volumes": points})
        return reply({"error": "coin not found"}, 404)

    def refuse(self, request: Request) -> Reply | None:
        demo, pro = (f"x-cg-{tier}-api-key" in request.headers for tier in ("demo", "pro"))
        if self.is_pro:
            if demo:
                return reply({"error_code": 10011, "status": {"error_message": "use api."}}, 400)
            if not pro:
                message = {"error_code": 10002, "error_message": "API Key Missing"}
                return reply({"status": message}, 401)
            return None
        if pro:
            return reply({"error_code": 10010, "status": {"error_message": "use pro-api."}}, 400)
        if request.path == "/global/market_cap_chart":
            return reply({"status": {"error_code": 10005, "error_message": "limited to Pro"}}, 401)
        if int(request.query.get("days", 0)) > 365:
            message = {"error_code": 10012, "error_message": "exceeds the allowed time range"}
            return reply({"error": {"status": message}}, 401)
        return None

    def markets(self, per_page: int, page: int) -> list[dict[str, object]]:
        by_size = sorted(self.now, key=lambda coin: -(self.now[coin] or 0))
        shown = by_size[(page - 1) * per_page : page * per_page]
        return [{"id": coin, "symbol": coin[:3], "market_cap": self.now[coin]} for coin in shown]


@dataclass
class Market:
    """What all four providers say of dominance at a moment; one server plays them, by folder.

    :param clock: the time at which they live.
    :param percent: by the provider's name.
    :param renewed_at: when a provider's value was true; that of now where it is not here.
    :param faults: how a provider answers that does not work.
    :param history: CoinMarketCap's own, which only a test that asks for it has.
    """

    clock: Callable[[], datetime]
    percent: dict[str, float] = field(
        default_factory=lambda: {
            "coingecko": 57.0,
            "coinmarketcap": 58.5,
            "coinpaprika": 57.25,
            "coinlore": 55.0,
        }
    )
    renewed_at: dict[str, datetime] = field(default_factory=dict)
    faults: dict[str, Reply] = field(default_factory=dict)
    history: WebHistory | None = None

    def urls(self, url: str) -> dict[str, str]:
        """Return what belongs into the settings, for a server at an address."""
        return {name: f"{url}/{name}" for name in self.percent}

    def answer(self, request: Request) -> Reply:
        """Answer as the provider would whose folder it is."""
        name = request.path.split("/")[1]
        if name in self.faults:
            return self.faults[name]
        if self.history is not None and request.path == f"/coinmarketcap{WEB_HISTORY}":
            return self.history.answer(request)
        percent, time = self.percent[name], self.renewed_at.get(name, self.clock())
        seconds = int(time.timestamp())
        bodies = {
            "/coingecko/global": global_body(percent, seconds),
            "/coinmarketcap/v1/global-metrics/quotes/latest": {
                "data": {
                    "btc_dominance": percent,
                    "quote": {"USD": {"total_market_cap": 2.6e12, "stablecoin_market_cap": 2.6e11}},
                    "last_updated": time.isoformat(),
                },
                "status": {"error_code": 0, "error_message": None},
            },
            "/coinpaprika/global": {
                "bitcoin_dominance_percentage": percent,
                "last_updated": seconds,
            },
            "/coinlore/global/": [{"coins_count": 14000, "btc_d": f"{percent:.2f}"}],
        }
        return reply(bodies[request.path]) if request.path in bodies else reply({}, 404)


def reply(body: object, status: int = 200) -> Reply:
    return Reply(json.dumps(body).encode(), status)


def chart(caps: list[float | None], now: float | None, days: int) -> list[list[float | None]]:
    """The points of the last days, at 00:00 UTC each, and the one of now."""
    moment = datetime.now(UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    first = len(caps) - 1
    points = [
        [int((midnight - (first - i) * DAY).timestamp() * 1000), cap] for i, cap in enumerate(caps)
    ]
    return [*points[-days:], [int(moment.timestamp() * 1000), now]]


def global_body(dominance: object, updated_at: object = None) -> dict[str, object]:
    """`/global` as it was recorded, with another dominance."""
    now = int(datetime.now(UTC).timestamp())
    return {
        "data": {
            "active_cryptocurrencies": 17397,
            "markets": 1476,
            "total_market_cap": {"btc": 34570737.19, "usd": 2621040321355.0405},
            "total_volume": {"usd": 95133256404.37},
            "market_cap_percentage": {
                "btc": dominance,
                "eth": 9.58227145398409,
                "usdt": 7.223241338072757,
                "usdc": 2.776758661927243,
            },
            "market_cap_change_percentage_24h_usd": -1.6081983639177684,
            "updated_at": now if updated_at is None else updated_at,
        }
    }


def three_coins(days: int = 140) -> World:
    """Bitcoin's share is 60 % on every day: 600 of 600 + 300 + 100."""
    return World(
        caps={
            "bitcoin": [600.0] * days,
            "ethereum": [300.0] * days,
            "dogecoin": [100.0] * days,
        },
        now={"bitcoin": 600.0, "ethereum": 300.0, "dogecoin": 100.0},
        dominance=57.0,
    )


def main() -> None:
    with serving(three_coins().answer) as provider:
        print(provider.url, flush=True)  # noqa: T201 - whoever starts it reads it
        threading.Event().wait()


if __name__ == "__main__":
    main()
