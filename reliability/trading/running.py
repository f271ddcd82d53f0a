"""Bots that trade live on a failing exchange, or are killed: check all coins and orders at the end.

The exchange's ledger is the truth. Freqtrade has to know every coin and every order in it. The only
exception is an entry whose response the bot did not get: its coins have to be reported once, and
not bought again.
"""

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from reliability.tally import Setting, Tally, Try
from tests.live.bot import LiveBot, Orders, live_bot
from tests.live.world import RULES, START, TWO_LEFT, make_account, store_world

PAIRS = ["ETH/USDT", "SOL/USDT"]
COINS = frozenset({"ETH", "SOL"})
# As many as a small machine has cores: a bot uses one.
AT_ONCE = 2
END = TWO_LEFT + timedelta(minutes=30)
# ETH is sold by then, by its exit signal if not by ROI; a bot that waits only loses time.
QUICK_ANSWERS = {"exchange": {"ccxt_config": {"timeout": 2000}}}
# In seconds: how long a bot may take for anything, and how often that is checked.
PATIENCE, LOOK = 90, 0.005
TOLD = re.compile(r"the account holds ([0-9.e-]+) (\w+), filled or on order, that no open trade")


@dataclass
class Told:
    """What a bot has reported of unexplained coins: how often, by coin, and the amount."""

    times: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)


@contextmanager
def trading(
    setting: Setting,
    name: str,
    stored: Path,
    orders: Orders = "limit_orders",
    *,
    owned: Mapping[str, Decimal] | None = None,
    **settings: Any,
) -> Iterator[LiveBot]:
    """Set up a bot that trades ETH and SOL, a little before both give a signal.

    :param owned: coins that the user has on the account.
    """
    folder = setting.new_folder(name) / "bot"
    words = {**QUICK_ANSWERS, **settings}
    account = make_account()
    account = replace(account, balances={**account.balances, **(owned or {})})
    with live_bot(folder, stored, START, account, orders=orders, pairs=PAIRS, **words) as bot:
        yield bot


def read_told(output: str) -> Told:
    """Read the reports of unexplained coins: one in the log, and one on its way to a chat."""
    told = Told()
    for amount, coin in TOLD.findall(" ".join(output.split())):
        told.times[coin] = told.times.get(coin, 0) + 1
        told.amounts[coin] = Decimal(amount)
    return told


def check_books(
    this: Try,
    bot: LiveBot,
    outputs: Sequence[str],
    *,
    may_be_lost: Set[str] = frozenset(),
    bought_coins: Set[str] = COINS,
    reasons: Mapping[str, str] | None = None,
    foreign: Set[str] = frozenset(),
    owned: Mapping[str, Decimal] | None = None,
) -> None:
    """Compare the exchange's ledger with what the bot knows and what it has reported.

    :param outputs: of the bot's processes, in order.
    :param may_be_lost: the coins whose entry may not have got a response.
    :param bought_coins: the coins that it has to buy, once.
    :param reasons: the exit reasons by coin, for coins that no failure affects.
    :param foreign: the user's own orders, which must not change.
    :param owned: the user's own coins.
    """
    ledger = bot.ledger()
    trades = bot.rows("select * from trades")
    known = {row["order_id"] for row in bot.rows("select * from orders")}
    touched = [
        order
        for order in ledger["orders"]
        if str(order["orderId"]) in foreign
        and (str(order["orderId"]) in known or order["status"] != "NEW")
    ]
    this.expect(not touched, f"the user's own orders were touched: {touched}")
    ledger["orders"] = [order for order in ledger["orders"] if str(order["orderId"]) not in foreign]
    for pair in PAIRS:
        coin, name = pair.partition("/")[0], pair.replace("/", "")
        booked = [order for order in ledger["orders"] if order["symbol"] == name]
        unknown = [order for order in booked if str(order["orderId"]) not in known]
        # Freqtrade deletes an entry that was canceled before anything was bought.
        lost = [order for order in unknown if order["fills"] or order["status"] == "NEW"]
        orphans = [order for order in lost if order["side"] == "BUY"]
        others = [order for order in lost if order["side"] != "BUY"]
        bought = [order for order in booked if order["side"] == "BUY" and order["fills"]]
        wanted = int(coin in bought_coins)
        this.expect(len(bought) == wanted, f"{coin} was bought {len(bought)} times")
        allowed = int(coin in may_be_lost)
        this.expect(len(orphans) <= allowed, f"{coin}: {len(orphans)} entries that nobody knows")
        this.expect(not others, f"{coin}: orders to sell that nobody knows: {others}")
        balance = ledger["balances"].get(coin, {"free": "0", "locked": "0"})
        held = Decimal(balance["free"]) + Decimal(balance["locked"]) - (owned or {}).get(coin, 0)
        open_trades = [row for row in trades if row["pair"] == pair and row["is_open"]]
        this.expect(not open_trades, f"{coin}: still open: {open_trades}")
        found = {row["exit_reason"] for row in trades if row["pair"] == pair}
        is_reason = coin not in (reasons or {}) or found == {(reasons or {})[coin]}
        this.expect(is_reason, f"{coin}: left by {found}")
        told = [read_told(output) for output in outputs]
        amounts = {one.amounts[coin] for one in told if coin in one.amounts}
        times = [one.times[coin] for one in told if coin in one.times]
        if orphans:
            # Once in the log and once for the chat, by each process that found it.
            this.expect(bool(times) and set(times) == {2}, f"{coin}: told {times} times")
            # As ordered, or as bought, less the fee.
            ordered = {Decimal(order["origQty"]) for order in orphans}
            is_right = amounts <= {held.normalize(), *(amount.normalize() for amount in ordered)}
            this.expect(is_right, f"{coin}: {held} held, told {amounts}")
        else:
            this.expect(not amounts, f"{coin}: told of {amounts}, of which there was nothing")
            is_dust = held < RULES[name].step
            this.expect(is_dust, f"{coin}: {held} held, of which nobody knows")
        this.lost += len(others) + (len(orphans) if not amounts else 0)


def end_of(process: "subprocess.Popen[str]") -> str:
    """Wait for a bot that trades until its end time, and return its output."""
    output, _ = process.communicate()
    if process.returncode != 130:
        raise AssertionError(f"the bot ended with {process.returncode}: {output[-3000:]}")
    return output


def try_all(
    tally: Tally, tries: Mapping[str, Callable[[Try], None]], at_once: int = AT_ONCE
) -> None:
    """Make independent tries in parallel, and count them in order."""

    def attempt(name: str) -> Tally:
        own = Tally()
        with own.trying(name) as this:
            tries[name](this)
        return own

    with ThreadPoolExecutor(at_once) as pool:
        for own in pool.map(attempt, tries):
            tally.add(own)


def store_coins(setting: Setting) -> Path:
    """Write the candles that all bots of a scenario trade on."""
    return store_world(setting.new_folder("stored"), ("ETH", "SOL"))


def draw(random: Random, name: str) -> Random:
    """Return a random generator for a try, the same whatever the order of the tries."""
    return Random(f"{random.random()} {name}")


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    give_up = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > give_up:
            raise AssertionError("the bot did not get there in time")
        time.sleep(LOOK)
