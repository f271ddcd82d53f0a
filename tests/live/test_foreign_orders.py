"""The user's own order on the bot's account, placed before the trade and of its exact amount."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from altseason_lab.host.overlay import exchange_settings
from tests.live.bot import LiveBot, live_bot
from tests.live.world import HOUR, SIGNAL, START, make_account

PAIR = "ETH/USDT"
OWNED = Decimal(5)
# Freqtrade cancels an exit of its own that is not filled within three minutes.
SETTINGS: dict[str, Any] = {
    "altseason": {"risk": {"kept_coins": ["ETH"]}, "dominance": {"record": False}},
    "unfilledtimeout": {"entry": 10, "exit": 3, "unit": "minutes"},
}
END = SIGNAL + 6 * HOUR + timedelta(minutes=30)


@pytest.fixture
def trade(tmp_path: Path, stored: Path) -> Callable[..., list[dict[str, Any]]]:
    """Let a bot trade ETH, whose user may sell coins of their own first; return all orders."""

    def run(name: str, *selling: float) -> tuple[LiveBot, str, list[dict[str, Any]]]:
        account = make_account()
        account = replace(account, balances={**account.balances, "ETH": OWNED})
        with live_bot(tmp_path / name, stored, START, account, pairs=[PAIR], **SETTINGS) as bot:
            if selling:
                place_by_hand(bot, *selling)
            output = bot.trade_until(END)
            return bot, output, bot.ledger()["orders"]

    return run


def place_by_hand(bot: LiveBot, amount: float, price: float) -> None:
    """Sell as from the exchange's web page: its client id is none of ccxt's."""
    settings = exchange_settings(bot.replay.url, is_live=True)["ccxt_config"]
    user = ccxt.binance({**settings, "apiKey": bot.account.key, "secret": bot.account.secret})
    user.load_time_difference()
    words = {"newClientOrderId": "web_1", "recvWindow": 60_000}
    user.create_order(PAIR, "limit", "sell", amount, price, words)


def test_order_of_the_user_with_the_bots_own_amount_is_left_alone(trade: Callable[..., Any]):
    _, _, alone = trade("alone")
    [amount] = {float(order["origQty"]) for order in alone if order["side"] == "BUY"}
    # Three times the price: it stays open.
    bot, output, orders = trade("beside", amount, 9000.0)
    assert "Traceback" not in output, output
    [own] = [order for order in orders if order["clientOrderId"] == "web_1"]
    assert own["status"] == "NEW"
    known = {row["order_id"] for row in bot.rows("select order_id from orders")}
    assert str(own["orderId"]) not in known
    # The bot's own orders are those of the bot that is alone on its account.
    assert [describe(order) for order in orders if order is not own] == list(map(describe, alone))
    [row] = bot.rows("select is_open, exit_reason from trades")
    assert row["is_open"] == 0
    assert row["exit_reason"] != "sold_on_exchange"


def describe(order: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(order[name] for name in ("side", "type", "status", "origQty", "executedQty"))
