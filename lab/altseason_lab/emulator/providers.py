"""Endpoints like those of the dominance providers, so that a rehearsal can record dominance.

Each provider has its own prefix. Their values differ by a constant, like those of the real ones.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from altseason_lab.emulator.dominance import ReplayedDominance
from altseason_lab.emulator.market import DAY_IN_MS, MillisecondClock
from altseason_lab.emulator.web_history import PATH as WEB_HISTORY
from altseason_lab.emulator.web_history import WebHistory

COINGECKO, COINMARKETCAP = "/coingecko/api/v3", "/coinmarketcap"
COINPAPRIKA, COINLORE, DEFILLAMA = "/coinpaprika/v1", "/coinlore/api", "/defillama"
# In percentage points, against CoinGecko.
OFFSETS = {"coingecko": 0.0, "coinmarketcap": -0.5, "coinpaprika": 0.3, "coinlore": 0.8}
# How often CoinGecko updates its values.
UPDATE_INTERVAL = 10 * 60 * 1000
TOTAL_CAP = 2.5e12
BITCOIN = "bitcoin"
# Shares of the market cap without Bitcoin.
OTHERS = {
    "ethereum": 0.45,
    "tether": 0.15,
    "usd-coin": 0.05,
    "binancecoin": 0.15,
    "solana": 0.12,
    "cardano": 0.08,
}
STABLECOINS = ("tether", "usd-coin")
STABLECOIN_DAYS = 365
SYMBOLS = {"eth": "ethereum", "usdt": "tether", "usdc": "usd-coin"}
CHARTS = ("prices", "market_caps", "total_volumes")
NO_VALUE = {"status": {"error_code": 503, "error_message": "no dominance is stored for this time"}}


@dataclass(frozen=True)
class ProviderFaults:
    """How providers fail, as real ones were seen to; times in milliseconds.

    :param outages: by a provider's name in the settings, from when to when its status is 503.
    :param steps: by the same name, from when on its level has changed, and by how many percentage
        points; also for earlier values that are requested later.
    :param repeats_for: how long CoinMarketCap's history repeats its last response to any request.
    """

    outages: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    steps: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    repeats_for: int = 0

    def is_down(self, provider: str, now: int) -> bool:
        """Return whether a provider is in its outage."""
        begin, end = self.outages.get(provider, (0, 0))
        return begin <= now < end

    def shift(self, provider: str, time: int) -> float:
        """Return by how many percentage points the value at a time is shifted."""
        begin, points = self.steps.get(provider, (0, 0.0))
        return points if time >= begin else 0.0


def provider_urls(url: str) -> dict[str, str]:
    """Return the URLs that replace those of the providers, by their names in our settings.

    :param url: the emulator's.
    """
    return {
        "coingecko": url + COINGECKO,
        "coinmarketcap": url + COINMARKETCAP,
        "coinpaprika": url + COINPAPRIKA,
        "coinlore": url + COINLORE,
        "defillama": url + DEFILLAMA,
    }


def market_caps(percent: float) -> dict[str, float]:
    """Return each coin's market cap in US dollars, for a share of Bitcoin in percent."""
    rest = TOTAL_CAP * (1 - percent / 100)
    return {
        BITCOIN: TOTAL_CAP * percent / 100,
        **{coin: rest * part for coin, part in OTHERS.items()},
    }


