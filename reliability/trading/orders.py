"""All failures of the exchange while a bot enters, holds and exits."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import ccxt

from altseason_lab.host.overlay import exchange_settings
from reliability.tally import Setting, Tally, Try
from reliability.trading.deriving import DERIVED, check_callbacks
from reliability.trading.running import (
    END,
    QUICK_ANSWERS,
    check_books,
    end_of,
    store_coins,
    trading,
    try_all,
    wait_for,
)
from tests.live.bot import LiveBot, Orders
from tests.live.world import SIGNAL

ORDER = {"path": "/api/v3/order", "symbol": "ETHUSDT"}
BUY = {**ORDER, "method": "POST", "side": "BUY"}
SELL = {**ORDER, "method": "POST", "side": "SELL"}
# Which request fails, while an order of ETH is under way.
MOMENTS: dict[str, dict[str, Any]] = {
    "entry": BUY,
    "asking for the entry": {**ORDER, "method": "GET"},
    "stop": SELL,
    "asking for the stop": {**ORDER, "method": "GET", "skip": 3},
    "canceling the stop": {**ORDER, "method": "DELETE"},
    "exit": {**SELL, "skip": 1},
    "asking for the balance": {"path": "/api/v3/account", "skip": 2, "times": 3},
    "asking for fills": {"path": "/api/v3/myTrades", "symbol": "ETHUSDT"},
}
FAILURES: dict[str, dict[str, Any]] = {
    "429": {"kind": "status", "status": 429, "retry_after": 1},
    "418": {"kind": "status", "status": 418, "retry_after": 1},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "dropped": {"kind": "drop"},
    "answered late": {"kind": "latency", "seconds": 0.5},
    "answered too late": {"kind": "latency", "seconds": 3},
    "truncated": {"kind": "truncated"},
    "answer lost": {"kind": "lost"},
    "malformed": {"kind": "malformed"},
}
# Requests for market data, each at its most awkward moment: the candle of the signal, the price of
# the exit, and what is requested each hour.
QUESTIONS: dict[str, dict[str, Any]] = {
    "candles": {"path": "/api/v3/klines", "symbol": "ETHUSDT", "skip": 1},
    "prices": {"path": "/api/v3/depth", "symbol": "ETHUSDT", "skip": 85, "times": 3},
    "markets": {"path": "/api/v3/exchangeInfo", "skip": 1},
    "time": {"path": "/api/v3/time"},
}
NO_ANSWERS = ("418", "503", "dropped", "truncated")
# At the start, before anything of ours runs: Freqtrade ends, with an error message.
ENDS_THE_START = "time truncated"
# A book that does not change for a quarter of an hour, at three moments; tickers are not requested,
# since both example configurations take prices from the book.
MARKET = {
    f"stale book {when}": {
        "kind": "stale",
        "path": "/api/v3/depth",
        "symbol": "ETHUSDT",
        "seconds": 600,
        "skip": skip,
        "times": 15,
    }
    for when, skip in (("at the entry", 0), ("while holding", 20), ("at the exit", 85))
}
# Each position is 2.5 times its risk budget as soon as it is open.
TRIMMING = {"altseason": {"risk": {"sizing": False, "rebalancing": True, "risk_factor": 0.005}}}
TRIM_FAILURES = ("503", "dropped", "answered too late", "answer lost", "malformed")
# An order that the exchange processes only after the bot has given up on it: with a long window for
# signed requests, and a bot that asks again within seconds. It must come soon after the time-out,
# since several simulated minutes pass in a second.
PROCESSED_LATE = {"kind": "latency", "seconds": 2.06}
IMPATIENT = {
    "exchange": {"ccxt_config": {"timeout": 2000, "options": {"recvWindow": 60_000}}},
    "internals": {"process_throttle_secs": 5},
}
# The user has coins, too, and sells as many of them as the bot has, at the bot's price.
OWNED = {"ETH": Decimal(5)}
KEEPING_COINS = {"altseason": {"risk": {"kept_coins": ["ETH"]}}}
FOREIGN_FAILURES = ("503", "dropped", "answered too late", "answer lost", "malformed")
# The same with a user's derived strategy.
DERIVED_CASES = (
    "entry answered too late",
    "entry answer lost",
    "stop answer lost",
    "exit answer lost",
    "exit 503",
    "asking for fills dropped",
)
# The few that `make test` tries: those that Freqtrade alone does not survive.
SMALL = (
    "entry answer lost",
    "stop answer lost",
    "stop answer lost, beside an order of the user's",
    "stop answer lost, derived strategy",
)
# The seconds after which the bot gives up, and the failures that lose a response.
GIVES_UP_AFTER = QUICK_ANSWERS["exchange"]["ccxt_config"]["timeout"] / 1000
KEEPING = ("lost", "truncated", "malformed")
OUTAGE = timedelta(hours=2)


@dataclass(frozen=True)
class Case:
    """Which requests of a bot fail, how, and what kind of bot it is."""

    rule: Mapping[str, Any]
    orders: Orders = "limit_orders"
    settings: Mapping[str, Any] = field(default_factory=dict)
    is_derived: bool = False
    has_foreign: bool = False

    @property
    def may_be_lost(self) -> set[str]:
        """Return the coins whose entry gets no response."""
        is_kept = self.rule["kind"] in KEEPING or self.rule.get("seconds", 0) > GIVES_UP_AFTER
        return {"ETH"} if is_kept and self.rule.get("side") == "BUY" else set()

    @property
    def reasons(self) -> dict[str, str]:
        """Return why SOL has to be sold, unless the failure may affect it."""
        if self.rule.get("symbol") != "ETHUSDT":
            return {}
        has_stop = self.orders == "limit_orders"
        return {"SOL": "stoploss_on_exchange" if has_stop else "stop_loss"}


def list_cases() -> dict[str, Case]:
    """Return all cases by name."""
    moments = {
        f"{moment} {failure}": Case({**where, **what})
        for moment, where in MOMENTS.items()
        for failure, what in FAILURES.items()
    }
    questions = {
        f"{question} {failure}": Case({**where, **FAILURES[failure]})
        for question, where in QUESTIONS.items()
        for failure in NO_ANSWERS
        if f"{question} {failure}" != ENDS_THE_START
    }
    stale = {name: Case(rule) for name, rule in MARKET.items()}
    market_orders = {
        f"entry at market {failure}": Case({**BUY, **FAILURES[failure]}, "market_orders")
        for failure in TRIM_FAILURES
    }
    trims = {
        f"trim {failure}": Case({**SELL, "skip": 1, **FAILURES[failure]}, settings=TRIMMING)
        for failure in TRIM_FAILURES
    }
    # Without a stop on the exchange, the trim is the first to sell.
    trims_at_market = {
        f"trim at market {failure}": Case({**SELL, **FAILURES[failure]}, "market_orders", TRIMMING)
        for failure in TRIM_FAILURES
    }
    late = {
        f"{moment} processed late": Case({**MOMENTS[moment], **PROCESSED_LATE}, settings=IMPATIENT)
        for moment in ("entry", "stop", "exit")
    }
    foreign = {
        f"{moment} {failure}, beside an order of the user's": Case(
            {**SELL, "skip": skip, **FAILURES[failure]}, settings=KEEPING_COINS, has_foreign=True
        )
        # The user's own order comes between the two.
        for moment, skip in (("stop", 0), ("exit", 2))
        for failure in FOREIGN_FAILURES
    }
    derived = {
        f"{name}, derived strategy": replace(moments[name], settings=DERIVED, is_derived=True)
        for name in DERIVED_CASES
    }
    return {
        **moments,
        **questions,
        **stale,
        **market_orders,
        **trims,
        **trims_at_market,
        **late,
        **foreign,
        **derived,
    }


def try_orders(setting: Setting, tally: Tally) -> None:
    """Let one request, or a few, fail in each way, each time with a new bot."""
    stored = store_coins(setting)
    cases = list_cases()
    chosen = cases if setting.scale == "full" else {name: cases[name] for name in SMALL}
    tries: dict[str, Callable[[Try], None]] = {
        name: partial(try_case, setting, stored, name, case) for name, case in chosen.items()
    }
    if setting.scale == "full":
        tries["entry answer lost, then an outage"] = partial(try_outage, setting, stored)
    try_all(tally, tries)


def try_case(setting: Setting, stored: Path, name: str, case: Case, this: Try) -> None:
    folder = re.sub(r"\W+", "-", name)
    owned = OWNED if case.has_foreign else {}
    with trading(setting, folder, stored, case.orders, owned=owned, **case.settings) as bot:
        bot.set_faults(case.rule)
        process = bot.begin(END)
        with ThreadPoolExecutor(1) as reader:
            output = reader.submit(end_of, process)
            foreign = {sell_as_the_bot_does(bot)} if case.has_foreign else set()
        # A fault that was never triggered would test nothing.
        this.expect(bot.count_faults() > 0, "nothing has failed")
        words = {"may_be_lost": case.may_be_lost, "reasons": case.reasons}
        check_books(this, bot, [output.result()], foreign=foreign, owned=owned, **words)
        if case.is_derived:
            check_callbacks(this, bot, output.result())


def sell_as_the_bot_does(bot: LiveBot) -> str:
    """Place an order like the bot's stop of ETH as the user, once that exists; return its id."""

    def find_stops() -> list[dict[str, Any]]:
        orders = bot.ledger()["orders"]
        return [one for one in orders if one["symbol"] == "ETHUSDT" and one["side"] == "SELL"]

    wait_for(lambda: bool(find_stops()))
    [stop, *_] = find_stops()
    settings = exchange_settings(bot.replay.url, is_live=True)["ccxt_config"]
    user = ccxt.binance({**settings, "apiKey": bot.account.key, "secret": bot.account.secret})
    user.load_time_difference()
    order = user.create_order(
        "ETH/USDT",
        "limit",
        "sell",
        float(stop["origQty"]),
        # Far above the price, so that it stays open to the end.
        100 * float(stop["price"]),
        {"newClientOrderId": "web_1", "recvWindow": 60_000},
    )
    return str(order["id"])


def try_outage(setting: Setting, stored: Path, this: Try) -> None:
    """Lose the response to an entry, and the exchange for longer than the signal lasts."""
    with trading(setting, "outage", stored) as bot:
        # The outage begins while the response is on its way.
        bot.set_faults({**BUY, "kind": "late", "seconds": GIVES_UP_AFTER + 1})
        process = bot.begin(END)
        # It prints so much during an outage that the pipe has to be read.
        with ThreadPoolExecutor(1) as reader:
            output = reader.submit(end_of, process)
            wait_for(lambda: bool(bot.ledger()["orders"]))
            bot.set_faults({"kind": "drop", "times": None})
            wait_for(lambda: bot.now() >= SIGNAL + OUTAGE)
            bot.set_faults()
        words = {"may_be_lost": {"ETH"}, "bought_coins": {"ETH"}}
        check_books(this, bot, [output.result()], **words)
