"""A bot that trades live on an exchange that fails."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.live.bot import LiveBot, live_bot
from tests.live.world import START, make_account

# It enters at four; ETH leaves by ROI soon after half past seven, having had a stop until then.
ENTERED, LEFT = START + timedelta(hours=2, minutes=30), START + timedelta(hours=6, minutes=30)
ORDER = {"path": "/api/v3/order", "method": "POST", "symbol": "ETHUSDT"}
ENTRY = {**ORDER, "side": "BUY"}
STOP = {**ORDER, "side": "SELL"}
EXIT = {**STOP, "skip": 1}
ASKED = {"path": "/api/v3/order", "method": "GET"}
SLOW = pytest.mark.slow
REFUSED = {"what": "status", "status": 429, "retry_after": 1}


def of_eth(bot: LiveBot) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The orders that the exchange has, and those that the bot knows."""
    booked = [order for order in bot.ledger()["orders"] if order["symbol"] == "ETHUSDT"]
    return booked, bot.rows("select * from orders where symbol = 'ETH/USDT'")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        pytest.param({**ENTRY, **REFUSED}, "roi", id="entry-429", marks=SLOW),
        pytest.param({**ENTRY, "what": "drop"}, "roi", id="entry-dropped", marks=SLOW),
        pytest.param({**EXIT, "what": "status", "status": 503}, "roi", id="exit-503", marks=SLOW),
        # Freqtrade finds it among all orders of the market, when it has nothing left to sell.
        pytest.param({**EXIT, "what": "lost"}, "sold_on_exchange", id="exit-lost", marks=SLOW),
        pytest.param(
            {**ASKED, "what": "drop", "every": 3, "times": 20},
            "roi",
            id="asking-dropped",
            marks=SLOW,
        ),
    ],
)
def test_bot_gets_over_what_can_be_asked_again(
    tmp_path: Path, stored: Path, rule: dict[str, Any], reason: str
) -> None:
    with live_bot(tmp_path / "bot", stored, START, make_account()) as bot:
        bot.set_faults(rule)
        output = bot.trade_until(LEFT)
        booked, known = of_eth(bot)
        ledger = bot.ledger()
    trades = bot.rows("select * from trades where pair = 'ETH/USDT'")
    assert trades[0]["exit_reason"] == reason, output[-6000:]
    assert {str(order["orderId"]) for order in booked} == {row["order_id"] for row in known}
    # Dust, where the step is 0.0001.
    assert Decimal(ledger["balances"]["ETH"]["free"]) < Decimal("0.0001")


@pytest.mark.slow
def test_entry_whose_answer_is_lost_is_bought_again_and_forgotten(
    tmp_path: Path, stored: Path
) -> None:
    """A weak spot of Freqtrade's, of which a strategy has to know; so is the next one."""
    with live_bot(tmp_path / "bot", stored, START, make_account()) as bot:
        bot.set_faults({**ENTRY, "what": "lost"})
        bot.trade_until(ENTERED)
        booked, known = of_eth(bot)
    bought = {str(order["orderId"]) for order in booked if order["side"] == "BUY"}
    remembered = {row["order_id"] for row in known if row["ft_order_side"] == "buy"}
    assert (len(bought), len(remembered)) == (2, 1)
    assert remembered < bought


def test_coins_of_an_entry_whose_answer_is_lost_are_told_and_not_bought_again(
    tmp_path: Path, stored: Path
) -> None:
    settings: dict[str, Any] = {
        "strategy": "GuardedStrategy",
        "altseason": {"dominance": {"record": False}, "risk": {"sizing": False}},
    }
    with live_bot(tmp_path / "bot", stored, START, make_account(), **settings) as bot:
        bot.set_faults({**ENTRY, "what": "lost"})
        output = bot.trade_until(ENTERED)
        booked, known = of_eth(bot)
        held = bot.ledger()["balances"]["ETH"]
    assert [order["side"] for order in booked] == ["BUY"], output[-6000:]
    assert known == []
    amount = Decimal(held["free"]) + Decimal(held["locked"])
    assert amount == Decimal(booked[0]["executedQty"]) * (1 - Decimal("0.001"))
    said = f"the wallet holds {amount.normalize()} ETH that no open trade explains"
    # Once in the log, and once on its way to Telegram and whoever else listens.
    assert " ".join(output.split()).count(said) == 2


@pytest.mark.slow
@pytest.mark.parametrize("what", ["malformed", "truncated"])
def test_entry_whose_answer_is_broken_is_kept_without_its_id(
    tmp_path: Path, stored: Path, what: str
) -> None:
    with live_bot(tmp_path / "bot", stored, START, make_account()) as bot:
        bot.set_faults({**ENTRY, "what": what})
        bot.trade_until(ENTERED)
        booked, known = of_eth(bot)
    assert [(order["side"], order["status"]) for order in booked] == [("BUY", "FILLED")]
    assert [(row["order_id"], row["ft_is_open"]) for row in known] == [("None", 1)]