class ProviderEndpoints:
    """The endpoints of all providers, with the same dominance.

    :param faults: how they fail; by default not at all.
    """

    def __init__(
        self,
        dominance: ReplayedDominance,
        clock: MillisecondClock,
        faults: ProviderFaults | None = None,
    ) -> None:
        self._dominance = dominance
        self._clock = clock
        self._faults = faults or ProviderFaults()
        self._history = WebHistory(
            lambda time: self._find_percent("coinmarketcap", time),
            clock,
            self._faults.repeats_for,
        )

    def routes(self) -> list[web.RouteDef]:
        """Return the paths, with their handlers."""
        return [
            web.get(f"{COINGECKO}/global", self.coingecko),
            web.get(f"{COINGECKO}/coins/markets", self.coins),
            web.get(f"{COINGECKO}/coins/{{coin}}/market_chart", self.chart),
            web.get(f"{COINMARKETCAP}/v1/global-metrics/quotes/latest", self.coinmarketcap),
            web.get(f"{COINMARKETCAP}{WEB_HISTORY}", self.history),
            web.get(f"{COINPAPRIKA}/global", self.coinpaprika),
            web.get(f"{COINLORE}/global/", self.coinlore),
            web.get(f"{DEFILLAMA}/stablecoincharts/all", self.stablecoins),
        ]

    async def coingecko(self, request: web.Request) -> web.Response:
        """Respond as CoinGecko's `/global`: the value of the last full ten minutes."""
        updated = self._last_update()
        percent = self._percent("coingecko", updated)
        rest = {name: (100 - percent) * OTHERS[coin] for name, coin in SYMBOLS.items()}
        data = {
            "active_cryptocurrencies": len(OTHERS) + 1,
            "total_market_cap": {"usd": TOTAL_CAP},
            "market_cap_percentage": {"btc": percent, **rest},
            "updated_at": updated // 1000,
        }
        return web.json_response({"data": data})

    async def coins(self, request: web.Request) -> web.Response:
        """Respond as CoinGecko's `/coins/markets`, a page of the largest coins."""
        caps = market_caps(self._percent("coingecko", self._last_update()))
        per_page, page = (
            read_number(request, *asked) for asked in (("per_page", 100), ("page", 1))
        )
        largest = sorted(caps.items(), key=lambda coin: coin[1], reverse=True)
        shown = largest[(page - 1) * per_page : page * per_page]
        return web.json_response([{"id": coin, "market_cap": cap} for coin, cap in shown])

    async def chart(self, request: web.Request) -> web.Response:
        """Respond as CoinGecko's `/coins/{id}/market_chart`: a point a day, and the current one."""
        coin = request.match_info["coin"]
        if coin != BITCOIN and coin not in OTHERS:
            return web.json_response({"error": "coin not found"}, status=404)
        updated = self._last_update()
        midnight = updated // DAY_IN_MS * DAY_IN_MS
        days = read_number(request, "days", 1)
        past = [midnight - ago * DAY_IN_MS for ago in reversed(range(days))]
        known = [(time, self._find_percent("coingecko", time)) for time in past]
        known.append((updated, self._percent("coingecko", updated)))
        points = [
            [time, market_caps(percent)[coin]] for time, percent in known if percent is not None
        ]
        return web.json_response(dict.fromkeys(CHARTS, points))

    async def coinmarketcap(self, request: web.Request) -> web.Response:
        """Respond as CoinMarketCap's `/v1/global-metrics/quotes/latest`."""
        now = self._clock()
        time = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
        percent = self._percent("coinmarketcap", now)
        caps = {"total_market_cap": TOTAL_CAP, "stablecoin_market_cap": _stablecoins_of(percent)}
        data = {
            "btc_dominance": percent,
            "quote": {"USD": caps},
            "last_updated": time.replace("+00:00", "Z"),
        }
        return web.json_response({"data": data, "status": {"error_code": 0, "error_message": ""}})

    async def history(self, request: web.Request) -> web.Response:
        """Respond as to the charts of CoinMarketCap's web site: a reading a day."""
        self._fail_if_down("coinmarketcap")
        return await self._history.respond(request)

    async def coinpaprika(self, request: web.Request) -> web.Response:
        """Respond as CoinPaprika's `/global`."""
        now = self._clock()
        body = {
            "market_cap_usd": TOTAL_CAP,
            "bitcoin_dominance_percentage": self._percent("coinpaprika", now),
            "last_updated": now // 1000,
        }
        return web.json_response(body)

    async def coinlore(self, request: web.Request) -> web.Response:
        """Respond as CoinLore's `/global/`: a string, in a list of one, without a time."""
        percent = self._percent("coinlore", self._clock())
        return web.json_response([{"coins_count": len(OTHERS) + 1, "btc_d": f"{percent:.2f}"}])

    async def stablecoins(self, request: web.Request) -> web.Response:
        """Respond as DefiLlama's `/stablecoincharts/all`: a row a day, including today."""
        today = self._clock() // DAY_IN_MS * DAY_IN_MS
        rows = []
        for ago in reversed(range(STABLECOIN_DAYS)):
            day = today - ago * DAY_IN_MS
            percent = self._find_percent("coingecko", min(day + DAY_IN_MS, self._clock()))
            if percent is not None:
                cap = {"peggedUSD": _stablecoins_of(percent)}
                row = {"date": str(day // 1000), "totalCirculatingUSD": cap}
                rows.append(row)
        return web.json_response(rows)

    def _last_update(self) -> int:
        return self._clock() // UPDATE_INTERVAL * UPDATE_INTERVAL

    def _percent(self, provider: str, time: int) -> float:
        """Return a provider's value for a time; it is unavailable where there is none."""
        self._fail_if_down(provider)
        percent = self._find_percent(provider, time)
        if percent is None:
            raise _unavailable()
        return percent

    def _find_percent(self, provider: str, time: int) -> float | None:
        percent = self._dominance.percent(time)
        if percent is None:
            return None
        return percent + OFFSETS[provider] + self._faults.shift(provider, time)

    def _fail_if_down(self, provider: str) -> None:
        if self._faults.is_down(provider, self._clock()):
            raise _unavailable()


def _stablecoins_of(percent: float) -> float:
    caps = market_caps(percent)
    return sum(caps[coin] for coin in STABLECOINS)


def _unavailable() -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(text=json.dumps(NO_VALUE), content_type="application/json")


def read_number(request: web.Request, name: str, default: int) -> int:
    """Parse a whole number from 1 in a query.

    :raises HTTPBadRequest: for anything else.
    """
    text = request.query.get(name, str(default))
    if not re.fullmatch("[1-9][0-9]{0,4}", text):
        raise web.HTTPBadRequest
    return int(text)
