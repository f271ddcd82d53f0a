"""Every failure of the exchange while a bot enters, holds and exits."""

from functools import partial
from pathlib import Path
from typing import Any

from tests.reliability.tally import Setting, Tally, Try
from tests.reliability.trading import (
    END,
    check_books,
    end_of,
    store_coins,
    trading,
    try_all,
)

ORDER = {"path": "/api/v3/order", "symbol": "ETHUSDT"}
BUY = {**ORDER, "method": "POST", "side": "BUY"}
SELL = {**ORDER, "method": "POST", "side": "SELL"}
# While an order of ETH is on its way: which request fails.
MOMENTS: dict[str, dict[str, Any]] = {
    "entry": BUY,
    "asking for the entry": {**ORDER, "method": "GET"},
    "stop": SELL,
    "asking for the stop": {**ORDER, "method": "GET", "skip": 3},
    "cancelling the stop": {**ORDER, "method": "DELETE"},
    "exit": {**SELL, "skip": 1},
    "asking for the balance": {"path": "/api/v3/account", "skip": 2, "times": 3},
    "asking for fills": {"path": "/api/v3/myTrades", "symbol": "ETHUSDT"},
}
FAILURES: dict[str, dict[str, Any]] = {
    "429": {"what": "status", "status": 429, "retry_after": 1},
    "418": {"what": "status", "status": 418, "retry_after": 1},
    "500": {"what": "status", "status": 500},
    "503": {"what": "status", "status": 503},
    "dropped": {"what": "drop"},
    "answered late": {"what": "latency", "seconds": 0.5},
    "answered too late": {"what": "latency", "seconds": 3},
    "truncated": {"what": "truncated"},
    "answer lost": {"what": "lost"},
    "malformed": {"what": "malformed"},
}
# A book that stands still, for a quarter of an hour at each of three times; tickers are not asked
# for, since both ready configs take their prices from the book.
MARKET = {
    f"stale book {when}": {
        "what": "stale",
        "path": "/api/v3/depth",
        "symbol": "ETHUSDT",
        "seconds": 600,
        "skip": skip,
        "times": 15,
    }
    for when, skip in (("at the entry", 0), ("while holding", 20), ("at the exit", 85))
}
# The few that make test tries: what Freqtrade alone does not get over.
SMALL = ("entry answer lost", "stop answer lost")


def list_rules() -> dict[str, dict[str, Any]]:
    """Give all rules by name."""
    crossed = {
        f"{moment} {failure}": {**where, **what}
        for moment, where in MOMENTS.items()
        for failure, what in FAILURES.items()
    }
    return {**crossed, **MARKET}


def try_orders(setting: Setting, tally: Tally) -> None:
    """Let one request, or a few, fail in each way, each time with a bot of its own."""
    stored = store_coins(setting)
    rules = list_rules()
    chosen = rules if setting.scale == "full" else {name: rules[name] for name in SMALL}
    try_all(
        tally,
        {name: partial(try_rule, setting, stored, name, rule) for name, rule in chosen.items()},
    )


def try_rule(setting: Setting, stored: Path, name: str, rule: dict[str, Any], this: Try) -> None:
    with trading(setting, name.replace(" ", "-"), stored) as bot:
        bot.set_faults(rule)
        output = end_of(bot.begin(END))
        # A stale answer about a market that was not asked for would be a try of nothing.
        this.expect(bot.count_faults() > 0, "nothing has failed")
        check_books(this, bot, [output])
