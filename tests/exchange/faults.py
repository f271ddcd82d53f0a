"""Faults of exchanges and networks on demand, by rules that a test posts."""

import asyncio
from contextvars import ContextVar
from typing import Any, Literal, Self
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from altseason_lab.emulator.market import MillisecondClock

CONTROL = "/control/"
PATH = f"{CONTROL}faults"
# Market data, which can be stale; the account never is.
MARKET_DATA = ("/api/v3/depth", "/api/v3/ticker/24hr", "/api/v3/klines")
BANNED, TOO_MANY = 418, 429
MESSAGES = {
    BANNED: (-1003, "Way too much request weight used; IP banned."),
    TOO_MANY: (-1003, "Too much request weight used; current limit is 6000 per 1 MINUTE."),
}
BROKEN = (-1001, "Internal error; unable to process your request. Please try again.")

# The age of the market data, in milliseconds, in the current request.
_lag: ContextVar[int] = ContextVar("lag", default=0)


class FaultRule(BaseModel):
    """Which requests fail, how often, and how.

    Without a path, method, side or symbol all of them are meant. Of the requests that are meant,
    `skip` go well first, then every `every`-th fails, `times` in all (null: for ever).

    * status: responds with `status`, and `retry_after` in seconds; nothing is done.
    * drop: the connection ends without a response; nothing is done.
    * lost: the request is processed, then the connection ends without a response.
    * latency: processes the request and responds after so many `seconds`.
    * late: processes the request at once, and responds after so many `seconds`.
    * truncated: processes the request, and sends half of the response.
    * malformed: processes the request, and responds with status 200 and `body`.
    * stale: prices and order book are those of so many `seconds` ago.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["status", "drop", "lost", "latency", "late", "truncated", "malformed", "stale"]
    path: str = ""
    method: Literal["", "GET", "POST", "DELETE"] = ""
    side: Literal["", "BUY", "SELL"] = ""
    symbol: str = ""
    skip: int = Field(default=0, ge=0)
    every: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)
    status: int = Field(default=503, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    seconds: float = Field(default=1.0, ge=0)
    body: str = "{}"

    @model_validator(mode="after")
    def _validate_stale(self) -> Self:
        if self.kind == "stale" and self.path not in MARKET_DATA:
            raise ValueError(f"stale needs a path out of {', '.join(MARKET_DATA)}")
        return self


RULES = TypeAdapter(list[FaultRule])


class Fault:
    """A rule, and how often it matched."""

    def __init__(self, rule: FaultRule) -> None:
        self.rule = rule
        self.met = 0
        self.failed = 0

    def is_meant(self, path: str, method: str, form: dict[str, str]) -> bool:
        """Return whether the rule applies to a request."""
        rule = self.rule
        return (
            rule.path in ("", path)
            and rule.method in ("", method)
            and rule.side in ("", form.get("side"))
            and rule.symbol in ("", form.get("symbol"))
        )

    def should_fail(self) -> bool:
        """Count a matching request, and return whether it fails."""
        self.met += 1
        if self.met <= self.rule.skip or self.failed == self.rule.times:
            return False
        if (self.met - self.rule.skip) % self.rule.every:
            return False
        self.failed += 1
        return True

    def describe(self) -> dict[str, Any]:
        """Return the rule, and how often it matched and failed."""
        return {**self.rule.model_dump(), "met": self.met, "failed": self.failed}


class Faults:
    """The rules in force; the first that makes a request fail decides how."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def routes(self) -> list[web.RouteDef]:
        """Return the paths of the control endpoints, with their handlers."""
        return [web.get(PATH, self.list_rules), web.post(PATH, self.replace)]

    async def list_rules(self, request: web.Request) -> web.Response:
        """Return the rules, and how often each matched and failed a request."""
        return web.json_response([fault.describe() for fault in self._faults])

    async def replace(self, request: web.Request) -> web.Response:
        """Replace the rules in force by a JSON list of rules."""
        try:
            rules = RULES.validate_json(await request.read())
        except ValidationError as error:
            return web.json_response({"msg": str(error)}, status=400)
        self._faults = [Fault(rule) for rule in rules]
        return await self.list_rules(request)

    def middleware(self) -> Middleware:
        """Return the middleware between the network and the endpoints."""

        @web.middleware
        async def fail(request: web.Request, handler: Handler) -> web.StreamResponse:
            rule = None if request.path.startswith(CONTROL) else await self._find(request)
            return await (handler(request) if rule is None else _answer(rule, request, handler))

        return fail

    async def _find(self, request: web.Request) -> FaultRule | None:
        if not self._faults:
            return None
        form = {**request.query, **dict(parse_qsl(await request.text()))}
        for fault in self._faults:
            if fault.is_meant(request.path, request.method, form) and fault.should_fail():
                return fault.rule
        return None


def lagging(clock: MillisecondClock) -> MillisecondClock:
    """Return a clock for the endpoints of the market, which a rule can set back."""
    return lambda: clock() - _lag.get()


async def _answer(rule: FaultRule, request: web.Request, handler: Handler) -> web.StreamResponse:
    if rule.kind == "status":
        return _refuse(rule)
    if rule.kind == "drop":
        return _hang_up(request, web.Response())
    if rule.kind == "latency":
        await asyncio.sleep(rule.seconds)
        return await handler(request)
    token = _lag.set(round(rule.seconds * 1000) if rule.kind == "stale" else 0)
    try:
        answer = await handler(request)
    finally:
        _lag.reset(token)
    if rule.kind == "late":
        await asyncio.sleep(rule.seconds)
    if rule.kind == "lost":
        return _hang_up(request, answer)
    if rule.kind == "malformed":
        return web.Response(text=rule.body, content_type="application/json")
    if rule.kind == "truncated" and isinstance(answer, web.Response):
        whole = (answer.text or "").encode()
        return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
    return answer


def _refuse(rule: FaultRule) -> web.Response:
    code, message = MESSAGES.get(rule.status, BROKEN)
    headers = {} if rule.retry_after is None else {"Retry-After": str(rule.retry_after)}
    return web.json_response({"code": code, "msg": message}, status=rule.status, headers=headers)


def _hang_up(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """End the connection; the answer is only there for the server, and goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return answer
