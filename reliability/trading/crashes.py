"""A bot that trades live is killed by SIGKILL, and restarted."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

from reliability.tally import Setting, Tally, Try
from reliability.trading.deriving import DERIVED, check_callbacks
from reliability.trading.orders import BUY, SELL
from reliability.trading.running import (
    END,
    check_books,
    draw,
    end_of,
    store_coins,
    trading,
    try_all,
    wait_for,
)
from tests.live.bot import LiveBot
from tests.live.world import SIGNAL, START

# In seconds: how long a response is on its way, and how far into a moment of simulated time, which
# is only one loop, a bot is killed.
ANSWER_TAKES, JITTER = 1.5, 0.05
# The orders of ETH, with their place among those of the same side.
SENT = {"entry": (BUY, 0), "stop": (SELL, 0), "exit": ({**SELL, "skip": 1}, 1)}

# Waits for the moment, and returns the coins whose entry may be waiting for its response then.
Kill = Callable[[LiveBot, Random], set[str]]
AWAY = timedelta(hours=2)
TIMES, DERIVED_TIMES = 20, 4


def try_crashes(setting: Setting, tally: Tally) -> None:
    """Kill at random moments: before an order, before its response, and with an open position."""
    stored = store_coins(setting)
    times = setting.choose(0, TIMES)
    phases = {
        "before an order": wait_before_order,
        "between order and answer": wait_before_answer,
        "with a position open": wait_in_position,
    }
    names = [
        (f"{phase} {number}", wait) for phase, wait in phases.items() for number in range(times)
    ]
    if setting.scale == "small":
        names = [("between order and answer 0", wait_before_answer)]
    tries: dict[str, Callable[[Try], None]] = {
        name: partial(try_crash, setting, stored, name, wait, draw(setting.random, name))
        for name, wait in names
    }
    if setting.scale == "full":
        tries["between entry and answer, then away"] = partial(try_absence, setting, stored)
        tries |= {
            name: partial(
                try_crash, setting, stored, name, wait, draw(setting.random, name), is_derived=True
            )
            for name, wait in [
                (f"{phase} {number}, derived strategy", wait)
                for phase, wait in phases.items()
                for number in range(DERIVED_TIMES)
            ]
        }
    try_all(tally, tries)


def try_crash(
    setting: Setting,
    stored: Path,
    name: str,
    wait: Kill,
    random: Random,
    this: Try,
    *,
    is_derived: bool = False,
) -> None:
    settings = DERIVED if is_derived else {}
    with trading(setting, name.replace(" ", "-"), stored, **settings) as bot:
        process = bot.begin(END)
        try:
            may_be_lost = wait(bot, random)
        finally:
            process.kill()
        said, _ = process.communicate()
        bot.set_faults()
        outputs = [said, end_of(bot.started_anew().begin(END))]
        check_books(this, bot, outputs, may_be_lost=may_be_lost)
        if is_derived:
            check_callbacks(this, bot, outputs[-1])


def try_absence(setting: Setting, stored: Path, this: Try) -> None:
    """Kill before the response to an entry, and restart long after the signal."""
    with trading(setting, "absence", stored) as bot:
        bot.set_faults({**BUY, "kind": "late", "seconds": ANSWER_TAKES})
        process = bot.begin(END)
        wait_for(lambda: bool(bot.ledger()["orders"]))
        process.kill()
        process.communicate()
        bot.set_faults()
        output = end_of(bot.started_anew(AWAY).begin(END))
        check_books(this, bot, [output], may_be_lost={"ETH"}, bought_coins={"ETH"})


def wait_before_order(bot: LiveBot, random: Random) -> set[str]:
    """Wait for a moment before any order."""
    minutes = (SIGNAL - START) / timedelta(minutes=1)
    moment = START + timedelta(minutes=random.uniform(0, minutes))
    wait_for(lambda: bot.now() >= moment)
    time.sleep(random.uniform(0, JITTER))
    if bot.ledger()["orders"]:
        raise AssertionError("the order was there before the kill")
    return set()


def wait_before_answer(bot: LiveBot, random: Random) -> set[str]:
    """Wait for an order of ETH that the exchange has and that the bot does not know of yet."""
    sent = random.choice(sorted(SENT))
    rule, place = SENT[sent]
    bot.set_faults({**rule, "kind": "late", "seconds": ANSWER_TAKES})

    def is_booked() -> bool:
        orders = [
            order
            for order in bot.ledger()["orders"]
            if (order["symbol"], order["side"]) == (rule["symbol"], rule["side"])
        ]
        return len(orders) > place

    wait_for(is_booked)
    time.sleep(random.uniform(0, ANSWER_TAKES * 0.8))
    return {"ETH"} if sent == "entry" else set()


def wait_in_position(bot: LiveBot, random: Random) -> set[str]:
    """Wait for a moment at which ETH is held, with or without its stop."""
    # It is bought in the loop of the signal, and sold in the second hour after that.
    moment = SIGNAL + timedelta(minutes=random.uniform(0, 96))
    wait_for(lambda: bot.now() >= moment and bool(bot.ledger()["balances"].get("ETH")))
    time.sleep(random.uniform(0, JITTER))
    # SOL is bought right after ETH.
    return {"SOL"}
